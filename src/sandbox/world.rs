//! The world of a sandbox: the account's settings, the people, the templates; from TOML, or as it is
//! without a file.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;

use super::crowd;
use super::faults::Fault;
use super::library::LibraryTemplate;
use crate::t;

/// What a sandbox starts from. Every key may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// `wx` and 16 hex digits.
    pub app_id: String,
    /// 32 hex digits.
    pub app_secret: String,
    /// What the account is called on the pages.
    pub account_name: String,
    /// `host`, `host:port` or either with a path; without it any http or https address may be returned to.
    pub callback_domain: Option<String>,
    /// Templates as on a real account (typed keys are checked, `first` and `remark` are not shown)
    /// instead of as on a test account.
    pub strict_templates: bool,
    /// Everybody authorises from a snapshot page, with an openid that stands for nobody.
    pub snapshot: bool,
    /// The address after an authorisation is called twice.
    pub double_callback: bool,
    /// Addresses or `address/bits` that may ask for tokens; empty lets in everybody.
    pub ip_whitelist: Vec<String>,
    /// The call limits of a real account instead of those of a test account.
    pub real_limits: bool,
    /// Calls a day, by path, after which an API answers 45009, in place of the account's limit.
    pub quota: BTreeMap<String, u64>,
    /// Paths of APIs that the account may not call: 48001.
    pub unauthorized: Vec<String>,
    /// How many followers `/cgi-bin/user/get` lists at once: 1 to 10,000.
    pub followers_a_page: usize,
    /// The name of the person whose phone opens links; the first person without it.
    pub phone: Option<String>,
    /// Who there is.
    pub people: Vec<PersonSettings>,
    /// So many followers more, a million at most: `crowd000001` with the openid `oCrowd0000000000000000000001`, and so
    /// on. All of them have just written.
    pub crowd: u32,
    /// The account's templates.
    pub templates: Vec<TemplateSettings>,
    /// The templates that it can add.
    pub library: Vec<LibraryTemplate>,
    /// What goes wrong, in the order in which it is looked at.
    pub faults: Vec<Fault>,
}

/// One person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// The nickname.
    pub name: String,
    /// 28 characters; made up where it is left out.
    pub openid: Option<String>,
    /// Whether this person follows the account.
    #[serde(default = "yes")]
    pub follows: bool,
    /// Whether this person has written to the account just now, so that texts reach them.
    #[serde(default)]
    pub wrote: bool,
}

/// One template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSettings {
    /// 43 characters.
    pub id: String,
    /// The title of the card.
    pub title: String,
    /// The lines, with their `{{key.DATA}}`.
    pub content: String,
}

fn yes() -> bool {
    true
}

impl Default for World {
    fn default() -> Self {
        let person = |name: &str, openid: &str, follows, wrote| PersonSettings {
            name: name.into(),
            openid: Some(openid.into()),
            follows,
            wrote,
        };
        let template = |id: &str, title: &str, content: &str| TemplateSettings {
            id: id.into(),
            title: title.into(),
            content: content.into(),
        };
        Self {
            app_id: "wx0123456789abcdef".into(),
            app_secret: "0123456789abcdef0123456789abcdef".into(),
            account_name: "wxbox".into(),
            callback_domain: None,
            strict_templates: false,
            snapshot: false,
            double_callback: false,
            ip_whitelist: Vec::new(),
            real_limits: false,
            quota: BTreeMap::new(),
            unauthorized: Vec::new(),
            followers_a_page: 10_000,
            phone: None,
            people: vec![
                person("luffy", "oLuffy_wears_the_straw_hat_1", true, true),
                person("nami", "oNami_draws_maps_of_the_sea1", true, false),
                person("zoro", "oZoro_cannot_find_the_way_22", false, false),
            ],
            crowd: 0,
            templates: vec![
                template(
                    "backup_finished-0123456789abcdefghijklmnopq",
                    "Backup finished",
                    "{{first.DATA}}\nHost: {{host.DATA}}\nSize: {{size.DATA}}\nTime: {{time.DATA}}\n{{remark.DATA}}",
                ),
                template(
                    "server_alert-0123456789abcdefghijklmnopqrst",
                    "Server alert",
                    "Event: {{thing1.DATA}}\nHost: {{character_string2.DATA}}\nTime: {{time3.DATA}}",
                ),
            ],
            library: super::library::default(),
            faults: Vec::new(),
        }
    }
}

/// Why a world cannot be.
#[derive(Debug)]
pub enum Error {
    /// The TOML does not parse or has a key that it should not have.
    Toml {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// The value of `key` is not one that it can have.
    Value {
        /// The key, as it stands in the file.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Two people or templates share the `value` of `key`.
    Twice {
        /// The key, as it stands in the file.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A `key` that has no meaning without `with`.
    Alone {
        /// The key, as it stands in the file.
        key: &'static str,
        /// The key that is missing.
        with: &'static str,
    },
    /// More than one of `keys`, which exclude each other.
    Several {
        /// The keys.
        keys: &'static str,
    },
    /// None of `keys`, of which there must be one.
    NoneOf {
        /// The keys.
        keys: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml { line, message } => {
                f.write_str(&t!("sandbox-world-toml", line = line.to_string(), message = message.trim_end()))
            }
            Self::Value { key, value } => f.write_str(&t!("sandbox-world-value", key = *key, value = *value)),
            Self::Twice { key, value } => f.write_str(&t!("sandbox-world-twice", key = *key, value = *value)),
            Self::Alone { key, with } => f.write_str(&t!("sandbox-world-alone", key = *key, with = *with)),
            Self::Several { keys } => f.write_str(&t!("sandbox-world-several", keys = *keys)),
            Self::NoneOf { keys } => f.write_str(&t!("sandbox-world-none-of", keys = *keys)),
        }
    }
}

impl std::error::Error for Error {}

impl World {
    /// Reads a world from TOML.
    ///
    /// # Errors
    /// What does not parse, keys that do not exist, and values that WeChat could not have given out.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let world: Self = toml::from_str(text).map_err(|error| at_line(text, &error))?;
        world.check()?;
        Ok(world)
    }

    /// The same with an openid for everybody who has none yet.
    pub fn with_openids(mut self) -> Self {
        for person in &mut self.people {
            person.openid.get_or_insert_with(super::random::openid);
        }
        self
    }

    /// The first and the last of the crowd, where there is one.
    pub fn crowd_ends(&self) -> Option<[PersonSettings; 2]> {
        (self.crowd > 0).then(|| [1, self.crowd].map(crowd::member))
    }

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
        for entry in &self.ip_whitelist {
            need(Network::parse(entry).is_some(), "ip_whitelist", entry)?;
        }
        for path in &self.unauthorized {
            need(super::Platform::has(path), "unauthorized", path)?;
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
            need(template.id.len() == 43 && word(&template.id), "templates.id", &template.id)?;
            once(seen.insert(("id", template.id.as_str())), "templates.id", &template.id)?;
        }
        super::library::check(&self.library)
    }

    /// Whether `caller` may ask for tokens.
    pub(super) fn lets_in(&self, caller: IpAddr) -> bool {
        self.ip_whitelist.is_empty()
            || self.ip_whitelist.iter().filter_map(|entry| Network::parse(entry)).any(|net| net.has(caller))
    }
}

/// A complaint of the parser about `text`, with its line.
pub(super) fn at_line(text: &str, error: &toml::de::Error) -> Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    Error::Toml { line: before.matches('\n').count() + 1, message: error.message().to_owned() }
}

/// Refuses the value of `key` unless it `holds`.
pub(super) fn need(holds: bool, key: &'static str, value: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Value { key, value: value.to_owned() }) }
}

/// A value that is there once.
pub(super) fn once(holds: bool, key: &'static str, value: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Twice { key, value: value.to_owned() }) }
}

/// An address and how many of its leading bits count.
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(whole);
        (bits <= whole).then_some(Self { address, bits })
    }

    fn has(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= self.bits,
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= self.bits,
            _ => false,
        }
    }
}

/// The day in China that a time (Unix ms) belongs to; daily counters start anew with it.
pub(super) fn beijing_day(now_ms: i64) -> i64 {
    (now_ms + 8 * 3_600_000).div_euclid(86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_world_could_be_real() {
        World::default().check().unwrap();
    }

    #[test]
    fn a_file_overrides_what_it_names() {
        let world =
            World::from_toml("strict_templates = true\nphone = \"robin\"\n[[people]]\nname = \"robin\"").unwrap();
        assert!(world.strict_templates && world.people[0].follows && !world.people[0].wrote);
        assert_eq!((world.people.len(), world.templates.len()), (1, 2));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let cases = [
            ("app_id = \"wx1\"", "app_id"),
            ("app_secret = \"x\"", "app_secret"),
            ("callback_domain = \"http://a\"", "callback_domain"),
            ("ip_whitelist = [\"1.2.3.*\"]", "ip_whitelist"),
            ("ip_whitelist = [\"1.2.3.4/33\"]", "ip_whitelist"),
            ("phone = \"sanji\"", "phone"),
            ("crowd = 1000001", "crowd"),
            ("crowd = 1\n[[people]]\nname = \"crowd000001\"", "people.name"),
            ("crowd = 1\n[[people]]\nname = \"a\"\nopenid = \"oCrowd0000000000000000000001\"", "people.openid"),
            ("unauthorized = [\"/cgi-bin/nothing\"]", "unauthorized"),
            ("followers_a_page = 0", "followers_a_page"),
            ("followers_a_page = 10001", "followers_a_page"),
            ("nonsense = 1", "nonsense"),
            ("[[people]]\nname = \"\"", "people.name"),
            ("[[people]]\nname = \"a\"\n[[people]]\nname = \"a\"", "people.name"),
            ("[[people]]\nname = \"a\"\nopenid = \"o\"", "people.openid"),
            ("[[templates]]\nid = \"a\"\ntitle = \"\"\ncontent = \"\"", "templates.id"),
        ];
        for (text, named) in cases {
            let error = World::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn the_whitelist_takes_addresses_and_networks() {
        let world = World { ip_whitelist: vec!["10.1.0.0/16".into(), "::1".into()], ..World::default() };
        for (caller, inside) in [("10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("::2", false)] {
            assert_eq!(world.lets_in(caller.parse().unwrap()), inside, "{caller}");
        }
    }
}
