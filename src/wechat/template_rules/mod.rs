//! What WeChat makes of the values of a template message: which it refuses with 47003, and what it takes
//! and then does not show. Nothing of that keeps a message from being sent: on a test account a key such as
//! `date1` may be a name that somebody made up, and WeChat has the last word. Pure; the findings are data,
//! their words are in [`said`].
//!
//! Typed keys: doc/service/guide/product/template_message/Template_Message_Interface. What is not shown: the
//! announcement community/develop/doc/000a2ae286cdc0f41a8face4c51801, in force since 2023-05-04.

mod field_types;
mod messages;
mod preview;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Map, Value};

pub use field_types::TemplateFieldType;
pub use messages::{describe, describe_joined, describe_problem, describe_type};
pub use preview::{DISPLAY_CHARS, displayed, preview};

/// Neither is shown, nor need they be given.
pub const HIDDEN_KEYS: [&str; 2] = ["first", "remark"];

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The message is sent.
    Warning,
    /// With `strict` it is not.
    Error,
}

/// A rule that a value breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// What a typed key's value must be: refused.
    FieldType(TemplateFieldType),
    /// A typed key's value has too many characters: refused, so that it is cut.
    TooLong(TemplateFieldType),
    /// A typed key needs a value: refused.
    Empty,
    /// `first` and `remark` are not shown.
    Hidden,
    /// An untyped key without a value is an empty line.
    Blank,
    /// Colours have no effect.
    Color,
    /// Emoji are left out.
    Emoji,
    /// Line breaks are left out.
    LineBreak,
    /// At most [`DISPLAY_CHARS`] characters are shown.
    DisplayLength,
    /// An amount such as `¥800`, which follows its rule and was refused all the same.
    Decimals,
}

impl Rule {
    /// The word for it in JSON: a type's own name, else what is wrong.
    pub fn name(self) -> &'static str {
        match self {
            Self::FieldType(kind) | Self::TooLong(kind) => kind.name(),
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

    /// Whether WeChat refuses such a value of a typed key, with 47003; all else it takes and does not show.
    pub fn is_rejected(self) -> bool {
        matches!(self, Self::FieldType(_) | Self::TooLong(_) | Self::Empty)
    }
}

/// A rule that the value of a key breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The template's key.
    pub key: String,
    /// How bad it is.
    pub level: Level,
    /// The rule.
    pub rule: Rule,
    /// The value as it was given.
    pub value: String,
}

/// What is wrong with the values of these keys, in their order. `data` is what is sent: key → `{value, color}`;
/// a key that it lacks has no value. With `strict` they are errors.
pub fn check_data(keys: &[&str], data: &Map<String, Value>, strict: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for key in keys {
        let field = |part: &str| data.get(*key).and_then(|field| field.get(part)).and_then(Value::as_str);
        let value = field("value").unwrap_or_default();
        for rule in violations(key, value, field("color").is_some()) {
            let level = if strict { Level::Error } else { Level::Warning };
            found.push(Finding { key: (*key).to_owned(), level, rule, value: value.to_owned() });
        }
    }
    found
}

/// Cuts the values that were found to be too long for their fields.
pub fn truncate_values(data: &mut Map<String, Value>, found: &[Finding]) {
    for finding in found {
        if let Rule::TooLong(kind) = finding.rule
            && let Some(cut) = kind.truncate(&finding.value)
            && let Some(field) = data.get_mut(&finding.key).and_then(Value::as_object_mut)
        {
            field.insert("value".to_owned(), cut.into());
        }
    }
}

fn violations(key: &str, value: &str, colored: bool) -> Vec<Rule> {
    if HIDDEN_KEYS.contains(&key) {
        // There is nothing to miss in an empty one.
        return if value.trim().is_empty() { Vec::new() } else { vec![Rule::Hidden] };
    }
    let kind = TemplateFieldType::from_key(key);
    let plain = preview::without_emoji(value);
    let long = preview::in_one_line(&plain).chars().count() > DISPLAY_CHARS;
    let refusal = match kind {
        Some(_) if value.trim().is_empty() => Some(Rule::Empty),
        Some(kind) if kind.accepts(value) => None,
        Some(kind) if kind.truncate(value).is_some() => Some(Rule::TooLong(kind)),
        Some(kind) => Some(Rule::FieldType(kind)),
        _ => None,
    };
    let others = [
        (kind.is_none() && plain.trim().is_empty(), Rule::Blank),
        (colored, Rule::Color),
        (plain != value, Rule::Emoji),
        (value.contains(['\n', '\r']), Rule::LineBreak),
        // What is refused for its length need not be called long as well.
        (long && refusal.is_none(), Rule::DisplayLength),
        (refusal.is_none() && kind == Some(TemplateFieldType::Amount) && !value.contains('.'), Rule::Decimals),
    ];
    refusal.into_iter().chain(others.into_iter().filter_map(|(broken, rule)| broken.then_some(rule))).collect()
}
