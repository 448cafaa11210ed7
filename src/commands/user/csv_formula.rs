//! A field of a CSV file, so that no spreadsheet takes it for a formula.
//!
//! A spreadsheet computes what begins with `=`, `+`, `-` or `@`, and some look behind a tab or a line break for it. A
//! `'` before it makes a text of it, as it does where somebody types it. Of several only one is taken away again, so
//! that what began with `'=` comes back as it was.

use std::borrow::Cow;

/// Before what would be a formula.
const FORMULA_ESCAPE: char = '\'';

/// What a formula begins with; the full-width ones where the spreadsheet is Chinese or Japanese.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];

/// The field as it is written to a file.
pub(super) fn escape_formula(field: &str) -> Cow<'_, str> {
    if field.trim_start_matches(FORMULA_ESCAPE).starts_with(FORMULA_STARTS) {
        format!("{FORMULA_ESCAPE}{field}").into()
    } else {
        field.into()
    }
}

/// The field as it was before it was written.
pub(super) fn unescape_formula(field: &str) -> &str {
    match field.strip_prefix(FORMULA_ESCAPE) {
        Some(rest) if rest.trim_start_matches(FORMULA_ESCAPE).starts_with(FORMULA_STARTS) => rest,
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_and_marks_are_told_from_texts() {
        for (field, written) in [
            ("", ""),
            ("luffy", "luffy"),
            ("a=1", "a=1"),
            ("'tis", "'tis"),
            ("''", "''"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("+1", "'+1"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("''-x", "'''-x"),
        ] {
            assert_eq!(escape_formula(field), written);
            assert_eq!(unescape_formula(written), field);
        }
        assert_eq!(unescape_formula("=1"), "=1", "written by hand");
    }

    proptest! {
        #[test]
        fn what_was_marked_comes_back(field in "['=+@\t\r\n＝ a-]{0,6}.{0,3}") {
            let written = escape_formula(&field);
            prop_assert!(!written.starts_with(FORMULA_STARTS));
            prop_assert_eq!(unescape_formula(&written), field.as_str());
        }
    }
}
