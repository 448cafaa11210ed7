//! Questions to a person at a terminal. Ctrl-C at a question gives the terminal back as it was.

use std::io;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use console::{Term, measure_text_width};
use crossbeam_channel::bounded;
use dialoguer::theme::Theme as _;
use dialoguer::{Confirm, Input, Password};

use super::facts::{broken, columns};
use super::stream::Stream;
use super::theme::Plain;
use super::{Ui, clean, still};
use crate::error::{Exit, Failure};
use crate::secret::Secret;
use crate::signals::{Watch, came};
use crate::t;

/// Columns that an answer may need, such as an address, with the marks between it and its question.
const ANSWER: usize = 48;

/// Asks for a name. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn username(ui: &Ui) -> anyhow::Result<String> {
    text(ui, &t!("user-name-prompt"), None, |_| Ok(()))
}

/// Asks for a password, unseen.
///
/// # Errors
/// A usage failure where nobody can be asked, with `hint`.
pub fn password(ui: &Ui, prompt: &str, missing: &str) -> anyhow::Result<Secret> {
    let (prompt, still) = (prompt.to_owned(), ui.manner.still);
    ask(ui, missing, move || hidden(still, &prompt, true)).map(Secret::from)
}

/// Asks for a line of text; Enter takes the default, where there is one. What `check` finds wrong is said, and asked
/// for again. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn text(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    check: impl Fn(&str) -> Result<(), String> + Send + 'static,
) -> anyhow::Result<String> {
    typed(ui, prompt, default, false, check)
}

/// As [`text`], but Enter alone is an answer, too: `None`.
///
/// # Errors
/// The terminal's.
pub fn text_or_none(
    ui: &Ui,
    prompt: &str,
    check: impl Fn(&str) -> Result<(), String> + Send + 'static,
) -> anyhow::Result<Option<String>> {
    let check = move |typed: &str| if typed.is_empty() { Ok(()) } else { check(typed) };
    Ok(Some(typed(ui, prompt, None, true, check)?).filter(|typed| !typed.is_empty()))
}

fn typed(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), String> + Send + 'static,
) -> anyhow::Result<String> {
    // A line that goes on in the next row is not wiped whole when it is drawn anew: it is left as it was typed.
    let question = measure_text_width(prompt) + default.as_deref().map_or(0, measure_text_width);
    let is_narrow = columns().is_some_and(|columns| question + ANSWER > columns);
    let (prompt, still) = (prompt.to_owned(), ui.manner.still || is_narrow);
    ask(ui, "", move || {
        loop {
            let typed = if still {
                still::text(&prompt, default.as_deref())?
            } else {
                let input = Input::<String>::with_theme(&Plain).with_prompt(prompt.as_str()).allow_empty(may_be_empty);
                match &default {
                    Some(default) => input.default(default.clone()).interact_text()?,
                    None => input.interact_text()?,
                }
            };
            match check(typed.trim()) {
                Ok(()) if typed.trim().is_empty() && !may_be_empty => {}
                Ok(()) => return Ok(typed.trim().to_owned()),
                Err(wrong) => {
                    let mut said = String::new();
                    Plain.format_error(&mut said, &wrong).map_err(io::Error::other)?;
                    Term::stderr().write_line(&said)?;
                }
            }
        }
    })
}

/// Asks for what is not to be seen, until something is typed. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn unseen(ui: &Ui, prompt: &str) -> anyhow::Result<Secret> {
    let (prompt, still) = (prompt.to_owned(), ui.manner.still);
    ask(ui, "", move || hidden(still, &prompt, false)).map(|typed| typed.trim().to_owned().into())
}

/// Asks yes or no; "yes" is the default. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn again(ui: &Ui, question: &str) -> anyhow::Result<bool> {
    yes_or_no(ui, question, "", true)
}

/// Asks twice for a new password, unseen; empty is none. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn new_password(ui: &Ui) -> anyhow::Result<Option<Secret>> {
    let still = ui.manner.still;
    let asked = ask(ui, "", move || {
        loop {
            let password = hidden(still, &t!("user-password-prompt"), true)?;
            // There is nothing in "none" to mistype.
            if password.is_empty() || hidden(still, &t!("user-password-again"), true)? == password {
                return Ok(password);
            }
            Term::stderr().write_line(&t!("user-password-differs"))?;
        }
    })?;
    Ok(Some(asked).filter(|password| !password.is_empty()).map(Secret::from))
}

/// Asks yes or no; "no" is the default.
///
/// # Errors
/// A usage failure where nobody can be asked, saying `missing`.
pub fn confirm(ui: &Ui, question: &str, missing: &str) -> anyhow::Result<bool> {
    yes_or_no(ui, question, missing, false)
}

fn yes_or_no(ui: &Ui, question: &str, missing: &str, default: bool) -> anyhow::Result<bool> {
    let (question, still) = (question.to_owned(), ui.manner.still);
    ask(ui, missing, move || match still {
        true => still::confirm(&question, default),
        false => Confirm::with_theme(&Plain).with_prompt(last_line(&question, " [y/N] ")?).default(default).interact(),
    })
}

/// The last line of a question that the window is too narrow for, with what follows it; those above it are shown.
/// What is asked is drawn anew with its answer, and only one line of it would be.
fn last_line(question: &str, behind: &str) -> io::Result<String> {
    let question = clean::line(question);
    let room = columns().unwrap_or(usize::MAX).saturating_sub(measure_text_width(behind) + 1);
    let mut lines = broken(&question, room);
    let last = lines.pop().unwrap_or_default();
    lines.iter().try_for_each(|line| Term::stderr().write_line(line))?;
    Ok(last)
}

/// What is not to be seen; where it may not be empty, until it is not.
fn hidden(still: bool, prompt: &str, may_be_empty: bool) -> dialoguer::Result<String> {
    if !still {
        return Password::with_theme(&Plain).with_prompt(prompt).allow_empty_password(may_be_empty).interact();
    }
    loop {
        let typed = still::secret(prompt)?;
        if may_be_empty || !typed.is_empty() {
            return Ok(typed);
        }
    }
}

/// Forgets what was typed before anybody was asked.
pub fn forget_typed() {
    // Where it cannot be forgotten, it is an early answer.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Asks on a thread of its own, so that a signal can end the wait: the terminal's modes are put back,
/// since the question itself will not come to it.
fn ask<T: Send + 'static>(
    ui: &Ui,
    missing: &str,
    question: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    if !ui.in_terminal {
        return Err(Failure::usage(missing.to_owned()).into());
    }
    let _modes = Modes::keep();
    let signals = Watch::begin()?;
    let (tell, answer) = bounded(1);
    std::thread::Builder::new().name("prompt".into()).spawn(move || {
        // Nobody listens after a signal.
        let _ = tell.send(question());
    })?;
    crossbeam_channel::select! {
        recv(answer) -> answer => match (answer?, came()) {
            // It came with the answer: nobody looks for it any more.
            (Ok(_), Some(signal)) => Err(interrupted(signal.exit())),
            (Ok(answer), None) => Ok(answer),
            // Where keys are read one by one, Ctrl-C is a key before it is a signal.
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::Interrupted => {
                put_back();
                Err(interrupted(Exit::Interrupted))
            }
            (Err(e), _) => Err(e).context(t!("ui-prompt")),
        },
        recv(signals.events) -> signal => {
            put_back();
            Err(interrupted(signal.map_or(Exit::Interrupted, crate::signals::Signal::exit)))
        }
    }
}

fn interrupted(exit: Exit) -> anyhow::Error {
    Failure { exit, what: t!("ui-interrupted"), hint: None }.into()
}

/// The terminal's modes, as they were before the question that is asked just now.
static MODES: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// While it lives, [`put_back`] knows what to put back.
struct Modes;

impl Modes {
    fn keep() -> Self {
        *MODES.lock().unwrap_or_else(PoisonError::into_inner) = rustix::termios::tcgetattr(io::stdin()).ok();
        Self
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        *MODES.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Gives the terminal back as it was before a question, where one is asked.
pub(super) fn put_back() {
    if let Ok(modes) = MODES.try_lock()
        && let Some(modes) = modes.as_ref()
    {
        // The process is about to leave; there is nothing better to do about a failure.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        let terminal = Stream::terminal();
        let _ = terminal.write_line("");
        let _ = terminal.show_cursor();
    }
}
