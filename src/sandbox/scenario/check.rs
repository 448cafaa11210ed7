//! Checks that every value of a scenario is one that WeChat could have issued.

use std::collections::HashSet;

use super::account_setup::{ArticleConfig, CardConfig, KfAccountConfig};
use super::error::{ScenarioError, reject_duplicate, require};
use super::ip_network::Network;
use super::{Scenario, generated, template_library};
use crate::sandbox::paths;

impl Scenario {
    /// Checks that every value is one that WeChat could have issued.
    ///
    /// # Errors
    ///
    /// The first invalid value.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.check_account()?;
        self.check_people()?;
        let mut seen = HashSet::new();
        for template in &self.templates {
            require(is_template_id(&template.id), "templates.id", &template.id)?;
            reject_duplicate(seen.insert(template.id.as_str()), "templates.id", &template.id)?;
        }
        self.check_content()?;
        self.check_consents()?;
        self.push.check()?;
        template_library::check_library(&self.library)
    }

    fn check_account(&self) -> Result<(), ScenarioError> {
        let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let app_id = &self.app_id;
        require(app_id.len() == 18 && app_id.starts_with("wx") && is_hex(&app_id[2..]), "app_id", app_id)?;
        require(self.app_secret.len() == 32 && is_hex(&self.app_secret), "app_secret", "…")?;
        let original_id = &self.original_id;
        require(original_id.strip_prefix("gh_").is_some_and(is_word), "original_id", original_id)?;
        if let Some(domain) = &self.callback_domain {
            require(!domain.is_empty() && !domain.contains("://"), "callback_domain", domain)?;
        }
        if let Some(domain) = &self.business_domain {
            require(!domain.is_empty() && !domain.contains('/'), "business_domain", domain)?;
        }
        for entry in &self.ip_whitelist {
            require(Network::parse(entry).is_some(), "ip_whitelist", entry)?;
        }
        for path in &self.unauthorized {
            require(paths::is_api_path(path), "unauthorized", path)?;
        }
        for path in self.quota.keys() {
            require(paths::is_api_path(path), "quota", path)?;
        }
        let page_size = self.followers_a_page;
        require((1..=10_000).contains(&page_size), "followers_a_page", &page_size.to_string())
    }

    fn check_people(&self) -> Result<(), ScenarioError> {
        if let Some(phone) = &self.phone {
            require(self.people.iter().any(|person| person.name == *phone), "phone", phone)?;
        }
        require(self.crowd <= generated::MAX_GENERATED, "crowd", &self.crowd.to_string())?;
        let mut seen = HashSet::new();
        for person in &self.people {
            let name = &person.name;
            require(!name.trim().is_empty() && !name.chars().any(char::is_control), "people.name", name)?;
            let unique = seen.insert(("name", name.as_str())) && !generated::is_generated_name(name, self.crowd);
            reject_duplicate(unique, "people.name", name)?;
            if let Some(openid) = &person.openid {
                require(openid.len() == 28 && is_word(openid), "people.openid", openid)?;
                let unique =
                    seen.insert(("openid", openid.as_str())) && generated::index_of(openid, self.crowd).is_none();
                reject_duplicate(unique, "people.openid", openid)?;
            }
        }
        Ok(())
    }

    /// Checks the ids of the subscription templates, customer-service accounts, articles and
    /// coupons.
    fn check_content(&self) -> Result<(), ScenarioError> {
        let mut seen = HashSet::new();
        for template in &self.subscriptions {
            require(is_template_id(&template.id), "subscriptions.id", &template.id)?;
            reject_duplicate(seen.insert(("subscriptions", template.id.as_str())), "subscriptions.id", &template.id)?;
        }
        let template = &self.one_time_template;
        require(is_template_id(template), "one_time_template", template)?;
        for KfAccountConfig { account, .. } in &self.kf_accounts {
            let complete = account.split_once('@').is_some_and(|(name, owner)| is_word(name) && is_word(owner));
            require(complete, "kf_accounts.account", account)?;
            reject_duplicate(seen.insert(("kf", account.as_str())), "kf_accounts.account", account)?;
        }
        for ArticleConfig { media_id, article_id, .. } in &self.articles {
            require(is_word(media_id), "articles.media_id", media_id)?;
            reject_duplicate(seen.insert(("media", media_id.as_str())), "articles.media_id", media_id)?;
            require(is_word(article_id), "articles.article_id", article_id)?;
            reject_duplicate(seen.insert(("article", article_id.as_str())), "articles.article_id", article_id)?;
        }
        for CardConfig { id, .. } in &self.cards {
            require(is_word(id), "cards.id", id)?;
            reject_duplicate(seen.insert(("card", id.as_str())), "cards.id", id)?;
        }
        Ok(())
    }

    /// Checks that the consents of the people are for existing templates and valid scenes.
    fn check_consents(&self) -> Result<(), ScenarioError> {
        for person in &self.people {
            for grant in &person.grants {
                let exists = grant == "*" || self.subscriptions.iter().any(|template| template.id == *grant);
                require(exists, "people.grants", grant)?;
            }
            for scene in &person.scenes {
                require(*scene <= 10_000, "people.scenes", &scene.to_string())?;
            }
        }
        Ok(())
    }
}

/// Returns whether `id` has the shape of a template's id.
fn is_template_id(id: &str) -> bool {
    id.len() == 43 && is_word(id)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
