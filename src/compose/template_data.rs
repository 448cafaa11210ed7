//! Merges the fields of a template message: those of the config's alias, of a JSON object and of
//! `--data`, later ones winning; then the colors.

use serde_json::{Map, Value, json};

use super::input;
use super::placeholders::Placeholders;
use super::warnings::DraftWarnings;
use crate::cli::{DataArg, DataColorArg, is_color};
use crate::config::{TemplateAlias, TemplateDataValue};
use crate::exit::CommandError;
use crate::i18n::json_error;
use crate::t;
use crate::wechat::message::TemplateField;
use crate::wechat::text::{number_text, sanitize_text};

/// Returns the merged fields in order; each value is a [`TemplateField`].
///
/// # Errors
/// A usage error that names the invalid field or file.
pub(crate) fn merge_fields(
    alias: Option<&TemplateAlias>,
    file: Option<&str>,
    fields: &[DataArg],
    colors: &[DataColorArg],
    warnings: &mut DraftWarnings,
) -> anyhow::Result<Map<String, Value>> {
    let mut data = alias.map(alias_fields).unwrap_or_default();
    if let Some(file) = file {
        data.extend(read_data_json(file, warnings)?);
    }
    for field in fields {
        let name = t!("input-value", key = field.key);
        let value = sanitize_text(input::argument_text(&field.value, &name, warnings)?);
        match data.get_mut(&field.key).and_then(Value::as_object_mut) {
            // The color from the config stays.
            Some(existing) => existing.insert("value".into(), json!(value)),
            None => data.insert(field.key.clone(), json!({ "value": value })),
        };
    }
    for field in colors {
        let Some(existing) = data.get_mut(&field.key).and_then(Value::as_object_mut) else {
            return Err(CommandError::usage(t!("send-color-alone", key = field.key)).into());
        };
        existing.insert("color".into(), json!(field.color));
    }
    Ok(data)
}

/// Returns the default values of an alias, with their placeholders replaced.
pub(crate) fn alias_fields(alias: &TemplateAlias) -> Map<String, Value> {
    let placeholders = Placeholders::of_machine();
    let field = |value: &TemplateDataValue| {
        let text = sanitize_text(&placeholders.substitute(&value.value));
        json!(TemplateField { value: text, color: value.color.clone() })
    };
    alias.data.iter().map(|(key, value)| (key.clone(), field(&value.value))).collect()
}

/// Returns the values of the fields of a message.
pub(crate) fn template_values(data: &mut Map<String, Value>) -> impl Iterator<Item = &mut String> {
    data.values_mut().filter_map(|field| match field.get_mut("value") {
        Some(Value::String(text)) => Some(text),
        _ => None,
    })
}

fn read_data_json(file: &str, warnings: &mut DraftWarnings) -> anyhow::Result<Map<String, Value>> {
    let to_error = |cause: String| {
        CommandError::usage(t!("send-data-json", path = input::display_name(file), cause = cause))
            .hint(t!("send-data-hint"))
    };
    let text = input::read_text(file, warnings)?;
    let fields: Value =
        input::parse_json(&text, || input::display_name(file), |cause| to_error(json_error(cause)), warnings)?;
    let Value::Object(fields) = fields else { return Err(to_error(t!("send-data-object")).into()) };
    parse_fields(fields).map_err(|cause| to_error(cause).into())
}

/// Converts the fields of a JSON object to those of a message.
///
/// # Errors
/// The text of the error, which names the invalid field.
pub(crate) fn parse_fields(fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    fields
        .into_iter()
        .map(|(key, value)| match parse_field(&value) {
            _ if key.trim().is_empty() || key.contains(char::is_control) => Err(t!("send-data-nameless")),
            Some(field) => Ok((key, json!(field))),
            None => Err(t!("send-data-value", key = key)),
        })
        .collect()
}

/// Parses a string, a number, or `{"value": …, "color": …}`.
fn parse_field(value: &Value) -> Option<TemplateField> {
    let to_text = |value: &Value| match value {
        Value::String(text) => Some(sanitize_text(text)),
        Value::Number(number) => Some(number_text(number)),
        _ => None,
    };
    match value {
        Value::Object(parts) => {
            let color = match parts.get("color") {
                None | Some(Value::Null) => None,
                Some(color) => Some(color.as_str().filter(|color| is_color(color))?.to_owned()),
            };
            let is_field = parts.keys().all(|key| key == "value" || key == "color");
            if is_field { Some(TemplateField { value: to_text(parts.get("value")?)?, color }) } else { None }
        }
        plain => Some(TemplateField { value: to_text(plain)?, color: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_strings_numbers_or_value_and_color() {
        // As written in a file.
        let written = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let cases = [
            (json!("a\u{7}b"), Some(("ab", None))),
            (json!(12.5), Some(("12.5", None))),
            (json!({"value": 3}), Some(("3", None))),
            (written("1.10"), Some(("1.10", None))),
            (written("-0"), Some(("-0", None))),
            (written("100.00"), Some(("100.00", None))),
            (written("1e400"), Some(("1e400", None))),
            (written("123456789012345678901234567890"), Some(("123456789012345678901234567890", None))),
            (json!({"value": "x", "color": "#ffffff"}), Some(("x", Some("#ffffff")))),
            (json!({"color": "#ffffff"}), None),
            (json!({"value": "x", "color": "red"}), None),
            (json!({"value": "x", "size": 2}), None),
            (json!(true), None),
            (json!(["x"]), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            let found = parse_field(&value);
            let found = found.as_ref().map(|field| (field.value.as_str(), field.color.as_deref()));
            assert_eq!(found, expected, "{value}");
        }
    }
}
