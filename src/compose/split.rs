//! Splits a long text into parts that WeChat accepts, or truncates it.

use unicode_segmentation::UnicodeSegmentation;

/// Splits a text into parts of at most `limit` bytes.
///
/// It splits between lines unless that makes a part shorter than half the limit, else between
/// words, and never inside a grapheme cluster or a link if it can be avoided. Whitespace at a split
/// is dropped.
pub(super) fn parts(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while rest.len() > limit {
        let end = split_point(rest, limit);
        parts.push(rest[..end].trim_end());
        rest = &rest[end..];
        // The next line keeps its indentation.
        rest = if rest.starts_with('\n') { rest.trim_start_matches('\n') } else { rest.trim_start() };
    }
    parts.push(rest);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Truncates a text that is longer than `limit` bytes. The result ends in `…` and fits into the
/// limit; it contains neither part of a grapheme cluster nor part of a link.
pub(super) fn truncate(text: &str, limit: usize) -> String {
    const MARK: &str = "…";
    let most = max_end(text, limit.saturating_sub(MARK.len()));
    let end = unclosed_link(text, most).unwrap_or(most);
    text[..end].trim_end().to_owned() + MARK
}

/// Returns the end of the last grapheme cluster that fits into `limit` bytes.
fn max_end(text: &str, limit: usize) -> usize {
    let starts = text.grapheme_indices(true).map(|(at, _)| at);
    match starts.take_while(|at| *at <= limit).last() {
        // A single cluster is longer than the limit.
        None | Some(0) => (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(limit),
        Some(most) => most,
    }
}

/// Returns the start of a link that is not closed before `max_end`, if the text before it fills
/// more than half of that.
fn unclosed_link(text: &str, max_end: usize) -> Option<usize> {
    let head = &text[..max_end];
    head.rfind("<a ").filter(|at| *at > max_end / 2 && !head[*at..].contains("</a>"))
}

/// Returns the end of the first part of a text that is too long.
fn split_point(text: &str, limit: usize) -> usize {
    let most = max_end(text, limit);
    let is_long_enough = |at: &usize| *at > most / 2;
    let link = unclosed_link(text, most);
    let head = &text[..link.unwrap_or(most)];
    let line = head.rfind('\n').filter(is_long_enough);
    let ends_in_word_gap = head.len() == most && text[most..].starts_with(char::is_whitespace);
    let word = || if ends_in_word_gap { Some(most) } else { head.rfind(char::is_whitespace).filter(is_long_enough) };
    line.or_else(|| link.or_else(word)).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_parts(text: &str, limit: usize, expected: &[&str]) {
        let parts = parts(text, limit);
        assert_eq!(parts, expected);
        assert!(parts.iter().all(|part| part.len() <= limit));
    }

    #[test]
    fn text_is_split_between_lines_and_words() {
        assert_parts("short", 10, &["short"]);
        assert_parts("0123456789", 10, &["0123456789"]);
        assert_parts("0123456789a", 10, &["0123456789", "a"]);
        assert_parts("one two three four", 10, &["one two", "three four"]);
        assert_parts("first\nsecond third", 12, &["first\nsecond", "third"]);
        assert_parts("the first\nsecond third", 16, &["the first", "second third"]);
        assert_parts("a\nsecond third", 12, &["a\nsecond", "third"]);
        assert_parts("line one\nline two\nline three", 18, &["line one\nline two", "line three"]);
        assert_parts("word\n\n\n\n\n\n\n\n\n\nnext", 8, &["word", "next"]);
        assert_parts("line one\n  indented", 12, &["line one", "  indented"]);
        assert_parts("\n  \n", 2, &[]);
    }

    #[test]
    fn split_does_not_cut_characters() {
        assert_parts("路飞路飞", 7, &["路飞", "路飞"]);
        let family = "👨‍👩‍👧‍👦";
        assert_parts(&format!("abc{family}{family}"), 30, &[&format!("abc{family}"), family]);
        assert_parts("e\u{301}e\u{301}e\u{301}", 4, &["e\u{301}", "e\u{301}", "e\u{301}"]);
        assert_parts(&format!("e{}", "\u{301}".repeat(4)), 4, &["e\u{301}", "\u{301}\u{301}", "\u{301}"]);
    }

    #[test]
    fn link_that_fits_is_not_split() {
        let link = "<a href=\"https://a\">here</a>";
        assert_parts(&format!("some words before {link} after"), 35, &["some words before", &format!("{link} after")]);
    }

    #[test]
    fn truncated_text_ends_in_ellipsis_within_limit() {
        let cases = [
            ("0123456789", 9, "012345…"),
            ("路飞路飞", 11, "路飞…"),
            ("路飞路飞", 9, "路飞…"),
            ("one two three", 11, "one two…"),
            ("e\u{301}e\u{301}e\u{301}", 8, "e\u{301}…"),
            ("some words before <a href=\"https://a\">here</a>", 30, "some words before…"),
        ];
        for (text, limit, expected) in cases {
            let beginning = truncate(text, limit);
            assert_eq!(beginning, expected);
            assert!(beginning.len() <= limit);
        }
    }

    #[test]
    fn split_text_loses_only_blanks() {
        let text: String = (0..2000).map(|n| if n % 7 == 0 { " \n" } else { "路a🎉" }).collect();
        let parts = parts(&text, 100);
        assert!(parts.iter().all(|part| part.len() <= 100 && !part.is_empty()));
        let solid = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(solid(&parts.concat()), solid(&text));
    }
}
