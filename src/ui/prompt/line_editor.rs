//! Keyboard input at a prompt: an editable line, a yes-or-no key, and a line without echo.
//!
//! `dialoguer` is not used for this, because it moves the cursor by one column over a character
//! that takes two, and ignores Ctrl-D. Here the end of the input is an
//! [`ErrorKind::UnexpectedEof`].

use std::io::{self, ErrorKind};

use console::{Key, Term, measure_text_width};
use dialoguer::theme::Theme as _;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::theme::PromptTheme;
use crate::ui::table::key_values::terminal_width;

pub(super) const CTRL_D: char = '\x04';
pub(super) const CTRL_U: char = '\x15';

/// Keeps the terminal from echoing and interpreting keys until it is dropped. `console` does so
/// only during each read, so that a Ctrl-D between two reads would be lost, and another key echoed.
pub(super) struct KeyModeGuard(Termios);

impl KeyModeGuard {
    pub(super) fn new() -> io::Result<Self> {
        let modes = tcgetattr(io::stdin())?;
        let mut key_modes = modes.clone();
        key_modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &key_modes)?;
        Ok(Self(modes))
    }
}

impl Drop for KeyModeGuard {
    fn drop(&mut self) {
        // The prompt has its answer; the shell sets its own modes.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// An edited line with a cursor.
struct LineBuffer {
    chars: Vec<char>,
    cursor: usize,
}

impl LineBuffer {
    fn insert(&mut self, char: char) {
        self.chars.insert(self.cursor, char);
        self.cursor += 1;
    }

    /// Removes the character at `index`, if there is one, and moves the cursor there.
    fn remove(&mut self, index: Option<usize>) {
        if let Some(index) = index.filter(|index| *index < self.chars.len()) {
            self.chars.remove(index);
            self.cursor = index;
        }
    }

    /// Returns the start of the word before the cursor.
    fn previous_word(&self) -> usize {
        let before = self.chars.get(..self.cursor).unwrap_or_default();
        let is_word = |char: &char| !char.is_whitespace();
        let end = before.iter().rposition(is_word).map_or(0, |index| index + 1);
        before.get(..end).unwrap_or_default().iter().rposition(|char| !is_word(char)).map_or(0, |index| index + 1)
    }

    /// Returns the start of the word after the one at the cursor.
    fn next_word(&self) -> usize {
        let rest = self.chars.get(self.cursor..).unwrap_or_default().iter();
        self.cursor
            + rest.skip_while(|char| !char.is_whitespace()).take_while(|char| char.is_whitespace()).count()
            + self.chars.iter().skip(self.cursor).take_while(|char| !char.is_whitespace()).count()
    }
}

/// Returns the row and the column of the cursor after `chars` in a terminal of `width` columns.
fn cursor_position<'c>(chars: impl Iterator<Item = &'c char>, width: usize) -> (usize, usize) {
    chars.fold((0, 0), |(row, column), char| {
        let char_width = measure_text_width(char.encode_utf8(&mut [0; 4]));
        if column + char_width > width { (row + 1, char_width) } else { (row, column + char_width) }
    })
}

/// Reads a line that the user edits, starting with `initial_text`. Clears the question afterwards.
pub(super) fn edit_line(question: &str, initial_text: &str) -> io::Result<String> {
    let _modes = KeyModeGuard::new()?;
    let term = Term::buffered_stderr();
    let question: Vec<char> = question.chars().collect();
    let chars: Vec<char> = initial_text.chars().collect();
    let mut buffer = LineBuffer { cursor: chars.len(), chars };
    let mut row = 0;
    loop {
        let width = terminal_width().unwrap_or(80);
        row = draw(&term, &question, &buffer, width, row)?;
        match term.read_key()? {
            Key::Enter => break,
            Key::Char(CTRL_D) if buffer.chars.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            Key::Char(CTRL_D) | Key::Del => buffer.remove(Some(buffer.cursor)),
            Key::Backspace => buffer.remove(buffer.cursor.checked_sub(1)),
            Key::Char(CTRL_U) => buffer = LineBuffer { chars: buffer.chars.split_off(buffer.cursor), cursor: 0 },
            Key::Char(char) if !char.is_control() => buffer.insert(char),
            Key::ArrowLeft => buffer.cursor = buffer.cursor.saturating_sub(1),
            Key::ArrowRight => buffer.cursor = (buffer.cursor + 1).min(buffer.chars.len()),
            Key::Home => buffer.cursor = 0,
            Key::End => buffer.cursor = buffer.chars.len(),
            Key::UnknownEscSeq(seq) if seq == ['b'] => buffer.cursor = buffer.previous_word(),
            Key::UnknownEscSeq(seq) if seq == ['f'] => buffer.cursor = buffer.next_word(),
            _ => {}
        }
    }
    clear(&term, row)?;
    term.flush()?;
    Ok(buffer.chars.into_iter().collect())
}

/// Redraws the question and the line. `row` is the current row of the cursor; returns the new one.
fn draw(term: &Term, question: &[char], buffer: &LineBuffer, width: usize, row: usize) -> io::Result<usize> {
    clear(term, row)?;
    let all = || question.iter().chain(&buffer.chars);
    term.write_str(&all().collect::<String>())?;
    let (mut last_row, column) = cursor_position(all(), width);
    // After the last column, terminals keep the cursor there until the next character; move it on.
    if column == width {
        term.write_str("\r\n")?;
        last_row += 1;
    }
    let (mut row, mut column) = cursor_position(all().take(question.len() + buffer.cursor), width);
    if column == width {
        (row, column) = (row + 1, 0);
    }
    term.move_cursor_up(last_row - row)?;
    term.write_str("\r")?;
    term.move_cursor_right(column)?;
    term.flush()?;
    Ok(row)
}

/// Clears the question and the line. `row` is the current row of the cursor.
fn clear(term: &Term, row: usize) -> io::Result<()> {
    term.move_cursor_up(row)?;
    term.write_str("\r")?;
    term.clear_to_end_of_screen()
}

/// The key that goes back to the previous question.
const BACK: char = '<';

/// Reads yes or no, confirmed with Enter as at all other prompts. Otherwise a following Enter would
/// answer the next prompt. `None` if the user goes back, which `may_go_back` allows.
pub(super) fn confirm(question: &str, default: bool, may_go_back: bool) -> io::Result<Option<bool>> {
    let _modes = KeyModeGuard::new()?;
    let term = Term::buffered_stderr();
    let mut value = Some(default);
    term.hide_cursor()?;
    loop {
        let mut prompt = String::new();
        PromptTheme.format_confirm_prompt(&mut prompt, question, value).map_err(io::Error::other)?;
        if value.is_none() {
            prompt.push(BACK);
        }
        term.clear_line()?;
        term.write_str(&prompt)?;
        term.flush()?;
        match term.read_key()? {
            Key::Char('y' | 'Y') => value = Some(true),
            Key::Char('n' | 'N') => value = Some(false),
            Key::Char(BACK) if may_go_back => value = None,
            Key::Backspace if value.is_none() => value = Some(default),
            Key::Enter => break,
            Key::Char(CTRL_D) => return Err(ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
    let mut answer = String::new();
    PromptTheme.format_confirm_prompt_selection(&mut answer, question, value).map_err(io::Error::other)?;
    if value.is_none() {
        answer.push(BACK);
    }
    term.clear_line()?;
    term.write_line(&answer)?;
    term.show_cursor()?;
    term.flush()?;
    Ok(value)
}

/// Reads a line without echo. The caller has printed the question.
pub(super) fn read_unechoed_line() -> io::Result<String> {
    let stdin = io::stdin();
    let modes = tcgetattr(&stdin)?;
    let mut without_echo = modes.clone();
    without_echo.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &without_echo)?;
    let mut line = String::new();
    let result = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &modes)?;
    if result? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Term::stderr().write_line("")?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_character_takes_two_columns_of_one_row() {
        let position = |text: &str, width| cursor_position(text.chars().collect::<Vec<_>>().iter(), width);
        assert_eq!(position("", 4), (0, 0));
        assert_eq!(position("ab", 4), (0, 2));
        assert_eq!(position("甲乙", 4), (0, 4));
        assert_eq!(position("a甲乙", 4), (1, 2));
        assert_eq!(position("cafe\u{301}", 4), (0, 4));
    }

    #[test]
    fn words_are_found_in_both_directions() {
        for (cursor, previous, next) in [(0, 0, 3), (2, 0, 3), (3, 0, 7), (4, 3, 7), (7, 3, 10), (10, 7, 10)] {
            let buffer = LineBuffer { chars: "ab cde fgh".chars().collect(), cursor };
            assert_eq!((buffer.previous_word(), buffer.next_word()), (previous, next), "{cursor}");
        }
    }
}
