//! Questions to a person at a terminal. Ctrl-C at a question gives the terminal back as it was.

mod line_editor;
mod plain;
pub(super) mod stdin_lines;
mod theme;

use std::io;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use console::{Term, measure_text_width};
use crossbeam_channel::bounded;
use dialoguer::theme::Theme as _;

use super::stream::StdStream;
use super::table::key_values::{terminal_width, wrap};
use super::{Ui, sanitize};
use crate::exit::{CommandError, ExitStatus};
use crate::secret::Secret;
use crate::signals::{Signal, SignalReceiver, received_signal};
use crate::t;
use theme::PromptTheme;

/// Asks for a name. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn prompt_username(ui: &Ui) -> anyhow::Result<String> {
    prompt_text(ui, &t!("user-name-prompt"), None, |_| Ok(()))
}

/// Asks for a password, unseen.
///
/// # Errors
/// A usage failure where nobody can be asked, with `hint`.
pub fn prompt_password(ui: &Ui, prompt: &str, missing: &str) -> anyhow::Result<Secret> {
    let (prompt, still) = (prompt.to_owned(), ui.capabilities.no_animation);
    run_prompt(ui, missing, move || read_hidden(still, &prompt, true)).map(Secret::from)
}

/// Asks for a line of text; Enter takes the default, where there is one. What `check` finds wrong is said, and asked
/// for again. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn prompt_text(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<String> {
    prompt_line(ui, prompt, default, false, check)
}

/// As [`text`], but Enter alone is an answer, too: `None`.
///
/// # Errors
/// The terminal's.
pub fn prompt_optional_text(
    ui: &Ui,
    prompt: &str,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<Option<String>> {
    let check = move |typed: &str| if typed.is_empty() { Ok(()) } else { check(typed) };
    Ok(Some(prompt_line(ui, prompt, None, true, check)?).filter(|typed| !typed.is_empty()))
}

fn prompt_line(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<String> {
    let (prompt, still) = (prompt.to_owned(), ui.capabilities.no_animation);
    run_prompt(ui, "", move || match still {
        true => plain::prompt_text(&prompt, default.as_deref(), may_be_empty, check),
        false => read_editable_line(&prompt, default.as_deref(), may_be_empty, check),
    })
}

/// Why an answer is asked for again.
pub struct InvalidAnswer {
    /// The reason.
    pub message: String,
    /// What is proposed for editing; the answer itself where `None`.
    pub suggestion: Option<String>,
}

impl From<String> for InvalidAnswer {
    fn from(said: String) -> Self {
        Self { message: said, suggestion: None }
    }
}

/// Asks for a line of text at a terminal that can move its cursor. A refused answer can be edited, and what is wrong with
/// it is written as a line that stays.
fn read_editable_line(
    prompt: &str,
    default: Option<&str>,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), InvalidAnswer>,
) -> dialoguer::Result<String> {
    let term = Term::stderr();
    let mut question = String::new();
    PromptTheme.format_input_prompt(&mut question, prompt, default).map_err(io::Error::other)?;
    let mut initial_text = String::new();
    loop {
        let typed = line_editor::line(&question, &initial_text)?;
        let answer = match (typed.trim(), default) {
            ("", Some(default)) => default,
            ("", None) if !may_be_empty => {
                initial_text = String::new();
                continue;
            }
            (typed, _) => typed,
        };
        let mut said = String::new();
        match check(answer) {
            Ok(()) => {
                PromptTheme.format_input_prompt_selection(&mut said, prompt, answer).map_err(io::Error::other)?;
                term.write_line(&said)?;
                return Ok(answer.to_owned());
            }
            Err(wrong) => {
                PromptTheme.format_error(&mut said, &wrong.message).map_err(io::Error::other)?;
                term.write_line(&said)?;
                initial_text = wrong.suggestion.unwrap_or_else(|| answer.to_owned());
            }
        }
    }
}

/// Asks for what is not to be seen, until something is typed. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn prompt_secret(ui: &Ui, prompt: &str) -> anyhow::Result<Secret> {
    let (prompt, still) = (prompt.to_owned(), ui.capabilities.no_animation);
    run_prompt(ui, "", move || read_hidden(still, &prompt, false)).map(|typed| typed.trim().to_owned().into())
}

/// Asks yes or no; "yes" is the default. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn confirm_retry(ui: &Ui, question: &str) -> anyhow::Result<bool> {
    confirm_with_default(ui, question, "", true)
}

/// Asks twice for a new password, unseen; empty is none. Only where stdin is a terminal.
///
/// # Errors
/// The terminal's.
pub fn prompt_new_password(ui: &Ui) -> anyhow::Result<Option<Secret>> {
    let still = ui.capabilities.no_animation;
    let asked = run_prompt(ui, "", move || {
        loop {
            let password = read_hidden(still, &t!("user-password-prompt"), true)?;
            // There is nothing in "none" to mistype.
            if password.is_empty() || read_hidden(still, &t!("user-password-again"), true)? == password {
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
    confirm_with_default(ui, question, missing, false)
}

fn confirm_with_default(ui: &Ui, question: &str, missing: &str, default: bool) -> anyhow::Result<bool> {
    let (question, still) = (question.to_owned(), ui.capabilities.no_animation);
    run_prompt(ui, missing, move || match still {
        true => plain::confirm(&question, default),
        false => Ok(line_editor::confirm(&fit_question(&question, " [y/N] ")?, default)?),
    })
}

/// The last line of a question that the window is too narrow for, with what follows it; those above it are shown.
/// What is asked is drawn anew with its answer, and only one line of it would be.
fn fit_question(question: &str, behind: &str) -> io::Result<String> {
    let question = sanitize::single_line(question);
    let room = terminal_width().unwrap_or(usize::MAX).saturating_sub(measure_text_width(behind) + 1);
    let mut lines = wrap(&question, room);
    let last = lines.pop().unwrap_or_default();
    lines.iter().try_for_each(|line| Term::stderr().write_line(line))?;
    Ok(last)
}

/// What is not to be seen; where it may not be empty, until it is not.
fn read_hidden(still: bool, prompt: &str, may_be_empty: bool) -> dialoguer::Result<String> {
    let term = Term::stderr();
    let mut question = String::new();
    PromptTheme.format_password_prompt(&mut question, prompt).map_err(io::Error::other)?;
    loop {
        term.write_str(&question)?;
        let typed = line_editor::unseen()?;
        if !may_be_empty && typed.is_empty() {
            continue;
        }
        if !still {
            let mut said = String::new();
            let shown = if typed.is_empty() { t!("ui-hidden-none") } else { t!("ui-hidden") };
            PromptTheme.format_input_prompt_selection(&mut said, prompt, &shown).map_err(io::Error::other)?;
            term.clear_last_lines(1)?;
            term.write_line(&said)?;
        }
        return Ok(typed);
    }
}

/// Forgets what was typed before anybody was asked.
pub fn flush_input() {
    // Where it cannot be forgotten, it is an early answer.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Asks on a thread of its own, so that a signal can end the wait: the terminal's modes are put back,
/// since the question itself will not come to it.
fn run_prompt<T: Send + 'static>(
    ui: &Ui,
    missing: &str,
    question: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    if !ui.can_prompt {
        return Err(CommandError::usage(missing.to_owned()).into());
    }
    let _modes = TerminalModeGuard::save();
    let signals = SignalReceiver::new()?;
    let (tell, answer) = bounded(1);
    std::thread::Builder::new().name("prompt".into()).spawn(move || {
        // Nobody listens after a signal.
        let _ = tell.send(question());
    })?;
    crossbeam_channel::select! {
        recv(answer) -> answer => match (answer?, received_signal()) {
            // It came with the answer: nobody looks for it any more.
            (Ok(_), Some(signal)) => Err(interrupted_error(signal.exit_status())),
            (Ok(answer), None) => Ok(answer),
            // Where keys are read one by one, Ctrl-C is a key before it is a signal.
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::Interrupted => {
                restore_terminal();
                Err(interrupted_error(ExitStatus::Interrupted))
            }
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::UnexpectedEof => {
                restore_terminal();
                Err(CommandError::usage(t!("ui-ended")).into())
            }
            (Err(e), _) => Err(e).context(t!("ui-prompt")),
        },
        recv(signals.events) -> signal => {
            restore_terminal();
            Err(interrupted_error(signal.map_or(ExitStatus::Interrupted, Signal::exit_status)))
        }
    }
}

/// Whether a signal ended a question, or the end of the input (Ctrl-D).
pub fn was_interrupted(error: &anyhow::Error) -> bool {
    let is_left =
        |failure: &CommandError| Signal::from_exit(failure.exit).is_some() || failure.message == t!("ui-ended");
    error.downcast_ref::<CommandError>().is_some_and(is_left)
}

fn interrupted_error(exit: ExitStatus) -> anyhow::Error {
    CommandError { exit, message: t!("ui-interrupted"), hint: None }.into()
}

/// The terminal's modes, as they were before the question that is asked just now.
static SAVED_MODES: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// While it lives, [`restore_terminal`] knows what to put back.
struct TerminalModeGuard;

impl TerminalModeGuard {
    fn save() -> Self {
        *SAVED_MODES.lock().unwrap_or_else(PoisonError::into_inner) = rustix::termios::tcgetattr(io::stdin()).ok();
        Self
    }
}

impl Drop for TerminalModeGuard {
    fn drop(&mut self) {
        *SAVED_MODES.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Gives the terminal back as it was before a question, where one is asked.
pub(super) fn restore_terminal() {
    if let Ok(modes) = SAVED_MODES.try_lock()
        && let Some(modes) = modes.as_ref()
    {
        // The process is about to leave; there is nothing better to do about a failure.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        let terminal = StdStream::terminal();
        let _ = terminal.write_line("");
        let _ = terminal.show_cursor();
    }
}
