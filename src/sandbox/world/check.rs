//! Whether every value of a world is one that WeChat could have given out.

use std::collections::HashSet;

use super::network::Network;
use super::{Error, World, console, need, once};
use crate::sandbox::{crowd, library, routes};

impl World {
    /// Whether every value is one that WeChat could have given out.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), Error> {
        let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        need(
            self.app_id.len() == 18 && self.app_id.starts_with("wx") && hex(&self.app_id[2..]),
            "app_id",
            &self.app_id,
        )?;
        need(self.app_secret.len() == 32 && hex(&self.app_secret), "app_secret", "…")?;
        if let Some(domain) = &self.callback_domain {
            need(!domain.is_empty() && !domain.contains("://"), "callback_domain", domain)?;
        }
        if let Some(domain) = &self.business_domain {
            need(!domain.is_empty() && !domain.contains('/'), "business_domain", domain)?;
        }
        for entry in &self.ip_whitelist {
            need(Network::parse(entry).is_some(), "ip_whitelist", entry)?;
        }
        for path in &self.unauthorized {
            need(routes::find(path).is_some(), "unauthorized", path)?;
        }
        for path in self.quota.keys() {
            need(routes::find(path).is_some(), "quota", path)?;
        }
        let page = self.followers_a_page;
        need((1..=10_000).contains(&page), "followers_a_page", &page.to_string())?;
        if let Some(phone) = &self.phone {
            need(self.people.iter().any(|person| person.name == *phone), "phone", phone)?;
        }
        need(self.crowd <= crowd::MOST, "crowd", &self.crowd.to_string())?;
        let mut seen = HashSet::new();
        for person in &self.people {
            let name = &person.name;
            need(!name.trim().is_empty() && !name.chars().any(char::is_control), "people.name", name)?;
            let fresh = seen.insert(("name", name.as_str())) && !crowd::has_name(name, self.crowd);
            once(fresh, "people.name", name)?;
            if let Some(openid) = &person.openid {
                need(openid.len() == 28 && word(openid), "people.openid", openid)?;
                let fresh = seen.insert(("openid", openid.as_str())) && crowd::number(openid, self.crowd).is_none();
                once(fresh, "people.openid", openid)?;
            }
        }
        for template in &self.templates {
            need(console::is_template(&template.id), "templates.id", &template.id)?;
            once(seen.insert(("id", template.id.as_str())), "templates.id", &template.id)?;
        }
        console::check(self)?;
        library::check(&self.library)
    }
}
