//! How a CSV file separates its fields: spreadsheets write `;` or tabs in some languages, and Excel a line `sep=;`
//! before the first one. What is read must be beyond doubt; all else is named.

use crate::i18n::Lang;
use crate::t_in;

/// What was found at the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CsvDialect {
    /// Between two fields.
    pub(super) delimiter: u8,
    /// Lines before the header.
    pub(super) skipped_lines: u64,
}

impl CsvDialect {
    /// Looks at the head of a file, and takes a line `sep=…` away from it.
    pub(super) fn detect(head: &mut Vec<u8>) -> Self {
        if let Some((delimiter, length)) = declared_delimiter(head) {
            head.drain(..length);
            return Self { delimiter, skipped_lines: 1 };
        }
        let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        // A comma in the header settles it.
        let delimiter = [b',', b';', b'\t'].into_iter().find(|it| line.contains(it)).unwrap_or(b',');
        Self { delimiter, skipped_lines: 0 }
    }
}

/// The delimiter of a line `sep=;`, and the length of that line.
fn declared_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    let end = head.iter().position(|byte| *byte == b'\n')? + 1;
    let line = head.get(..end)?.trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    // The blanks at the end were trimmed, and a tab is one.
    let (name, delimiter) = match line {
        [name @ .., b'='] if head.get(line.len()) == Some(&b'\t') => (name, b'\t'),
        [name @ .., b'=', delimiter] => (name, *delimiter),
        _ => return None,
    };
    (name.eq_ignore_ascii_case(b"sep") && matches!(delimiter, b',' | b';' | b'\t' | b'|')).then_some((delimiter, end))
}

/// The column that a word of the header means: its name, or what `user show` calls it in Chinese.
pub(super) fn column_name(word: &str) -> &str {
    let shown = [
        ("username", t_in!(Lang::Zh, "user-show-name")),
        ("tags", t_in!(Lang::Zh, "user-show-tags")),
        ("note", t_in!(Lang::Zh, "user-show-note")),
    ];
    shown.iter().find(|(_, shown)| shown == word).map_or(word, |(column, _)| column)
}

/// What separates words here, and is no separator of a CSV file.
pub(super) fn wrong_separator(word: &str) -> Option<char> {
    word.chars().find(|letter| matches!(letter, '，' | '；' | '、' | '|' | ';' | '\t' | ',' | '\u{ff5c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_declared_or_stands_in_the_header() {
        for (text, delimiter, skipped, rest) in [
            ("username,note\n", b',', 0, "username,note\n"),
            ("username\n", b',', 0, "username\n"),
            ("username;note\na,b", b';', 0, "username;note\na,b"),
            ("username\tnote\r\n", b'\t', 0, "username\tnote\r\n"),
            ("username,no;te\n", b',', 0, "username,no;te\n"),
            ("sep=;\r\nusername,note\n", b';', 1, "username,note\n"),
            ("SEP=,\nusername\n", b',', 1, "username\n"),
            ("\"sep=;\"\nusername\n", b';', 1, "username\n"),
            ("sep=\t\nusername\n", b'\t', 1, "username\n"),
            ("sep=x\nusername\n", b',', 0, "sep=x\nusername\n"),
            ("", b',', 0, ""),
        ] {
            let mut head = text.as_bytes().to_vec();
            assert_eq!(CsvDialect::detect(&mut head), CsvDialect { delimiter, skipped_lines: skipped }, "{text:?}");
            assert_eq!(head, rest.as_bytes());
        }
    }
}
