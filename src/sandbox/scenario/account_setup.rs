//! The configured parts of a scenario: people, templates, customer-service accounts, articles and
//! coupons.
//!
//! On WeChat, the operator sets these up in the console.

use serde::Deserialize;

use crate::t;

/// A person of the scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonConfig {
    /// The nickname.
    pub name: String,
    /// 28 characters; generated if it is missing.
    pub openid: Option<String>,
    /// Whether this person follows the account.
    #[serde(default = "default_true")]
    pub follows: bool,
    /// Whether this person has just written to the account, so that texts can be delivered.
    #[serde(default)]
    pub wrote: bool,
    /// The ids of the subscription templates that this person has allowed.
    ///
    /// Each occurrence allows one notification; `*` allows one of every template.
    #[serde(default)]
    pub grants: Vec<String>,
    /// The scenes (0 to 10,000) of which this person allowed a one-time message.
    #[serde(default)]
    pub scenes: Vec<u16>,
}

/// A message template of the account.
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
    /// Whether a consent is valid until it is revoked, and not for one notification (type 3 instead
    /// of 2).
    #[serde(default)]
    pub long_term: bool,
}

/// A customer-service account that messages can name as their sender.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KfAccountConfig {
    /// `name@account`.
    pub account: String,
    /// The name that people see.
    pub nickname: String,
}

/// A published article, or a news message that is stored as material.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleConfig {
    /// The id that `mpnews` uses.
    pub media_id: String,
    /// The id that `mpnewsarticle` uses.
    pub article_id: String,
    /// The title.
    pub title: String,
    /// The text below the title.
    #[serde(default)]
    pub digest: String,
}

/// A coupon.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardConfig {
    /// The `card_id`.
    pub id: String,
    /// The title of the coupon.
    pub title: String,
}

/// Returns the people of a scenario without any.
pub(super) fn default_people() -> Vec<PersonConfig> {
    let person = |name: &str, openid: &str, follows, wrote| PersonConfig {
        name: name.into(),
        openid: Some(openid.into()),
        follows,
        wrote,
        grants: Vec::new(),
        scenes: Vec::new(),
    };
    let luffy = person("luffy", "oLuffy_wears_the_straw_hat_1", true, true);
    vec![
        PersonConfig { grants: vec!["*".into()], scenes: vec![1000], ..luffy },
        person("nami", "oNami_draws_maps_of_the_sea1", true, false),
        person("zoro", "oZoro_cannot_find_the_way_22", false, false),
    ]
}

/// Returns the message templates of a scenario without any.
pub(super) fn default_templates() -> Vec<TemplateConfig> {
    let template = |id: &str, title: &str, content: &str| TemplateConfig {
        id: id.into(),
        title: title.into(),
        content: content.into(),
    };
    vec![
        template(
            "backup_finished-0123456789abcdefghijklmnopq",
            &t!("sandbox-world-backup"),
            &t!(
                "sandbox-world-backup-content",
                first = "{{first.DATA}}",
                host = "{{host.DATA}}",
                size = "{{size.DATA}}",
                time = "{{time.DATA}}",
                remark = "{{remark.DATA}}"
            ),
        ),
        template(
            "server_alert-0123456789abcdefghijklmnopqrst",
            &t!("sandbox-world-alert"),
            &t!(
                "sandbox-world-alert-content",
                event = "{{thing1.DATA}}",
                host = "{{character_string2.DATA}}",
                time = "{{time3.DATA}}"
            ),
        ),
    ]
}

/// Returns the subscription templates of a scenario without any: one of each type.
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

/// Returns the customer-service accounts of a scenario without any.
pub(super) fn default_kf_accounts() -> Vec<KfAccountConfig> {
    vec![KfAccountConfig { account: "robin@wxbox".into(), nickname: "Robin".into() }]
}

/// Returns the articles of a scenario without any.
pub(super) fn default_articles() -> Vec<ArticleConfig> {
    vec![ArticleConfig {
        media_id: "article_media_about_the_sea_0123456789abcdefghijklmnopqrstuvwxyz".into(),
        article_id: "article_about_the_sea".into(),
        title: t!("sandbox-world-article"),
        digest: t!("sandbox-world-article-digest"),
    }]
}

/// Returns the coupons of a scenario without any.
pub(super) fn default_cards() -> Vec<CardConfig> {
    vec![CardConfig { id: "card_for_one_meal_0123456789".into(), title: t!("sandbox-world-card") }]
}
