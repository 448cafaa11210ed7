//! What is sent: a text, or a template with its fields from the config, a JSON object and `--data`, the
//! later winning.

use std::fs::File;
use std::io::{self, Read};

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use url::Url;

use crate::cli::What;
use crate::config::{Config, Template};
use crate::error::Failure;
use crate::t;
use crate::wechat::message::{Content, Field, MiniProgram, TEXT_LIMIT, clean_text};

/// More than any message; a file by mistake is not read whole.
const INPUT_LIMIT: u64 = 4 << 20;

/// The content that the command line asks for; which template a name stands for is settled later.
///
/// # Errors
/// Usage failures that say what is wrong with it.
pub(in crate::commands) fn of(text: Option<&str>, what: &What, config: &Config) -> anyhow::Result<Content> {
    match (&what.template, text.or(what.text_option.as_deref())) {
        (Some(name), _) => template(what, name, config),
        (None, Some("-")) => self::text(&stdin()?),
        (None, text) => self::text(text.unwrap_or_default()),
    }
}

/// A text, as it can be sent.
///
/// # Errors
/// It is empty, or too long.
pub(in crate::commands) fn text(raw: &str) -> anyhow::Result<Content> {
    let content = clean_text(raw);
    if content.trim().is_empty() {
        return Err(Failure::usage(t!("send-text-empty")).into());
    }
    if content.len() > TEXT_LIMIT {
        let what = t!("send-text-long", length = content.len(), limit = TEXT_LIMIT);
        return Err(Failure::usage(what).hint(t!("send-text-long-hint")).into());
    }
    Ok(Content::Text { content })
}

/// A template's message: what the config gives, then a JSON object, then single fields.
///
/// # Errors
/// A field, a colour or the address is none.
pub(in crate::commands) fn template(args: &What, name: &str, config: &Config) -> anyhow::Result<Content> {
    let alias = config.templates.get(name);
    let mut data = alias.map(defaults).unwrap_or_default();
    if let Some(file) = &args.data_json {
        data.extend(data_json(file)?);
    }
    for field in &args.data {
        let value = clean_text(&field.value);
        match data.get_mut(&field.key).and_then(Value::as_object_mut) {
            // A colour from the config stays.
            Some(known) => known.insert("value".into(), json!(value)),
            None => data.insert(field.key.clone(), json!({ "value": value })),
        };
    }
    for field in &args.data_color {
        let Some(known) = data.get_mut(&field.key).and_then(Value::as_object_mut) else {
            return Err(Failure::usage(t!("send-color-alone", key = field.key)).into());
        };
        known.insert("color".into(), json!(field.color));
    }
    if let Some(url) = &args.url {
        check_url(url)?;
    }
    let miniprogram = match &args.miniprogram {
        Some(target) => Some(MiniProgram { appid: target.appid.clone(), pagepath: Some(target.path.clone()) }),
        None => alias
            .and_then(|alias| alias.miniprogram.as_ref())
            .map(|target| MiniProgram { appid: target.value.appid.clone(), pagepath: target.value.pagepath.clone() }),
    };
    Ok(Content::Template {
        template_id: alias.map_or_else(|| name.to_owned(), |alias| alias.id.value.clone()),
        url: args.url.clone().or_else(|| alias.and_then(|alias| alias.url.as_ref()).map(|url| url.value.clone())),
        miniprogram,
        data,
    })
}

fn defaults(alias: &Template) -> Map<String, Value> {
    let field =
        |value: &crate::config::DataValue| json!(Field { value: clean_text(&value.value), color: value.color.clone() });
    alias.data.iter().map(|(key, value)| (key.clone(), field(&value.value))).collect()
}

fn data_json(file: &str) -> anyhow::Result<Map<String, Value>> {
    let text = if file == "-" {
        stdin()?
    } else {
        let bytes = File::open(file).and_then(bounded).with_context(|| t!("send-data-file", path = file))?;
        String::from_utf8(bytes).map_err(|_| Failure::usage(t!("send-data-utf8", path = file)))?
    };
    let name = if file == "-" { t!("ui-stdin-name") } else { file.to_owned() };
    let unusable = |cause: String| Failure::usage(t!("send-data-json", path = name, cause = cause));
    let fields: Value =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| unusable(e.to_string()))?;
    let Value::Object(fields) = fields else { return Err(unusable(t!("send-data-object")).into()) };
    fields_of(fields).map_err(|cause| unusable(cause).into())
}

/// The fields of a JSON object as a message has them.
///
/// # Errors
/// What is wrong with one, in words.
pub(in crate::commands) fn fields_of(fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    fields
        .into_iter()
        .map(|(key, value)| match field(&value) {
            _ if key.trim().is_empty() => Err(t!("send-data-nameless")),
            Some(field) => Ok((key, json!(field))),
            None => Err(t!("send-data-value", key = key)),
        })
        .collect()
}

/// A string, a number, or `{"value": …, "color": …}`.
fn field(value: &Value) -> Option<Field> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(clean_text(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Object(parts) => {
            let color = match parts.get("color") {
                None | Some(Value::Null) => None,
                Some(color) => Some(color.as_str().filter(|color| crate::cli::is_color(color))?.to_owned()),
            };
            let known = parts.keys().all(|key| key == "value" || key == "color");
            if known { Some(Field { value: text(parts.get("value")?)?, color }) } else { None }
        }
        plain => Some(Field { value: text(plain)?, color: None }),
    }
}

pub(in crate::commands) fn check_url(url: &str) -> Result<(), Failure> {
    match Url::parse(url) {
        // The parser drops control characters; what is sent would still have them.
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && !url.contains(char::is_control) => Ok(()),
        _ => Err(Failure::usage(t!("send-url", url = url))),
    }
}

fn stdin() -> anyhow::Result<String> {
    let bytes = match bounded(io::stdin()) {
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            return Err(Failure::usage(t!("ui-stdin-long", limit = INPUT_LIMIT)).into());
        }
        read => read.with_context(|| t!("ui-stdin"))?,
    };
    String::from_utf8(bytes).map_err(|_| Failure::usage(t!("ui-stdin-utf8")).hint(t!("ui-stdin-utf8-hint")).into())
}

/// All that there is to read, if it is not too much.
fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(INPUT_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > INPUT_LIMIT { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_strings_numbers_or_value_and_color() {
        let cases = [
            (json!("a\u{7}b"), Some(("ab", None))),
            (json!(12.5), Some(("12.5", None))),
            (json!({"value": 3}), Some(("3", None))),
            (json!({"value": "x", "color": "#ffffff"}), Some(("x", Some("#ffffff")))),
            (json!({"color": "#ffffff"}), None),
            (json!({"value": "x", "color": "red"}), None),
            (json!({"value": "x", "size": 2}), None),
            (json!(true), None),
            (json!(["x"]), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            let found = field(&value);
            let found = found.as_ref().map(|field| (field.value.as_str(), field.color.as_deref()));
            assert_eq!(found, expected, "{value}");
        }
    }
}
