//! `wxbox init` asks for the settings that a configuration needs, verifies them, and writes the
//! file.

mod aliases;
mod dialogue;
mod draft;
mod event_answers;
mod events;
mod existing;
mod prompts;
mod verify;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use url::Url;

use crate::cli::{Global, Init as Args};
use crate::config::{CliOverrides, ConfigLock, Environment, path_to_write};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::report::classify;
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::redirect_uri::{console_value, problems};
use dialogue::InitDialogue;
use draft::InitDraft;
use existing::ExistingConfig;
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
    let draft = InitDraft::from_args(args, &environment)?;
    let Some(target) = choose_target(ui, &path, args, &draft, is_interactive)? else {
        ui.status(&t!("init-nothing"));
        return Ok(ExitStatus::Success);
    };
    let existing = match &target {
        InitTarget::Change(existing) => Some(existing.as_ref().clone()),
        InitTarget::New | InitTarget::Replacement => None,
    };
    let (answers, checked) = if is_interactive {
        let mut dialogue = InitDialogue::new(draft, existing);
        dialogue.run(ui, &path)?;
        match check_answers(ui, &mut dialogue, &path, &environment, args.no_check)? {
            Ok(answers) => answers,
            Err(exit) => {
                ui.status(&t!("init-nothing"));
                return Ok(exit);
            }
        }
    } else {
        let answers = draft.complete(existing)?;
        prompts::warn_if_unusual_app_id(ui, &answers.app_id);
        let checked = !args.no_check && verify::verify_once(&answers, &path, &environment)?;
        (answers, checked)
    };
    let app = events::written_config(&answers, &path, &environment)?;
    let backup_path = write_file(&path, &answers, &target)?;
    let push_url = app.config.push_url().filter(|_| answers.events.is_some());
    ui.print_result(&InitView {
        event: "config_written",
        path: &path,
        app_id: &answers.app_id,
        checked,
        push_url: push_url.clone().map(String::from),
        kept: backup_path,
    })?;
    let added = answers.aliases.iter().map(|alias| t!("init-alias", alias = alias.alias, title = alias.title.as_str()));
    added.for_each(|text| ui.status(&text));
    print_console_steps(ui, &answers, app.config.listen.address.is_some());
    let exit = match &push_url {
        Some(url) => set_up_push_url(ui, &answers, (&app, &path), url, is_interactive)?,
        None => ExitStatus::Success,
    };
    if let (InitTarget::Change(existing), None) = (&target, &push_url) {
        events::warn_if_url_moved(ui, &existing.config, &app.config);
    }
    print_next_commands(ui, global, app.config.has_push(), existing_users(&app));
    Ok(exit)
}

/// Prints the values for WeChat's console, and waits for WeChat's check.
fn set_up_push_url(
    ui: &mut Ui,
    answers: &InitAnswers,
    (app, path): (&AppContext, &Path),
    url: &Url,
    is_interactive: bool,
) -> anyhow::Result<ExitStatus> {
    events::warn_about_url(ui, answers, url);
    // Without a terminal, or with --quiet, no operator enters the values now.
    if !is_interactive || ui.quiet() {
        events::print_file_note(ui, answers, path, url.as_str());
        return Ok(ExitStatus::Success);
    }
    events::print_console_values(ui, answers, url.as_str());
    events::wait_for_check(ui, app)
}

/// The file that `init` writes.
enum InitTarget {
    /// Create a file.
    New,
    /// Replace an existing file.
    Replacement,
    /// Change the existing config and keep every key that `init` does not ask about.
    Change(Box<ExistingConfig>),
}

/// Checks the answers with WeChat; the user can change them between attempts. Returns the answers
/// and whether WeChat accepted them, or the exit status if the user declined to write them.
fn check_answers(
    ui: &mut Ui,
    dialogue: &mut InitDialogue,
    path: &Path,
    environment: &Environment,
    is_unchecked: bool,
) -> anyhow::Result<Result<(InitAnswers, bool), ExitStatus>> {
    loop {
        let mut answers = dialogue.answers()?;
        if is_unchecked {
            return Ok(Ok((answers, false)));
        }
        match verify::verify_until_accepted(ui, &mut answers, path, environment)? {
            Verification::Accepted => return Ok(Ok((answers, true))),
            Verification::Skipped => return Ok(Ok((answers, false))),
            Verification::Declined(exit) => return Ok(Err(exit)),
            Verification::Revise => {
                dialogue.update(&answers);
                dialogue.review(ui)?;
            }
        }
    }
}

/// Writes the file, and returns the path of the backup of the previous one.
fn write_file(path: &Path, answers: &InitAnswers, target: &InitTarget) -> anyhow::Result<Option<PathBuf>> {
    let text = answers.render()?;
    let written = match target {
        InitTarget::Change(existing) => {
            let change = existing.change.clone().with_text(text);
            ConfigLock::acquire(path).and_then(|lock| change.write(&lock, true))
        }
        InitTarget::Replacement => write::write_config(path, &text, true),
        InitTarget::New => write::write_config(path, &text, false),
    };
    Ok(written.map_err(|cause| write_error(path, &cause))?)
}

/// Returns the file to write; `None` if the user declined.
///
/// # Errors
///
/// Without a terminal: answers are missing, or a file exists that is not to be replaced.
fn choose_target(
    ui: &mut Ui,
    path: &Path,
    args: &Args,
    draft: &InitDraft,
    is_interactive: bool,
) -> anyhow::Result<Option<InitTarget>> {
    if path.is_dir() {
        if !is_interactive {
            draft.check_complete()?;
        }
        return Err(CommandError::usage(t!("config-directory", path = path))
            .hint(t!("config-directory-hint", path = path.join("config.toml")))
            .into());
    }
    // A script that names an account creates a new file. A script that only adds events has its
    // account in the file.
    let is_addition = args.events.is_some() && !args.force && !draft.has_account_option(args) && path.exists();
    if !is_interactive && !is_addition {
        draft.check_complete()?;
    }
    files::check_creatable(path).map_err(|cause| write_error(path, &cause))?;
    if !path.exists() {
        return Ok(Some(InitTarget::New));
    }
    if args.force {
        return Ok(Some(InitTarget::Replacement));
    }
    if is_interactive {
        return match ExistingConfig::read(path) {
            Ok(existing) => Ok(Some(InitTarget::Change(Box::new(existing)))),
            Err(error) => {
                ui.warn(&classify(&error).message);
                let question = t!("init-replace", path = path);
                Ok(ui::confirm(ui, &question)?.then_some(InitTarget::Replacement))
            }
        };
    }
    if !is_addition {
        return Err(CommandError::usage(t!("backup-exists", file = path)).hint(t!("init-exists-hint")).into());
    }
    let existing = ExistingConfig::read(path)?;
    match existing.has_events() {
        true => {
            Err(CommandError::not_found(t!("init-events-exist", path = path)).hint(t!("init-events-exist-hint")).into())
        }
        false => Ok(Some(InitTarget::Change(Box::new(existing)))),
    }
}

fn write_error(path: &Path, cause: &std::io::Error) -> CommandError {
    if cause.kind() == std::io::ErrorKind::ResourceBusy {
        let message = t!("config-changed-by-other", path = path);
        return CommandError { exit: ExitStatus::Unexpected, message, hint: None };
    }
    let message = t!("init-cannot-write", path = path, cause = *cause);
    CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("init-cannot-write-hint")) }
}

/// Prints the steps in WeChat's console and in the configuration that the callback needs.
fn print_console_steps(ui: &mut Ui, answers: &InitAnswers, has_listen: bool) {
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
    if uri.scheme() == "https" && !has_listen {
        ui.warn(&t!("init-listen-missing"));
    }
}

/// The users in the database, as far as the next commands depend on them.
enum ExistingUsers {
    None,
    Unbound,
    Bound,
}

/// Returns which users there are. A database that cannot be read counts as empty, because `doctor`
/// reports it.
fn existing_users(app: &AppContext) -> ExistingUsers {
    let read = || -> anyhow::Result<ExistingUsers> {
        let store = app.open_existing_store()?;
        Ok(match (store.usernames()?.is_empty(), store.bound_openids(app.app_id())?.is_empty()) {
            (true, _) => ExistingUsers::None,
            (false, true) => ExistingUsers::Unbound,
            (false, false) => ExistingUsers::Bound,
        })
    };
    if app.database_exists() { read().unwrap_or(ExistingUsers::None) } else { ExistingUsers::None }
}

/// Prints the next commands. The first user comes before `doctor`, which misses a database that the
/// config names.
fn print_next_commands(ui: &mut Ui, global: &Global, has_events: bool, users: ExistingUsers) {
    let config = global.config.as_ref().map(|path| format!("-c {} ", shell_words::quote(&path.to_string_lossy())));
    let config = config.unwrap_or_default();
    ui.status(&t!("init-next"));
    let lines: &[&str] = match (has_events, users) {
        (true, ExistingUsers::None) => &["user add luffy", "serve", "doctor", "bind --user luffy --scan"],
        (false, ExistingUsers::None) => &["user add luffy", "doctor", "bind --user luffy"],
        (true, ExistingUsers::Unbound) => &["serve", "doctor", "bind --unbound --scan"],
        (false, ExistingUsers::Unbound) => &["doctor", "bind --unbound"],
        (true, ExistingUsers::Bound) => &["serve", "doctor", "send"],
        (false, ExistingUsers::Bound) => &["doctor", "send"],
    };
    for line in lines {
        ui.status(&format!("  wxbox {config}{line}"));
    }
}
