//! Prompts that do not move the cursor, for simple terminals and screen readers: the user types
//! after the prompt on the same line.

use std::io::{self, ErrorKind};

use console::Term;
use dialoguer::Result;
use dialoguer::theme::Theme;

use super::theme::PromptTheme;
use crate::t;

/// Prompts for a line of text; Enter accepts the default. `check` returns what is wrong with an
/// answer.
pub(super) fn prompt_text(
    prompt: &str,
    default: Option<&str>,
    may_be_empty: bool,
    check: impl Fn(&str) -> std::result::Result<(), String>,
) -> Result<String> {
    loop {
        let mut question = String::new();
        PromptTheme.format_input_prompt(&mut question, prompt, default).map_err(io::Error::other)?;
        let typed = read_line(&question)?;
        let answer = if typed.is_empty() { default.unwrap_or_default() } else { typed.as_str() };
        match check(answer) {
            Ok(()) if answer.is_empty() && !may_be_empty => {}
            Ok(()) => return Ok(answer.to_owned()),
            Err(message) => {
                let mut line = String::new();
                PromptTheme.format_error(&mut line, &message).map_err(io::Error::other)?;
                Term::stderr().write_line(&line)?;
            }
        }
    }
}

/// Prompts for yes or no; Enter accepts the default.
pub(super) fn confirm(prompt: &str, default: bool) -> Result<bool> {
    let mut question = String::new();
    PromptTheme.format_confirm_prompt(&mut question, prompt, Some(default)).map_err(io::Error::other)?;
    let (yes, no) = (t!("ui-yes"), t!("ui-no"));
    loop {
        match read_line(&question)?.to_lowercase().as_str() {
            "" => return Ok(default),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            word if word == yes => return Ok(true),
            word if word == no => return Ok(false),
            _ => {}
        }
    }
}

fn read_line(question: &str) -> Result<String> {
    Term::stderr().write_str(question)?;
    let mut typed = String::new();
    match io::stdin().read_line(&mut typed)? {
        0 => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
        _ => Ok(typed.trim().to_owned()),
    }
}
