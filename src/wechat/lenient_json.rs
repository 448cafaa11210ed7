//! Parses the JSON of a response, even if it is not quite valid.
//!
//! Names, titles, remarks and error messages in it were written by people, and WeChat does not
//! always encode them correctly: one invalid byte in them must not hide the rest of the response.
//! Valid JSON is parsed as it is; only a response that the strict parser rejects is repaired and
//! parsed again, so that a repair never changes a valid response.

use std::fmt::Write as _;
use std::str::{Chars, FromStr};

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Parses the fields of a response; `None` if it is not an object. If only an errcode is readable,
/// the result holds only that.
pub(super) fn parse_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return match value {
            Value::Object(fields) => Some(fields),
            _ => None,
        };
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let texts = [String::from_utf8_lossy(bytes).into_owned(), replace_gbk(bytes)].map(|text| repair(&text));
    let whole = texts.iter().find_map(|text| serde_json::from_str(text).ok());
    whole.or_else(|| texts.iter().find_map(|text| find_errcode(text)))
}

/// Returns whether bytes that are not UTF-8 are probably GBK: all bytes outside ASCII form GBK
/// pairs, and few of them form UTF-8 characters.
pub fn is_like_gbk(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        rest = match behind {
            _ if first.is_ascii() => behind,
            [0x40..=0x7e | 0x80..=0xfe, behind @ ..] if (0x81..=0xfe).contains(first) => behind,
            // The file may have been cut between the two bytes of a pair.
            [] => behind,
            _ => return false,
        };
    }
    bad > 1 && bad > good
}

/// Replaces each GBK character with U+FFFD. The second byte of such a character may equal a
/// backslash, which would escape the quote after it.
fn replace_gbk(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        text.push(if first.is_ascii() { char::from(*first) } else { char::REPLACEMENT_CHARACTER });
        rest = match behind {
            [0x40..=0x7e | 0x80..=0xfe, behind @ ..] if !first.is_ascii() => behind,
            _ => behind,
        };
    }
    text
}

/// Escapes, replaces or removes everything that JSON does not allow: control characters, unknown
/// escapes, halves of surrogate pairs, NULs between the tokens.
pub fn repair(text: &str) -> String {
    let mut good = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                good.push(c);
            }
            '\\' if in_string => copy_escape(&mut chars, &mut good),
            '\0'..' ' if in_string => {
                // Writing to a string cannot fail.
                let _ = write!(good, "\\u{:04x}", u32::from(c));
            }
            '\0'..' ' => good.push(' '),
            _ => good.push(c),
        }
    }
    good
}

/// Copies the escape after a backslash. An escape unknown to JSON becomes literal text.
fn copy_escape(chars: &mut Chars<'_>, good: &mut String) {
    let rest = chars.as_str();
    let (copied, written) = match rest.as_bytes() {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => (1, None),
        [b'u', ..] => match utf16_unit(rest) {
            Some(0xd800..0xdc00) => {
                let low = rest.get(5..).and_then(|rest| rest.strip_prefix('\\')).and_then(utf16_unit);
                if matches!(low, Some(0xdc00..0xe000)) { (11, None) } else { (5, Some("\u{fffd}")) }
            }
            Some(0xdc00..0xe000) => (5, Some("\u{fffd}")),
            Some(_) => (5, None),
            None => (0, Some("\\\\")),
        },
        _ => (0, Some("\\\\")),
    };
    match written {
        Some(written) => good.push_str(written),
        None => {
            good.push('\\');
            good.push_str(&rest[..copied]);
        }
    }
    *chars = rest[copied..].chars();
}

/// Parses the number in `uXXXX`.
fn utf16_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Finds the errcode of a response that is otherwise unreadable, so that an unreadable field next
/// to it cannot hide an error. Differing errcodes count as none.
fn find_errcode(text: &str) -> Option<Map<String, Value>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let pattern = Regex::new(r#""errcode"\s*:\s*"?(-?[0-9]{1,18})"?\s*[,}]"#).ok()?;
    let mut found = pattern.captures_iter(text).filter_map(|captures| captures.get(1)?.as_str().parse::<i64>().ok());
    let first = found.next()?;
    found.all(|other| other == first).then(|| Map::from_iter([("errcode".to_owned(), first.into())]))
}

/// Returns a token or an ID: printable, without whitespace, and not unreasonably long.
pub(super) fn as_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// Parses a number that WeChat writes as a number or as text.
pub(super) fn parse_number(value: &Value) -> Option<u64> {
    parse_lenient(value)
}

/// Parses a number of any integer type, written as a number or as text.
pub(super) fn parse_lenient<N: FromStr>(value: &Value) -> Option<N> {
    match value {
        Value::String(digits) => parse_digits(digits.trim()),
        Value::Number(digits) => parse_digits(&digits.to_string()),
        _ => None,
    }
}

/// Parses an integer, also one with decimals that are all zero, such as `7200.0`.
fn parse_digits<N: FromStr>(digits: &str) -> Option<N> {
    let whole = match digits.split_once('.') {
        Some((whole, decimals)) if !whole.is_empty() && decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => digits,
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_parses(bytes: &[u8], expected: Value) {
        assert_eq!(parse_object(bytes).map(Value::Object), Some(expected), "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn invalid_character_does_not_hide_other_fields() {
        let of = |name: &[u8]| [br#"{"errcode":43004,"name":""#, name, br#"","last":1}"#].concat();
        let cases: [(&[u8], &str); 11] = [
            (b"a\x01b\n\tc", "a\u{1}b\n\tc"),
            (b"a\xe6\x97", "a\u{fffd}"),
            (br"a\ud83d", "a\u{fffd}"),
            (br"a\ude00b", "a\u{fffd}b"),
            (br"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (br"\ud83d\u0041", "\u{fffd}A"),
            (br"a\x41\u12", r"a\x41\u12"),
            (br#"a\"b\\"#, r#"a"b\"#),
            // A GBK character whose second byte is a backslash.
            (b"\xd5\x5c", "\u{fffd}"),
            (b"\xc2\xb7\xb7\xc9", "·\u{fffd}\u{fffd}"),
            (b"\x01\xff\xc3\x28", "\u{1}\u{fffd}\u{fffd}("),
        ];
        for (name, expected) in cases {
            assert_parses(&of(name), json!({"errcode": 43004, "name": expected, "last": 1}));
        }
        // The backslash escapes the quote, so that only the errcode remains readable.
        assert_parses(&of(b"\\"), json!({"errcode": 43004}));
    }

    #[test]
    fn bytes_around_json_object_are_ignored() {
        for text in ["\u{feff}{\"a\":1}", "{\"a\":1}\0\0", "\0{\"a\":\u{1}1}\n\0", "\u{feff}\n{\"a\":1}\r\n"] {
            assert_parses(text.as_bytes(), json!({"a": 1}));
        }
    }

    #[test]
    fn errcode_is_read_from_malformed_json() {
        for text in [
            r#"{"errcode":43004,"errmsg":"say "no" twice"}"#,
            r#"{"errmsg":"say "no" twice","errcode":"43004"}"#,
            r#"{"errcode":43004,"errmsg":"requ"#,
            r#"{"errcode":43004} <!-- cached -->"#,
            r#"{"errcode" : 43004 , errmsg:'x'}"#,
        ] {
            assert_parses(text.as_bytes(), json!({"errcode": 43004}));
        }
        for text in [
            r#"{"errcode":430"#,
            r#"{"errcode":43004x}"#,
            r#"{"errcode":0,"list":[{"errcode":40003,"#,
            r#"<script>{"errcode":0}</script>"#,
            r#"[{"errcode":0}]"#,
            "null",
            "",
        ] {
            assert_eq!(parse_object(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn gbk_is_distinguished_from_truncated_utf_8() {
        for gbk in [b"\xb4\xc5\xc5\xcc\xd2\xd1\xc2\xfa".as_slice(), b"db1: \xb1\xb8\xb7\xdd done\n"] {
            assert!(is_like_gbk(gbk), "{gbk:?}");
        }
        let cut = "磁盘已满".as_bytes();
        for other in [&cut[..11], &cut[1..], b"disk \xe6\x97", b"caf\xe9 d\xe9j\xe0", b"\xff\xfe\x00A", b"disk"] {
            assert!(!is_like_gbk(other), "{other:?}");
        }
    }

    #[test]
    fn valid_json_is_not_changed() {
        let text = r#"{"a":"\\x41 \ud83d\ude00 \u0001","b":[{"errcode":1}],"errcode":2}"#;
        assert_parses(text.as_bytes(), serde_json::from_str(text).unwrap());
    }

    #[test]
    fn number_is_parsed_from_number_or_text() {
        let cases = [
            (json!(7200), Some(7200)),
            (json!("7200"), Some(7200)),
            (json!(7200.0), Some(7200)),
            (json!(" 7200.00 "), Some(7200)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(7200.5), None),
            (json!(-1), None),
            (json!(".0"), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!([7200]), None),
        ];
        for (value, expected) in cases {
            assert_eq!(parse_number(&value), expected, "{value}");
        }
    }
}
