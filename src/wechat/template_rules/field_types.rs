//! The types of typed keys, such as `thing1` or `time3`, and the rule for the values of each.
//!
//! Where the page leaves a rule open, a value is accepted: WeChat rejects invalid ones with 47003.

use regex_lite::Regex;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use crate::variant_names::variant_names;

/// The type of a key in the category library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFieldType {
    /// At most 20 characters of any kind.
    Thing,
    /// At most 32 digits, letters or symbols.
    CharacterString,
    /// A time of day, with or without a date, or a range of two.
    Time,
    /// A date, with or without a time of day, or a range of two.
    Date,
    /// An amount of money with up to 10 digits.
    Amount,
    /// At most 17 digits, `+` and `-`.
    PhoneNumber,
    /// A license plate.
    CarNumber,
    /// At most 32 digits.
    Number,
    /// At most 32 letters.
    Letter,
    /// At most 5 symbols.
    Symbol,
    /// At most 10 characters if one is Chinese, otherwise 20.
    Name,
    /// At most 5 Chinese characters.
    Phrase,
    /// A text approved with the template, at most 20 characters.
    Const,
    /// A text approved with the template.
    Enum,
    /// A text approved with the template.
    EnumString,
    /// The rule is not published.
    ShortThing,
}

// The names that the keys of each type begin with.
variant_names!(TemplateFieldType {
    Thing = "thing",
    CharacterString = "character_string",
    Time = "time",
    Date = "date",
    Amount = "amount",
    PhoneNumber = "phone_number",
    CarNumber = "car_number",
    Number = "number",
    Letter = "letter",
    Symbol = "symbol",
    Name = "name",
    Phrase = "phrase",
    Const = "const",
    Enum = "enum",
    EnumString = "enum_string",
    ShortThing = "short_thing",
});

impl TemplateFieldType {
    /// Returns the type of a key: `thing1` is a thing. A key that does not end in a digit has no
    /// type, nor has one with another name: older templates and test accounts have keys of any name
    /// (`keyword1`, `name`).
    pub fn from_key(key: &str) -> Option<Self> {
        let word = key.trim_end_matches(|c: char| c.is_ascii_digit());
        Self::from_name(word).filter(|_| word.len() < key.len())
    }

    /// Returns the maximum number of characters of a value, if the type limits it.
    pub fn max_chars(self, value: &str) -> Option<usize> {
        match self {
            Self::Thing | Self::Const => Some(20),
            Self::CharacterString | Self::Letter => Some(32),
            Self::PhoneNumber => Some(17),
            Self::CarNumber => Some(8),
            Self::Symbol | Self::Phrase => Some(5),
            Self::Name => Some(if value.chars().any(is_chinese) { 10 } else { 20 }),
            Self::Time
            | Self::Date
            | Self::Amount
            | Self::Number
            | Self::Enum
            | Self::EnumString
            | Self::ShortThing => None,
        }
    }

    /// Truncates a value that is too long but otherwise valid, with `…` at its end if the rule
    /// allows that.
    pub fn truncate(self, value: &str) -> Option<String> {
        let limit = self.max_chars(value).filter(|limit| value.chars().count() > *limit)?;
        let beginning = |limit: usize| {
            let fits = |(at, sign): &(usize, &str)| value[..at + sign.len()].chars().count() <= limit;
            value.grapheme_indices(true).take_while(fits).map(|(_, sign)| sign).collect::<String>()
        };
        let marked = beginning(limit - 1).trim_end().to_owned() + "…";
        [marked, beginning(limit)].into_iter().find(|cut| self.accepts(cut))
    }

    /// Returns whether a value, which must not be blank, follows the rule of the type.
    pub fn accepts(self, value: &str) -> bool {
        if self.max_chars(value).is_some_and(|limit| value.chars().count() > limit) {
            return false;
        }
        match self {
            Self::Thing | Self::Const | Self::Enum | Self::EnumString | Self::ShortThing => true,
            Self::CharacterString => value.chars().all(|c| c.is_ascii_alphanumeric() || is_symbol(c)),
            Self::Time => matches(value, &datetime_pattern(true)),
            Self::Date => matches(value, &datetime_pattern(false)),
            Self::Amount => is_amount(value),
            Self::PhoneNumber => matches(value, "[0-9+-]*"),
            Self::CarNumber => is_license_plate(value),
            Self::Number => matches(value, DECIMAL) && count_digits(value) <= 32,
            Self::Letter => matches(value, "[A-Za-z]*"),
            Self::Symbol => value.chars().all(is_symbol),
            Self::Name => !value.contains(|c: char| c.is_ascii_digit()),
            Self::Phrase => value.chars().all(is_chinese),
        }
    }
}

fn is_chinese(c: char) -> bool {
    c.script() == Script::Han
}

/// Returns whether the character is neither a letter or digit of any script, nor whitespace, nor a
/// control character.
fn is_symbol(c: char) -> bool {
    !(c.is_alphanumeric() || c.is_whitespace() || c.is_control())
}

/// Returns whether the pattern matches the whole text.
fn matches(text: &str, pattern: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

const DECIMAL: &str = r"[0-9]+(?:\.[0-9]+)?";

/// Accepts `¥12.50` and `12.50元`: at most one currency sign before the number.
fn is_amount(value: &str) -> bool {
    let is_currency = |c: char| c.general_category() == GeneralCategory::CurrencySymbol;
    let bare = value.strip_prefix(is_currency).unwrap_or(value);
    matches(bare.strip_suffix('元').unwrap_or(bare), DECIMAL) && count_digits(bare) <= 10
}

/// Accepts `粤A8Z888挂`: the first and the last character may be Chinese.
fn is_license_plate(value: &str) -> bool {
    let bare = value.strip_prefix(is_chinese).unwrap_or(value);
    let bare = bare.strip_suffix(is_chinese).unwrap_or(bare);
    matches(bare, "[0-9A-Za-z]*")
}

const YEAR: &str = "[0-9]{4}";
const MONTH: &str = "(?:0?[1-9]|1[0-2])";
const DAY: &str = "(?:0?[1-9]|[12][0-9]|3[01])";
const CLOCK: &str = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?";

/// Returns the pattern of a date with an optional time, or, with `needs_time`, of a time with an
/// optional date: `2019年10月1日 15:01` or a part of it, or numbers separated by `-`, `/` or `.`; or a
/// range of two separated by `~`.
fn datetime_pattern(needs_time: bool) -> String {
    let numbers = ["-", "/", r"\."].map(|sign| format!("(?:{YEAR}{sign})?{MONTH}{sign}{DAY}|{YEAR}{sign}{MONTH}"));
    // Only after 日 may a time follow without a space.
    let (closed, open) = (format!("(?:{YEAR}年)?{MONTH}月{DAY}日"), format!("{YEAR}年{MONTH}月|{}", numbers.join("|")));
    let one = if needs_time {
        format!("(?:(?:{closed}) *|(?:{open}) +)?{CLOCK}")
    } else {
        format!("(?:{closed})(?: *{CLOCK})?|(?:{open})(?: +{CLOCK})?")
    };
    format!(" *(?:{one})(?: *~ *(?:{one}))? *")
}
