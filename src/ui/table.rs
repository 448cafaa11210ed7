//! Rows of columns: aligned under a heading on a terminal, separated by tabs in a pipe.

use console::measure_text_width;

/// A table under way.
#[derive(Debug)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    /// How wide the columns of the parts before are; empty before the first.
    shown: Vec<usize>,
}

impl Table {
    /// A table with these column headings.
    pub fn new(heading: &[String]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new(), shown: Vec::new() }
    }

    /// Adds a row; a cell keeps to its line and its column.
    pub fn row(&mut self, cells: Vec<String>) {
        let flat = |cell: String| super::clean(&cell).replace(['\n', '\t'], " ");
        self.rows.push(cells.into_iter().map(flat).collect());
    }

    pub(super) fn render(&self, terminal: bool) -> String {
        let mut text = String::new();
        if !terminal {
            for row in &self.rows {
                text += &row.join("\t");
                text.push('\n');
            }
            return text;
        }
        if self.rows.is_empty() {
            return text;
        }
        let heading = self.shown.is_empty().then_some(&self.heading);
        let widths = self.widths();
        for row in heading.into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line += cell;
                line += &" ".repeat(width.saturating_sub(measure_text_width(cell)) + 2);
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// The rows since the last part, without those before.
    pub(super) fn part(&mut self, terminal: bool) -> String {
        let text = self.render(terminal);
        if !text.is_empty() {
            self.shown = self.widths();
        }
        self.rows.clear();
        text
    }

    fn widths(&self) -> Vec<usize> {
        let all = || std::iter::once(&self.heading).chain(&self.rows);
        let width = |column: usize| {
            let before = self.shown.get(column).copied().unwrap_or(0);
            all().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).fold(before, usize::max)
        };
        (0..self.heading.len()).map(width).collect()
    }
}

/// Names and values below each other, the values aligned; a value of several lines is indented.
pub fn facts(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    let line = |(name, value): &(String, String)| {
        let gap = " ".repeat(width - measure_text_width(name) + 2);
        format!("{name}{gap}{}", value.replace('\n', &format!("\n{}", " ".repeat(width + 2))))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_by_display_width_on_a_terminal_and_by_tabs_in_a_pipe() {
        let mut table = Table::new(&["USER".into(), "NOTE".into()]);
        table.row(vec!["路飞".into(), "captain".into()]);
        table.row(vec!["nami".into(), "two\nlines".into()]);
        assert_eq!(table.render(true), "USER  NOTE\n路飞  captain\nnami  two lines\n");
        assert_eq!(table.render(false), "路飞\tcaptain\nnami\ttwo lines\n");
    }

    #[test]
    fn a_part_keeps_to_the_columns_of_the_one_before() {
        let mut table = Table::new(&["USER".into(), "NOTE".into()]);
        assert_eq!(table.part(true), "");
        table.row(vec!["a_long_name".into(), "x".into()]);
        assert_eq!(table.part(true), "USER         NOTE\na_long_name  x\n");
        table.row(vec!["nami".into(), "y".into()]);
        assert_eq!(table.part(true), "nami         y\n");
        assert_eq!(table.part(true), "");
        table.row(vec!["nami".into(), "y".into()]);
        assert_eq!(table.part(false), "nami\ty\n");
    }
}
