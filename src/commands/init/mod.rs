//! `wxbox init` asks for the settings that a configuration needs, verifies them, and writes the
//! file.

mod event_answers;
mod events;
mod options;
mod prompts;
mod verify;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::{Global, Init as Args};
use crate::config::{CliOverrides, Environment, path_to_write};
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::report::classify;
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::redirect_uri::{console_value, problems};
use options::PresetAnswers;
use verify::Verification;
use write::InitAnswers;

/// The file that was written.
#[derive(Serialize)]
struct InitView<'a> {
    event: &'static str,
    path: &'a Path,
    app_id: &'a str,
    /// WeChat accepted the app ID and the secret.
    checked: bool,
    /// The URL to enter in WeChat's console for events; `None` if none are received.
    push_url: Option<String>,
    /// The backup of the previous file.
    kept: Option<PathBuf>,
}

impl fmt::Display for InitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("init-written", path = self.path))?;
        match &self.kept {
            Some(backup_path) => write!(f, "\n{}", t!("init-kept", path = backup_path)),
            None => Ok(()),
        }
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    match create_config(ui, global, args) {
        Err(error) if error.is::<ui::PromptAborted>() => {
            ui.status(&t!("init-cancelled"));
            Ok(classify(&error).exit)
        }
        ended => ended,
    }
}

fn create_config(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    let environment = Environment::from_process();
    let flags = CliOverrides { config: global.config.clone(), ..CliOverrides::default() };
    let path = path_to_write(&flags, &environment)?;
    let is_interactive = ui.can_prompt && !args.secret_stdin;
    let preset = PresetAnswers::from_args(args, &environment)?;
    if !is_interactive {
        preset.check_complete()?;
    }
    let Some(replace) = check_overwrite(ui, &path, args.force, is_interactive)? else {
        ui.status(&t!("init-nothing"));
        return Ok(ExitStatus::Success);
    };
    let mut answers = if is_interactive { prompts::ask_all(ui, &path, preset)? } else { preset.into_answers()? };
    if !is_interactive {
        prompts::warn_if_unusual_app_id(ui, &answers.app_id);
    }
    let checked = match (args.no_check, is_interactive) {
        (true, _) => false,
        (false, true) => match verify::verify_until_accepted(ui, &mut answers, &path, &environment)? {
            Verification::Accepted => true,
            Verification::Skipped => false,
            Verification::Declined(exit) => {
                ui.status(&t!("init-nothing"));
                return Ok(exit);
            }
        },
        (false, false) => verify::verify_once(&answers, &path, &environment)?,
    };
    let app = events::written_config(&answers, &path, &environment)?;
    let backup_path =
        write::write_config(&path, &answers.render(), replace).map_err(|cause| write_error(&path, &cause))?;
    let push_url = app.config.push_url().filter(|_| answers.events.is_some());
    ui.print_result(&InitView {
        event: "config_written",
        path: &path,
        app_id: &answers.app_id,
        checked,
        push_url: push_url.clone().map(String::from),
        kept: backup_path,
    })?;
    print_console_steps(ui, &answers);
    let mut exit = ExitStatus::Success;
    if let Some(url) = &push_url {
        events::warn_about_url(ui, &answers, url);
        // Without a terminal, or with --quiet, no operator enters the values now.
        if is_interactive && !ui.quiet() {
            events::print_console_values(ui, &answers, url.as_str());
            exit = events::wait_for_check(ui, &app)?;
        } else {
            events::print_file_note(ui, &answers, &path, url.as_str());
        }
    }
    print_next_commands(ui, global, answers.events.is_some());
    Ok(exit)
}

/// Returns whether an existing file is replaced; `None` if the user declined.
fn check_overwrite(ui: &Ui, path: &Path, force: bool, is_interactive: bool) -> anyhow::Result<Option<bool>> {
    if path.is_dir() {
        return Err(CommandError::usage(t!("config-directory", path = path))
            .hint(t!("config-directory-hint", path = path.join("config.toml")))
            .into());
    }
    files::check_creatable(path).map_err(|cause| write_error(path, &cause))?;
    if !path.exists() {
        return Ok(Some(false));
    }
    let exists = || CommandError::usage(t!("backup-exists", file = path)).hint(t!("init-exists-hint"));
    match (force, is_interactive) {
        (true, _) => Ok(Some(true)),
        (false, false) => Err(exists().into()),
        (false, true) => Ok(ui::confirm(ui, &t!("init-replace", path = path), "")?.then_some(true)),
    }
}

fn write_error(path: &Path, cause: &std::io::Error) -> CommandError {
    let message = t!("init-cannot-write", path = path, cause = *cause);
    CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("init-cannot-write-hint")) }
}

/// Prints what to do in WeChat's console and in the configuration so that phones are called back.
fn print_console_steps(ui: &mut Ui, answers: &InitAnswers) {
    let uri = &answers.redirect_uri;
    if answers.sandbox.is_none() {
        let problems_found = problems(uri, false);
        for problem in problems_found.iter().filter(|problem| !problem.is_verified_only()) {
            ui.warn(&t!("ui-cause", what = uri.as_str(), cause = problem.describe()));
        }
        ui.status(&match problems_found.iter().find(|problem| problem.is_verified_only()) {
            None => t!("init-console", enter = console_value(uri)),
            Some(problem) => t!("init-console-test", enter = console_value(uri), why = problem.describe()),
        });
    }
    if uri.scheme() == "https" && answers.listen.is_none() {
        ui.warn(&t!("init-listen-missing"));
    }
}

/// Prints the next commands.
fn print_next_commands(ui: &mut Ui, global: &Global, has_events: bool) {
    let config = global.config.as_ref().map(|path| format!("-c {} ", shell_words::quote(&path.to_string_lossy())));
    let config = config.unwrap_or_default();
    ui.status(&t!("init-next"));
    let lines: &[&str] = match has_events {
        true => &["serve", "doctor", "user add luffy", "bind --user luffy --scan"],
        false => &["doctor", "user add luffy", "bind --user luffy"],
    };
    for line in lines {
        ui.status(&format!("  wxbox {config}{line}"));
    }
}
