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
        let columns = if f.alternate() { terminal_width() } else { None };
        let indent = self.0.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0) + 2;
        let text_of = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Styled(text, _) => text.clone(),
            Cell::Time(at) => format_time(*at, f),
            Cell::LocalTime(at) => format_clock_time(*at, f),
            Cell::Rows(rows) => format_aligned(rows, columns.map(|columns| columns.saturating_sub(indent))),
        };
        let rows: Vec<_> = self.0.iter().map(|(name, cell)| (name.clone(), text_of(cell))).collect();
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
        format!("{name}{gap}{}", hanging_indent(value, width + 2, columns)).trim_end().to_owned()
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
    let breaks = line_breaks(line);
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < line.len() {
        let rest = breaks.iter().filter(|(at, _)| *at > start);
        let width_to = |at: usize| measure_text_width(line[start..at].trim_end());
        let fitting: Vec<_> = rest.clone().take_while(|(at, _)| width_to(*at) <= width).collect();
        let last = fitting.last().copied().or(rest.clone().next()).map_or(line.len(), |(at, _)| *at);
        let between_words = fitting.iter().rfind(|(_, is_between_words)| *is_between_words);
        let cut = match between_words {
            Some((at, _)) if last < line.len() && width_to(last) - width_to(*at) <= MAX_RAGGED_WIDTH => *at,
            _ => last,
        };
        pieces.push(line[start..cut].trim_end().to_owned());
        start = cut;
    }
    pieces
}

/// The columns that a line may stay empty so that no Chinese word is split. Few words are longer
/// than four characters.
const MAX_RAGGED_WIDTH: usize = 8;

/// Returns the opportunities for a break, and whether each is certain not to split a word. There is
/// none within a command in backticks, which is copied, within a URL or path, where Unicode allows
/// one after each slash, and between a number and the word after it.
fn line_breaks(line: &str) -> Vec<(usize, bool)> {
    let is_wide = |c: Option<char>| c.is_some_and(|c| measure_text_width(c.encode_utf8(&mut [0; 4])) > 1);
    let classify = |at: usize| {
        let (before, after) = (line[..at].chars().next_back(), line[at..].chars().next());
        let in_command = line[..at].matches('`').count() % 2 == 1;
        let is_blank = before.is_some_and(char::is_whitespace);
        let is_after_number = is_blank
            && line[..at].trim_end().ends_with(|c: char| c.is_ascii_digit())
            && after.is_some_and(char::is_alphanumeric);
        let is_ideograph = |c: Option<char>| is_wide(c) && c.is_some_and(char::is_alphabetic);
        let is_lone = is_ideograph(after) && !is_ideograph(line[at..].chars().nth(1));
        let is_kept = in_command || is_after_number || is_in_short_parentheses(line, at);
        let is_allowed = after.is_none() || !is_kept && (is_blank || is_wide(before) || is_wide(after));
        let is_within_word = is_lone || is_ideograph(before) && is_ideograph(after);
        is_allowed.then_some((at, !is_within_word))
    };
    // A URL after a full-width colon starts a new line alone, without the word before the colon.
    let after_colons = line.match_indices('：').map(|(at, colon)| (at + colon.len(), true));
    let mut breaks: Vec<(usize, bool)> =
        linebreaks(line).filter_map(|(at, _)| classify(at)).chain(after_colons).collect();
    breaks.sort_unstable();
    breaks.dedup();
    breaks
}

/// The maximum length of parentheses that stay on one line, such as `(2 min ago)`, in bytes.
const MAX_UNBROKEN_PARENTHESES: usize = 14;

/// Returns whether a place is within a short part in parentheses.
fn is_in_short_parentheses(line: &str, at: usize) -> bool {
    let Some(start) = line[..at].rfind('(').filter(|start| !line[*start..at].contains(')')) else { return false };
    line[at..].find(')').is_some_and(|length| at + length - start <= MAX_UNBROKEN_PARENTHESES)
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
            ["丢弃缓存的", "access_token，", "重新获取后再试一次。"]
        );
        // Long words are broken, and no punctuation begins a line.
        assert_eq!(
            wrap("重新获取后再试一次并等待结果（最多一分钟）。", 20),
            ["重新获取后再试一次并", "等待结果（最多一分", "钟）。"]
        );
        let from = "AppID 为 wx01，AppSecret 来自 /tmp/config.toml";
        assert_eq!(wrap(from, 26), ["AppID 为 wx01，AppSecret", "来自 /tmp/config.toml"]);
        assert_eq!(wrap("可用空间为 48.46 GiB", 17), ["可用空间为", "48.46 GiB"]);
        assert_eq!(wrap("已绑定（39 秒前）", 12), ["已绑定", "（39 秒前）"]);
        assert_eq!(wrap("一个检测点能 ping 通；完成", 18), ["一个检测点能", "ping 通；完成"]);
        let url = "https://open.weixin.qq.com/connect/oauth2/authorize";
        assert_eq!(wrap(&format!("see {url} for more"), 20), ["see", url, "for more"]);
        assert_eq!(wrap("数据库：/var/lib/wxbox/wxbox.db 完好", 20), ["数据库：", "/var/lib/wxbox/wxbox.db", "完好"]);
        assert_eq!(wrap("then `wxbox outbox flush` goes on", 20), ["then", "`wxbox outbox flush`", "goes on"]);
        assert_eq!(wrap("since 12:00 (2 min ago)", 20), ["since 12:00", "(2 min ago)"]);
        for line in ["", "short", "  two blanks first"] {
            assert_eq!(wrap(line, 20), [line]);
        }
    }
}
