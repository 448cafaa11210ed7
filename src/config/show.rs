//! The values of the configuration as `config show` lists them: in the order of the table of keys,
//! with secrets masked.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::keys::{KEYS, MASK, dotted_key};
use super::origin::{Origin, Setting};
use super::values::masked_url;
use super::{Config, Error, TemplateAlias};
use crate::secret::Secret;

/// The prefixes of the keys that `serve` does not use, or cannot change.
const NOT_SERVED: [&str; 5] = ["app_id", "database", "scope", "listen.timeout", "templates."];

/// A value that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The key with its tables: `listen.timeout`, `templates.backup.id`.
    pub key: String,
    /// The value, with secrets masked: text, a number or a list; `None` if it is not set.
    pub value: Option<Value>,
    /// The origin; `None` if the value is not set.
    pub origin: Option<Origin>,
}

impl Config {
    /// Returns every value, in the order of [`KEYS`]. Keys of templates are listed for each
    /// template.
    pub fn entries(&self) -> Vec<ConfigEntry> {
        let mut all = Vec::new();
        let mut templates_done = false;
        for key in &KEYS {
            if key.name.starts_with("templates.") {
                if !templates_done {
                    all.extend(self.templates.iter().flat_map(|(name, template)| template_entries(name, template)));
                }
                templates_done = true;
            } else if let Some((value, origin)) = self.value_and_origin(key.name) {
                all.push(ConfigEntry { key: key.name.to_owned(), value, origin });
            }
        }
        all
    }

    /// Returns the values that a running `serve` uses, with secrets masked, so that another process
    /// can tell whether the config has changed since. A value that is not set is `None`. Values
    /// that do not come from the config file are left out, because the other process may have
    /// another environment.
    pub fn served_values(&self) -> BTreeMap<String, Option<Value>> {
        let is_from_file = |origin: &Option<Origin>| {
            matches!(origin, None | Some(Origin::Default | Origin::File { .. } | Origin::SecretFile(_)))
        };
        let entries = self.entries().into_iter().filter(|entry| is_from_file(&entry.origin));
        let entries = entries.filter(|entry| !NOT_SERVED.iter().any(|unused| entry.key.starts_with(unused)));
        entries.map(|entry| (entry.key, entry.value)).collect()
    }

    /// Returns why the configured AppSecret cannot be read.
    pub fn secret_error(&self) -> Option<&Error> {
        self.secret_error.as_ref()
    }

    /// Returns the value of a key outside of the templates, or `None` for an alternative name of a
    /// key. A test finds a key that is missing here.
    pub(super) fn value_and_origin(&self, key: &str) -> Option<ValueAndOrigin> {
        let (listen, network, send) = (&self.listen, &self.network, &self.send);
        let (serve, push) = (&self.serve, &self.push);
        Some(match key {
            "app_id" => optional_value(&self.app_id, text_value),
            "app_secret" => masked_value(&self.app_secret),
            "app_secret_file" => secret_file_value(&self.app_secret),
            "redirect_uri" => optional_value(&self.redirect_uri, text_value),
            "scope" => set_value(&self.scope, text_value),
            "token_endpoint" => set_value(&self.token_endpoint, text_value),
            "database" => set_value(&self.database, |path| path_value(path)),
            "language" => optional_value(&self.language, |lang| text_value(lang.code())),
            "time_zone" => optional_value(&self.time_zone, text_value),
            "listen.address" => optional_value(&listen.address, text_value),
            "listen.timeout" => set_value(&listen.timeout, duration_value),
            "listen.tls_cert" => optional_value(&listen.tls_cert, |path| path_value(path)),
            "listen.tls_key" => optional_value(&listen.tls_key, |path| path_value(path)),
            "listen.domain_verify_file" => optional_value(&listen.domain_verify_file, |path| path_value(path)),
            "serve.address" => optional_value(&serve.address, text_value),
            "serve.public_url" => optional_value(&serve.public_url, text_value),
            "push.token" => masked_value(&push.token),
            "push.token_file" => secret_file_value(&push.token),
            "push.aes_key" => masked_value(&push.aes_key),
            "push.aes_key_file" => secret_file_value(&push.aes_key),
            "push.previous_aes_key" => masked_value(&push.previous_aes_key),
            "push.previous_aes_key_file" => secret_file_value(&push.previous_aes_key),
            "push.path" => set_value(&push.path, text_value),
            "push.forward_to" => optional_value(&push.forward_to, |url| text_value(&masked_url(url))),
            "network.api_base" => set_value(&network.api_base, |bases| bases.iter().map(text_value).collect()),
            "network.open_base" => set_value(&network.open_base, text_value),
            "network.timeout" => set_value(&network.timeout, duration_value),
            "network.proxy" => optional_value(&network.proxy, |proxy| text_value(&proxy.masked())),
            "network.ca_file" => optional_value(&network.ca_file, |path| path_value(path)),
            "send.to" => optional_value(&send.to, |list| list.iter().map(text_value).collect()),
            "send.concurrency" => set_value(&send.concurrency, |number| (*number).into()),
            "send.rate" => set_value(&send.rate, |number| (*number).into()),
            "send.wait" => set_value(&send.wait, duration_value),
            "send.max_attempts" => set_value(&send.max_attempts, |number| (*number).into()),
            "send.expire_after" => set_value(&send.expire_after, duration_value),
            "send.retain" => set_value(&send.retain, duration_value),
            _ => return None,
        })
    }
}

type ValueAndOrigin = (Option<Value>, Option<Origin>);

fn set_value<T>(setting: &Setting<T>, write: impl Fn(&T) -> Value) -> ValueAndOrigin {
    (Some(write(&setting.value)), Some(setting.origin.clone()))
}

fn optional_value<T>(setting: &Option<Setting<T>>, write: impl Fn(&T) -> Value) -> ValueAndOrigin {
    setting.as_ref().map_or((None, None), |setting| set_value(setting, write))
}

fn masked_value(secret: &Option<Setting<Secret>>) -> ValueAndOrigin {
    optional_value(secret, |_| text_value(MASK))
}

/// Returns the file from which a secret was read.
fn secret_file_value(secret: &Option<Setting<Secret>>) -> ValueAndOrigin {
    match secret.as_ref().map(|secret| &secret.origin) {
        Some(origin @ (Origin::SecretFile(path) | Origin::Credentials(path))) => {
            (Some(path_value(path)), Some(origin.clone()))
        }
        _ => (None, None),
    }
}

fn text_value<T: Display + ?Sized>(text: &T) -> Value {
    text.to_string().into()
}

fn path_value(path: &Path) -> Value {
    text_value(&path.display())
}

/// Renders a duration in the largest unit that divides it.
fn duration_value(time: &Duration) -> Value {
    const UNITS: [(u64, &str); 4] = [(24 * 3600, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = time.as_secs();
    // One day is usually written as 24h.
    let fits = |unit: u64| seconds.is_multiple_of(unit) && (unit != 24 * 3600 || seconds > unit);
    match UNITS.into_iter().find(|(unit, _)| fits(*unit)) {
        Some((unit, name)) if seconds > 0 && time.subsec_nanos() == 0 => format!("{}{name}", seconds / unit).into(),
        _ => text_value(&humantime::format_duration(*time)),
    }
}

fn template_entries(name: &str, template: &TemplateAlias) -> Vec<ConfigEntry> {
    let mut all = Vec::new();
    let mut add = |below: &[&str], value: Value, origin: &Origin| {
        let key = dotted_key(&[&["templates", name], below].concat());
        all.push(ConfigEntry { key, value: Some(value), origin: Some(origin.clone()) });
    };
    add(&["id"], text_value(&template.id.value), &template.id.origin);
    if let Some(url) = &template.url {
        add(&["url"], text_value(&url.value), &url.origin);
    }
    if let Some(target) = &template.miniprogram {
        add(&["miniprogram", "appid"], text_value(&target.value.appid), &target.origin);
        if let Some(page) = &target.value.pagepath {
            add(&["miniprogram", "pagepath"], text_value(page), &target.origin);
        }
    }
    for (key, field) in &template.data {
        match &field.value.color {
            None => add(&["data", key], text_value(&field.value.value), &field.origin),
            Some(color) => {
                add(&["data", key, "value"], text_value(&field.value.value), &field.origin);
                add(&["data", key, "color"], text_value(color), &field.origin);
            }
        }
    }
    all
}
