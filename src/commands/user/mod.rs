//! `wxbox user` manages the people who can receive messages.

mod csv_dialect;
mod csv_formula;
mod csv_quotes;
mod edit;
mod export;
mod import;
mod import_django;
mod import_reader;
mod parse;
mod stage;
mod sync;
mod view;

use crate::cli::{Global, UserCommand};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, command: UserCommand) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        UserCommand::Add(args) => edit::add(ui, &app, &args),
        UserCommand::List(args) => view::list(ui, &app, &args),
        UserCommand::Show(args) => view::show(ui, &app, &args),
        UserCommand::Edit(args) => edit::edit(ui, &app, &args),
        UserCommand::Passwd(args) => edit::passwd(ui, &app, &args),
        UserCommand::Remove(args) => edit::remove(ui, &app, &args),
        UserCommand::Import(args) => import::import(ui, &app, &args),
        UserCommand::Export(args) => export::export(ui, &app, &args),
        UserCommand::Sync => sync::sync(ui, &app),
    }
}
