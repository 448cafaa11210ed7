//! Prompts that do not move the cursor, for simple terminals and screen readers: the user types
//! after the prompt on the same line.

use std::io::{self, ErrorKind};

use console::Term;
use dialoguer::Result;
use dialoguer::theme::Theme;

use super::invalid_answer::InvalidAnswer;
use super::theme::{PromptTheme, format_rejection};
use crate::t;
use crate::ui::sanitize::single_line;

/// Prompts for a line of text; Enter accepts the default. `check` returns the error of an answer.
pub(super) fn prompt_text(
    prompt: &str,
    default: Option<&str>,
    check: impl Fn(&str) -> std::result::Result<(), InvalidAnswer>,
) -> Result<String> {
    loop {
        let mut question = String::new();
        PromptTheme.format_input_prompt(&mut question, prompt, default).map_err(io::Error::other)?;
        let typed = read_line(&question)?;
        let answer = if typed.is_empty() { default.unwrap_or_default() } else { typed.as_str() };
        match check(answer) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(invalid) => {
                let mut line = String::new();
                format_rejection(&mut line, &invalid).map_err(io::Error::other)?;
                Term::stderr().write_line(&line)?;
            }
        }
    }
}

/// Prompts for yes or no; Enter accepts the default. `None` if the user goes back, which
/// `may_go_back` allows.
pub(super) fn confirm(prompt: &str, default: bool, may_go_back: bool) -> Result<Option<bool>> {
    let mut question = String::new();
    PromptTheme.format_confirm_prompt(&mut question, prompt, Some(default)).map_err(io::Error::other)?;
    let (yes, no) = (t!("ui-yes"), t!("ui-no"));
    loop {
        match read_line(&question)?.to_lowercase().as_str() {
            "" => return Ok(Some(default)),
            "<" if may_go_back => return Ok(None),
            "y" | "yes" => return Ok(Some(true)),
            "n" | "no" => return Ok(Some(false)),
            word if word == yes => return Ok(Some(true)),
            word if word == no => return Ok(Some(false)),
            _ => {}
        }
    }
}

/// The maximum number of items that are printed at a time.
const MAX_PRINTED_ITEMS: usize = 20;

/// Lets the user pick one item by its number or a part of its text, or several by numbers.
pub(super) fn pick(prompt: &str, items: &[String], is_multiple: bool) -> io::Result<Vec<usize>> {
    let mut shown: Vec<usize> = (0..items.len()).collect();
    let question = if is_multiple { t!("ui-pick-numbers") } else { t!("ui-pick-number") };
    let question = t!("ui-ask", prompt = question);
    Term::stderr().write_line(&t!("ui-ask", prompt = single_line(prompt)))?;
    loop {
        print_numbered(items, &shown)?;
        let typed = read_line(&question)?;
        if let Some(numbers) = parse_numbers(&typed, items.len()).filter(|numbers| is_multiple || numbers.len() == 1) {
            return Ok(numbers);
        }
        let part = typed.to_lowercase();
        let is_match = |(_, item): &(usize, &String)| item.to_lowercase().contains(&part);
        let matches: Vec<usize> = items.iter().enumerate().filter(is_match).map(|(index, _)| index).collect();
        match matches.as_slice() {
            [] => Term::stderr().write_line(&t!("ui-pick-no-match"))?,
            [item] => return Ok(vec![*item]),
            _ => shown = matches,
        }
    }
}

fn print_numbered(items: &[String], shown: &[usize]) -> io::Result<()> {
    let term = Term::stderr();
    for index in shown.iter().take(MAX_PRINTED_ITEMS) {
        let item = items.get(*index).map(|item| single_line(item)).unwrap_or_default();
        term.write_line(&format!("{:>4}  {item}", index + 1))?;
    }
    match shown.len().saturating_sub(MAX_PRINTED_ITEMS) {
        0 => Ok(()),
        more => term.write_line(&t!("ui-pick-more", count = more)),
    }
}

/// Parses numbers from 1 to `count`, separated by commas or spaces, and returns them as indexes.
fn parse_numbers(typed: &str, count: usize) -> Option<Vec<usize>> {
    let words = typed.split([',', ' ', '，', '、']).filter(|word| !word.is_empty());
    let parse = |word: &str| word.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < count);
    words.map(parse).collect::<Option<Vec<_>>>().filter(|numbers| !numbers.is_empty())
}

fn read_line(question: &str) -> io::Result<String> {
    Term::stderr().write_str(question)?;
    let mut typed = String::new();
    match io::stdin().read_line(&mut typed)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(typed.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_range() {
        for (typed, expected) in [
            ("1", Some(vec![0])),
            ("3, 1", Some(vec![2, 0])),
            ("2 3", Some(vec![1, 2])),
            ("", None),
            ("0", None),
            ("4", None),
            ("1 x", None),
        ] {
            assert_eq!(parse_numbers(typed, 3), expected, "{typed}");
        }
    }
}
