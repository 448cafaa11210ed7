//! What an account sets up in WeChat's console, and what its messages refer to: subscription templates,
//! customer-service accounts, articles, coupons.

use std::collections::HashSet;

use serde::Deserialize;

use super::{Scenario, ScenarioError, reject_duplicate, require};
use crate::t;

/// A template of subscription notifications.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionConfig {
    /// The `priTmplId`, 43 characters.
    pub id: String,
    /// The title of the card.
    pub title: String,
    /// The lines, with their `{{thing1.DATA}}`.
    pub content: String,
    /// A consent lasts until it is taken back, and is not for one notification (type 3 in place of 2).
    #[serde(default)]
    pub long_term: bool,
}

/// A customer-service account, in whose name messages can be sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KfAccountConfig {
    /// `name@account`.
    pub account: String,
    /// What people see.
    pub nickname: String,
}

/// A published article, or a graphic message that is kept as material.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleConfig {
    /// What `mpnews` names it by.
    pub media_id: String,
    /// What `mpnewsarticle` names it by.
    pub article_id: String,
    /// The title.
    pub title: String,
    /// The lines below it.
    #[serde(default)]
    pub digest: String,
}

/// A coupon.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardConfig {
    /// The `card_id`.
    pub id: String,
    /// What it is good for.
    pub title: String,
}

/// The subscription templates of a world that names none: one of each type.
pub(super) fn default_subscriptions() -> Vec<SubscriptionConfig> {
    let template = |id: &str, title: &str, content: &str, long_term| SubscriptionConfig {
        id: id.into(),
        title: title.into(),
        content: content.into(),
        long_term,
    };
    vec![
        template(
            "backup_report-0123456789abcdefghijklmnopqrs",
            &t!("sandbox-world-report"),
            &t!(
                "sandbox-world-report-content",
                backup = "{{thing1.DATA}}",
                size = "{{character_string2.DATA}}",
                time = "{{time3.DATA}}"
            ),
            false,
        ),
        template(
            "service_status-0123456789abcdefghijklmnopqr",
            &t!("sandbox-world-status"),
            &t!(
                "sandbox-world-status-content",
                service = "{{thing1.DATA}}",
                status = "{{phrase2.DATA}}",
                time = "{{date3.DATA}}"
            ),
            true,
        ),
    ]
}

/// The customer-service accounts of a world that names none.
pub(super) fn default_kf_accounts() -> Vec<KfAccountConfig> {
    vec![KfAccountConfig { account: "robin@wxbox".into(), nickname: "Robin".into() }]
}

/// The articles of a world that names none.
pub(super) fn default_articles() -> Vec<ArticleConfig> {
    vec![ArticleConfig {
        media_id: "article_media_about_the_sea_0123456789abcdefghijklmnopqrstuvwxyz".into(),
        article_id: "article_about_the_sea".into(),
        title: t!("sandbox-world-article"),
        digest: t!("sandbox-world-article-digest"),
    }]
}

/// The coupons of a world that names none.
pub(super) fn default_cards() -> Vec<CardConfig> {
    vec![CardConfig { id: "card_for_one_meal_0123456789".into(), title: t!("sandbox-world-card") }]
}

/// Whether every id is one that WeChat could have given out, once.
pub(super) fn check_account_setup(world: &Scenario) -> Result<(), ScenarioError> {
    let mut seen = HashSet::new();
    for it in &world.subscriptions {
        require(is_template_id(&it.id), "subscriptions.id", &it.id)?;
        reject_duplicate(seen.insert(("subscriptions", it.id.as_str())), "subscriptions.id", &it.id)?;
    }
    let template = &world.one_time_template;
    require(is_template_id(template), "one_time_template", template)?;
    for KfAccountConfig { account, .. } in &world.kf_accounts {
        let whole = account.split_once('@').is_some_and(|(name, place)| is_word(name) && is_word(place));
        require(whole, "kf_accounts.account", account)?;
        reject_duplicate(seen.insert(("kf", account.as_str())), "kf_accounts.account", account)?;
    }
    for ArticleConfig { media_id, article_id, .. } in &world.articles {
        require(is_word(media_id), "articles.media_id", media_id)?;
        reject_duplicate(seen.insert(("media", media_id.as_str())), "articles.media_id", media_id)?;
        require(is_word(article_id), "articles.article_id", article_id)?;
        reject_duplicate(seen.insert(("article", article_id.as_str())), "articles.article_id", article_id)?;
    }
    for CardConfig { id, .. } in &world.cards {
        require(is_word(id), "cards.id", id)?;
        reject_duplicate(seen.insert(("card", id.as_str())), "cards.id", id)?;
    }
    for person in &world.people {
        for grant in &person.grants {
            let known = grant == "*" || world.subscriptions.iter().any(|it| it.id == *grant);
            require(known, "people.grants", grant)?;
        }
        for scene in &person.scenes {
            require(*scene <= 10_000, "people.scenes", &scene.to_string())?;
        }
    }
    Ok(())
}

/// Whether it has the shape of a template's id.
pub(super) fn is_template_id(id: &str) -> bool {
    id.len() == 43 && is_word(id)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
