//! Tables. In a pipe, columns are complete and separated by tabs. On a terminal they are aligned
//! under a heading and fitted to its width: long texts are truncated, and if that does not suffice,
//! each row becomes a key-value list.

pub(in crate::ui) mod cell;
pub(in crate::ui) mod key_values;

use console::measure_text_width;
use unicode_segmentation::UnicodeSegmentation;

use cell::Cell;
use key_values::format_aligned;

/// The number of spaces between columns.
const COLUMN_GAP: usize = 2;
/// The minimum width of a truncated column.
const MIN_COLUMN_WIDTH: usize = 12;

/// A table to which rows can be added between two outputs.
#[derive(Debug)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// The columns whose texts may be truncated.
    truncatable: Vec<usize>,
    layout: TableLayout,
}

/// The layout of the rows that were printed before.
#[derive(Debug, Default)]
enum TableLayout {
    #[default]
    Undecided,
    /// Columns of these widths.
    Columns(Vec<usize>),
    /// A key-value list per row.
    KeyValues,
}

/// The terminal on which a table is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct RenderOptions {
    /// The width in columns, if it is known.
    pub(super) width: Option<usize>,
    /// Whether colors are used.
    pub(super) color: bool,
    /// The mark of truncated text.
    pub(super) ellipsis: &'static str,
}

impl Table {
    /// Creates a table with these column headings. The last column may be truncated.
    pub fn new(heading: &[String]) -> Self {
        let truncatable = heading.len().checked_sub(1).into_iter().collect();
        Self { heading: heading.to_vec(), rows: Vec::new(), truncatable, layout: TableLayout::default() }
    }

    /// Sets the columns, counted from 0, whose texts may be truncated.
    pub fn truncatable(mut self, columns: &[usize]) -> Self {
        self.truncatable = columns.to_vec();
        self
    }

    /// Adds a row.
    pub fn add_row<C: Into<Cell>>(&mut self, cells: Vec<C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Renders all rows for a terminal, or for a program if there are no options.
    pub(super) fn render(&mut self, options: Option<RenderOptions>) -> String {
        let Some(options) = options else {
            let line =
                |row: &Vec<Cell>| row.iter().map(|cell| cell.render(false)).collect::<Vec<_>>().join("\t") + "\n";
            return self.rows.iter().map(line).collect();
        };
        if self.rows.is_empty() {
            return String::new();
        }
        let texts: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| cell.render(true)).collect()).collect();
        let is_first = matches!(self.layout, TableLayout::Undecided);
        if !matches!(self.layout, TableLayout::KeyValues) {
            self.layout = self.choose_layout(&texts, options);
        }
        match &self.layout {
            TableLayout::Columns(widths) => self.render_columns(&texts, widths, options, is_first),
            _ => self.render_key_values(&texts, options, is_first),
        }
    }

    /// Renders the rows that were added since the last call, and removes them.
    pub(super) fn render_new_rows(&mut self, options: Option<RenderOptions>) -> String {
        let text = self.render(options);
        self.rows.clear();
        text
    }

    /// Chooses columns if they can be fitted to the terminal. Later rows keep the layout of earlier
    /// ones.
    fn choose_layout(&self, texts: &[Vec<String>], options: RenderOptions) -> TableLayout {
        let previous = if let TableLayout::Columns(widths) = &self.layout { Some(widths) } else { None };
        let natural = self.natural_widths(texts, previous);
        let Some(available) = options.width else { return TableLayout::Columns(natural) };
        match (self.fit_widths(natural, available), previous) {
            (Some(widths), _) => TableLayout::Columns(widths),
            (None, Some(previous)) => TableLayout::Columns(previous.clone()),
            (None, None) => TableLayout::KeyValues,
        }
    }

    /// Returns the width of each column without truncation, and no less than in the previous rows.
    fn natural_widths(&self, texts: &[Vec<String>], previous: Option<&Vec<usize>>) -> Vec<usize> {
        let width = |column: usize| {
            let all = std::iter::once(&self.heading).chain(texts);
            let minimum = previous.and_then(|widths| widths.get(column)).copied().unwrap_or(0);
            all.filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).fold(minimum, usize::max)
        };
        (0..self.heading.len()).map(width).collect()
    }

    /// Narrows the widest truncatable columns until all fit, or returns `None` if they cannot fit.
    fn fit_widths(&self, mut widths: Vec<usize>, available: usize) -> Option<Vec<usize>> {
        let minimum = |column: usize| measure_text_width(&self.heading[column]).max(MIN_COLUMN_WIDTH);
        while widths.iter().sum::<usize>() + COLUMN_GAP * widths.len().saturating_sub(1) > available {
            let reducible = self.truncatable.iter().copied().filter(|column| widths[*column] > minimum(*column));
            let widest = reducible.max_by_key(|column| widths[*column])?;
            widths[widest] -= 1;
        }
        Some(widths)
    }

    fn render_columns(
        &self,
        texts: &[Vec<String>],
        widths: &[usize],
        options: RenderOptions,
        with_heading: bool,
    ) -> String {
        let mut text = String::new();
        let last = widths.len().saturating_sub(1);
        let mut add_line = |row: &[String], cells: Option<&Vec<Cell>>| {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let visible = if self.truncatable.contains(&column) {
                    truncate(cell, *width, options.ellipsis)
                } else {
                    cell.clone()
                };
                let gap =
                    if column == last { 0 } else { width.saturating_sub(measure_text_width(&visible)) + COLUMN_GAP };
                match cells.and_then(|cells| cells.get(column)) {
                    Some(Cell::Styled(_, style)) if options.color => text += &style.paint(&visible),
                    _ => text += &visible,
                }
                text += &" ".repeat(gap);
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        };
        if with_heading {
            add_line(&self.heading.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>(), None);
        }
        texts.iter().zip(&self.rows).for_each(|(row, cells)| add_line(row, Some(cells)));
        text
    }

    fn render_key_values(&self, texts: &[Vec<String>], options: RenderOptions, is_first: bool) -> String {
        let mut text = if is_first { String::new() } else { "\n".to_owned() };
        let blocks = texts.iter().map(|row| {
            let pairs = self.heading.iter().cloned().zip(row.iter().cloned());
            format_aligned(&pairs.filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>(), options.width) + "\n"
        });
        text += &blocks.collect::<Vec<_>>().join("\n");
        text
    }
}

/// Truncates `text` to `width` columns and appends `ellipsis` if it was longer.
pub(crate) fn truncate(text: &str, width: usize, ellipsis: &str) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let available = width.saturating_sub(measure_text_width(ellipsis));
    let mut truncated = String::new();
    for grapheme in text.graphemes(true) {
        if measure_text_width(&truncated) + measure_text_width(grapheme) > available {
            break;
        }
        truncated += grapheme;
    }
    truncated.trim_end().to_owned() + ellipsis
}

#[cfg(test)]
mod tests {
    use super::cell::TextStyle;
    use super::*;

    fn options_of_width(columns: usize) -> Option<RenderOptions> {
        Some(RenderOptions { width: Some(columns), color: false, ellipsis: "…" })
    }

    fn message_table() -> Table {
        let mut table = Table::new(&["ID".into(), "USER".into(), "ERROR".into()]);
        table.add_row(vec!["1", "路飞", "the disk of the server is full"]);
        table.add_row(vec!["20", "nami", ""]);
        table
    }

    #[test]
    fn columns_are_aligned_on_terminal_and_separated_by_tabs_in_pipe() {
        let mut table = Table::new(&["USER".into(), "NOTE".into()]);
        table.add_row(vec!["路飞", "captain"]);
        table.add_row(vec!["nami", "two\nlines"]);
        table.add_row(vec!["Jose\u{301}", "x\u{1b}[31m"]);
        assert_eq!(
            table.render(options_of_width(80)),
            "USER  NOTE\n路飞  captain\nnami  two lines\nJose\u{301}  x\u{fffd}[31m\n"
        );
        assert_eq!(table.render(None), "路飞\tcaptain\nnami\ttwo lines\nJose\u{301}\tx\u{fffd}[31m\n");
    }

    #[test]
    fn long_text_is_truncated_on_terminal_only() {
        let whole = "ID  USER  ERROR\n1   路飞  the disk of the server is full\n20  nami\n";
        assert_eq!(message_table().render(options_of_width(200)), whole);
        assert_eq!(message_table().render(options_of_width(40)), whole);
        assert_eq!(message_table().render(options_of_width(39)), whole.replace("is full", "is fu…"));
        assert_eq!(
            message_table().render(options_of_width(22)),
            whole.replace("the disk of the server is full", "the disk of…")
        );
        assert_eq!(message_table().render(None), "1\t路飞\tthe disk of the server is full\n20\tnami\t\n");
    }

    #[test]
    fn rows_become_key_values_if_columns_do_not_fit() {
        assert_eq!(
            message_table().render(options_of_width(21)),
            "ID     1\nUSER   路飞\nERROR  the disk of the server is full\n\nID    20\nUSER  nami\n"
        );
    }

    #[test]
    fn text_is_truncated_between_graphemes() {
        for (text, width, expected) in [
            ("路飞是船长", 7, "路飞是…"),
            ("路飞是船长", 6, "路飞…"),
            ("a👨‍👩‍👧b", 3, "a…"),
            ("Jose\u{301}phine", 5, "Jose\u{301}…"),
            ("whole", 5, "whole"),
        ] {
            assert_eq!(truncate(text, width, "…"), expected);
        }
    }

    #[test]
    fn new_rows_keep_column_widths() {
        let mut table = Table::new(&["USER".into(), "NOTE".into()]);
        assert_eq!(table.render_new_rows(options_of_width(80)), "");
        table.add_row(vec!["a_long_name", "x"]);
        assert_eq!(table.render_new_rows(options_of_width(80)), "USER         NOTE\na_long_name  x\n");
        table.add_row(vec!["nami", "y"]);
        assert_eq!(table.render_new_rows(options_of_width(80)), "nami         y\n");
        assert_eq!(table.render_new_rows(options_of_width(80)), "");
        table.add_row(vec!["nami", "y"]);
        assert_eq!(table.render_new_rows(None), "nami\ty\n");
    }

    #[test]
    fn colors_do_not_change_alignment() {
        let mut table = Table::new(&["STATE".into(), "TO".into()]);
        table.add_row(vec![Cell::Styled("sent".into(), TextStyle::Good), "luffy".into()]);
        let options = RenderOptions { width: None, color: true, ellipsis: "…" };
        assert_eq!(table.render(Some(options)), "STATE  TO\n\u{1b}[32msent\u{1b}[0m   luffy\n");
    }
}
