//! Tests that `config.example.toml` and the table of keys agree, and that the file is valid.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::ConfigTestDir;
use crate::config::{Config, ConfigKey, KEYS, Origin};

const EXAMPLE: &str = include_str!("../../../config.example.toml");

/// Returns the example with its commented-out lines enabled.
fn uncomment_examples() -> String {
    let is_toml = |line: &str| {
        let code = line.starts_with('[') && line.ends_with(']');
        let word = |c: char| c.is_ascii_lowercase() || c == '_';
        code || line.split_once(" = ").is_some_and(|(key, _)| key.chars().all(word))
    };
    let open = |line: &'static str| line.strip_prefix("# ").filter(|line| is_toml(line)).unwrap_or(line);
    EXAMPLE.lines().map(open).collect::<Vec<_>>().join("\n")
}

fn collect_keys(table: &DeTable<'_>, parent: &str, into: &mut BTreeSet<String>) {
    for (key, value) in table {
        let name = format!("{parent}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(below) => collect_keys(below, &format!("{name}."), into),
            _ => {
                into.insert(name);
            }
        }
    }
}

/// Returns the name in the table of keys for a key such as `templates.backup.data.host`.
fn to_key_pattern(name: &str) -> String {
    let own = |(place, segment): (usize, &str)| match (place, name.starts_with("templates.")) {
        (1, true) => "NAME".to_owned(),
        (3, true) if name.contains(".data.") => "KEY".to_owned(),
        _ => segment.to_owned(),
    };
    name.split('.').enumerate().map(own).collect::<Vec<_>>().join(".")
}

#[test]
fn example_shows_exactly_the_known_keys() {
    let text = uncomment_examples();
    let mut names = BTreeSet::new();
    collect_keys(DeTable::parse(&text).unwrap().get_ref(), "", &mut names);
    let shown: BTreeSet<_> = names.iter().map(|name| to_key_pattern(name)).collect();
    let known: BTreeSet<_> = KEYS.iter().map(|key| key.name.to_owned()).filter(|name| name != "appsecret").collect();
    assert_eq!(shown, known);
}

#[test]
fn example_sets_fixed_defaults_and_comments_out_other_keys() {
    for key in KEYS.iter().filter(|key| !key.name.starts_with("templates.") && key.name != "appsecret") {
        let (table, name) = key.name.split_once('.').unwrap_or(("", key.name));
        let start = if table.is_empty() { 0 } else { EXAMPLE.find(&format!("\n[{table}]")).unwrap() + 2 };
        let section = EXAMPLE[start..].split("\n[").next().unwrap();
        let fixed = !key.default.is_empty() && !key.default.starts_with('(');
        let line = if fixed { format!("\n{name} = {}\n", key.default) } else { format!("\n# {name} = ") };
        assert!(section.contains(&line), "{}: {line}", key.name);
    }
}

#[test]
fn unchanged_example_equals_defaults() {
    let from_file = ConfigTestDir::with_config(EXAMPLE).load().unwrap();
    assert!(matches!(from_file.send.retain.origin, Origin::File { .. }));
    let values = |config: &Config| -> Vec<_> {
        config
            .entries()
            .into_iter()
            .map(|entry| (entry.key, entry.value))
            .filter(|(key, _)| key != "database")
            .collect()
    };
    assert_eq!(values(&from_file), values(&ConfigTestDir::new().load().unwrap()));
}

/// The default of a key is a text for the documents in [`KEYS`], and a value in `load.rs`.
#[test]
fn documented_defaults_are_those_that_apply() {
    let config = ConfigTestDir::new().load().unwrap();
    let has_own_value = |key: &&ConfigKey| !key.name.starts_with("templates.") && key.name != "appsecret";
    for key in KEYS.iter().filter(has_own_value).filter(|key| !key.default.starts_with('(')) {
        let documented = match key.default {
            "" => (None, None),
            default => {
                let set = ConfigTestDir::with_config(format!("{} = {default}\n", key.name)).load().unwrap();
                (set.value_and_origin(key.name).unwrap().0, Some(Origin::Default))
            }
        };
        assert_eq!(config.value_and_origin(key.name).unwrap(), documented, "{}", key.name);
    }
}

#[test]
fn example_with_uncommented_values_loads() {
    let text: String = uncomment_examples()
        .lines()
        .filter(|line| !line.contains("_file = ") || line.starts_with("domain_verify_file"))
        .map(|l| format!("{l}\n"))
        .collect();
    let config = ConfigTestDir::with_config(text).load().unwrap();
    assert_eq!(config.credentials().unwrap().0, "wx3d0d44e8d59b5b8c");
    assert_eq!(config.listen_address().unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(config.serve_address().unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url().unwrap().as_str(), "https://wx.example.com/");
    assert_eq!(config.push_secrets().unwrap().aes_keys.len(), 2);
    let template = &config.templates["backup"];
    let data: Vec<_> = template.data.iter().map(|(key, field)| (key.as_str(), field.value.value.as_str())).collect();
    assert_eq!(data, [("host", "db1"), ("size", "3.50"), ("first", "Backup finished")]);
    assert_eq!(template.data[2].1.color.as_deref(), Some("#173177"));
    assert_eq!(template.miniprogram.as_ref().unwrap().appid, "wx0123456789abcdef");
}
