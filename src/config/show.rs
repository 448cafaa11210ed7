//! Every value of the configuration as `config show` lists it: in the order of the table of keys, nothing
//! secret in the clear.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::keys::{KEYS, MASK, dotted};
use super::origin::{Origin, Setting};
use super::{Config, Error, Template};

/// A value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key with its tables: `listen.timeout`, `templates.backup.id`.
    pub key: String,
    /// The value, secrets masked: text, a number or a list; `None` where nothing is set.
    pub value: Option<Value>,
    /// Where it came from; `None` where nothing is set.
    pub origin: Option<Origin>,
}

impl Config {
    /// Every value, in the order of [`KEYS`]. A key that belongs to each template comes once for each.
    pub fn shown(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let mut templates_done = false;
        for key in &KEYS {
            if key.name.starts_with("templates.") {
                if !templates_done {
                    all.extend(self.templates.iter().flat_map(|(name, it)| template(name, it)));
                }
                templates_done = true;
            } else if let Some((value, origin)) = self.value(key.name) {
                all.push(Shown { key: key.name.to_owned(), value, origin });
            }
        }
        all
    }

    /// Why there is no secret though one was promised.
    pub fn secret_trouble(&self) -> Option<&Error> {
        self.secret_trouble.as_ref()
    }

    /// The value of a key outside of the templates; `None` for another name of a key, which is listed
    /// under the first.
    pub(super) fn value(&self, key: &str) -> Option<Pair> {
        let (listen, network, send) = (&self.listen, &self.network, &self.send);
        Some(match key {
            "app_id" => optional(&self.app_id, text),
            "app_secret" => optional(&self.app_secret, |_| text(MASK)),
            "app_secret_file" => match self.app_secret.as_ref().map(|secret| &secret.origin) {
                Some(Origin::SecretFile(path) | Origin::Credentials(path)) => {
                    (Some(text(&path.display())), self.app_secret.as_ref().map(|secret| secret.origin.clone()))
                }
                _ => (None, None),
            },
            "redirect_uri" => optional(&self.redirect_uri, text),
            "scope" => set(&self.scope, text),
            "token_endpoint" => set(&self.token_endpoint, text),
            "database" => set(&self.database, |it| path(it)),
            "language" => optional(&self.language, |lang| text(lang.word())),
            "time_zone" => optional(&self.time_zone, text),
            "listen.address" => optional(&listen.address, text),
            "listen.timeout" => set(&listen.timeout, time),
            "listen.tls_cert" => optional(&listen.tls_cert, |it| path(it)),
            "listen.tls_key" => optional(&listen.tls_key, |it| path(it)),
            "listen.domain_verify_file" => optional(&listen.domain_verify_file, |it| path(it)),
            "network.api_base" => set(&network.api_base, |bases| bases.iter().map(text).collect()),
            "network.open_base" => set(&network.open_base, text),
            "network.timeout" => set(&network.timeout, time),
            "network.proxy" => optional(&network.proxy, |proxy| text(&proxy.masked())),
            "network.ca_file" => optional(&network.ca_file, |it| path(it)),
            "send.concurrency" => set(&send.concurrency, |number| (*number).into()),
            "send.rate" => set(&send.rate, |number| (*number).into()),
            "send.wait" => set(&send.wait, time),
            "send.max_attempts" => set(&send.max_attempts, |number| (*number).into()),
            "send.expire_after" => set(&send.expire_after, time),
            "send.retain" => set(&send.retain, time),
            _ => return None,
        })
    }
}

type Pair = (Option<Value>, Option<Origin>);

fn set<T>(setting: &Setting<T>, write: impl Fn(&T) -> Value) -> Pair {
    (Some(write(&setting.value)), Some(setting.origin.clone()))
}

fn optional<T>(setting: &Option<Setting<T>>, write: impl Fn(&T) -> Value) -> Pair {
    setting.as_ref().map_or((None, None), |setting| set(setting, write))
}

fn text<T: Display + ?Sized>(text: &T) -> Value {
    text.to_string().into()
}

fn path(path: &Path) -> Value {
    text(&path.display())
}

/// As people write it: in one unit, the largest that fits.
fn time(time: &Duration) -> Value {
    const UNITS: [(u64, &str); 4] = [(24 * 3600, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = time.as_secs();
    // A single day is 24h to most.
    let fits = |unit: u64| seconds.is_multiple_of(unit) && (unit != 24 * 3600 || seconds > unit);
    match UNITS.into_iter().find(|(unit, _)| fits(*unit)) {
        Some((unit, name)) if seconds > 0 && time.subsec_nanos() == 0 => format!("{}{name}", seconds / unit).into(),
        _ => text(&humantime::format_duration(*time)),
    }
}

fn template(name: &str, it: &Template) -> Vec<Shown> {
    let mut all = Vec::new();
    let mut add = |below: &[&str], value: Value, origin: &Origin| {
        let whole: Vec<&str> = ["templates", name].iter().chain(below).copied().collect();
        if let Some((last, parents)) = whole.split_last() {
            all.push(Shown { key: dotted(parents, last), value: Some(value), origin: Some(origin.clone()) });
        }
    };
    add(&["id"], text(&it.id.value), &it.id.origin);
    if let Some(url) = &it.url {
        add(&["url"], text(&url.value), &url.origin);
    }
    if let Some(target) = &it.miniprogram {
        add(&["miniprogram", "appid"], text(&target.value.appid), &target.origin);
        if let Some(page) = &target.value.pagepath {
            add(&["miniprogram", "pagepath"], text(page), &target.origin);
        }
    }
    for (key, field) in &it.data {
        match &field.value.color {
            None => add(&["data", key], text(&field.value.value), &field.origin),
            Some(color) => {
                add(&["data", key, "value"], text(&field.value.value), &field.origin);
                add(&["data", key, "color"], text(color), &field.origin);
            }
        }
    }
    all
}
