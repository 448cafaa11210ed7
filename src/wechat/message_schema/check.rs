//! Checks a JSON object against the fields that a message must and may have.

use serde_json::{Map, Value};
use url::Url;

use super::{FieldSpec, Presence, ValueType};
use crate::i18n::{closest_match, join_list};
use crate::t;
use crate::wechat::media::is_media_id;
use crate::wechat::text::{number_text, sanitize_text};

/// An invalid message, with a hint.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// The text of the error.
    pub message: String,
    /// The hint, if there is one.
    pub hint: Option<String>,
}

pub(in crate::wechat) type SchemaResult<T> = Result<T, SchemaError>;

impl SchemaError {
    fn new(message: String) -> Self {
        Self { message, hint: Some(t!("kind-hint")) }
    }

    fn missing_field(kind: &str, at: &str, fields: &[FieldSpec]) -> Self {
        Self { message: t!("kind-missing", kind = kind, part = at), hint: Some(fields_hint(fields)) }
    }

    fn unknown_field(kind: &str, at: &str, fields: &[FieldSpec]) -> Self {
        Self { message: t!("kind-unknown-part", kind = kind, part = at), hint: Some(fields_hint(fields)) }
    }

    pub(in crate::wechat) fn unknown_kind(name: &str, kinds: impl Iterator<Item = &'static str>) -> Self {
        let kinds: Vec<_> = kinds.collect();
        let hint = match closest_match(name, kinds.iter().copied()) {
            Some(closest) => t!("did-you-mean", name = closest),
            None => t!("kind-kinds-hint", kinds = join_list(&kinds)),
        };
        Self { message: t!("kind-unknown", kind = name), hint: Some(hint) }
    }

    pub(in crate::wechat) fn missing_kind() -> Self {
        Self { message: t!("kind-none"), hint: Some(t!("kind-none-hint")) }
    }

    pub(in crate::wechat) fn not_text(at: &str) -> Self {
        Self::new(t!("kind-not-text", part = at))
    }
}

/// Lists the field names; an optional field ends in `?`.
fn fields_hint(fields: &[FieldSpec]) -> String {
    let is_optional = |field: &&FieldSpec| field.presence == Presence::Optional;
    let names = fields.iter().map(|field| {
        let mark = if is_optional(&field) { "?" } else { "" };
        format!("{}{mark}", field.name)
    });
    let optional = fields.iter().filter(is_optional).count();
    t!("kind-parts-hint", parts = join_list(names), optional = optional)
}

/// Returns whether the text is an http or https URL that a phone can open.
pub fn is_web_url(text: &str) -> bool {
    // `Url::parse` drops control characters, but they would still be in the text that is sent.
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
    Url::parse(text).is_ok_and(is_web) && !text.contains(char::is_control)
}

/// Checks an object and returns its fields in the order of `fields`. `kind` and `at` locate the
/// object in error messages.
pub(in crate::wechat) fn check_fields(
    kind: &str,
    at: &str,
    fields: &[FieldSpec],
    mut object: Map<String, Value>,
) -> SchemaResult<Map<String, Value>> {
    let path_of = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let mut checked = Map::new();
    for field in fields {
        // Some producers write null for a field that they do not have.
        let value = object.shift_remove(field.name).filter(|value| !value.is_null());
        let is_empty = value.as_ref().is_some_and(|value| value.as_str() == Some(""));
        match (value, field.presence) {
            (Some(value), _) if !is_empty => {
                let value = check_value(kind, &path_of(field.name), field.value_type, value)?;
                checked.insert(field.name.to_owned(), value);
            }
            (_, Presence::Optional) => {}
            _ => return Err(SchemaError::missing_field(kind, &path_of(field.name), fields)),
        }
    }
    match object.keys().next() {
        Some(name) => Err(SchemaError::unknown_field(kind, &path_of(name), fields)),
        None => Ok(checked),
    }
}

fn check_value(kind: &str, at: &str, value_type: ValueType, value: Value) -> SchemaResult<Value> {
    Ok(match (value_type, value) {
        (ValueType::Object(fields), Value::Object(object)) => Value::Object(check_fields(kind, at, fields, object)?),
        (ValueType::Fields, Value::Object(object)) => Value::Object(object),
        (ValueType::Object(_) | ValueType::Fields, _) => {
            return Err(SchemaError::new(t!("kind-not-object", part = at)));
        }
        (ValueType::List(fields, max_items), value) => check_list(kind, at, fields, max_items, value)?,
        (value_type, value) => Value::String(check_text(at, value_type, value)?),
    })
}

fn check_list(
    kind: &str,
    at: &str,
    fields: &'static [FieldSpec],
    max_items: usize,
    value: Value,
) -> SchemaResult<Value> {
    let items = match value {
        Value::Array(items) if !items.is_empty() => items,
        _ => return Err(SchemaError::new(t!("kind-not-list", part = at))),
    };
    if max_items > 0 && items.len() > max_items {
        return Err(SchemaError::new(t!("kind-too-many", part = at, count = items.len(), limit = max_items)));
    }
    let items = items
        .into_iter()
        .enumerate()
        .map(|(n, item)| check_value(kind, &format!("{at}[{n}]"), ValueType::Object(fields), item));
    items.collect::<SchemaResult<Vec<_>>>().map(Value::Array)
}

fn check_text(at: &str, value_type: ValueType, value: Value) -> SchemaResult<String> {
    let text = match value {
        Value::String(text) => sanitize_text(&text),
        Value::Number(number) => number_text(&number),
        _ => return Err(SchemaError::not_text(at)),
    };
    if text.trim().is_empty() {
        return Err(SchemaError::not_text(at));
    }
    match value_type {
        ValueType::Text(limit) if limit > 0 && text.chars().count() > limit => {
            let message = t!("kind-too-long", part = at, length = text.chars().count(), limit = limit);
            Err(SchemaError::new(message))
        }
        ValueType::Link if !is_web_url(&text) => {
            Err(SchemaError { message: t!("kind-not-link", part = at, url = text), hint: Some(t!("kind-link-hint")) })
        }
        ValueType::Media(_) if !is_media_id(&text) && !text.starts_with('@') => Err(SchemaError {
            message: t!("kind-not-media-id", part = at, text = text),
            hint: Some(t!("kind-media-hint")),
        }),
        ValueType::MediaId if !is_media_id(&text) => {
            Err(SchemaError::new(t!("kind-not-media-id", part = at, text = text)))
        }
        _ => Ok(text),
    }
}
