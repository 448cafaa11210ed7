//! Escapes fields of a CSV file that a spreadsheet would evaluate as formulas.
//!
//! A spreadsheet evaluates a field that starts with `=`, `+`, `-` or `@`, in some programs after a
//! tab or line break. A `'` in front makes the field a text. Reading removes only one `'`, so a
//! field that started with `'=` is restored unchanged.

use std::borrow::Cow;

/// The character that makes a field a text.
const FORMULA_ESCAPE: char = '\'';

/// The first characters of formulas; Chinese and Japanese spreadsheets accept the full-width ones.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];

/// Escapes a field for a file.
pub(super) fn escape_formula(field: &str) -> Cow<'_, str> {
    if field.trim_start_matches(FORMULA_ESCAPE).starts_with(FORMULA_STARTS) {
        format!("{FORMULA_ESCAPE}{field}").into()
    } else {
        field.into()
    }
}

/// Restores a field from a file.
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
    fn only_formulas_and_escaped_formulas_are_escaped() {
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
        fn escaped_field_unescapes_to_original(field in "['=+@\t\r\n＝ a-]{0,6}.{0,3}") {
            let written = escape_formula(&field);
            prop_assert!(!written.starts_with(FORMULA_STARTS));
            prop_assert_eq!(unescape_formula(&written), field.as_str());
        }
    }
}
