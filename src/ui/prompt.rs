//! Questions to a person at a terminal. Ctrl-C at a question gives the terminal back as it was.

use std::io;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use console::{Term, measure_text_width};
use crossbeam_channel::bounded;
use dialoguer::theme::Theme as _;

use super::facts::{broken, columns};
use super::stream::Stream;
use super::theme::Plain;
use super::{Ui, clean, keys, still};
use crate::error::{Exit, Failure};
use crate::secret::Secret;
use crate::signals::{Signal, Watch, came};
use crate::t;

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
    check: impl Fn(&str) -> Result<(), Wrong> + Send + 'static,
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
    check: impl Fn(&str) -> Result<(), Wrong> + Send + 'static,
) -> anyhow::Result<Option<String>> {
    let check = move |typed: &str| if typed.is_empty() { Ok(()) } else { check(typed) };
    Ok(Some(typed(ui, prompt, None, true, check)?).filter(|typed| !typed.is_empty()))
}

fn typed(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), Wrong> + Send + 'static,
) -> anyhow::Result<String> {
    let (prompt, still) = (prompt.to_owned(), ui.manner.still);
    ask(ui, "", move || match still {
        true => still::text(&prompt, default.as_deref(), may_be_empty, check),
        false => drawn(&prompt, default.as_deref(), may_be_empty, check),
    })
}

/// Why an answer is asked for again.
pub struct Wrong {
    /// The reason.
    pub said: String,
    /// What is proposed for editing; the answer itself where `None`.
    pub instead: Option<String>,
}

impl From<String> for Wrong {
    fn from(said: String) -> Self {
        Self { said, instead: None }
    }
}

/// Asks for a line of text at a terminal that can move its cursor. A refused answer can be edited, and what is wrong with
/// it is written as a line that stays.
fn drawn(
    prompt: &str,
    default: Option<&str>,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), Wrong>,
) -> dialoguer::Result<String> {
    let term = Term::stderr();
    let mut question = String::new();
    Plain.format_input_prompt(&mut question, prompt, default).map_err(io::Error::other)?;
    let mut kept = String::new();
    loop {
        let typed = keys::line(&question, &kept)?;
        let answer = match (typed.trim(), default) {
            ("", Some(default)) => default,
            ("", None) if !may_be_empty => {
                kept = String::new();
                continue;
            }
            (typed, _) => typed,
        };
        let mut said = String::new();
        match check(answer) {
            Ok(()) => {
                Plain.format_input_prompt_selection(&mut said, prompt, answer).map_err(io::Error::other)?;
                term.write_line(&said)?;
                return Ok(answer.to_owned());
            }
            Err(wrong) => {
                Plain.format_error(&mut said, &wrong.said).map_err(io::Error::other)?;
                term.write_line(&said)?;
                kept = wrong.instead.unwrap_or_else(|| answer.to_owned());
            }
        }
    }
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
        false => Ok(keys::confirm(&last_line(&question, " [y/N] ")?, default)?),
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
    let term = Term::stderr();
    let mut question = String::new();
    Plain.format_password_prompt(&mut question, prompt).map_err(io::Error::other)?;
    loop {
        term.write_str(&question)?;
        let typed = keys::unseen()?;
        if !may_be_empty && typed.is_empty() {
            continue;
        }
        if !still {
            let mut said = String::new();
            let shown = if typed.is_empty() { t!("ui-hidden-none") } else { t!("ui-hidden") };
            Plain.format_input_prompt_selection(&mut said, prompt, &shown).map_err(io::Error::other)?;
            term.clear_last_lines(1)?;
            term.write_line(&said)?;
        }
        return Ok(typed);
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
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::UnexpectedEof => {
                put_back();
                Err(Failure::usage(t!("ui-ended")).into())
            }
            (Err(e), _) => Err(e).context(t!("ui-prompt")),
        },
        recv(signals.events) -> signal => {
            put_back();
            Err(interrupted(signal.map_or(Exit::Interrupted, Signal::exit)))
        }
    }
}

/// Whether a signal ended a question, or the end of the input (Ctrl-D).
pub fn was_interrupted(error: &anyhow::Error) -> bool {
    let is_left = |failure: &Failure| Signal::of_exit(failure.exit).is_some() || failure.what == t!("ui-ended");
    error.downcast_ref::<Failure>().is_some_and(is_left)
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
