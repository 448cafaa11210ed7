//! What an account sets up in WeChat's console, and what its messages refer to: subscription templates,
//! customer-service accounts, articles, coupons.

use serde::Deserialize;

use crate::t;

/// One person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonConfig {
    /// The nickname.
    pub name: String,
    /// 28 characters; made up where it is left out.
    pub openid: Option<String>,
    /// Whether this person follows the account.
    #[serde(default = "default_true")]
    pub follows: bool,
    /// Whether this person has written to the account just now, so that texts reach them.
    #[serde(default)]
    pub wrote: bool,
    /// Ids of the subscription templates of which this person allowed a notification, once for each time that one
    /// stands here; `*` is one of each.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Scenes (0 to 10,000) of which this person allowed a one-time message.
    #[serde(default)]
    pub scenes: Vec<u16>,
}

/// One template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateConfig {
    /// 43 characters.
    pub id: String,
    /// The title of the card.
    pub title: String,
    /// The lines, with their `{{key.DATA}}`.
    pub content: String,
}

fn default_true() -> bool {
    true
}

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
