//! Trims a line of text from a file, a variable or a pipe: a byte order mark before it, line ends
//! after it, and quotes or whitespace around it that a shell, an editor or an env file has added.

/// Trims whitespace and quotes around a value that has none at its ends, such as an AppSecret or an
/// AppID.
pub fn trim_value(text: &str) -> &str {
    let mut rest = text;
    loop {
        let inner = strip_quotes(rest.trim_matches(|c: char| c.is_whitespace() || c == BOM));
        if inner.len() == rest.len() {
            return rest;
        }
        rest = inner;
    }
}

/// Trims the byte order mark and line ends of a password; whitespace and quotes are part of it.
pub fn trim_password(text: &str) -> &str {
    text.trim_start_matches(BOM).trim_end_matches(['\n', '\r'])
}

/// Returns whether a text may be or contain an AppSecret, so that it must not be printed.
pub fn may_contain_app_secret(text: &str) -> bool {
    const MIN_HEX_DIGITS: usize = 28;
    let mut run_length = 0;
    text.bytes().any(|byte| {
        run_length = if byte.is_ascii_hexdigit() { run_length + 1 } else { 0 };
        run_length >= MIN_HEX_DIGITS
    })
}

/// Returns whether a text has the form of an EncodingAESKey: 43 characters of base64.
pub fn looks_like_aes_key(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

const BOM: char = '\u{feff}';

/// Removes one pair of quotes around the text, if there is one.
fn strip_quotes(text: &str) -> &str {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’')];
    let inner = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    PAIRS.into_iter().find_map(inner).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_blanks_around_value_are_trimmed() {
        for text in
            ["\u{feff}abc", "abc\r\n", "abc\n\n", "\"abc\"", " 'abc' \r\n", "“abc”", "\u{feff}\"abc\"\r\n", "abc"]
        {
            assert_eq!(trim_value(text), "abc", "{text:?}");
        }
        assert_eq!(trim_value("a b"), "a b");
        assert_eq!(trim_value("\"abc"), "\"abc");
        for empty in ["", "\"\"", " \n", "\u{feff}"] {
            assert_eq!(trim_value(empty), "", "{empty:?}");
        }
    }

    #[test]
    fn blanks_and_quotes_are_part_of_password() {
        assert_eq!(trim_password("\u{feff}secret\r\n"), "secret");
        assert_eq!(trim_password(" \"secret\" \n\n"), " \"secret\" ");
    }

    #[test]
    fn app_secret_is_recognized_by_its_digits() {
        assert!(
            may_contain_app_secret("5ec2e7f000000000000000000000c0de")
                && may_contain_app_secret("x='5EC2E7F000000000000000000000c0de'")
        );
        assert!(
            !may_contain_app_secret("app_secret")
                && !may_contain_app_secret("/run/secrets/wxbox")
                && !may_contain_app_secret("wx0123456789abcdef")
        );
    }
}
