//! Checks the values of a template message against the rules of their keys.

use serde::Serialize;
use serde_json::{Map, Value};

use super::field_types::TemplateFieldType;
use super::preview::{DISPLAY_CHARS, in_one_line, without_emoji};
use crate::wechat::template::HIDDEN_KEYS;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The message is sent nevertheless.
    Warning,
    /// With `strict`, the message is not sent.
    Error,
}

/// A rule for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The value of a typed key must follow the rule of its type; otherwise WeChat rejects it.
    FieldType(TemplateFieldType),
    /// The value of a typed key has too many characters. WeChat would reject it, so it is
    /// truncated.
    TooLong(TemplateFieldType),
    /// A typed key needs a value; otherwise WeChat rejects the message.
    Empty,
    /// `first` and `remark` are not displayed.
    Hidden,
    /// An untyped key without a value is displayed as an empty line.
    Blank,
    /// Colors have no effect.
    Color,
    /// Emoji are removed.
    Emoji,
    /// Line breaks are removed.
    LineBreak,
    /// At most [`DISPLAY_CHARS`] characters are displayed.
    DisplayLength,
    /// WeChat rejects an amount without decimals, such as `¥800`, although its rule allows it.
    Decimals,
}

impl Rule {
    /// Returns the name of the rule in JSON; for a type's rule, the name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::FieldType(field_type) | Self::TooLong(field_type) => field_type.as_str(),
            Self::Empty => "empty",
            Self::Hidden => "hidden",
            Self::Blank => "blank",
            Self::Color => "color",
            Self::Emoji => "emoji",
            Self::LineBreak => "line_break",
            Self::DisplayLength => "length",
            Self::Decimals => "decimals",
        }
    }

    /// Returns whether WeChat rejects the value of a typed key with 47003; it accepts all others
    /// and does not display them.
    pub fn is_rejected(self) -> bool {
        matches!(self, Self::FieldType(_) | Self::TooLong(_) | Self::Empty)
    }
}

/// A rule that the value of a key breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key in the template.
    pub key: String,
    /// The severity.
    pub level: Level,
    /// The broken rule.
    pub rule: Rule,
    /// The value as given.
    pub value: String,
}

/// Returns the findings for the values of `keys`, in their order. `data` has the fields to send:
/// key → `{value, color}`; a missing key has an empty value. With `strict`, findings are errors.
pub fn check_data(keys: &[&str], data: &Map<String, Value>, strict: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in keys {
        let field = |part: &str| data.get(*key).and_then(|field| field.get(part)).and_then(Value::as_str);
        let value = field("value").unwrap_or_default();
        for rule in violations(key, value, field("color").is_some()) {
            let level = if strict { Level::Error } else { Level::Warning };
            findings.push(Finding { key: (*key).to_owned(), level, rule, value: value.to_owned() });
        }
    }
    findings
}

/// Truncates the values that are too long for their type, as listed in `findings`.
pub fn truncate_values(data: &mut Map<String, Value>, findings: &[Finding]) {
    for finding in findings {
        if let Rule::TooLong(field_type) = finding.rule
            && let Some(cut) = field_type.truncate(&finding.value)
            && let Some(field) = data.get_mut(&finding.key).and_then(Value::as_object_mut)
        {
            field.insert("value".to_owned(), cut.into());
        }
    }
}

fn violations(key: &str, value: &str, colored: bool) -> Vec<Rule> {
    if HIDDEN_KEYS.contains(&key) {
        // An empty hidden value loses nothing.
        return if value.trim().is_empty() { Vec::new() } else { vec![Rule::Hidden] };
    }
    let field_type = TemplateFieldType::from_key(key);
    let plain = without_emoji(value);
    let is_too_long = in_one_line(&plain).chars().count() > DISPLAY_CHARS;
    let rejection = match field_type {
        Some(_) if value.trim().is_empty() => Some(Rule::Empty),
        Some(field_type) if field_type.accepts(value) => None,
        Some(field_type) if field_type.truncate(value).is_some() => Some(Rule::TooLong(field_type)),
        Some(field_type) => Some(Rule::FieldType(field_type)),
        _ => None,
    };
    let others = [
        (field_type.is_none() && plain.trim().is_empty(), Rule::Blank),
        (colored, Rule::Color),
        (plain != value, Rule::Emoji),
        (value.contains(['\n', '\r']), Rule::LineBreak),
        // A value that is rejected is not reported as too long to display as well.
        (is_too_long && rejection.is_none(), Rule::DisplayLength),
        (rejection.is_none() && field_type == Some(TemplateFieldType::Amount) && !value.contains('.'), Rule::Decimals),
    ];
    rejection.into_iter().chain(others.into_iter().filter_map(|(is_broken, rule)| is_broken.then_some(rule))).collect()
}
