//! Rows of columns. In a pipe they are separated by tabs and whole. On a terminal they are aligned under a heading
//! and kept to the window: long texts are cut, and where even that does not do, each row becomes a list of facts.

pub(in crate::ui) mod cell;
pub(in crate::ui) mod key_values;
use console::measure_text_width;
use unicode_segmentation::UnicodeSegmentation;

use cell::Cell;
use key_values::format_aligned;

/// Blanks between columns.
const COLUMN_GAP: usize = 2;
/// The least that is left of a text that is cut, in columns.
const MIN_COLUMN_WIDTH: usize = 12;

/// A table under way.
#[derive(Debug)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// Columns whose texts may be cut.
    truncatable: Vec<usize>,
    layout: TableLayout,
}

/// How the parts before were laid out.
#[derive(Debug, Default)]
enum TableLayout {
    #[default]
    Undecided,
    /// In columns of these widths.
    Columns(Vec<usize>),
    /// A list of facts for each row.
    KeyValues,
}

/// The terminal that a table is shown on.
#[derive(Clone, Copy, Debug)]
pub(super) struct RenderOptions {
    /// How wide it is, where it tells.
    pub(super) width: Option<usize>,
    /// Whether it has colours.
    pub(super) color: bool,
    /// What stands for what is cut.
    pub(super) ellipsis: &'static str,
}

impl Table {
    /// A table with these column headings; the last column may be cut.
    pub fn new(heading: &[String]) -> Self {
        let cut = heading.len().checked_sub(1).into_iter().collect();
        Self { heading: heading.to_vec(), rows: Vec::new(), truncatable: cut, layout: TableLayout::default() }
    }

    /// Lets the texts of these columns be cut, counted from 0, and of no others.
    pub fn truncatable(mut self, columns: &[usize]) -> Self {
        self.truncatable = columns.to_vec();
        self
    }

    /// Adds a row; a cell keeps to its line and its column.
    pub fn add_row<C: Into<Cell>>(&mut self, cells: Vec<C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// All rows, for a terminal or, without one, for a program.
    pub(super) fn render(&mut self, screen: Option<RenderOptions>) -> String {
        let Some(screen) = screen else {
            let line =
                |row: &Vec<Cell>| row.iter().map(|cell| cell.render(false)).collect::<Vec<_>>().join("\t") + "\n";
            return self.rows.iter().map(line).collect();
        };
        if self.rows.is_empty() {
            return String::new();
        }
        let said: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| cell.render(true)).collect()).collect();
        let first = matches!(self.layout, TableLayout::Undecided);
        if !matches!(self.layout, TableLayout::KeyValues) {
            self.layout = self.choose_layout(&said, screen);
        }
        match &self.layout {
            TableLayout::Columns(widths) => self.render_columns(&said, widths, screen, first),
            _ => self.render_key_values(&said, screen, first),
        }
    }

    /// The rows since the last part, without those before.
    pub(super) fn render_new_rows(&mut self, screen: Option<RenderOptions>) -> String {
        let text = self.render(screen);
        self.rows.clear();
        text
    }

    /// Columns, as long as they can be made to fit. Rows that come later keep to what was begun.
    fn choose_layout(&self, said: &[Vec<String>], screen: RenderOptions) -> TableLayout {
        let previous = if let TableLayout::Columns(widths) = &self.layout { Some(widths) } else { None };
        let natural = self.natural_widths(said, previous);
        let Some(room) = screen.width else { return TableLayout::Columns(natural) };
        match (self.fit_widths(natural, room), previous) {
            (Some(widths), _) => TableLayout::Columns(widths),
            (None, Some(previous)) => TableLayout::Columns(previous.clone()),
            (None, None) => TableLayout::KeyValues,
        }
    }

    fn natural_widths(&self, said: &[Vec<String>], before: Option<&Vec<usize>>) -> Vec<usize> {
        let width = |column: usize| {
            let all = std::iter::once(&self.heading).chain(said);
            let before = before.and_then(|before| before.get(column)).copied().unwrap_or(0);
            all.filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).fold(before, usize::max)
        };
        (0..self.heading.len()).map(width).collect()
    }

    /// Takes from the widest of the columns that may be cut, until all fit; `None` where they do not.
    fn fit_widths(&self, mut widths: Vec<usize>, room: usize) -> Option<Vec<usize>> {
        let least = |column: usize| measure_text_width(&self.heading[column]).max(MIN_COLUMN_WIDTH);
        while widths.iter().sum::<usize>() + COLUMN_GAP * widths.len().saturating_sub(1) > room {
            let open = self.truncatable.iter().copied().filter(|column| widths[*column] > least(*column));
            let widest = open.max_by_key(|column| widths[*column])?;
            widths[widest] -= 1;
        }
        Some(widths)
    }

    fn render_columns(&self, said: &[Vec<String>], widths: &[usize], screen: RenderOptions, headed: bool) -> String {
        let mut text = String::new();
        let last = widths.len().saturating_sub(1);
        let mut line = |row: &[String], cells: Option<&Vec<Cell>>| {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let shown = if self.truncatable.contains(&column) {
                    truncate(cell, *width, screen.ellipsis)
                } else {
                    cell.clone()
                };
                let gap =
                    if column == last { 0 } else { width.saturating_sub(measure_text_width(&shown)) + COLUMN_GAP };
                match cells.and_then(|cells| cells.get(column)) {
                    Some(Cell::Styled(_, tone)) if screen.color => text += &tone.paint(&shown),
                    _ => text += &shown,
                }
                text += &" ".repeat(gap);
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        };
        if headed {
            line(&self.heading.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>(), None);
        }
        said.iter().zip(&self.rows).for_each(|(row, cells)| line(row, Some(cells)));
        text
    }

    fn render_key_values(&self, said: &[Vec<String>], screen: RenderOptions, first: bool) -> String {
        let mut text = if first { String::new() } else { "\n".to_owned() };
        let blocks = said.iter().map(|row| {
            let named = self.heading.iter().cloned().zip(row.iter().cloned());
            format_aligned(&named.filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>(), screen.width) + "\n"
        });
        text += &blocks.collect::<Vec<_>>().join("\n");
        text
    }
}

/// A text that takes no more columns than that, what is left out marked by `more`.
fn truncate(text: &str, width: usize, ellipsis: &str) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(measure_text_width(ellipsis));
    let mut kept = String::new();
    for letter in text.graphemes(true) {
        if measure_text_width(&kept) + measure_text_width(letter) > room {
            break;
        }
        kept += letter;
    }
    kept.trim_end().to_owned() + ellipsis
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
    fn columns_stand_by_display_width_on_a_terminal_and_by_tabs_in_a_pipe() {
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
    fn a_long_text_is_cut_on_a_terminal_alone() {
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
    fn where_columns_do_not_fit_each_row_is_a_list_of_facts() {
        assert_eq!(
            message_table().render(options_of_width(21)),
            "ID     1\nUSER   路飞\nERROR  the disk of the server is full\n\nID    20\nUSER  nami\n"
        );
    }

    #[test]
    fn what_is_cut_ends_between_letters() {
        for (text, width, shown) in [
            ("路飞是船长", 7, "路飞是…"),
            ("路飞是船长", 6, "路飞…"),
            ("a👨‍👩‍👧b", 3, "a…"),
            ("Jose\u{301}phine", 5, "Jose\u{301}…"),
            ("whole", 5, "whole"),
        ] {
            assert_eq!(truncate(text, width, "…"), shown);
        }
    }

    #[test]
    fn a_part_keeps_to_the_columns_of_the_one_before() {
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
    fn a_colour_is_beside_the_word_and_takes_no_room() {
        let mut table = Table::new(&["STATE".into(), "TO".into()]);
        table.add_row(vec![Cell::Styled("sent".into(), TextStyle::Good), "luffy".into()]);
        let screen = RenderOptions { width: None, color: true, ellipsis: "…" };
        assert_eq!(table.render(Some(screen)), "STATE  TO\n\u{1b}[32msent\u{1b}[0m   luffy\n");
    }
}
