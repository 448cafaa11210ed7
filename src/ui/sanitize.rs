//! Sanitizes text from outside: no nickname, note or error text can control the terminal, change
//! the direction of the following text, hide a part of itself or add a line.

use std::fmt::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Replaces control characters other than line breaks and tabs, direction marks and invisible
/// characters.
pub fn sanitize(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Sanitizes `text` and joins its lines.
pub(super) fn single_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Escapes unsafe characters in JSON without changing its meaning. They can only occur in strings,
/// where escapes are allowed.
pub(super) fn escape_json(text: &str) -> String {
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn is_unsafe(c: char) -> bool {
    use GeneralCategory as Is;
    match c {
        ' '..='~' => false,
        // Joiners combine letters and emoji, and have no other effect.
        '\u{200c}' | '\u{200d}' => false,
        _ => matches!(c.general_category(), Is::Control | Is::Format | Is::LineSeparator | Is::ParagraphSeparator),
    }
}

/// Replaces the symbols of wxbox and other common ones with ASCII.
pub(super) fn to_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => ascii += "...",
            '“' | '”' => ascii.push('"'),
            '‘' | '’' => ascii.push('\''),
            '‹' => ascii.push('<'),
            '›' => ascii.push('>'),
            '×' => ascii.push('x'),
            '–' | '—' => ascii.push('-'),
            '→' => ascii += "->",
            c => ascii.push(c),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(single_line("a\nerror: b\u{202e}"), "a error: b\u{fffd}");
        assert_eq!(sanitize("a\u{1b}[2Jb\u{7}\r\nc\u{9b}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\nc\u{fffd}d");
        for invisible in ["\u{ad}", "\u{200b}", "\u{200e}", "\u{2066}", "\u{2028}", "\u{feff}", "\u{e0041}", "\u{7f}"] {
            assert_eq!(single_line(invisible), "\u{fffd}", "{invisible:?}");
        }
    }

    #[test]
    fn names_are_unchanged() {
        for name in ["路飞", "José", "Jose\u{301}", "👨‍👩‍👧", "❤\u{fe0f}", "می‌خواهم", "zoë 🏴\u{fe0f}"]
        {
            assert_eq!((single_line(name), sanitize(name), escape_json(name)), (name.into(), name.into(), name.into()));
        }
    }

    #[test]
    fn escaped_json_has_the_same_value() {
        let value = serde_json::json!({"a": "x\u{9b}2J\u{202e}\u{e0041}\u{7f}\n路"});
        let escaped = escape_json(&value.to_string());
        assert_eq!(escaped, r#"{"a":"x\u009b2J\u202e\udb40\udc41\u007f\n路"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn symbols_are_replaced_with_ascii() {
        assert_eq!(to_ascii("“a” … ‹b› 40×20 → 路"), "\"a\" ... <b> 40x20 -> 路");
    }
}
