//! `wxbox init`: asks for what a config needs, tries it, and writes it.

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

/// What was done.
#[derive(Serialize)]
struct InitView<'a> {
    event: &'static str,
    path: &'a Path,
    app_id: &'a str,
    /// Whether WeChat took the app id and the secret.
    checked: bool,
    /// What was there before.
    kept: Option<PathBuf>,
}

impl fmt::Display for InitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("init-written", path = self.path))?;
        match &self.kept {
            Some(kept) => write!(f, "\n{}", t!("init-kept", path = kept)),
            None => Ok(()),
        }
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    match create_config(ui, global, args) {
        Err(error) if ui::was_interrupted(&error) => {
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
    let given = PresetAnswers::from_args(args, &environment)?;
    if !is_interactive {
        given.check_complete()?;
    }
    let Some(replace) = check_overwrite(ui, &path, args.force, is_interactive)? else {
        ui.status(&t!("init-nothing"));
        return Ok(ExitStatus::Success);
    };
    let mut answers = if is_interactive { prompts::ask_all(ui, &path, given)? } else { given.into_answers()? };
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
    let kept = write::write_config(&path, &answers.render(), replace).map_err(|cause| write_error(&path, &cause))?;
    ui.print_result(&InitView { event: "config_written", path: &path, app_id: &answers.app_id, checked, kept })?;
    print_next_steps(ui, global, &answers);
    Ok(ExitStatus::Success)
}

/// Whether the config may be written, and what is there replaced; `None`: somebody said no.
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
    let what = t!("init-cannot-write", path = path, cause = *cause);
    CommandError { exit: ExitStatus::Unexpected, message: what, hint: Some(t!("init-cannot-write-hint")) }
}

/// What is left to do: in WeChat's console, and here.
fn print_next_steps(ui: &mut Ui, global: &Global, answers: &InitAnswers) {
    let uri = &answers.redirect_uri;
    if answers.sandbox.is_none() {
        let all = problems(uri, false);
        for trouble in all.iter().filter(|it| !it.is_verified_only()) {
            ui.warn(&t!("ui-cause", what = uri.as_str(), cause = trouble.describe()));
        }
        ui.status(&match all.iter().find(|it| it.is_verified_only()) {
            None => t!("init-console", enter = console_value(uri)),
            Some(trouble) => t!("init-console-test", enter = console_value(uri), why = trouble.describe()),
        });
    }
    if uri.scheme() == "https" && answers.listen.is_none() {
        ui.warn(&t!("init-listen-missing"));
    }
    let config = global.config.as_ref().map(|path| format!("-c {} ", shell_words::quote(&path.to_string_lossy())));
    let config = config.unwrap_or_default();
    ui.status(&t!("init-next"));
    for line in ["doctor", "user add luffy", "bind --user luffy"] {
        ui.status(&format!("  wxbox {config}{line}"));
    }
}
