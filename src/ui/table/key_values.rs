//! Key-value lists, and wrapping text to the width of the terminal.

use std::fmt;

use console::measure_text_width;
use unicode_linebreak::linebreaks;

use super::cell::{Cell, format_clock_time, format_time};

/// A list of names and values, with the values aligned and their further lines indented. The
/// alternate form (`{:#}`) is for people: lines are wrapped to the terminal, and times are
/// relative, too.
#[derive(Debug)]
pub struct KeyValues(pub Vec<(String, Cell)>);

impl fmt::Display for KeyValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text_of = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Styled(text, _) => text.clone(),
            Cell::Time(at) => format_time(*at, f),
            Cell::LocalTime(at) => format_clock_time(*at, f),
        };
        let rows: Vec<_> = self.0.iter().map(|(name, cell)| (name.clone(), text_of(cell))).collect();
        let columns = if f.alternate() { terminal_width() } else { None };
        f.write_str(&format_aligned(&rows, columns))
    }
}

/// Returns a list of names and values as text, with the values aligned.
pub fn format_key_values(rows: &[(String, String)]) -> String {
    format_aligned(rows, None)
}

pub(in crate::ui) fn format_aligned(rows: &[(String, String)], columns: Option<usize>) -> String {
    let width = rows.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    let line = |(name, value): &(String, String)| {
        let gap = " ".repeat(width - measure_text_width(name) + 2);
        format!("{name}{gap}{}", hanging_indent(value, width + 2, columns))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Wraps `text` to `columns` and indents the lines after the first.
pub(in crate::ui) fn hanging_indent(text: &str, indent: usize, columns: Option<usize>) -> String {
    let width = columns.map(|columns| columns.saturating_sub(indent)).filter(|width| *width >= MIN_WRAP_WIDTH);
    let lines: Vec<String> = match width {
        Some(width) => text.split('\n').flat_map(|line| wrap(line, width)).collect(),
        None => text.split('\n').map(str::to_owned).collect(),
    };
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// The minimum width for wrapping. Below it, the terminal itself breaks the lines.
const MIN_WRAP_WIDTH: usize = 16;

/// Returns the width of the terminal in columns, or `None` if it is unknown.
pub fn terminal_width() -> Option<usize> {
    let sizes = [console::Term::stdout(), console::Term::stderr()].map(|term| term.size_checked());
    sizes.into_iter().flatten().map(|(_, columns)| usize::from(columns)).find(|columns| *columns > 0)
}

/// Splits a line into pieces of at most `width` columns, at line-break opportunities. Unbreakable
/// text such as a URL stays in one piece: the terminal continues it on the next line, and it can be
/// copied.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    if measure_text_width(line) <= width {
        return vec![line.to_owned()];
    }
    // Break only between words and beside Chinese characters: Unicode would allow breaks after each
    // slash of a URL. A command in backticks is not broken, so that it can be copied.
    let is_wide = |c: Option<char>| c.is_some_and(|c| measure_text_width(c.encode_utf8(&mut [0; 4])) > 1);
    let is_break = |at: usize| {
        let (before, after) = (line[..at].chars().next_back(), line[at..].chars().next());
        let in_command = line[..at].matches('`').count() % 2 == 1;
        after.is_none() || !in_command && (before.is_some_and(char::is_whitespace) || is_wide(before) || is_wide(after))
    };
    // A URL after a full-width colon starts a new line alone, without the word before the colon.
    let after_colons = line.match_indices('：').map(|(at, colon)| at + colon.len());
    let mut breaks: Vec<usize> =
        linebreaks(line).map(|(at, _)| at).filter(|at| is_break(*at)).chain(after_colons).collect();
    breaks.sort_unstable();
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for next in breaks {
        if end > start && measure_text_width(line[start..next].trim_end()) > width {
            pieces.push(line[start..end].trim_end().to_owned());
            start = end;
        }
        end = next;
    }
    pieces.push(line[start..].trim_end().to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned_and_wrapped() {
        let rows = |rows: &[(&str, &str)]| -> Vec<_> {
            rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let all = rows(&[("名", "a\nb"), ("Remedy", "Wait a second and retry with growing pauses")]);
        assert_eq!(
            format_aligned(&all, None),
            "名      a\n        b\nRemedy  Wait a second and retry with growing pauses"
        );
        assert_eq!(
            format_aligned(&all, Some(31)),
            "名      a\n        b\nRemedy  Wait a second and retry\n        with growing pauses"
        );
        // Too narrow for wrapping.
        assert_eq!(format_aligned(&all, Some(20)), format_aligned(&all, None));
    }

    #[test]
    fn lines_break_between_words_and_chinese_characters() {
        assert_eq!(
            wrap("丢弃缓存的 access_token，重新获取后再试一次。", 20),
            ["丢弃缓存的", "access_token，重新获", "取后再试一次。"]
        );
        let url = "https://open.weixin.qq.com/connect/oauth2/authorize";
        assert_eq!(wrap(&format!("see {url} for more"), 20), ["see", url, "for more"]);
        assert_eq!(wrap("数据库：/var/lib/wxbox/wxbox.db 完好", 20), ["数据库：", "/var/lib/wxbox/wxbox.db", "完好"]);
        assert_eq!(wrap("then `wxbox outbox flush` goes on", 20), ["then", "`wxbox outbox flush`", "goes on"]);
        for line in ["", "short", "  two blanks first"] {
            assert_eq!(wrap(line, 20), [line]);
        }
    }
}
