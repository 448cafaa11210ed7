//! wxbox: reach people in WeChat from the command line. This is the map of the house.
//!
//! ```text
//! argv ──cli──► commands ──► store (SQLite)          what we know and owe
//!                  │   ├───► wechat (HTTP)           what the platform says
//!                  │   ├───► callback (http)         what the phone brings
//!                  │   ├───► delivery                store ⇄ wechat
//!                  ▼
//!                  ui ──► stdout: results   stderr: everything else        error ──► exit status + hint
//! ```
//!
//! What must stay true is in CONTRIBUTING.md; `tests/it/tidy.rs` holds the parts that a test can hold.

pub mod access_token;
pub mod bounded;
pub mod callback;
pub mod cli;
pub mod clock;
pub mod commands;
mod compose;
pub mod config;
pub mod context;
pub mod delivery;
pub mod exit;
pub mod files;
pub mod http_server;
pub mod i18n;
mod listen;
pub mod names;
pub mod net;
mod password;
pub mod pem;
pub mod reference;
pub mod sandbox;
pub mod secret;
pub mod signals;
pub mod store;
pub mod termination;
pub mod text_line;
pub mod time_zone;
pub mod ui;
pub mod wechat;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, ValueEnum};

use cli::Cli;
use exit::{ErrorReport, ExitStatus, classify};
use ui::{ColorMode, Ui};

/// Runs one command line, the program's name first. Can be called more than once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>, ui: &mut Ui) -> ExitStatus {
    let args: Vec<OsString> = args.into_iter().collect();
    let locale = i18n::detect_locale(|name| std::env::var(name).ok());
    i18n::set_language(locale.lang);
    time_zone::set_time_zone(None);
    let cli = match Cli::parse_args(&args) {
        Ok(cli) => cli,
        Err(error) => return report_parse_error(&args, &error, ui),
    };
    ui.configure(cli.global.json, cli.global.quiet, cli.global.color);
    ui::start_log(cli.global.verbose);
    if let Some(name) = &locale.unsupported {
        ui.warn(&t!("ui-language-unknown", name = name));
    }
    let exit = commands::run(cli, ui).unwrap_or_else(|error| {
        let report = classify(&error);
        ui.error(&report);
        report.exit
    });
    match signals::received_signal() {
        // It may have done all, and could not say so. `run` ends as its command did.
        Some(signal) if ui.results_dropped() && !matches!(exit, ExitStatus::Child(_)) => signal.exit_status(),
        _ => exit,
    }
}

/// Help and version, or clap's complaint in our form.
fn report_parse_error(args: &[OsString], error: &clap::Error, ui: &mut Ui) -> ExitStatus {
    let words: Vec<&str> = args.iter().map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    let color = match words.iter().rposition(|word| *word == "--color" || word.starts_with("--color=")) {
        Some(at) => words[at].strip_prefix("--color=").or_else(|| words.get(at + 1).copied()),
        None => None,
    };
    let color = color.and_then(|name| ColorMode::from_str(name, false).ok()).unwrap_or_default();
    ui.configure(words.contains(&"--json"), false, color);
    let wants_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if wants_help {
        return match ui.write_stdout(&error.render().to_string()) {
            Ok(()) => ExitStatus::Success,
            Err(error) => {
                ui.error(&classify(&error));
                ExitStatus::Unexpected
            }
        };
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(option) = find_mistyped_option(args)
    {
        ui.error(&classify(&commands::mistyped_option_error(&option).into()));
        return ExitStatus::Usage;
    }
    let is_command_missing =
        matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand);
    let report = match is_command_missing {
        true if !ui.json() && error.kind() != ErrorKind::MissingSubcommand => {
            ui.write_stderr(&error.render().to_string());
            return ExitStatus::Usage;
        }
        true => {
            let word = args.iter().filter_map(|arg| arg.to_str()).skip(1).find(|arg| !arg.starts_with('-'));
            let command = ["wxbox"].into_iter().chain(word).collect::<Vec<_>>().join(" ");
            let hint = Some(t!("cli-no-command-hint", command = command));
            ErrorReport { exit: ExitStatus::Usage, message: t!("cli-no-command"), hint }
        }
        false => cli::usage_error::from_clap(error),
    };
    ui.error(&report);
    ExitStatus::Usage
}

/// Where `send` has a word too much, an unknown option has been taken for the text.
fn find_mistyped_option(args: &[OsString]) -> Option<String> {
    let words = args.iter().skip(1).map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let send_args = words.skip_while(|arg| *arg != "send");
    let known_options = Cli::command()
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .map(|name| format!("--{name}"))
        .chain(cli::Send::long_option_names())
        .collect::<Vec<_>>();
    let mut options = send_args.filter(|arg| arg.starts_with("--"));
    options.find(|arg| !known_options.iter().any(|name| arg.split('=').next() == Some(name))).map(str::to_owned)
}
