//! The note of a running `serve` about its config, by which `doctor` can tell whether the file has
//! changed since `serve` read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The values of the config that a `serve` uses, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedConfig {
    /// The config file.
    pub path: Option<PathBuf>,
    values: BTreeMap<String, Option<Value>>,
}

impl ServedConfig {
    /// Creates the note.
    pub fn new(path: Option<&Path>, values: BTreeMap<String, Option<Value>>) -> Self {
        Self { path: path.map(Path::to_owned), values }
    }

    /// Reads the note of another process; `None` if another version wrote it.
    pub fn parse(note: &str) -> Option<Self> {
        serde_json::from_str(note).ok()
    }

    /// Returns the text of the note.
    pub fn render(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the keys whose values differ. A key that only one side has is not compared.
    pub fn differing_keys(&self, other: &Self) -> Vec<String> {
        let differs =
            |(key, value): &(&String, &Option<Value>)| other.values.get(*key).is_some_and(|old| old != *value);
        self.values.iter().filter(differs).map(|(key, _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_that_both_sides_have_are_compared() {
        let config = |values: &[(&str, Option<&str>)]| {
            let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.map(Value::from)));
            ServedConfig::new(Some(Path::new("/etc/wxbox/config.toml")), values.collect())
        };
        let served = config(&[("redirect_uri", Some("http://a/")), ("language", None), ("network.proxy", None)]);
        let served = ServedConfig::parse(&served.render()).unwrap();
        let file = config(&[("redirect_uri", Some("http://b/")), ("language", Some("zh")), ("send.rate", Some("1"))]);
        assert_eq!(file.differing_keys(&served), ["language", "redirect_uri"]);
        assert_eq!(served.differing_keys(&served), Vec::<String>::new());
        assert_eq!(ServedConfig::parse("{}"), None);
    }
}
