//! wxbox: reach people in WeChat from the command line.
//!
//! ```text
//! argv ──cli──► commands ──► store (SQLite)      recipients, bindings, queued messages
//!                  │   ├───► wechat (HTTP)       requests to the WeChat API
//!                  │   ├───► callback (HTTP)     requests of the phone that scans a QR code
//!                  │   ├───► delivery            sends what store has queued, records the results
//!                  ▼
//!                  ui ──► stdout: results   stderr: everything else   report ──► exit status, hint
//! ```
//!
//! docs/architecture.md describes the modules and the rules that hold between them;
//! `tests/it/architecture.rs` checks those that a test can check.

pub mod access_token;
pub mod binding;
pub mod callback;
pub mod cli;
pub mod clock;
mod commands;
pub mod completion;
mod compose;
pub mod config;
mod context;
pub mod delivery;
pub mod exit;
mod files;
pub mod http_server;
pub mod i18n;
mod listen;
mod names;
mod net;
mod password;
pub mod pem;
mod pickers;
pub mod process_hardening;
mod push_listener;
mod random;
pub mod reference;
pub mod report;
pub mod sandbox;
pub mod secret;
pub mod serve;
pub mod signals;
pub mod store;
mod termination;
mod text_line;
mod time_zone;
pub mod ui;
mod variant_names;
pub mod wechat;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;

use cli::Cli;
use exit::ExitStatus;
use report::classify;
use ui::Ui;

/// Runs one command line, whose first argument is the name of the program. It can be called more
/// than once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>, ui: &mut Ui) -> ExitStatus {
    let args: Vec<OsString> = args.into_iter().collect();
    let locale = i18n::detect_locale(|name| std::env::var(name).ok());
    i18n::set_language(locale.lang);
    time_zone::set_time_zone(None);
    let cli = match Cli::parse_args(&args) {
        Ok(cli) => cli,
        Err(error) => return report_parse_error(&args, &error, ui),
    };
    i18n::set_command_options(&cli.global.config_options());
    ui.configure(cli.global.json, cli.global.quiet, cli.global.color);
    ui::start_log(cli.global.verbose);
    if let Some(name) = &locale.unsupported {
        ui.warn(&t!("ui-language-unknown", name = name));
    }
    let exit = commands::run(cli, ui).unwrap_or_else(|error| {
        let error = classify(&error);
        // A person who presses Ctrl-C makes no error.
        match error.message == t!("ui-interrupted") && !ui.json() {
            true => ui.status(&error.message),
            false => ui.error(&error),
        }
        error.exit
    });
    match signals::received_signal() {
        // A signal ended the wait for a reader of stdout, so that results may be missing there.
        // `wxbox run` still exits with the status of its command.
        Some(signal) if ui.results_dropped() && !matches!(exit, ExitStatus::Child(_)) => signal.exit_status(),
        _ => exit,
    }
}

/// Prints the help or the version that was asked for, else the error in the command line.
fn report_parse_error(args: &[OsString], error: &clap::Error, ui: &mut Ui) -> ExitStatus {
    let (json, color) = cli::output_options(args);
    let config = cli::option_value(args, "--config", Some("-c"));
    let database = cli::option_value(args, "--database", None);
    let options = [config.map(|file| ["-c", file]), database.map(|file| ["--database", file])];
    let words: Vec<String> = options.into_iter().flatten().flatten().map(str::to_owned).collect();
    i18n::set_command_options(&words);
    ui.configure(json, false, color);
    if error.kind() == ErrorKind::DisplayVersion {
        return written_status(ui.write_stdout(&error.render().to_string()), ui);
    }
    context::apply_config_language(config.map(PathBuf::from));
    // Parsing fails again with the same error.
    let Some(probe) = cli::ParseProbe::new(args) else { return ExitStatus::Usage };
    let help = |is_long| cli::help_text(i18n::current_language(), &probe.words, is_long);
    let written = match error.kind() {
        ErrorKind::DisplayHelp => ui.write_document(&help(probe.is_long).unwrap_or_default()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if args.len() <= 1 => {
            ui.write_stdout(&help(false).unwrap_or_default())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            ui.write_stderr(&help(false).unwrap_or_default());
            return ExitStatus::Usage;
        }
        _ => {
            ui.error(&cli::usage_error(args, &probe));
            return ExitStatus::Usage;
        }
    };
    written_status(written, ui)
}

fn written_status(written: anyhow::Result<()>, ui: &mut Ui) -> ExitStatus {
    match written {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            ui.error(&classify(&error));
            ExitStatus::Unexpected
        }
    }
}
