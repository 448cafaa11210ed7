//! Names and values below each other, and lines that are broken where a window ends.

use std::fmt;

use console::measure_text_width;
use unicode_linebreak::linebreaks;

use super::cell::{Cell, format_time};

/// Names with their values below each other, the values aligned; a value of several lines is indented. For a person
/// (`{:#}`) lines are broken where the window ends, and times say how long ago.
#[derive(Debug)]
pub struct KeyValues(pub Vec<(String, Cell)>);

impl fmt::Display for KeyValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Styled(text, _) => text.clone(),
            Cell::Time(at) => format_time(*at, f),
        };
        let rows: Vec<_> = self.0.iter().map(|(name, cell)| (name.clone(), said(cell))).collect();
        let columns = if f.alternate() { terminal_width() } else { None };
        f.write_str(&format_aligned(&rows, columns))
    }
}

/// Names and values below each other as text, the values aligned.
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

/// A text whose first line begins at a column, and the others below it.
pub(in crate::ui) fn hanging_indent(text: &str, indent: usize, columns: Option<usize>) -> String {
    let room = columns.map(|columns| columns.saturating_sub(indent)).filter(|room| *room >= MIN_WRAP_WIDTH);
    let lines: Vec<String> = match room {
        Some(room) => text.split('\n').flat_map(|line| wrap(line, room)).collect(),
        None => text.split('\n').map(str::to_owned).collect(),
    };
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// Where less room is left, the terminal itself breaks the lines.
const MIN_WRAP_WIDTH: usize = 16;

/// The columns of the window that somebody looks at; `None` where it does not tell.
pub fn terminal_width() -> Option<usize> {
    let sizes = [console::Term::stdout(), console::Term::stderr()].map(|term| term.size_checked());
    sizes.into_iter().flatten().map(|(_, columns)| usize::from(columns)).find(|columns| *columns > 0)
}

/// A line in pieces that fit, broken where its writing allows it. What may not be broken stays whole, such as an
/// address: the terminal goes on with it in the next line, and it can be copied.
pub(in crate::ui) fn wrap(line: &str, room: usize) -> Vec<String> {
    if measure_text_width(line) <= room {
        return vec![line.to_owned()];
    }
    // Between words and beside Chinese alone: an address could be broken behind each slash. A command that is to be
    // copied keeps to its line.
    let wide = |c: Option<char>| c.is_some_and(|c| measure_text_width(c.encode_utf8(&mut [0; 4])) > 1);
    let apart = |at: usize| {
        let (before, behind) = (line[..at].chars().next_back(), line[at..].chars().next());
        let in_command = line[..at].matches('`').count() % 2 == 1;
        behind.is_none() || !in_command && (before.is_some_and(char::is_whitespace) || wide(before) || wide(behind))
    };
    // An address that stands behind a colon begins a line rather than take the word before it along.
    let colons = line.match_indices('：').map(|(at, colon)| at + colon.len());
    let mut places: Vec<usize> = linebreaks(line).map(|(at, _)| at).filter(|at| apart(*at)).chain(colons).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let (mut from, mut end) = (0, 0);
    for next in places {
        if end > from && measure_text_width(line[from..next].trim_end()) > room {
            pieces.push(line[from..end].trim_end().to_owned());
            from = end;
        }
        end = next;
    }
    pieces.push(line[from..].trim_end().to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other_and_keep_to_the_window() {
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
        // Too narrow to be kept to.
        assert_eq!(format_aligned(&all, Some(20)), format_aligned(&all, None));
    }

    #[test]
    fn lines_are_broken_as_they_are_written() {
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
