//! What a table or a list of facts shows in one place: a text, a state with its colour, a point in time.

use std::fmt;

use crate::clock::Timestamp;
use crate::i18n;
use crate::t;
use crate::time_zone::format_local;
use crate::ui::sanitize::single_line;

/// A value to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text as it is.
    Text(String),
    /// A word that is good or bad news; it says so itself, its colour says it again.
    Styled(String, TextStyle),
    /// A point in time: how long ago, where a person looks at it; RFC 3339 in UTC everywhere else.
    Time(Timestamp),
}

/// What news a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// As it should be.
    Good,
    /// Neither yet.
    Pending,
    /// Not sure to be as it should.
    Warning,
    /// Not as it should be.
    Error,
    /// Over.
    Muted,
}

impl TextStyle {
    /// The word in its colour.
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
    /// In one line, for a person or not.
    pub(in crate::ui) fn render(&self, to_person: bool) -> String {
        match self {
            Self::Text(text) | Self::Styled(text, _) => single_line(text),
            Self::Time(at) if to_person => format_relative_time(*at),
            Self::Time(at) => at.to_string(),
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

/// How long ago that was, or how soon it will be.
fn format_relative_time(at: Timestamp) -> String {
    i18n::relative_time(Timestamp::now().seconds_since(at))
}

/// A point in time that `f` writes: by the clock of the zone of the run, and in brackets how long ago, where a person
/// looks at it; RFC 3339 in UTC everywhere else.
pub fn format_time(at: Timestamp, f: &fmt::Formatter<'_>) -> String {
    if f.alternate() { t!("ui-when", time = format_local(at), ago = format_relative_time(at)) } else { at.to_string() }
}

/// The same without how long ago.
pub fn format_clock_time(at: Timestamp, f: &fmt::Formatter<'_>) -> String {
    if f.alternate() { format_local(at) } else { at.to_string() }
}
