//! The values of options and arguments that several commands share, and how they are parsed.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::i18n::Lang;
use crate::t;

/// A text argument. A script may pass any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgText {
    /// The text, with U+FFFD for each sequence of bytes that is not UTF-8.
    pub text: String,
    /// The argument itself, if it is not UTF-8.
    pub raw: Option<OsString>,
}

impl From<OsString> for ArgText {
    fn from(raw: OsString) -> Self {
        match raw.into_string() {
            Ok(text) => Self { text, raw: None },
            Err(raw) => Self { text: raw.to_string_lossy().into_owned(), raw: Some(raw) },
        }
    }
}

impl From<&str> for ArgText {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), raw: None }
    }
}

/// Accepts any argument, also one that is not UTF-8.
pub(super) fn arg_text_parser() -> impl TypedValueParser<Value = ArgText> {
    OsStringValueParser::new().map(ArgText::from)
}

/// Parses a name, which may begin with a hyphen. `--` is rejected: it means that the name is
/// missing.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    if text == "--" { Err(t!("cli-expected-name")) } else { Ok(text.to_owned()) }
}

/// Parses the name of a language.
pub(super) fn parse_language(text: &str) -> Result<Lang, String> {
    Lang::from_name(text).ok_or_else(|| t!("config-expected-language"))
}

/// Parses an integer.
pub(super) fn parse_integer<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| t!("cli-expected-whole"))
}

/// The longest duration, as in the config: added to any clock reading, it does not overflow.
const MAX_DURATION: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Parses a duration such as `90s`, `5m`, `24h` or `30d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if span.is_zero() => Err(t!("cli-expected-positive")),
        Ok(span) if span > MAX_DURATION => Err(t!("cli-expected-shorter")),
        Ok(span) => Ok(span),
        Err(_) => Err(t!("cli-expected-span")),
    }
}
