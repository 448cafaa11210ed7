//! Formats parts of sentences: lists, closest matches, errors of the system, durations.

use std::error::Error;
use std::io;
use std::time::Duration;

use fluent_bundle::FluentValue;
use serde_json::error::Category;

use super::MessageArg;
use crate::t;

/// Joins a list: "a, b, c".
pub fn join_list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let all = items.into_iter().map(|item| item.as_ref().to_owned());
    all.reduce(|first, rest| t!("ui-list", first = first, rest = rest)).unwrap_or_default()
}

/// Joins clauses: "a; b; c".
pub fn join_clauses<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let all = items.into_iter().map(|item| item.as_ref().to_owned());
    all.reduce(|first, rest| t!("ui-clauses", first = first, rest = rest)).unwrap_or_default()
}

/// Joins the first names of a list, and adds how many more there are.
pub fn join_first(all: &[String]) -> String {
    const MAX_SHOWN: usize = 5;
    let shown = join_list(all.iter().take(MAX_SHOWN));
    match all.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => t!("send-and-more", names = shown, more = more),
    }
}

/// Returns the candidate that is most similar to a mistyped word, if one is similar enough.
pub fn closest_match<T: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = T>) -> Option<T> {
    let similarity = |candidate: &T| strsim::jaro_winkler(word, candidate.as_ref());
    let best = candidates.into_iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(&best) >= 0.8).then_some(best)
}

/// The prefixes of known English messages of libraries, and the kind by which they are translated.
const KNOWN_MESSAGES: [(&str, &str); 4] = [
    ("connection closed before message completed", "Closed"),
    ("failed to lookup address information", "Lookup"),
    ("invalid HTTP", "Http"),
    ("invalid peer certificate", "Certificate"),
];

/// Returns the text of an I/O error in the language of the process; std's text is always English.
pub fn io_error_text(error: &io::Error) -> String {
    // An error with its own message is more specific than its kind.
    if error.get_ref().is_none() {
        return system_error_text(&format!("{:?}", error.kind()), &error.to_string());
    }
    library_error_text(&error.to_string())
}

/// Returns the text of an error without its causes.
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    error.downcast_ref::<io::Error>().map_or_else(|| library_error_text(&error.to_string()), io_error_text)
}

/// Renders an error of the operating system from its `io::ErrorKind` and its English text.
pub fn system_error_text(kind: &str, text: &str) -> String {
    t!("ui-system", kind = kind, text = text)
}

/// Renders the English text of a library's error, translated if it is known.
pub fn library_error_text(text: &str) -> String {
    match KNOWN_MESSAGES.iter().find(|(known, _)| text.starts_with(known)) {
        Some((_, kind)) => system_error_text(kind, text),
        None => text.to_owned(),
    }
}

impl MessageArg for io::Error {
    fn to_fluent(&self) -> FluentValue<'_> {
        FluentValue::String(io_error_text(self).into())
    }
}

/// Formats how many seconds ago something was; a negative number is in the future.
pub fn relative_time(seconds: i64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (unit, length) = match seconds.unsigned_abs() {
        0 => ("now", 1),
        1..MINUTE => ("s", 1),
        MINUTE..HOUR => ("min", MINUTE),
        HOUR..172_800 => ("h", HOUR),
        172_800..5_184_000 => ("d", DAY),
        5_184_000..63_072_000 => ("mo", 30 * DAY),
        _ => ("y", 365 * DAY),
    };
    let count = seconds.unsigned_abs() / length;
    if seconds < 0 { t!("ui-ahead", count = count, unit = unit) } else { t!("ui-ago", count = count, unit = unit) }
}

/// Formats an age in its largest unit, in the form that options accept.
pub fn short_duration(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7200 => (seconds / 60, "m"),
        7200..172_800 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    t!("ui-span", count = count, unit = unit)
}

/// Formats a duration in the largest unit that needs no fraction, such as `90m` or `1h`.
pub fn exact_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let exact = units.into_iter().find(|(length, _)| seconds > 0 && seconds.is_multiple_of(*length));
    let (length, unit) = exact.unwrap_or((1, "s"));
    t!("ui-span", count = seconds / length, unit = unit)
}

/// Returns serde's message about a JSON text without the position.
fn strip_position(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.truncate(text.strip_suffix(&place).unwrap_or(&text).len());
    redact_value(&text)
}

/// Removes the value from a parser's message about its type: it may be a password, or a secret if
/// the wrong file was given.
pub fn redact_value(text: &str) -> String {
    const ABOUT_VALUES: [&str; 3] = ["invalid type: ", "invalid value: ", "unknown variant "];
    let about = ABOUT_VALUES.into_iter().find_map(|about| Some((about, text.strip_prefix(about)?)));
    match about.and_then(|(about, rest)| Some((about, rest.rsplit_once(", expected ")?))) {
        Some((about, (value, expected))) => {
            let kind = value.split(['`', '"']).next().unwrap_or_default();
            format!("{}, expected {expected}", format!("{about}{kind}").trim_end())
        }
        None => text.to_owned(),
    }
}

/// Describes an error in a JSON text without its position.
pub fn json_error_without_position(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        Category::Syntax => "syntax",
        Category::Eof => "end",
        Category::Data | Category::Io => "data",
    };
    t!("ui-json-fault", kind = kind, text = strip_position(error))
}

/// Describes an error in a JSON text with its position, translated as far as possible.
pub fn json_error(error: &serde_json::Error) -> String {
    let text = strip_position(error);
    let text = text.as_str();
    let unknown = text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, expected "));
    let (kind, field, expected) = match (unknown, error.classify()) {
        (Some((field, expected)), _) => ("unknown", field, expected.trim_start_matches("one of ").replace('`', "")),
        (None, Category::Syntax) => ("syntax", "", String::new()),
        (None, Category::Eof) => ("end", "", String::new()),
        (None, _) => ("data", "", String::new()),
    };
    let expected = join_list(expected.split(", "));
    let (line, column) = (error.line(), error.column());
    t!("ui-json", kind = kind, text = text, field = field, expected = expected, line = line, column = column)
}

/// Formats a duration in all its units, such as `2h 5m`.
pub fn long_duration(time: Duration) -> String {
    let text = humantime::format_duration(time).to_string();
    let is_single = !text.contains(' ');
    let part = |part: &str| {
        let (count, unit) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        match is_single {
            true => t!("ui-span", count = count, unit = unit),
            // Chinese has a shorter word for minutes that are followed or preceded by another unit.
            false => t!("ui-span-part", count = count, unit = unit),
        }
    };
    text.split(' ').map(part).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::t_in;

    #[test]
    fn a_row_has_its_marks_between() {
        assert_eq!(join_list(["a", "b", "c"]), "a, b, c");
        assert_eq!(join_clauses(["a".to_owned(), "b".to_owned()]), "a; b");
        assert_eq!(join_list::<&str>([]), "");
    }

    #[test]
    fn a_text_of_its_own_is_kept() {
        let own = io::Error::new(io::ErrorKind::NotFound, "no such gnome");
        assert_eq!(io_error_text(&own), "no such gnome");
        assert_eq!(io_error_text(&io::Error::from_raw_os_error(2)), "No such file or directory (os error 2)");
    }

    #[test]
    fn people_say_how_long_ago_in_one_unit() {
        for (seconds, said) in [
            (0, "just now"),
            (1, "1 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (3600, "1 h ago"),
            (172_799, "47 h ago"),
            (172_800, "2 days ago"),
            (5_184_000, "2 months ago"),
            (63_072_000, "2 years ago"),
            (i64::MAX, "292471208677 years ago"),
            (-1, "in 1 s"),
            (-300, "in 5 min"),
            (-7200, "in 2 h"),
            (i64::MIN, "in 292471208677 years"),
        ] {
            assert_eq!(relative_time(seconds), said);
        }
    }

    #[test]
    fn an_age_has_one_unit() {
        let cases =
            [(0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_799, "47h"), (200_000, "2d")];
        for (seconds, expected) in cases {
            assert_eq!(short_duration(seconds), expected);
        }
    }

    #[test]
    fn a_limit_is_shown_as_it_was_written() {
        for (seconds, expected) in
            [(0, "0s"), (90, "90s"), (3600, "1h"), (5400, "90m"), (86_400, "1d"), (129_600, "36h"), (172_800, "2d")]
        {
            assert_eq!(exact_duration(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn only_a_near_word_is_proposed() {
        let names = ["luffy", "nami", "zoro"];
        assert_eq!(closest_match("lufy", names), Some("luffy"));
        assert_eq!(closest_match("sanji", names), None);
        assert_eq!(closest_match::<&str>("x", []), None);
    }

    #[test]
    fn json_is_wrong_in_the_words_of_serde() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Two {
            #[serde(rename = "a")]
            _a: u8,
        }
        for text in ["", "{", "no", r#"{"a": 1, "b": 2}"#, "{}", r#"{"a": 1} x"#] {
            let error = serde_json::from_str::<Two>(text).unwrap_err();
            assert_eq!(json_error(&error), error.to_string(), "{text}");
        }
    }

    #[test]
    fn what_serde_says_of_a_value_does_not_repeat_it() {
        for text in [r#""5ecret""#, "5555.5", r#""5ecret, expected x""#, "5555", "[5555]"] {
            let said = json_error(&serde_json::from_str::<bool>(text).unwrap_err());
            assert!(
                said.contains("expected a boolean") && !said.contains("5ecret") && !said.contains("5555"),
                "{said}"
            );
        }
        assert_eq!(
            redact_value("unknown variant `5ecret`, expected `a` or `b`"),
            "unknown variant, expected `a` or `b`"
        );
        assert_eq!(redact_value("missing field `a`"), "missing field `a`");
    }

    #[test]
    fn a_span_has_all_its_units() {
        assert_eq!(long_duration(Duration::from_secs(7500)), "2h 5m");
        assert_eq!(long_duration(Duration::ZERO), "0s");
        assert_eq!(t_in!(Lang::Zh, "ui-span", count = 3, unit = "m"), "3 分钟");
        assert_eq!(t_in!(Lang::Zh, "ui-span-part", count = 3, unit = "m"), "3 分");
        assert_eq!(long_duration(Duration::from_secs(86_400 * 40)), "1month 9days 13h 26m 24s");
    }
}
