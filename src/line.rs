//! One line of text, as people leave it in a file, a variable or a pipe: with a byte order mark before it, line ends
//! after it, and quotes or blanks around it that a shell, an editor or an env file put there.

/// A value that has neither blanks nor quotes at its ends, such as an AppSecret, an app id or an address: without those.
pub fn value(text: &str) -> &str {
    let mut rest = text;
    loop {
        let inner = unquoted(rest.trim_matches(|c: char| c.is_whitespace() || c == BOM));
        if inner.len() == rest.len() {
            return rest;
        }
        rest = inner;
    }
}

/// A password, of which blanks and quotes are a part: without a byte order mark and line ends.
pub fn password(text: &str) -> &str {
    text.trim_start_matches(BOM).trim_end_matches(['\n', '\r'])
}

/// Whether a text is long and random enough to be an AppSecret, which is then not to be shown, wherever it stands.
pub fn looks_secret(text: &str) -> bool {
    const DIGITS: usize = 28;
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        run >= DIGITS
    })
}

const BOM: char = '\u{feff}';

/// Without the pair of quotes around it, if there is one.
fn unquoted(text: &str) -> &str {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’')];
    let inner = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    PAIRS.into_iter().find_map(inner).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_value_is_no_part_of_it() {
        for text in
            ["\u{feff}abc", "abc\r\n", "abc\n\n", "\"abc\"", " 'abc' \r\n", "“abc”", "\u{feff}\"abc\"\r\n", "abc"]
        {
            assert_eq!(value(text), "abc", "{text:?}");
        }
        assert_eq!(value("a b"), "a b");
        assert_eq!(value("\"abc"), "\"abc");
        for empty in ["", "\"\"", " \n", "\u{feff}"] {
            assert_eq!(value(empty), "", "{empty:?}");
        }
    }

    #[test]
    fn blanks_and_quotes_are_a_part_of_a_password() {
        assert_eq!(password("\u{feff}secret\r\n"), "secret");
        assert_eq!(password(" \"secret\" \n\n"), " \"secret\" ");
    }

    #[test]
    fn a_secret_is_known_by_its_digits() {
        assert!(
            looks_secret("5ec2e7f000000000000000000000c0de") && looks_secret("x='5EC2E7F000000000000000000000c0de'")
        );
        assert!(
            !looks_secret("app_secret") && !looks_secret("/run/secrets/wxbox") && !looks_secret("wx0123456789abcdef")
        );
    }
}
