//! Why a world cannot be, and the two checks that nearly every value of it passes.

use std::fmt;

use crate::i18n::redact_value;
use crate::t;

/// Why a world cannot be.
#[derive(Debug)]
pub enum ScenarioError {
    /// The TOML does not parse or has a key that it should not have.
    Toml {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// The value of `key` is not one that it can have.
    Value {
        /// The key, as it stands in the file.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Two people or templates share the `value` of `key`.
    Duplicate {
        /// The key, as it stands in the file.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A `key` that has no meaning without `with`.
    MissingPartner {
        /// The key, as it stands in the file.
        key: &'static str,
        /// The key that is missing.
        with: &'static str,
    },
    /// More than one of `keys`, which exclude each other.
    Conflicting {
        /// The keys.
        keys: &'static str,
    },
    /// None of `keys`, of which there must be one.
    MissingKey {
        /// The keys.
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

/// A complaint of the parser about `text`, with its line.
pub(in crate::sandbox) fn syntax_error(text: &str, error: &toml::de::Error) -> ScenarioError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    ScenarioError::Toml { line: before.matches('\n').count() + 1, message: redact_value(error.message()) }
}

/// Refuses the value of `key` unless it `holds`.
pub(in crate::sandbox) fn require(holds: bool, key: &'static str, value: &str) -> Result<(), ScenarioError> {
    if holds { Ok(()) } else { Err(ScenarioError::Value { key, value: value.to_owned() }) }
}

/// A value that is there once.
pub(in crate::sandbox) fn reject_duplicate(holds: bool, key: &'static str, value: &str) -> Result<(), ScenarioError> {
    if holds { Ok(()) } else { Err(ScenarioError::Duplicate { key, value: value.to_owned() }) }
}
