//! Whether every value of a world is one that WeChat could have given out.

use std::collections::HashSet;

use super::ip_network::Network;
use super::{Scenario, ScenarioError, account_setup, reject_duplicate, require};
use crate::sandbox::paths;
use crate::sandbox::scenario::{generated, library};

impl Scenario {
    /// Whether every value is one that WeChat could have given out.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        require(
            self.app_id.len() == 18 && self.app_id.starts_with("wx") && hex(&self.app_id[2..]),
            "app_id",
            &self.app_id,
        )?;
        require(self.app_secret.len() == 32 && hex(&self.app_secret), "app_secret", "…")?;
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
        let page = self.followers_a_page;
        require((1..=10_000).contains(&page), "followers_a_page", &page.to_string())?;
        if let Some(phone) = &self.phone {
            require(self.people.iter().any(|person| person.name == *phone), "phone", phone)?;
        }
        require(self.crowd <= generated::MAX_GENERATED, "crowd", &self.crowd.to_string())?;
        let mut seen = HashSet::new();
        for person in &self.people {
            let name = &person.name;
            require(!name.trim().is_empty() && !name.chars().any(char::is_control), "people.name", name)?;
            let fresh = seen.insert(("name", name.as_str())) && !generated::is_generated_name(name, self.crowd);
            reject_duplicate(fresh, "people.name", name)?;
            if let Some(openid) = &person.openid {
                require(openid.len() == 28 && word(openid), "people.openid", openid)?;
                let fresh =
                    seen.insert(("openid", openid.as_str())) && generated::index_of(openid, self.crowd).is_none();
                reject_duplicate(fresh, "people.openid", openid)?;
            }
        }
        for template in &self.templates {
            require(account_setup::is_template_id(&template.id), "templates.id", &template.id)?;
            reject_duplicate(seen.insert(("id", template.id.as_str())), "templates.id", &template.id)?;
        }
        account_setup::check_account_setup(self)?;
        library::check_library(&self.library)
    }
}
