//! A key as it is typed on the command line: `send.rate`, `templates."a b".id`.

use super::keys::{self, ConfigKey, KEYS, KeyKind};

/// A key of the config file, or one of its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath {
    segments: Vec<String>,
    key: Option<&'static ConfigKey>,
}

/// The error that a text is not a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKeyPath {
    /// The key as TOML, with a secret masked.
    pub key: String,
    /// The closest known key.
    pub nearest: Option<String>,
}

impl KeyPath {
    /// Parses a key or a table.
    pub fn parse(text: &str) -> Result<Self, UnknownKeyPath> {
        // A bare key of TOML has ASCII letters only, but an alias may be Chinese.
        let segments: Vec<String> = match toml_edit::Key::parse(text) {
            Ok(keys) => keys.iter().map(|key| key.get().to_owned()).collect(),
            Err(_) => text.split('.').map(|segment| segment.trim().to_owned()).collect(),
        };
        Self::from_segments(segments)
    }

    /// Returns the key of an alias, such as `id`, `data.host`.
    pub fn of_template(alias: &str, below: &[&str]) -> Result<Self, UnknownKeyPath> {
        let names = ["templates", alias].into_iter().chain(below.iter().copied());
        Self::from_segments(names.map(str::to_owned).collect())
    }

    fn from_segments(segments: Vec<String>) -> Result<Self, UnknownKeyPath> {
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let unknown = || UnknownKeyPath { key: keys::dotted_key(&names), nearest: keys::closest_key(&names) };
        if names.iter().any(|name| name.is_empty() || name.contains(char::is_control)) {
            return Err(unknown());
        }
        match keys::classify(&names) {
            KeyKind::Unknown => Err(unknown()),
            KeyKind::Table => Ok(Self { segments, key: None }),
            KeyKind::Value => {
                let key = keys::find(&names);
                Ok(Self { segments, key })
            }
        }
    }

    /// Returns the row of the table of keys, or `None` for a table.
    pub fn key(&self) -> Option<&'static ConfigKey> {
        self.key
    }

    /// Returns whether the path is a table of one template, such as `templates.backup`.
    pub fn is_template_table(&self) -> bool {
        self.key.is_none() && self.segments.len() > 1 && self.segments.first().is_some_and(|name| name == "templates")
    }

    /// Returns the names of the tables and of the key.
    pub fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// Returns the keys of a table, in the order of [`KEYS`]; empty for a value.
    pub fn keys_below(&self) -> Vec<&'static str> {
        let names = self.segments();
        let is_below = |key: &&ConfigKey| keys::is_below(key, &names);
        if self.key.is_some() { Vec::new() } else { KEYS.iter().filter(is_below).map(|key| key.name).collect() }
    }
}

impl std::fmt::Display for KeyPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&keys::dotted_key(&self.segments()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tables_are_parsed() {
        for (text, written, is_key) in [
            ("send.rate", "send.rate", true),
            ("templates.backup.id", "templates.backup.id", true),
            ("templates.\"a b\".data.host", "templates.\"a b\".data.host", true),
            ("templates.备份.id", "templates.\"备份\".id", true),
            ("templates.backup.miniprogram", "templates.backup.miniprogram", false),
            ("listen", "listen", false),
        ] {
            let path = KeyPath::parse(text).unwrap();
            assert_eq!((path.to_string(), path.key().is_some()), (written.to_owned(), is_key), "{text}");
        }
        assert!(KeyPath::parse("templates.backup").unwrap().is_template_table());
        assert!(!KeyPath::parse("templates").unwrap().is_template_table());
        assert_eq!(KeyPath::parse("serve").unwrap().keys_below(), ["serve.address", "serve.public_url"]);
    }

    #[test]
    fn unknown_key_has_nearest_one() {
        let nearest = |text: &str| KeyPath::parse(text).unwrap_err().nearest;
        assert_eq!(nearest("send.rat").as_deref(), Some("send.rate"));
        assert_eq!(nearest("rate").as_deref(), Some("send.rate"));
        assert_eq!(nearest("zzzzzz"), None);
        assert_eq!(nearest(""), None);
        let masked = KeyPath::parse("0123456789abcdef0123456789abcdef").unwrap_err();
        assert_eq!(masked.key, "***");
    }
}
