//! A JSON object held against the parts that it must and may have.

use serde_json::{Map, Value};
use url::Url;

use super::{Need, Part, Rule};
use crate::t;
use crate::wechat::media::is_media_id;
use crate::wechat::message::{clean_text, digits};
use crate::words::{listed, nearest};

/// What is wrong with a message, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Flaw {
    /// The fact.
    pub what: String,
    /// The remedy.
    pub hint: Option<String>,
}

pub(super) type Checked<T> = Result<T, Flaw>;

impl Flaw {
    fn bare(what: String) -> Self {
        Self { what, hint: Some(t!("kind-hint")) }
    }

    fn missing(kind: &str, at: &str, own: &[Part]) -> Self {
        Self { what: t!("kind-missing", kind = kind, part = at), hint: Some(parts_hint(own)) }
    }

    fn unknown(kind: &str, at: &str, own: &[Part]) -> Self {
        Self { what: t!("kind-unknown-part", kind = kind, part = at), hint: Some(parts_hint(own)) }
    }

    pub(super) fn unknown_kind(name: &str, kinds: impl Iterator<Item = &'static str>) -> Self {
        let kinds: Vec<_> = kinds.collect();
        let hint = match nearest(name, kinds.iter().copied()) {
            Some(nearest) => t!("did-you-mean", name = nearest),
            None => t!("kind-kinds-hint", kinds = listed(&kinds)),
        };
        Self { what: t!("kind-unknown", kind = name), hint: Some(hint) }
    }

    pub(super) fn no_kind() -> Self {
        Self { what: t!("kind-none"), hint: Some(t!("kind-none-hint")) }
    }

    pub(super) fn not_text(at: &str) -> Self {
        Self::bare(t!("kind-not-text", part = at))
    }
}

/// The names of the parts; one that may be left out has a `?` behind.
fn parts_hint(own: &[Part]) -> String {
    let names: Vec<_> = own
        .iter()
        .map(|part| if part.need == Need::None { format!("{}?", part.name) } else { part.name.to_owned() })
        .collect();
    let optional = own.iter().filter(|part| part.need == Need::None).count();
    t!("kind-parts-hint", parts = listed(names), optional = optional)
}

/// Whether that is an address that a phone opens.
pub fn is_link(text: &str) -> bool {
    // The parser drops control characters; what is sent would still have them.
    let web = |url: Url| matches!(url.scheme(), "http" | "https");
    Url::parse(text).is_ok_and(web) && !text.contains(char::is_control)
}

/// The parts of a whole message of that kind, in the order of `own`.
pub(super) fn parts_of(
    kind: &str,
    at: &str,
    own: &[Part],
    mut found: Map<String, Value>,
) -> Checked<Map<String, Value>> {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let mut parts = Map::new();
    for part in own {
        // Producers write down what they do not have.
        let given = found.shift_remove(part.name).filter(|value| !value.is_null());
        let empty = given.as_ref().is_some_and(|value| value.as_str() == Some(""));
        match (given, part.need) {
            (Some(value), _) if !empty => {
                parts.insert(part.name.to_owned(), checked(kind, &below(part.name), part.rule, value)?);
            }
            (_, Need::None) => {}
            _ => return Err(Flaw::missing(kind, &below(part.name), own)),
        }
    }
    match found.keys().next() {
        Some(name) => Err(Flaw::unknown(kind, &below(name), own)),
        None => Ok(parts),
    }
}

fn checked(kind: &str, at: &str, rule: Rule, value: Value) -> Checked<Value> {
    Ok(match (rule, value) {
        (Rule::Object(own), Value::Object(found)) => Value::Object(parts_of(kind, at, own, found)?),
        (Rule::Fields, Value::Object(found)) => Value::Object(found),
        (Rule::Object(_) | Rule::Fields, _) => return Err(Flaw::bare(t!("kind-not-object", part = at))),
        (Rule::List(own, most), value) => list(kind, at, own, most, value)?,
        (rule, value) => Value::String(text(at, rule, value)?),
    })
}

fn list(kind: &str, at: &str, own: &'static [Part], most: usize, value: Value) -> Checked<Value> {
    let items = match value {
        Value::Array(items) if !items.is_empty() => items,
        _ => return Err(Flaw::bare(t!("kind-not-list", part = at))),
    };
    if most > 0 && items.len() > most {
        return Err(Flaw::bare(t!("kind-too-many", part = at, count = items.len(), limit = most)));
    }
    let items =
        items.into_iter().enumerate().map(|(n, item)| checked(kind, &format!("{at}[{n}]"), Rule::Object(own), item));
    items.collect::<Checked<Vec<_>>>().map(Value::Array)
}

fn text(at: &str, rule: Rule, value: Value) -> Checked<String> {
    let text = match value {
        Value::String(text) => clean_text(&text),
        Value::Number(number) => digits(&number),
        _ => return Err(Flaw::not_text(at)),
    };
    if text.trim().is_empty() {
        return Err(Flaw::not_text(at));
    }
    match rule {
        Rule::Text(limit) if limit > 0 && text.chars().count() > limit => {
            let what = t!("kind-too-long", part = at, length = text.chars().count(), limit = limit);
            Err(Flaw::bare(what))
        }
        Rule::Link if !is_link(&text) => {
            Err(Flaw { what: t!("kind-not-link", part = at, url = text), hint: Some(t!("kind-link-hint")) })
        }
        Rule::Media(_) if !is_media_id(&text) && !text.starts_with('@') => {
            Err(Flaw { what: t!("kind-not-media-id", part = at, text = text), hint: Some(t!("kind-media-hint")) })
        }
        Rule::MediaId if !is_media_id(&text) => Err(Flaw::bare(t!("kind-not-media-id", part = at, text = text))),
        _ => Ok(text),
    }
}
