//! `wxbox config set` and `config unset` change the config file, which is checked before it is
//! replaced.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::key_argument::{config_path, parse_key, table_error};
use crate::cli::{ConfigSet, ConfigUnset, Global};
use crate::config::{
    Config, ConfigFileChange, ConfigKey, ConfigLock, ConfigValue, Environment, Error, KeyPath, Origin, ValueType,
    looks_like_app_secret,
};
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;
use crate::ui::{self, Ui};

/// The value in place of a secret.
const MASK: &str = "***";

/// One change of the config file.
#[derive(Serialize)]
struct ConfigChangeView<'a> {
    key: String,
    /// The value with secrets masked; `None` after it was removed.
    value: Option<Value>,
    path: &'a Path,
}

impl fmt::Display for ConfigChangeView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match &self.value {
            // WeChat has not checked the AppSecret yet, and a cached token may hide that it is wrong.
            Some(_) if self.key == "app_secret" => t!("config-set-secret-done", path = self.path),
            Some(value) => t!("config-set-done", key = self.key, value = value.to_string(), path = self.path),
            None => t!("config-unset-done", key = self.key, path = self.path),
        })
    }
}

/// A key with its new value.
struct Assignment {
    key: KeyPath,
    value: ConfigValue,
    /// The value as it is printed.
    shown: Value,
}

pub(super) fn set(ui: &mut Ui, global: &Global, args: &ConfigSet) -> anyhow::Result<ExitStatus> {
    let assignments = read_assignments(ui, args)?;
    let (path, environment) = (config_path(global)?, Environment::from_process());
    let lock = ConfigLock::acquire(&path).map_err(|cause| write_error(&path, &cause))?;
    let mut change = ConfigFileChange::read(&path)?;
    for assignment in &assignments {
        change.set(&stored_key(&change, &assignment.key)?, &assignment.value)?;
    }
    let config = change.check(&environment).map_err(|error| value_error(error, &assignments))?;
    if change.is_changed() {
        change.write(&lock, false).map_err(|cause| write_error(&path, &cause))?;
    }
    let views = assignments.iter().map(|Assignment { key, shown, .. }| ConfigChangeView {
        key: key.to_string(),
        value: Some(shown.clone()),
        path: &path,
    });
    ui.print_results(&views.collect::<Vec<_>>())?;
    assignments.iter().for_each(|assignment| warn_if_overridden(ui, &config, &assignment.key));
    Ok(ExitStatus::Success)
}

pub(super) fn unset(ui: &mut Ui, global: &Global, args: &ConfigUnset) -> anyhow::Result<ExitStatus> {
    let keys = args.keys.iter().map(|text| parse_key(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(table) = keys.iter().find(|key| key.key().is_none() && !key.is_template_table()) {
        return Err(table_error(table).into());
    }
    let (path, environment) = (config_path(global)?, Environment::from_process());
    let lock = ConfigLock::acquire(&path).map_err(|cause| write_error(&path, &cause))?;
    let mut change = ConfigFileChange::read(&path)?;
    for key in &keys {
        let stored = stored_key(&change, key)?;
        if !change.unset(&stored) {
            // A file that is not TOML has an error of its own.
            change.check(&environment)?;
            return Err(CommandError::not_found(t!("config-not-in-file", key = key.to_string(), path = &path)).into());
        }
    }
    let config = change.check(&environment).map_err(|error| value_error(error, &[]))?;
    change.write(&lock, false).map_err(|cause| write_error(&path, &cause))?;
    let views = keys.iter().map(|key| ConfigChangeView { key: key.to_string(), value: None, path: &path });
    ui.print_results(&views.collect::<Vec<_>>())?;
    keys.iter().for_each(|key| warn_if_overridden(ui, &config, key));
    Ok(ExitStatus::Success)
}

/// Returns the error for a config file that cannot be written.
pub(super) fn write_error(path: &Path, cause: &std::io::Error) -> CommandError {
    let (message, hint) = match cause.kind() {
        std::io::ErrorKind::ResourceBusy => (t!("config-changed-by-other", path = path), None),
        _ => (t!("init-cannot-write", path = path, cause = *cause), None),
    };
    CommandError { exit: ExitStatus::Unexpected, message, hint }
}

/// Reads the keys and the values of the command line, and a value from the terminal or standard
/// input.
fn read_assignments(ui: &mut Ui, args: &ConfigSet) -> anyhow::Result<Vec<Assignment>> {
    let first = parse_value_key(&args.key)?;
    let mut rest = args.values.iter();
    let first_value = match (rest.next(), args.stdin) {
        (Some(_), true) => return Err(CommandError::usage(t!("config-set-stdin-twice")).into()),
        (Some(value), false) => argument_value(&first, value)?,
        (None, true) => read_stdin()?,
        (None, false) => ask_secret(ui, &first)?,
    };
    if is_malformed_app_secret(&first.0, &first_value) {
        ui.warn(&t!("config-set-odd-secret", key = first.0.to_string()));
    }
    let mut assignments = vec![assignment(first, first_value)];
    while let Some(name) = rest.next() {
        let key = parse_value_key(name)?;
        let value = match rest.next() {
            Some(value) => argument_value(&key, value)?,
            None => return Err(no_value_error(&key).into()),
        };
        assignments.push(assignment(key, value));
    }
    Ok(assignments)
}

/// Returns whether a value is not like an AppSecret. Such a value only causes a warning, because
/// WeChat may change the form.
fn is_malformed_app_secret(key: &KeyPath, value: &Secret) -> bool {
    ["app_secret", "appsecret"].contains(&key.to_string().as_str()) && !looks_like_app_secret(value.expose_secret())
}

fn parse_value_key(text: &str) -> Result<(KeyPath, &'static ConfigKey), CommandError> {
    let path = parse_key(text)?;
    match path.key() {
        Some(key) => Ok((path, key)),
        None => Err(table_error(&path)),
    }
}

fn assignment((path, key): (KeyPath, &'static ConfigKey), text: Secret) -> Assignment {
    let value = typed_value(key.value_type, text.expose_secret());
    let is_secret = key.value_type == ValueType::Secret || has_password(key.value_type, text.expose_secret());
    let shown = match &value {
        _ if is_secret => MASK.into(),
        ConfigValue::Text(text) => text.as_str().into(),
        ConfigValue::Integer(number) => (*number).into(),
        ConfigValue::List(texts) => texts.clone().into(),
    };
    Assignment { key: path, value, shown }
}

/// Returns the value in the type of its key. A text that does not have the type stays a text, which
/// the check rejects.
fn typed_value(value_type: ValueType, text: &str) -> ConfigValue {
    let list = || match text.trim_start().starts_with('[') {
        true => {
            let table: toml::Table = format!("list = {text}").parse().ok()?;
            let texts = table.get("list")?.as_array()?.iter();
            texts.map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        false => Some(text.split(',').map(|text| text.trim().to_owned()).collect()),
    };
    match value_type {
        ValueType::Integer => text.trim().parse().map(ConfigValue::Integer).ok(),
        ValueType::TextList => list().map(ConfigValue::List),
        ValueType::Secret => Some(ConfigValue::Text(text_line::trim_value(text).to_owned())),
        ValueType::Path => absolute_path(text).map(ConfigValue::Text),
        ValueType::Text | ValueType::Choice(_) | ValueType::UrlWithPassword => None,
    }
    .unwrap_or_else(|| ConfigValue::Text(text.to_owned()))
}

/// Returns the absolute form of a relative path: in the config file, a relative path starts at the
/// directory of the file.
fn absolute_path(text: &str) -> Option<String> {
    let is_expanded = text.is_empty() || text.starts_with(['~', '$']) || text.contains(char::is_control);
    let path = std::path::absolute(text).ok().filter(|_| !is_expanded)?;
    path.into_os_string().into_string().ok()
}

fn has_password(value_type: ValueType, text: &str) -> bool {
    value_type == ValueType::UrlWithPassword
        && Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// Returns the value of an argument. A secret in it is rejected: other users could see it.
fn argument_value((path, key): &(KeyPath, &ConfigKey), text: &str) -> anyhow::Result<Secret> {
    if text == "-" {
        return read_stdin();
    }
    if key.value_type == ValueType::Secret || has_password(key.value_type, text) {
        let key = path.to_string();
        return Err(CommandError::usage(t!("config-set-secret", key = key))
            .hint(t!("config-set-secret-hint", key = key))
            .into());
    }
    Ok(text.to_owned().into())
}

fn read_stdin() -> anyhow::Result<Secret> {
    let text = password::read_stdin_or(t!("config-set-stdin-unusable"))?;
    Ok(text_line::trim_value(text.expose_secret()).to_owned().into())
}

/// Asks for a secret on the terminal.
fn ask_secret(ui: &mut Ui, key: &(KeyPath, &ConfigKey)) -> anyhow::Result<Secret> {
    if key.1.value_type != ValueType::Secret || !ui.can_prompt {
        return Err(no_value_error(key).into());
    }
    ui::prompt_secret(ui, &t!("config-set-prompt", key = key.0.to_string()))
}

fn no_value_error((path, key): &(KeyPath, &ConfigKey)) -> CommandError {
    let name = path.to_string();
    CommandError::usage(t!("config-set-no-value", key = name)).hint(match key.value_type {
        ValueType::Secret => t!("config-set-no-secret-hint", key = name),
        _ => t!("config-set-no-value-hint", key = name),
    })
}

/// Returns the key under which the file has a value: the AppSecret has two names.
fn stored_key(change: &ConfigFileChange, key: &KeyPath) -> Result<KeyPath, CommandError> {
    for (name, other) in [("app_secret", "appsecret"), ("appsecret", "app_secret")] {
        let other = parse_key(other)?;
        if key.segments() == [name] && !change.contains(key) && change.contains(&other) {
            return Ok(other);
        }
    }
    Ok(key.clone())
}

/// Returns the error for the changed config. It names keys of the command line instead of lines,
/// because the file does not have the lines yet.
fn value_error(error: Error, assignments: &[Assignment]) -> anyhow::Error {
    if let Some(alias) = missing_alias(&error).filter(|_| !assignments.is_empty()) {
        let hint = t!("template-alias-none-hint", alias = shell_words::quote(alias).as_ref());
        return CommandError::usage(t!("template-alias-none", alias = alias)).hint(hint).into();
    }
    let is_set = |name: &str| assignments.iter().any(|assignment| assignment.key.to_string() == name);
    let message = match &error {
        Error::InvalidValue { key, expected, .. } if is_set(key) => {
            t!("config-set-invalid", key = key.as_str(), expected = expected.describe_argument())
        }
        Error::UnknownZone { .. } if is_set("time_zone") => t!("config-set-unknown-zone"),
        Error::UnexpandedPath { .. } | Error::NotAPath { .. } if !assignments.is_empty() => error.to_string(),
        Error::Conflict { first, second, .. } => {
            t!("config-set-conflict", first = first.as_str(), second = second.as_str())
        }
        Error::MissingPartner { key, partner, .. } => {
            t!("config-set-alone", key = key.as_str(), partner = partner.as_str())
        }
        _ => return anyhow::Error::new(error).context(t!("init-nothing")),
    };
    let hint = match &error {
        Error::MissingPartner { key, partner, .. } if assignments.is_empty() => {
            Some(t!("config-unset-alone-hint", key = key.as_str(), partner = partner.as_str()))
        }
        Error::MissingPartner { partner, .. } => {
            let keys = assignments.iter().map(|assignment| assignment.key.to_string()).chain([partner.clone()]);
            let line: String = keys.map(|key| format!(" {key} VALUE")).collect();
            Some(t!("config-set-alone-hint", line = line))
        }
        Error::Conflict { first, second, .. } => {
            let other = if is_set(first) { second } else { first };
            Some(t!("config-set-conflict-hint", key = other.as_str()))
        }
        _ => error.hint(),
    };
    CommandError::usage(message).hint(hint).into()
}

/// Returns the alias whose other keys were set, but which has no template yet.
fn missing_alias(error: &Error) -> Option<&str> {
    let Error::MissingPartner { key, partner, .. } = error else { return None };
    key.strip_prefix("templates.").filter(|_| *partner == format!("{key}.id"))
}

/// Warns if a variable overrides the value in the file.
fn warn_if_overridden(ui: &mut Ui, config: &Config, key: &KeyPath) {
    let name = key.to_string();
    let origin = config.entries().into_iter().find(|entry| entry.key == name).and_then(|entry| entry.origin);
    if let Some(Origin::Env(variable)) = origin {
        ui.warn(&t!("config-overridden", key = name, variable = variable));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_has_the_type_of_its_key() {
        let text = |text: &str| ConfigValue::Text(text.into());
        let list = |texts: &[&str]| ConfigValue::List(texts.iter().map(|text| (*text).to_owned()).collect());
        for (value_type, typed, expected) in [
            (ValueType::Integer, "5", ConfigValue::Integer(5)),
            (ValueType::Integer, "five", text("five")),
            (ValueType::Text, "5", text("5")),
            (ValueType::Path, "/a/b", text("/a/b")),
            (ValueType::Path, "~/a", text("~/a")),
            (ValueType::TextList, "a, b", list(&["a", "b"])),
            (ValueType::TextList, "a", list(&["a"])),
            (ValueType::TextList, "[\"a,b\", 'c']", list(&["a,b", "c"])),
            (ValueType::TextList, "[1]", text("[1]")),
            (ValueType::Secret, " \"x\"\n", text("x")),
        ] {
            assert_eq!(typed_value(value_type, typed), expected, "{typed}");
        }
        assert!(has_password(ValueType::UrlWithPassword, "http://a:b@c.example"));
        assert!(!has_password(ValueType::UrlWithPassword, "http://c.example"));
        assert!(!has_password(ValueType::Text, "http://a:b@c.example"));
    }
}
