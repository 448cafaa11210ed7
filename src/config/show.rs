//! Every value of the configuration as `config show` lists it: in the order of the table of keys, nothing
//! secret in the clear.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::keys::{KEYS, MASK, dotted_key};
use super::origin::{Origin, Setting};
use super::{Config, Error, TemplateAlias};

/// A value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The key with its tables: `listen.timeout`, `templates.backup.id`.
    pub key: String,
    /// The value, secrets masked: text, a number or a list; `None` where nothing is set.
    pub value: Option<Value>,
    /// Where it came from; `None` where nothing is set.
    pub origin: Option<Origin>,
}

impl Config {
    /// Every value, in the order of [`KEYS`]. A key that belongs to each template comes once for each.
    pub fn entries(&self) -> Vec<ConfigEntry> {
        let mut all = Vec::new();
        let mut templates_done = false;
        for key in &KEYS {
            if key.name.starts_with("templates.") {
                if !templates_done {
                    all.extend(self.templates.iter().flat_map(|(name, it)| template_entries(name, it)));
                }
                templates_done = true;
            } else if let Some((value, origin)) = self.value_and_origin(key.name) {
                all.push(ConfigEntry { key: key.name.to_owned(), value, origin });
            }
        }
        all
    }

    /// Why there is no secret though one was promised.
    pub fn secret_error(&self) -> Option<&Error> {
        self.secret_error.as_ref()
    }

    /// The value of a key outside of the templates; `None` for another name of a key, which is listed
    /// under the first.
    pub(super) fn value_and_origin(&self, key: &str) -> Option<ValueAndOrigin> {
        let (listen, network, send) = (&self.listen, &self.network, &self.send);
        Some(match key {
            "app_id" => optional_value(&self.app_id, text_value),
            "app_secret" => optional_value(&self.app_secret, |_| text_value(MASK)),
            "app_secret_file" => match self.app_secret.as_ref().map(|secret| &secret.origin) {
                Some(Origin::SecretFile(path) | Origin::Credentials(path)) => {
                    (Some(text_value(&path.display())), self.app_secret.as_ref().map(|secret| secret.origin.clone()))
                }
                _ => (None, None),
            },
            "redirect_uri" => optional_value(&self.redirect_uri, text_value),
            "scope" => set_value(&self.scope, text_value),
            "token_endpoint" => set_value(&self.token_endpoint, text_value),
            "database" => set_value(&self.database, |it| path_value(it)),
            "language" => optional_value(&self.language, |lang| text_value(lang.code())),
            "time_zone" => optional_value(&self.time_zone, text_value),
            "listen.address" => optional_value(&listen.address, text_value),
            "listen.timeout" => set_value(&listen.timeout, duration_value),
            "listen.tls_cert" => optional_value(&listen.tls_cert, |it| path_value(it)),
            "listen.tls_key" => optional_value(&listen.tls_key, |it| path_value(it)),
            "listen.domain_verify_file" => optional_value(&listen.domain_verify_file, |it| path_value(it)),
            "network.api_base" => set_value(&network.api_base, |bases| bases.iter().map(text_value).collect()),
            "network.open_base" => set_value(&network.open_base, text_value),
            "network.timeout" => set_value(&network.timeout, duration_value),
            "network.proxy" => optional_value(&network.proxy, |proxy| text_value(&proxy.masked())),
            "network.ca_file" => optional_value(&network.ca_file, |it| path_value(it)),
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

fn text_value<T: Display + ?Sized>(text: &T) -> Value {
    text.to_string().into()
}

fn path_value(path: &Path) -> Value {
    text_value(&path.display())
}

/// As people write it: in one unit, the largest that fits.
fn duration_value(time: &Duration) -> Value {
    const UNITS: [(u64, &str); 4] = [(24 * 3600, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = time.as_secs();
    // A single day is 24h to most.
    let fits = |unit: u64| seconds.is_multiple_of(unit) && (unit != 24 * 3600 || seconds > unit);
    match UNITS.into_iter().find(|(unit, _)| fits(*unit)) {
        Some((unit, name)) if seconds > 0 && time.subsec_nanos() == 0 => format!("{}{name}", seconds / unit).into(),
        _ => text_value(&humantime::format_duration(*time)),
    }
}

fn template_entries(name: &str, it: &TemplateAlias) -> Vec<ConfigEntry> {
    let mut all = Vec::new();
    let mut add = |below: &[&str], value: Value, origin: &Origin| {
        let whole: Vec<&str> = ["templates", name].iter().chain(below).copied().collect();
        if let Some((last, parents)) = whole.split_last() {
            all.push(ConfigEntry { key: dotted_key(parents, last), value: Some(value), origin: Some(origin.clone()) });
        }
    };
    add(&["id"], text_value(&it.id.value), &it.id.origin);
    if let Some(url) = &it.url {
        add(&["url"], text_value(&url.value), &url.origin);
    }
    if let Some(target) = &it.miniprogram {
        add(&["miniprogram", "appid"], text_value(&target.value.appid), &target.origin);
        if let Some(page) = &target.value.pagepath {
            add(&["miniprogram", "pagepath"], text_value(page), &target.origin);
        }
    }
    for (key, field) in &it.data {
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
