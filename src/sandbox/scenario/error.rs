//! The errors of a scenario file, and the checks for nearly every value.

use std::fmt;

use crate::i18n::redact_value;
use crate::t;

/// The reason why a scenario is invalid.
#[derive(Debug)]
pub enum ScenarioError {
    /// The TOML does not parse or has an unknown key.
    Toml {
        /// The line, from 1.
        line: usize,
        /// The message of the parser.
        message: String,
    },
    /// The value of `key` is invalid.
    Value {
        /// The key, as written in the file.
        key: &'static str,
        /// The invalid value.
        value: String,
    },
    /// Two entries have the same `value` of `key`.
    Duplicate {
        /// The key, as written in the file.
        key: &'static str,
        /// The repeated value.
        value: String,
    },
    /// `key` requires the key `with`.
    MissingPartner {
        /// The key, as written in the file.
        key: &'static str,
        /// The key that is missing.
        with: &'static str,
    },
    /// More than one of `keys` is given, and they exclude each other.
    Conflicting {
        /// The keys, separated by commas.
        keys: &'static str,
    },
    /// None of `keys` is given, and one is required.
    MissingKey {
        /// The keys, separated by commas.
        keys: &'static str,
    },
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml { line, message } => {
                f.write_str(&t!("sandbox-world-toml", line = line.to_string(), message = message.trim_end()))
            }
            Self::Value { key, value } => f.write_str(&t!("sandbox-world-value", key = *key, value = *value)),
            Self::Duplicate { key, value } => f.write_str(&t!("sandbox-world-twice", key = *key, value = *value)),
            Self::MissingPartner { key, with } => f.write_str(&t!("sandbox-world-alone", key = *key, with = *with)),
            Self::Conflicting { keys } => f.write_str(&t!("sandbox-world-several", keys = *keys)),
            Self::MissingKey { keys } => f.write_str(&t!("sandbox-world-none-of", keys = *keys)),
        }
    }
}

impl std::error::Error for ScenarioError {}

/// Converts an error of the parser about `text`, with its line.
pub(in crate::sandbox) fn syntax_error(text: &str, error: &toml::de::Error) -> ScenarioError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    ScenarioError::Toml { line: before.matches('\n').count() + 1, message: redact_value(error.message()) }
}

/// Rejects the value of `key` unless it `is_valid`.
pub(in crate::sandbox) fn require(is_valid: bool, key: &'static str, value: &str) -> Result<(), ScenarioError> {
    if is_valid { Ok(()) } else { Err(ScenarioError::Value { key, value: value.to_owned() }) }
}

/// Rejects the value of `key` as a duplicate unless it `is_unique`.
pub(super) fn reject_duplicate(is_unique: bool, key: &'static str, value: &str) -> Result<(), ScenarioError> {
    if is_unique { Ok(()) } else { Err(ScenarioError::Duplicate { key, value: value.to_owned() }) }
}
