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

pub mod app;
pub mod bounded;
pub mod callback;
pub mod cli;
pub mod commands;
mod complaint;
pub mod config;
pub mod delivery;
pub mod error;
pub mod http;
pub mod line;
pub mod loopback;
pub mod names;
pub mod pem;
pub mod private;
pub mod reference;
pub mod sandbox;
pub mod secret;
pub mod signals;
pub mod stop;
pub mod store;
pub mod time;
pub mod token;
pub mod ui;
pub mod wechat;
pub mod words;
pub mod zone;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, ValueEnum};

use cli::Cli;
use error::{Exit, Report, classify};
use ui::{Color, Ui};

/// Runs one command line, the program's name first. Can be called more than once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>, ui: &mut Ui) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let wanted = words::wanted(|name| std::env::var(name).ok());
    words::set_language(wanted.lang);
    zone::set_zone(None);
    let cli = match Cli::of(&args) {
        Ok(cli) => cli,
        Err(error) => return not_a_command(&args, &error, ui),
    };
    ui.configure(cli.global.json, cli.global.quiet, cli.global.color);
    ui::start_log(cli.global.verbose);
    if let Some(name) = &wanted.unknown {
        ui.warn(&t!("ui-language-unknown", name = name));
    }
    let exit = commands::run(cli, ui).unwrap_or_else(|error| {
        let report = classify(&error);
        ui.error(&report);
        report.exit
    });
    match signals::came() {
        // It may have done all, and could not say so. `run` ends as its command did.
        Some(signal) if ui.unread() && !matches!(exit, Exit::Command(_)) => signal.exit(),
        _ => exit,
    }
}

/// Help and version, or clap's complaint in our form.
fn not_a_command(args: &[OsString], error: &clap::Error, ui: &mut Ui) -> Exit {
    let words: Vec<&str> = args.iter().map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    let color = match words.iter().rposition(|word| *word == "--color" || word.starts_with("--color=")) {
        Some(at) => words[at].strip_prefix("--color=").or_else(|| words.get(at + 1).copied()),
        None => None,
    };
    let color = color.and_then(|name| Color::from_str(name, false).ok()).unwrap_or_default();
    ui.configure(words.contains(&"--json"), false, color);
    let wants_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if wants_help {
        return match ui.raw_out(&error.render().to_string()) {
            Ok(()) => Exit::Done,
            Err(error) => {
                ui.error(&classify(&error));
                Exit::Unexpected
            }
        };
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(option) = mistyped_option(args)
    {
        ui.error(&classify(&commands::mistyped_option(&option).into()));
        return Exit::Usage;
    }
    let asks_for_a_command =
        matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand);
    let report = match asks_for_a_command {
        true if !ui.json() && error.kind() != ErrorKind::MissingSubcommand => {
            ui.raw_err(&error.render().to_string());
            return Exit::Usage;
        }
        true => {
            let word = args.iter().filter_map(|arg| arg.to_str()).skip(1).find(|arg| !arg.starts_with('-'));
            let command = ["wxbox"].into_iter().chain(word).collect::<Vec<_>>().join(" ");
            let hint = Some(t!("cli-no-command-hint", command = command));
            Report { exit: Exit::Usage, what: t!("cli-no-command"), hint }
        }
        false => complaint::of(error),
    };
    ui.error(&report);
    Exit::Usage
}

/// Where `send` has a word too much, an unknown option has been taken for the text.
fn mistyped_option(args: &[OsString]) -> Option<String> {
    let words = args.iter().skip(1).map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let after = words.skip_while(|arg| *arg != "send");
    let known = Cli::command()
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .map(|name| format!("--{name}"))
        .chain(cli::Send::options())
        .collect::<Vec<_>>();
    let mut options = after.filter(|arg| arg.starts_with("--"));
    options.find(|arg| !known.iter().any(|name| arg.split('=').next() == Some(name))).map(str::to_owned)
}
