//! A list with a fuzzy search: typed text filters the items, arrows move, Tab marks several.
//!
//! `dialoguer::FuzzySelect` is not used for this, because it counts the bytes of an item as its
//! columns, so that Chinese items clear lines above the list, and because it selects one item only.

use std::io::{self, ErrorKind};

use console::{Key, Term, measure_text_width, truncate_str};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::line_editor::{CTRL_D, CTRL_U, KeyModeGuard};
use crate::t;
use crate::ui::sanitize::single_line;

/// The maximum number of items on the screen.
const MAX_VISIBLE_ITEMS: usize = 10;

/// The state of the list.
struct Picker<'i> {
    items: &'i [String],
    query: String,
    matcher: Matcher,
    /// The indexes of the items that match the query, the best match first.
    matches: Vec<usize>,
    /// The position in `matches` that the cursor is at.
    active: usize,
    /// The position in `matches` of the first visible item.
    first_visible: usize,
    /// The indexes of the items that the user has marked, in this order.
    marked: Vec<usize>,
}

/// An item with its index, for the matcher.
struct IndexedItem<'i> {
    index: usize,
    text: &'i str,
}

impl AsRef<str> for IndexedItem<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl<'i> Picker<'i> {
    fn new(items: &'i [String]) -> Self {
        Self {
            items,
            query: String::new(),
            matcher: Matcher::new(Config::DEFAULT),
            matches: (0..items.len()).collect(),
            active: 0,
            first_visible: 0,
            marked: Vec::new(),
        }
    }

    fn set_query(&mut self, query: String) {
        let pattern = Pattern::new(&query, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let candidates = self.items.iter().enumerate().map(|(index, text)| IndexedItem { index, text });
        let matches = pattern.match_list(candidates, &mut self.matcher);
        self.matches = matches.into_iter().map(|(candidate, _)| candidate.index).collect();
        (self.query, self.active, self.first_visible) = (query, 0, 0);
    }

    fn active_item(&self) -> Option<usize> {
        self.matches.get(self.active).copied()
    }

    /// Moves the cursor by `step` items; from the last one to the first one and back.
    fn move_cursor(&mut self, step: isize) {
        let count = isize::try_from(self.matches.len()).unwrap_or(isize::MAX);
        if count > 0 {
            self.active = self.active.saturating_add_signed(count + step) % self.matches.len();
        }
    }

    /// Marks the active item, or removes its mark.
    fn toggle_mark(&mut self) {
        if let Some(item) = self.active_item() {
            match self.marked.iter().position(|marked| *marked == item) {
                Some(position) => drop(self.marked.remove(position)),
                None => self.marked.push(item),
            }
        }
    }

    /// Returns the lines below the prompt.
    fn lines(&mut self, height: usize, width: usize, ellipsis: &str) -> Vec<String> {
        let height = height.clamp(1, MAX_VISIBLE_ITEMS);
        let last_page = self.matches.len().saturating_sub(height);
        let lowest = (self.active + 1).saturating_sub(height);
        self.first_visible = self.first_visible.clamp(lowest, self.active).min(last_page);
        let visible = self.matches.iter().enumerate().skip(self.first_visible).take(height);
        let line = |(position, item): (usize, &usize)| {
            let cursor = if position == self.active { '>' } else { ' ' };
            let mark = if self.marked.contains(item) { '*' } else { ' ' };
            let text = self.items.get(*item).map(|text| single_line(text)).unwrap_or_default();
            truncate_str(&format!("{cursor}{mark} {text}"), width.saturating_sub(1), ellipsis).into_owned()
        };
        visible.map(line).collect()
    }
}

/// Lets the user pick one item, or several if `is_multiple`. Returns the indexes of the items.
pub(super) fn pick(prompt: &str, items: &[String], is_multiple: bool, ellipsis: &str) -> io::Result<Vec<usize>> {
    let _modes = KeyModeGuard::new()?;
    let term = Term::buffered_stderr();
    let mut picker = Picker::new(items);
    let help = if is_multiple { t!("ui-pick-several-help") } else { t!("ui-pick-help") };
    let chosen = loop {
        draw(&term, prompt, &mut picker, &help, ellipsis)?;
        // With `read_key`, Ctrl-C would raise a signal, and the list would stay on the screen.
        let key = term.read_key_raw()?;
        clear(&term)?;
        match key {
            Key::Enter if !picker.marked.is_empty() => break picker.marked,
            Key::Enter => {
                if let Some(item) = picker.active_item() {
                    break vec![item];
                }
            }
            Key::CtrlC | Key::Escape => return end(&term, ErrorKind::Interrupted),
            Key::Char(CTRL_D) if picker.query.is_empty() => return end(&term, ErrorKind::UnexpectedEof),
            Key::ArrowUp => picker.move_cursor(-1),
            Key::ArrowDown => picker.move_cursor(1),
            Key::Tab if is_multiple => {
                picker.toggle_mark();
                picker.move_cursor(1);
            }
            Key::Backspace => {
                let mut query = picker.query.clone();
                query.pop();
                picker.set_query(query);
            }
            Key::Char(CTRL_U) => picker.set_query(String::new()),
            Key::Char(char) if !char.is_control() => {
                let query = format!("{}{char}", picker.query);
                picker.set_query(query);
            }
            _ => {}
        }
    };
    term.flush()?;
    Ok(chosen)
}

/// Draws the prompt and the list, and leaves the cursor after the query.
fn draw(term: &Term, prompt: &str, picker: &mut Picker<'_>, help: &str, ellipsis: &str) -> io::Result<()> {
    let (rows, columns) = term.size();
    let (rows, width) = (usize::from(rows), usize::from(columns));
    let mut lines = picker.lines(rows.saturating_sub(3), width, ellipsis);
    if lines.is_empty() {
        lines.push(t!("ui-pick-no-match"));
    }
    let count = format!("{}/{}", picker.matches.len(), picker.items.len());
    lines.push(truncate_str(&format!("   {count}  {help}"), width.saturating_sub(1), "").into_owned());
    let question = format!("{}{}", t!("ui-ask", prompt = single_line(prompt)), single_line(&picker.query));
    let question = truncate_str(&question, width.saturating_sub(1), "");
    term.write_str(&question)?;
    for line in &lines {
        term.write_str(&format!("\r\n{line}"))?;
    }
    term.move_cursor_up(lines.len())?;
    term.write_str("\r")?;
    term.move_cursor_right(measure_text_width(&question))?;
    term.flush()
}

/// Clears the prompt and the list below it.
fn clear(term: &Term) -> io::Result<()> {
    term.write_str("\r")?;
    term.clear_to_end_of_screen()
}

/// Ends the prompt without an answer.
fn end(term: &Term, reason: ErrorKind) -> io::Result<Vec<usize>> {
    term.flush()?;
    Err(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn query_filters_fuzzily_and_ignores_case() {
        let items = items(&["luffy", "Nami  ops", "路飞", "zoro  ops"]);
        let mut picker = Picker::new(&items);
        for (query, expected) in [
            ("", vec![0, 1, 2, 3]),
            ("lfy", vec![0]),
            ("nam", vec![1]),
            ("NAM", vec![1]),
            ("飞", vec![2]),
            ("ops zo", vec![3]),
            ("x", vec![]),
        ] {
            picker.set_query(query.to_owned());
            assert_eq!(picker.matches, expected, "{query}");
        }
    }

    #[test]
    fn list_scrolls_with_the_cursor_and_wraps_around() {
        let items: Vec<String> = (0..30).map(|number| format!("item {number}")).collect();
        let mut picker = Picker::new(&items);
        assert_eq!(picker.lines(4, 80, "…"), [">  item 0", "   item 1", "   item 2", "   item 3"]);
        (0..5).for_each(|_| picker.move_cursor(1));
        assert_eq!(picker.lines(4, 80, "…"), ["   item 2", "   item 3", "   item 4", ">  item 5"]);
        (0..6).for_each(|_| picker.move_cursor(-1));
        assert_eq!(picker.lines(2, 80, "…"), ["   item 28", ">  item 29"]);
        assert_eq!(picker.lines(100, 80, "…").len(), MAX_VISIBLE_ITEMS);
        picker.set_query("no such item".to_owned());
        picker.move_cursor(1);
        assert!(picker.lines(4, 80, "…").is_empty());
    }

    #[test]
    fn marks_survive_another_query_in_their_order() {
        let items = items(&["luffy", "nami", "zoro"]);
        let mut picker = Picker::new(&items);
        picker.set_query("zoro".to_owned());
        picker.toggle_mark();
        picker.set_query(String::new());
        picker.toggle_mark();
        assert_eq!(picker.lines(4, 80, "…"), [">* luffy", "   nami", " * zoro"]);
        assert_eq!(picker.marked, [2, 0]);
        picker.toggle_mark();
        assert_eq!(picker.marked, [2]);
    }

    #[test]
    fn wide_items_are_cut_by_columns() {
        let items = items(&["甲乙丙丁戊己"]);
        assert_eq!(Picker::new(&items).lines(4, 10, "…"), [">  甲乙…"]);
    }
}
