//! What is typed at a question, key by key: `dialoguer` moves one column over a character that takes two, and hears no
//! Ctrl-D. An end of input is an [`ErrorKind::UnexpectedEof`].

use std::io::{self, ErrorKind};

use console::{Key, Term, measure_text_width};
use dialoguer::theme::Theme as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::theme::PromptTheme;
use crate::ui::table::key_values::terminal_width;

const CTRL_D: char = '\x04';
const CTRL_U: char = '\x15';

/// A line that is typed behind a question, and where in it the cursor stands.
struct Typed {
    letters: Vec<char>,
    at: usize,
}

impl Typed {
    fn insert(&mut self, letter: char) {
        self.letters.insert(self.at, letter);
        self.at += 1;
    }

    fn remove(&mut self, at: Option<usize>) {
        if let Some(at) = at.filter(|at| *at < self.letters.len()) {
            self.letters.remove(at);
            self.at = at;
        }
    }

    /// Where the word before the cursor begins.
    fn word_before(&self) -> usize {
        let before = self.letters.get(..self.at).unwrap_or_default();
        let is_word = |letter: &char| !letter.is_whitespace();
        let end = before.iter().rposition(is_word).map_or(0, |at| at + 1);
        before.get(..end).unwrap_or_default().iter().rposition(|it| !is_word(it)).map_or(0, |at| at + 1)
    }

    /// Where the word after the one at the cursor begins.
    fn word_after(&self) -> usize {
        let rest = self.letters.get(self.at..).unwrap_or_default().iter();
        self.at
            + rest.skip_while(|it| !it.is_whitespace()).take_while(|it| it.is_whitespace()).count()
            + self.letters.iter().skip(self.at).take_while(|it| !it.is_whitespace()).count()
    }
}

/// Where the cursor stands behind these letters, in rows and columns from the beginning of the first row, in a window
/// of so many columns.
fn place<'l>(letters: impl Iterator<Item = &'l char>, width: usize) -> (usize, usize) {
    letters.fold((0, 0), |(row, column), letter| {
        let wide = measure_text_width(letter.encode_utf8(&mut [0; 4]));
        if column + wide > width { (row + 1, wide) } else { (row, column + wide) }
    })
}

/// A line of text at a terminal that can move its cursor; it begins with `begun`. The question is gone afterwards.
pub(super) fn line(question: &str, begun: &str) -> io::Result<String> {
    let term = Term::buffered_stderr();
    let question: Vec<char> = question.chars().collect();
    let letters: Vec<char> = begun.chars().collect();
    let mut typed = Typed { at: letters.len(), letters };
    let mut row = 0;
    loop {
        let width = terminal_width().unwrap_or(80);
        row = draw(&term, &question, &typed, width, row)?;
        match term.read_key()? {
            Key::Enter => break,
            Key::Char(CTRL_D) if typed.letters.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            Key::Char(CTRL_D) | Key::Del => typed.remove(Some(typed.at)),
            Key::Backspace => typed.remove(typed.at.checked_sub(1)),
            Key::Char(CTRL_U) => typed = Typed { letters: typed.letters.split_off(typed.at), at: 0 },
            Key::Char(letter) if !letter.is_control() => typed.insert(letter),
            Key::ArrowLeft => typed.at = typed.at.saturating_sub(1),
            Key::ArrowRight => typed.at = (typed.at + 1).min(typed.letters.len()),
            Key::Home => typed.at = 0,
            Key::End => typed.at = typed.letters.len(),
            Key::UnknownEscSeq(seq) if seq == ['b'] => typed.at = typed.word_before(),
            Key::UnknownEscSeq(seq) if seq == ['f'] => typed.at = typed.word_after(),
            _ => {}
        }
    }
    wipe(&term, row)?;
    term.flush()?;
    Ok(typed.letters.into_iter().collect())
}

/// Draws question and answer in place of what was drawn before, whose cursor is in `row`; in which row it is now.
fn draw(term: &Term, question: &[char], typed: &Typed, width: usize, row: usize) -> io::Result<usize> {
    wipe(term, row)?;
    let all = || question.iter().chain(&typed.letters);
    term.write_str(&all().collect::<String>())?;
    let (mut end, column) = place(all(), width);
    // Behind the last column the cursor hangs in the air: it is put where the next letter will stand.
    if column == width {
        term.write_str("\r\n")?;
        end += 1;
    }
    let (mut row, mut column) = place(all().take(question.len() + typed.at), width);
    if column == width {
        (row, column) = (row + 1, 0);
    }
    term.move_cursor_up(end - row)?;
    term.write_str("\r")?;
    term.move_cursor_right(column)?;
    term.flush()?;
    Ok(row)
}

/// Takes away what is drawn from the first row on.
fn wipe(term: &Term, row: usize) -> io::Result<()> {
    term.move_cursor_up(row)?;
    term.write_str("\r")?;
    term.clear_to_end_of_screen()
}

/// Yes or no, with Enter, as all other questions: else Enter would answer the next one.
pub(super) fn confirm(question: &str, default: bool) -> io::Result<bool> {
    let term = Term::buffered_stderr();
    let mut value = default;
    term.hide_cursor()?;
    loop {
        let mut shown = String::new();
        PromptTheme.format_confirm_prompt(&mut shown, question, Some(value)).map_err(io::Error::other)?;
        term.clear_line()?;
        term.write_str(&shown)?;
        term.flush()?;
        match term.read_key()? {
            Key::Char('y' | 'Y') => value = true,
            Key::Char('n' | 'N') => value = false,
            Key::Enter => break,
            Key::Char(CTRL_D) => return Err(ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
    let mut said = String::new();
    PromptTheme.format_confirm_prompt_selection(&mut said, question, Some(value)).map_err(io::Error::other)?;
    term.clear_line()?;
    term.write_line(&said)?;
    term.show_cursor()?;
    term.flush()?;
    Ok(value)
}

/// A line that the terminal does not show, behind a question that is shown already.
pub(super) fn unseen() -> io::Result<String> {
    let stdin = io::stdin();
    let modes = tcgetattr(&stdin)?;
    let mut quiet = modes.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
    let mut typed = String::new();
    let read = stdin.read_line(&mut typed);
    tcsetattr(&stdin, OptionalActions::Flush, &modes)?;
    if read? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Term::stderr().write_line("")?;
    typed.truncate(typed.trim_end_matches(['\r', '\n']).len());
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_may_take_two_columns_and_never_parts_of_two_rows() {
        let at = |text: &str, width| place(text.chars().collect::<Vec<_>>().iter(), width);
        assert_eq!(at("", 4), (0, 0));
        assert_eq!(at("ab", 4), (0, 2));
        assert_eq!(at("甲乙", 4), (0, 4));
        assert_eq!(at("a甲乙", 4), (1, 2));
        assert_eq!(at("cafe\u{301}", 4), (0, 4));
    }

    #[test]
    fn words_are_found_both_ways() {
        let typed = |text: &str, at| Typed { letters: text.chars().collect(), at };
        for (at, before, after) in [(0, 0, 3), (2, 0, 3), (3, 0, 7), (4, 3, 7), (7, 3, 10), (10, 7, 10)] {
            let typed = typed("ab cde fgh", at);
            assert_eq!((typed.word_before(), typed.word_after()), (before, after), "{at}");
        }
    }
}
