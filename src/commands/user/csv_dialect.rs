//! The dialect of a CSV file.
//!
//! Spreadsheets separate fields by `;` or tabs in some languages, and Excel writes a line `sep=;`
//! before the header. An ambiguous dialect is an error.

use crate::i18n::Lang;
use crate::t_in;

/// The dialect that was detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CsvDialect {
    pub(super) delimiter: u8,
    /// The number of lines before the header.
    pub(super) skipped_lines: u64,
}

impl CsvDialect {
    /// Detects the dialect at the start of a file, and removes a line `sep=…`.
    pub(super) fn detect(head: &mut Vec<u8>) -> Self {
        if let Some((delimiter, length)) = declared_delimiter(head) {
            head.drain(..length);
            return Self { delimiter, skipped_lines: 1 };
        }
        let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        // The delimiter of the header applies to the whole file; a comma has precedence.
        let delimiter = [b',', b';', b'\t'].into_iter().find(|candidate| line.contains(candidate)).unwrap_or(b',');
        Self { delimiter, skipped_lines: 0 }
    }
}

/// Returns the delimiter that a line `sep=;` declares, and the length of that line.
fn declared_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    let end = head.iter().position(|byte| *byte == b'\n')? + 1;
    let line = head.get(..end)?.trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    // The line was trimmed, which removed a tab at the end.
    let (name, delimiter) = match line {
        [name @ .., b'='] if head.get(line.len()) == Some(&b'\t') => (name, b'\t'),
        [name @ .., b'=', delimiter] => (name, *delimiter),
        _ => return None,
    };
    (name.eq_ignore_ascii_case(b"sep") && matches!(delimiter, b',' | b';' | b'\t' | b'|')).then_some((delimiter, end))
}

/// Returns the column for a name in the header, which may be the Chinese name that `user show`
/// prints.
pub(super) fn column_name(word: &str) -> &str {
    let translations = [
        ("username", t_in!(Lang::Zh, "user-show-name")),
        ("tags", t_in!(Lang::Zh, "user-show-tags")),
        ("note", t_in!(Lang::Zh, "user-show-note")),
    ];
    translations.iter().find(|(_, translations)| translations == word).map_or(word, |(column, _)| column)
}

/// Returns a character that separates words, but is not the delimiter of the file.
pub(super) fn wrong_separator(word: &str) -> Option<char> {
    word.chars().find(|character| matches!(character, '，' | '；' | '、' | '|' | ';' | '\t' | ',' | '\u{ff5c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separator_is_read_from_sep_line_or_header() {
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
