//! The cells of tables and key-value lists: a text, a styled word, or a point in time.

use std::fmt;

use crate::clock::Timestamp;
use crate::i18n;
use crate::t;
use crate::time_zone::{format_local, format_local_briefly};
use crate::ui::sanitize::single_line;

/// A value of a table or a key-value list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A word with a color that repeats its meaning.
    Styled(String, TextStyle),
    /// A point in time: relative on a terminal, RFC 3339 in UTC elsewhere.
    Time(Timestamp),
    /// A point in time: local on a terminal, RFC 3339 in UTC elsewhere.
    LocalTime(Timestamp),
    /// A list of names and values within a list.
    Rows(Vec<(String, String)>),
}

/// The style of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// The expected result.
    Good,
    /// No result yet.
    Pending,
    /// A result that may be wrong.
    Warning,
    /// A failure.
    Error,
    /// Something that no longer matters.
    Muted,
}

impl TextStyle {
    /// Returns `word` in the color of the style.
    pub(in crate::ui) fn paint(self, word: &str) -> String {
        let style = match self {
            Self::Good => "32",
            Self::Pending => "36",
            Self::Warning => "33",
            Self::Error => "31",
            Self::Muted => "2",
        };
        format!("\u{1b}[{style}m{word}\u{1b}[0m")
    }
}

impl Cell {
    /// Returns the value in one line, in the form for a terminal or for a program.
    pub(in crate::ui) fn render(&self, for_terminal: bool) -> String {
        match self {
            Self::Text(text) | Self::Styled(text, _) => single_line(text),
            Self::Time(at) if for_terminal => format_relative_time(*at),
            Self::LocalTime(at) if for_terminal => format_local_briefly(*at),
            Self::Time(at) | Self::LocalTime(at) => at.to_string(),
            Self::Rows(rows) => {
                let rows: Vec<_> = rows.iter().map(|(name, value)| format!("{name} {value}")).collect();
                single_line(&rows.join("; "))
            }
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

/// Returns how long ago `at` was, or how soon it will be.
fn format_relative_time(at: Timestamp) -> String {
    i18n::relative_time(Timestamp::now().seconds_since(at))
}

/// Returns `at` in the form that `f` selects: local time with the relative time in the alternate
/// form, which is for people, and RFC 3339 in UTC otherwise.
pub fn format_time(at: Timestamp, f: &fmt::Formatter<'_>) -> String {
    if f.alternate() { t!("ui-when", time = format_local(at), ago = format_relative_time(at)) } else { at.to_string() }
}

/// Returns `at` as [`format_time`] does, without the relative time.
pub fn format_clock_time(at: Timestamp, f: &fmt::Formatter<'_>) -> String {
    if f.alternate() { format_local(at) } else { at.to_string() }
}
