//! `wxbox init`: asks for what a config needs, tries it, and writes it.

mod ask;
mod file;
mod given;
mod trial;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::{Global, Init as Args};
use crate::commands::ground;
use crate::config::{Environment, Flags, path_to_write};
use crate::error::{Exit, Failure, classify};
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::redirect::{to_enter, troubles};
use file::Answers;
use given::Given;
use trial::Trial;

/// What was done.
#[derive(Serialize)]
struct Written<'a> {
    event: &'static str,
    path: &'a Path,
    app_id: &'a str,
    /// Whether WeChat took the app id and the secret.
    checked: bool,
    /// What was there before.
    kept: Option<PathBuf>,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("init-written", path = self.path))?;
        match &self.kept {
            Some(kept) => write!(f, "\n{}", t!("init-kept", path = kept)),
            None => Ok(()),
        }
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<Exit> {
    match write(ui, global, args) {
        Err(error) if ui::was_interrupted(&error) => {
            ui.status(&t!("init-cancelled"));
            Ok(classify(&error).exit)
        }
        ended => ended,
    }
}

fn write(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<Exit> {
    let environment = Environment::read();
    let flags = Flags { config: global.config.clone(), ..Flags::default() };
    let path = path_to_write(&flags, &environment)?;
    let asks = ui.in_terminal && !args.secret_stdin;
    let given = Given::read(args, &environment)?;
    if !asks {
        given.is_whole()?;
    }
    let Some(replace) = may_write(ui, &path, args.force, asks)? else {
        ui.status(&t!("init-nothing"));
        return Ok(Exit::Done);
    };
    let mut answers = if asks { ask::answers(ui, &path, given)? } else { given.answers()? };
    if !asks {
        ask::warn_of_app_id(ui, &answers.app_id);
    }
    let checked = match (args.no_check, asks) {
        (true, _) => false,
        (false, true) => match trial::until_it_works(ui, &mut answers, &path, &environment)? {
            Trial::Works => true,
            Trial::Unchecked => false,
            Trial::Dropped(exit) => {
                ui.status(&t!("init-nothing"));
                return Ok(exit);
            }
        },
        (false, false) => trial::once(&answers, &path, &environment)?,
    };
    let kept = file::write(&path, &answers.text(), replace).map_err(|cause| cannot_write(&path, &cause))?;
    ui.done(&Written { event: "config_written", path: &path, app_id: &answers.app_id, checked, kept })?;
    after(ui, global, &answers);
    Ok(Exit::Done)
}

/// Whether the config may be written, and what is there replaced; `None`: somebody said no.
fn may_write(ui: &Ui, path: &Path, force: bool, asks: bool) -> anyhow::Result<Option<bool>> {
    if path.is_dir() {
        return Err(Failure::usage(t!("config-directory", path = path))
            .hint(t!("config-directory-hint", path = path.join("config.toml")))
            .into());
    }
    ground::may_make(path).map_err(|cause| cannot_write(path, &cause))?;
    if !path.exists() {
        return Ok(Some(false));
    }
    let exists = || Failure::usage(t!("backup-exists", file = path)).hint(t!("init-exists-hint"));
    match (force, asks) {
        (true, _) => Ok(Some(true)),
        (false, false) => Err(exists().into()),
        (false, true) => Ok(ui::confirm(ui, &t!("init-replace", path = path), "")?.then_some(true)),
    }
}

fn cannot_write(path: &Path, cause: &std::io::Error) -> Failure {
    let what = t!("init-cannot-write", path = path, cause = *cause);
    Failure { exit: Exit::Unexpected, what, hint: Some(t!("init-cannot-write-hint")) }
}

/// What is left to do: in WeChat's console, and here.
fn after(ui: &mut Ui, global: &Global, answers: &Answers) {
    let uri = &answers.redirect_uri;
    if answers.sandbox.is_none() {
        let all = troubles(uri, false);
        for trouble in all.iter().filter(|it| !it.is_of_real_accounts()) {
            ui.warn(&t!("ui-cause", what = uri.as_str(), cause = trouble.said()));
        }
        ui.status(&match all.iter().find(|it| it.is_of_real_accounts()) {
            None => t!("init-console", enter = to_enter(uri)),
            Some(trouble) => t!("init-console-test", enter = to_enter(uri), why = trouble.said()),
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
