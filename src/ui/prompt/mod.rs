//! Prompts on a terminal. Ctrl-C at a prompt restores the terminal.

mod invalid_answer;
mod line_editor;
mod picker;
mod plain;
pub(super) mod stdin_lines;
mod theme;

use std::io;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use console::Term;
use crossbeam_channel::bounded;
use dialoguer::theme::Theme as _;

use super::stream::StdStream;
use super::table::key_values::{terminal_width, wrap};
use super::{Ui, sanitize};
use crate::exit::{CommandError, ExitStatus};
use crate::secret::Secret;
use crate::signals::{Signal, SignalReceiver, received_signal};
use crate::t;
pub use invalid_answer::InvalidAnswer;
use theme::{PromptTheme, format_rejection};

/// Prompts for a user name. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_username(ui: &Ui) -> anyhow::Result<String> {
    prompt_text(ui, &t!("user-name-prompt"), None, |_| Ok(()))
}

/// Prompts for a password, which is not shown. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_password(ui: &Ui, prompt: &str) -> anyhow::Result<Secret> {
    let (prompt, is_plain) = (prompt.to_owned(), ui.capabilities.no_animation);
    run_prompt(move || read_hidden(is_plain, &prompt, Some(t!("ui-hidden-none")))).map(Secret::from)
}

/// Prompts for a line of text; Enter accepts the default. If `check` rejects the answer, its
/// message is printed and the prompt repeated. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_text(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<String> {
    prompt_line(ui, prompt, default, String::new(), false, check)
}

/// Prompts as [`prompt_text`] does for a text that the user edits. On a simple terminal, Enter
/// accepts it.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_edited_text(
    ui: &Ui,
    prompt: &str,
    initial_text: &str,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<String> {
    let default = ui.capabilities.no_animation.then(|| initial_text.to_owned());
    prompt_line(ui, prompt, default, initial_text.to_owned(), false, check)
}

/// Prompts as [`prompt_text`] does, but accepts an empty answer as `None`.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_optional_text(
    ui: &Ui,
    prompt: &str,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<Option<String>> {
    let check = move |answer: &str| if answer.is_empty() { Ok(()) } else { check(answer) };
    Ok(Some(prompt_line(ui, prompt, None, String::new(), true, check)?).filter(|answer| !answer.is_empty()))
}

fn prompt_line(
    ui: &Ui,
    prompt: &str,
    default: Option<String>,
    initial_text: String,
    may_be_empty: bool,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<String> {
    let (prompt, is_plain) = (prompt.to_owned(), ui.capabilities.no_animation);
    let check = move |answer: &str| match answer.is_empty() && !may_be_empty {
        true => Err(t!("ui-empty-answer").into()),
        false => check(answer),
    };
    run_prompt(move || match is_plain {
        true => plain::prompt_text(&prompt, default.as_deref(), check),
        false => read_editable_line(&prompt, default.as_deref(), initial_text, check),
    })
}

/// Prompts for a line on a terminal that can move the cursor. A rejected answer can be edited, and
/// the reason stays visible above it.
fn read_editable_line(
    prompt: &str,
    default: Option<&str>,
    mut initial_text: String,
    check: impl Fn(&str) -> Result<(), InvalidAnswer>,
) -> dialoguer::Result<String> {
    let term = Term::stderr();
    let mut question = String::new();
    PromptTheme.format_input_prompt(&mut question, prompt, default).map_err(io::Error::other)?;
    loop {
        let typed = line_editor::edit_line(&question, &initial_text)?;
        let answer = match (typed.trim(), default) {
            ("", Some(default)) => default,
            (typed, _) => typed,
        };
        let mut line = String::new();
        match check(answer) {
            Ok(()) => {
                PromptTheme.format_input_prompt_selection(&mut line, prompt, answer).map_err(io::Error::other)?;
                term.write_line(&line)?;
                return Ok(answer.to_owned());
            }
            Err(invalid) => {
                format_rejection(&mut line, &invalid).map_err(io::Error::other)?;
                term.write_line(&line)?;
                initial_text = invalid.suggestion.unwrap_or_else(|| answer.to_owned());
            }
        }
    }
}

/// Prompts for a secret, which is not shown, until it is not empty. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_secret(ui: &Ui, prompt: &str) -> anyhow::Result<Secret> {
    let (prompt, is_plain) = (prompt.to_owned(), ui.capabilities.no_animation);
    run_prompt(move || read_hidden(is_plain, &prompt, None)).map(|secret| secret.trim().to_owned().into())
}

/// Prompts for a secret, which is not shown; `None` if the user presses Enter to keep the current
/// one. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_secret_or_keep(ui: &Ui, prompt: &str) -> anyhow::Result<Option<Secret>> {
    let (prompt, is_plain) = (prompt.to_owned(), ui.capabilities.no_animation);
    let typed = run_prompt(move || read_hidden(is_plain, &prompt, Some(t!("ui-hidden"))))?;
    Ok(Some(typed.trim()).filter(|typed| !typed.is_empty()).map(|typed| typed.to_owned().into()))
}

/// Prompts for yes or no; `None` if the user types `<` to go back. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn confirm_or_back(ui: &Ui, question: &str, default: bool) -> anyhow::Result<Option<bool>> {
    prompt_confirm(ui, question, default, true)
}

/// Prompts for yes or no, with "yes" as the default. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn confirm_yes(ui: &Ui, question: &str) -> anyhow::Result<bool> {
    Ok(prompt_confirm(ui, question, true, false)? == Some(true))
}

/// Prompts for yes or no, with "no" as the default. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn confirm(ui: &Ui, question: &str) -> anyhow::Result<bool> {
    Ok(prompt_confirm(ui, question, false, false)? == Some(true))
}

fn prompt_confirm(ui: &Ui, question: &str, default: bool, may_go_back: bool) -> anyhow::Result<Option<bool>> {
    let (question, is_plain) = (question.to_owned(), ui.capabilities.no_animation);
    run_prompt(move || match is_plain {
        true => plain::confirm(&question, default, may_go_back),
        false => Ok(line_editor::confirm(&fit_question(&question)?, default, may_go_back)?),
    })
}

/// Prompts twice for a new password, which is not shown. An empty one means no password. stdin must
/// be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn prompt_new_password(ui: &Ui) -> anyhow::Result<Option<Secret>> {
    let is_plain = ui.capabilities.no_animation;
    let password = run_prompt(move || {
        loop {
            let password = read_hidden(is_plain, &t!("user-password-prompt"), Some(t!("ui-hidden-none")))?;
            // An empty password cannot be mistyped.
            if password.is_empty()
                || read_hidden(is_plain, &t!("user-password-again"), Some(t!("ui-hidden-none")))? == password
            {
                return Ok(password);
            }
            Term::stderr().write_line(&t!("user-password-differs"))?;
        }
    })?;
    Ok(Some(password).filter(|password| !password.is_empty()).map(Secret::from))
}

/// Lets the user pick one of `items` from a list, and returns its index. stdin must be a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn pick(ui: &Ui, prompt: &str, items: &[String]) -> anyhow::Result<usize> {
    let chosen = pick_items(ui, prompt, items, false)?;
    chosen.first().copied().ok_or_else(|| anyhow::anyhow!(t!("ui-prompt")))
}

/// Lets the user pick one or more of `items` from a list, and returns their indexes. stdin must be
/// a terminal.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub fn pick_several(ui: &Ui, prompt: &str, items: &[String]) -> anyhow::Result<Vec<usize>> {
    pick_items(ui, prompt, items, true)
}

fn pick_items(ui: &Ui, prompt: &str, items: &[String], is_multiple: bool) -> anyhow::Result<Vec<usize>> {
    let (prompt, items, is_plain) = (prompt.to_owned(), items.to_vec(), ui.capabilities.no_animation);
    let ellipsis = ui.ellipsis();
    run_prompt(move || {
        if is_plain {
            return Ok(plain::pick(&prompt, &items, is_multiple)?);
        }
        let chosen = picker::pick(&prompt, &items, is_multiple, ellipsis)?;
        let texts: Vec<&str> = chosen.iter().filter_map(|index| items.get(*index)).map(String::as_str).collect();
        let mut line = String::new();
        PromptTheme.format_input_prompt_selection(&mut line, &prompt, &texts.join(", ")).map_err(io::Error::other)?;
        Term::stderr().write_line(&line)?;
        Ok(chosen)
    })
}

/// Prints all lines but the last of a question that is wider than the terminal, and returns the
/// last one. A prompt is redrawn with its answer, which works for one line only.
fn fit_question(question: &str) -> io::Result<String> {
    let question = sanitize::single_line(question);
    let width = terminal_width().unwrap_or(usize::MAX).saturating_sub(" [y/N] ".len() + 1);
    let mut lines = wrap(&question, width);
    let last = lines.pop().unwrap_or_default();
    lines.iter().try_for_each(|line| Term::stderr().write_line(line))?;
    Ok(last)
}

/// Reads a line that is not shown. The prompt is repeated while the line is empty, unless there is
/// a text that is shown in place of an empty one.
fn read_hidden(is_plain: bool, prompt: &str, empty_text: Option<String>) -> dialoguer::Result<String> {
    let term = Term::stderr();
    let mut question = String::new();
    PromptTheme.format_password_prompt(&mut question, prompt).map_err(io::Error::other)?;
    loop {
        term.write_str(&question)?;
        let typed = line_editor::read_unechoed_line()?;
        if empty_text.is_none() && typed.is_empty() {
            continue;
        }
        if !is_plain {
            let mut line = String::new();
            let placeholder = empty_text.filter(|_| typed.is_empty()).unwrap_or_else(|| t!("ui-hidden"));
            PromptTheme.format_input_prompt_selection(&mut line, prompt, &placeholder).map_err(io::Error::other)?;
            term.clear_last_lines(1)?;
            term.write_line(&line)?;
        }
        return Ok(typed);
    }
}

/// Discards what was typed before a prompt.
pub fn flush_input() {
    // If this fails, the text becomes the answer.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Runs a prompt on a thread, so that a signal can end the wait. The terminal modes are restored
/// here, because the thread of the prompt stays blocked.
fn run_prompt<T: Send + 'static>(prompt: impl FnOnce() -> dialoguer::Result<T> + Send + 'static) -> anyhow::Result<T> {
    let _modes = TerminalModeGuard::save();
    let signals = SignalReceiver::new()?;
    let (sender, receiver) = bounded(1);
    std::thread::Builder::new().name("prompt".into()).spawn(move || {
        // The receiver is gone after a signal.
        let _ = sender.send(prompt());
    })?;
    crossbeam_channel::select! {
        recv(receiver) -> answer => match (answer?, received_signal()) {
            // The signal arrived together with the answer, and would not be noticed later.
            (Ok(_), Some(signal)) => Err(interrupted_error(signal.exit_status())),
            (Ok(answer), None) => Ok(answer),
            // While single keys are read, Ctrl-C is a key and not a signal.
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::Interrupted => {
                restore_terminal();
                Err(interrupted_error(ExitStatus::Interrupted))
            }
            (Err(dialoguer::Error::IO(e)), _) if e.kind() == io::ErrorKind::UnexpectedEof => {
                restore_terminal();
                Err(PromptAborted(CommandError::usage(t!("ui-ended"))).into())
            }
            (Err(e), _) => Err(e).context(t!("ui-prompt")),
        },
        recv(signals.events) -> signal => {
            restore_terminal();
            Err(interrupted_error(signal.map_or(ExitStatus::Interrupted, Signal::exit_status)))
        }
    }
}

/// A signal or the end of the input (Ctrl-D) ended a prompt.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PromptAborted(#[source] CommandError);

fn interrupted_error(exit: ExitStatus) -> anyhow::Error {
    PromptAborted(CommandError { exit, message: t!("ui-interrupted"), hint: None }).into()
}

/// The terminal modes before the current prompt.
static SAVED_MODES: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);

/// Saves the terminal modes for [`restore_terminal`] while it exists.
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

/// Restores the terminal during a prompt; otherwise does nothing.
pub(super) fn restore_terminal() {
    if let Ok(modes) = SAVED_MODES.try_lock()
        && let Some(modes) = modes.as_ref()
    {
        // The process is about to exit, so a failure cannot be handled.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        let terminal = StdStream::terminal();
        let _ = terminal.write_line("");
        let _ = terminal.show_cursor();
    }
}
