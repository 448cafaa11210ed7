//! The types of typed keys, such as `thing1` or `time3`, and what a value of each must be.
//!
//! Where the page leaves something open, a value is taken: what WeChat refuses comes back with 47003.

use regex_lite::Regex;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// A type of the category library's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFieldType {
    /// 20 characters of any sort.
    Thing,
    /// 32 digits, letters or symbols.
    CharacterString,
    /// A time of day, with or without a date; or two of them.
    Time,
    /// A date, with or without a time of day; or two of them.
    Date,
    /// Up to 10 digits of money.
    Amount,
    /// 17 digits, `+` and `-`.
    PhoneNumber,
    /// A number plate.
    CarNumber,
    /// 32 digits.
    Number,
    /// 32 letters.
    Letter,
    /// 5 symbols.
    Symbol,
    /// 10 characters where one is Chinese, else 20.
    Name,
    /// 5 Chinese characters.
    Phrase,
    /// A text that was approved with the template, of 20 characters at most.
    Const,
    /// A text that was approved with the template.
    Enum,
    /// The same.
    EnumString,
    /// Its rule is not published.
    ShortThing,
}

impl TemplateFieldType {
    /// Every type with the word that its keys begin with.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Thing, "thing"),
        (Self::CharacterString, "character_string"),
        (Self::Time, "time"),
        (Self::Date, "date"),
        (Self::Amount, "amount"),
        (Self::PhoneNumber, "phone_number"),
        (Self::CarNumber, "car_number"),
        (Self::Number, "number"),
        (Self::Letter, "letter"),
        (Self::Symbol, "symbol"),
        (Self::Name, "name"),
        (Self::Phrase, "phrase"),
        (Self::Const, "const"),
        (Self::Enum, "enum"),
        (Self::EnumString, "enum_string"),
        (Self::ShortThing, "short_thing"),
    ];

    /// The word that its keys begin with.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The type of a key: `thing1` is a thing. A key that does not end in a digit has none, nor has one that
    /// begins otherwise: older templates and test accounts have keys of any name (`keyword1`, `name`).
    pub fn from_key(key: &str) -> Option<Self> {
        let word = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let (kind, _) = Self::ALL.into_iter().find(|(_, name)| *name == word)?;
        (word.len() < key.len()).then_some(kind)
    }

    /// The most characters that such a value has, where the rule is one of characters.
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

    /// The beginning of a value that has too many characters and would be taken otherwise, with `…` at its end where
    /// the rule allows that.
    pub fn truncate(self, value: &str) -> Option<String> {
        let most = self.max_chars(value).filter(|most| value.chars().count() > *most)?;
        let beginning = |most: usize| {
            let fits = |(at, sign): &(usize, &str)| value[..at + sign.len()].chars().count() <= most;
            value.grapheme_indices(true).take_while(fits).map(|(_, sign)| sign).collect::<String>()
        };
        let marked = beginning(most - 1).trim_end().to_owned() + "…";
        [marked, beginning(most)].into_iter().find(|cut| self.accepts(cut))
    }

    /// Whether a value, which is not blank, follows the type's rule.
    pub fn accepts(self, value: &str) -> bool {
        if self.max_chars(value).is_some_and(|most| value.chars().count() > most) {
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

/// Neither letter nor digit of any script, nor blank.
fn is_symbol(c: char) -> bool {
    !(c.is_alphanumeric() || c.is_whitespace() || c.is_control())
}

/// Whether the whole of a text is as the pattern says.
fn matches(text: &str, pattern: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

const DECIMAL: &str = r"[0-9]+(?:\.[0-9]+)?";

/// `¥12.50`, `12.50元`: at most one sign of a currency before it.
fn is_amount(value: &str) -> bool {
    let is_currency = |c: char| c.general_category() == GeneralCategory::CurrencySymbol;
    let bare = value.strip_prefix(is_currency).unwrap_or(value);
    matches(bare.strip_suffix('元').unwrap_or(bare), DECIMAL) && count_digits(bare) <= 10
}

/// `粤A8Z888挂`: the first and the last may be Chinese.
fn is_license_plate(value: &str) -> bool {
    let bare = value.strip_prefix(is_chinese).unwrap_or(value);
    let bare = bare.strip_suffix(is_chinese).unwrap_or(bare);
    matches(bare, "[0-9A-Za-z]*")
}

const YEAR: &str = "[0-9]{4}";
const MONTH: &str = "(?:0?[1-9]|1[0-2])";
const DAY: &str = "(?:0?[1-9]|[12][0-9]|3[01])";
const CLOCK: &str = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?";

/// A day with or without its time, or (`clock`) a time with or without its day: `2019年10月1日 15:01`, a part
/// of it, or the numbers with one of `-/.` between them; or two with `~` between them.
fn datetime_pattern(clock: bool) -> String {
    let numbers = ["-", "/", r"\."].map(|sign| format!("(?:{YEAR}{sign})?{MONTH}{sign}{DAY}|{YEAR}{sign}{MONTH}"));
    // A time may stand close behind 日 alone.
    let (closed, open) = (format!("(?:{YEAR}年)?{MONTH}月{DAY}日"), format!("{YEAR}年{MONTH}月|{}", numbers.join("|")));
    let one = if clock {
        format!("(?:(?:{closed}) *|(?:{open}) +)?{CLOCK}")
    } else {
        format!("(?:{closed})(?: *{CLOCK})?|(?:{open})(?: +{CLOCK})?")
    };
    format!(" *(?:{one})(?: *~ *(?:{one}))? *")
}
