//! `wxbox outbox` manages sent and queued messages.

mod content_text;
mod deliver;
mod follow;
mod list;
mod maintain;
mod message_table;
mod selection;
mod show;
mod status;

use crate::cli::{Global, OutboxCommand};
use crate::clock::ClockReading;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::delivery::recover_orphans;
use crate::exit::ExitStatus;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &OutboxCommand) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    // Recover the attempts that a killed process left without an outcome.
    if !matches!(command, OutboxCommand::Flush) && app.database_exists() {
        let mut store = app.open_store()?;
        recover_orphans(&mut store, &ClockReading::now())?;
        store.remove_stale_locks();
    }
    match command {
        OutboxCommand::Flush => deliver::flush(ui, &app),
        OutboxCommand::Retry(args) => deliver::retry(ui, &app, args),
        OutboxCommand::List(args) => list::list(ui, &app, args),
        OutboxCommand::Follow(args) => follow::follow(ui, &app, args),
        OutboxCommand::Show(args) => show::show(ui, &app, args),
        OutboxCommand::Cancel(args) => maintain::cancel(ui, &app, args),
        OutboxCommand::Prune(args) => maintain::prune(ui, &app, args),
        OutboxCommand::Status(args) => status::status(ui, &app, args),
    }
}
