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
pub mod callback;
pub mod cli;
pub mod commands;
pub mod config;
pub mod delivery;
pub mod error;
pub mod http;
pub mod sandbox;
pub mod secret;
pub mod signals;
pub mod store;
pub mod time;
pub mod token;
pub mod ui;
pub mod wechat;
pub mod words;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use cli::Cli;
use error::{Exit, Report, classify};
use ui::{Color, Ui};

/// Runs one command line, the program's name first. Can be called more than once in a process.
pub fn run(args: impl IntoIterator<Item = OsString>, ui: &mut Ui) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_a_command(&args, &error, ui),
    };
    ui.configure(cli.global.json, cli.global.quiet, cli.global.color);
    ui::start_log(cli.global.verbose);
    commands::run(cli, ui).unwrap_or_else(|error| {
        let report = classify(&error);
        ui.error(&report);
        report.exit
    })
}

/// Help and version, or clap's complaint in our form.
fn not_a_command(args: &[OsString], error: &clap::Error, ui: &mut Ui) -> Exit {
    let flag = |name: &str| args.iter().take_while(|arg| *arg != "--").any(|arg| arg == name);
    let color = if flag("--color=never") { Color::Never } else { Color::Auto };
    ui.configure(flag("--json"), false, color);
    let wants_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if wants_help {
        return match ui.raw_out(&error.render().to_string()) {
            Ok(()) => Exit::Done,
            Err(_) => Exit::Unexpected,
        };
    }
    let text = error.render().to_string();
    if !ui.json() {
        ui.raw_err(&text);
        return Exit::Usage;
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let what = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let hint: Vec<&str> = lines.filter(|line| !line.starts_with("For more information")).collect();
    let hint = Some(hint.join("; ")).filter(|hint| !hint.is_empty());
    ui.error(&Report { exit: Exit::Usage, what, hint });
    Exit::Usage
}
