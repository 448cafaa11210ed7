//! The scenario of a sandbox: the settings of the account, the people and the templates.
//!
//! A scenario is read from TOML, and has defaults for everything. The default texts that people
//! read are in the language of the run; the default names and ids are the same in every language.

pub(super) mod account_setup;
pub(super) mod check;
pub(super) mod error;
pub(super) mod generated;
pub(super) mod ip_network;
pub(super) mod push_setup;
pub(super) mod template_library;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::faults::Fault;
use account_setup::{ArticleConfig, CardConfig, KfAccountConfig, PersonConfig, SubscriptionConfig, TemplateConfig};
use error::{ScenarioError, syntax_error};
use ip_network::Network;
use push_setup::PushConfig;
use template_library::LibraryTemplate;

/// The initial state of a sandbox. Every key is optional.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// `wx` and 16 hex digits.
    pub app_id: String,
    /// 32 hex digits.
    pub app_secret: String,
    /// The account's own id, which pushes name as their recipient: `gh_` and letters or digits.
    pub original_id: String,
    /// The name of the account on the pages.
    pub account_name: String,
    /// `host`, `host:port` or either with a path.
    ///
    /// Without it, an authorization may return to any http or https address.
    pub callback_domain: Option<String>,
    /// Templates behave as on a real account instead of as on a test account.
    ///
    /// The values of typed keys are checked, and `first` and `remark` are hidden.
    pub strict_templates: bool,
    /// The account is verified: it may send menus and typing notices.
    ///
    /// A test account gets 40200.
    pub verified: bool,
    /// All people authorize from a snapshot page, with an openid that belongs to no person.
    pub snapshot: bool,
    /// The callback address is called twice after an authorization.
    pub double_callback: bool,
    /// Addresses or `address/bits` that may request tokens. If empty, all may.
    pub ip_whitelist: Vec<String>,
    /// The call limits of a real account apply instead of those of a test account.
    pub real_limits: bool,
    /// Calls a day, by path, that replace the account's limit. Further calls get 45009.
    pub quota: BTreeMap<String, u64>,
    /// Paths of APIs that the account may not call: 48001.
    pub unauthorized: Vec<String>,
    /// The page size of `/cgi-bin/user/get` and `/cgi-bin/user/tag/get`: 1 to 10,000.
    pub followers_a_page: usize,
    /// The name of the person whose phone opens links. Defaults to the first person.
    pub phone: Option<String>,
    /// The people of the scenario.
    pub people: Vec<PersonConfig>,
    /// The number of generated followers, a million at most.
    ///
    /// They are named `crowd000001` with the openid `oCrowd0000000000000000000001`, and so on. All
    /// of them have just written.
    pub crowd: u32,
    /// The message templates of the account.
    pub templates: Vec<TemplateConfig>,
    /// The subscription templates of the account.
    pub subscriptions: Vec<SubscriptionConfig>,
    /// The only template of one-time subscriptions, 43 characters.
    pub one_time_template: String,
    /// The host that the page of one-time subscriptions may redirect to. Defaults to any host.
    pub business_domain: Option<String>,
    /// The customer-service accounts. If there are none, a message that names one gets 65400.
    pub kf_accounts: Vec<KfAccountConfig>,
    /// The articles that `mpnews` and `mpnewsarticle` can show.
    pub articles: Vec<ArticleConfig>,
    /// The coupons that `wxcard` can show.
    pub cards: Vec<CardConfig>,
    /// The templates that the account can add to its own.
    pub library: Vec<LibraryTemplate>,
    /// Where the platform sends pushes, and when.
    pub push: PushConfig,
    /// The faults to inject, in the order in which they are tried.
    pub faults: Vec<Fault>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            app_id: "wx0123456789abcdef".into(),
            app_secret: "0123456789abcdef0123456789abcdef".into(),
            original_id: "gh_0123456789ab".into(),
            account_name: "wxbox".into(),
            callback_domain: None,
            strict_templates: false,
            verified: false,
            snapshot: false,
            double_callback: false,
            ip_whitelist: Vec::new(),
            real_limits: false,
            quota: BTreeMap::new(),
            unauthorized: Vec::new(),
            followers_a_page: 10_000,
            phone: None,
            people: account_setup::default_people(),
            crowd: 0,
            templates: account_setup::default_templates(),
            subscriptions: account_setup::default_subscriptions(),
            one_time_template: "one_time_message-0123456789abcdefghijklmnop".into(),
            business_domain: None,
            kf_accounts: account_setup::default_kf_accounts(),
            articles: account_setup::default_articles(),
            cards: account_setup::default_cards(),
            library: template_library::default_library(),
            push: PushConfig::default(),
            faults: Vec::new(),
        }
    }
}

impl Scenario {
    /// Parses a scenario from TOML.
    ///
    /// # Errors
    ///
    /// Returns an error for a syntax error, an unknown key, or a value that WeChat could not have
    /// issued.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Generates the openids of the people who have none.
    pub fn with_openids(mut self) -> Self {
        for person in &mut self.people {
            person.openid.get_or_insert_with(super::ids::openid);
        }
        self
    }

    /// Returns the first and the last generated follower, if there are any.
    pub fn generated_range(&self) -> Option<[PersonConfig; 2]> {
        (self.crowd > 0).then(|| [1, self.crowd].map(generated::follower))
    }

    /// Returns whether `caller` may request tokens.
    pub(super) fn allows_ip(&self, caller: IpAddr) -> bool {
        self.ip_whitelist.is_empty()
            || self.ip_whitelist.iter().filter_map(|entry| Network::parse(entry)).any(|net| net.contains(caller))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_scenario_is_valid() {
        Scenario::default().check().unwrap();
    }

    #[test]
    fn scenario_file_overrides_only_its_keys() {
        let scenario =
            Scenario::from_toml("strict_templates = true\nphone = \"robin\"\n[[people]]\nname = \"robin\"").unwrap();
        assert!(scenario.strict_templates && scenario.people[0].follows && !scenario.people[0].wrote);
        assert_eq!((scenario.people.len(), scenario.templates.len()), (1, 2));
    }

    #[test]
    fn documented_scenario_is_valid() {
        let page = include_str!("../../../docs/sandbox-scenario.md");
        let (_, rest) = page.split_once("```toml\n").unwrap();
        let world = Scenario::from_toml(rest.split_once("```").unwrap().0).unwrap();
        assert_eq!((world.people[0].grants.len(), world.kf_accounts.len()), (1, 1));
    }

    #[test]
    fn invalid_values_are_rejected() {
        let cases = [
            ("app_id = \"wx1\"", "app_id"),
            ("app_secret = \"x\"", "app_secret"),
            ("original_id = \"wxbox\"", "original_id"),
            ("callback_domain = \"http://a\"", "callback_domain"),
            ("ip_whitelist = [\"1.2.3.*\"]", "ip_whitelist"),
            ("ip_whitelist = [\"1.2.3.4/33\"]", "ip_whitelist"),
            ("phone = \"sanji\"", "phone"),
            ("crowd = 1000001", "crowd"),
            ("crowd = 1\n[[people]]\nname = \"crowd000001\"", "people.name"),
            ("crowd = 1\n[[people]]\nname = \"a\"\nopenid = \"oCrowd0000000000000000000001\"", "people.openid"),
            ("unauthorized = [\"/cgi-bin/nothing\"]", "unauthorized"),
            ("quota = { \"/cgi-bin/message/template/sent\" = 1 }", "quota"),
            ("followers_a_page = 0", "followers_a_page"),
            ("followers_a_page = 10001", "followers_a_page"),
            ("nonsense = 1", "nonsense"),
            ("[[people]]\nname = \"\"", "people.name"),
            ("[[people]]\nname = \"a\"\n[[people]]\nname = \"a\"", "people.name"),
            ("[[people]]\nname = \"a\"\nopenid = \"o\"", "people.openid"),
            ("[[people]]\nname = \"a\"\ngrants = [\"x\"]", "people.grants"),
            ("[[people]]\nname = \"a\"\nscenes = [10001]", "people.scenes"),
            ("one_time_template = \"x\"", "one_time_template"),
            ("business_domain = \"a/b\"", "business_domain"),
            ("[[subscriptions]]\nid = \"x\"\ntitle = \"\"\ncontent = \"\"", "subscriptions.id"),
            ("[[kf_accounts]]\naccount = \"x\"\nnickname = \"\"", "kf_accounts.account"),
            ("[[articles]]\nmedia_id = \"x\"\narticle_id = \"\"\ntitle = \"\"", "articles.article_id"),
            ("[[cards]]\nid = \"x\"\ntitle = \"\"\n[[cards]]\nid = \"x\"\ntitle = \"\"", "cards.id"),
            ("[[templates]]\nid = \"a\"\ntitle = \"\"\ncontent = \"\"", "templates.id"),
        ];
        for (text, key) in cases {
            let error = Scenario::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn ip_whitelist_accepts_addresses_and_networks() {
        let scenario = Scenario { ip_whitelist: vec!["10.1.0.0/16".into(), "::1".into()], ..Scenario::default() };
        for (caller, inside) in [("10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("::2", false)] {
            assert_eq!(scenario.allows_ip(caller.parse().unwrap()), inside, "{caller}");
        }
    }
}
