//! Text as it was typed: an argument is whatever bytes a script passes on.

use std::ffi::OsString;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// An argument as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgText {
    /// The text, with U+FFFD for each sequence of bytes that is not UTF-8.
    pub text: String,
    /// The argument as it came, where it is not UTF-8.
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

/// Takes any argument, of whatever bytes.
pub(super) fn arg_text_parser() -> impl TypedValueParser<Value = ArgText> {
    OsStringValueParser::new().map(ArgText::from)
}
