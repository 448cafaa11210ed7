//! `wxbox backup`: a consistent copy of the database while others use it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Backup, Global};
use crate::config::{Environment, Flags};
use crate::error::{Exit, Failure};
use crate::t;
use crate::ui::Ui;

/// The copy.
#[derive(Serialize)]
struct Copied {
    file: PathBuf,
    bytes: u64,
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("backup-done", file = self.file.display().to_string()))
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Backup) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    let database = &app.config.database.value;
    let file = &Environment::read().typed(&args.file, "FILE")?;
    let to = file.display().to_string();
    if !app.has_database() {
        // Opening would make one, and the copy would be of nothing.
        return Err(app.no_database().into());
    }
    let exists = || Failure::usage(t!("backup-exists", file = to)).hint(t!("backup-exists-hint"));
    if let Ok(there) = file.canonicalize() {
        if there.is_dir() {
            return Err(Failure::usage(t!("backup-dir", file = to)).into());
        }
        if database.canonicalize().is_ok_and(|database| database == there) {
            return Err(Failure::usage(t!("backup-itself", file = to)).into());
        }
        if !args.force {
            return Err(exists().into());
        }
    }
    if !app.store()?.backup(file, args.force)? {
        return Err(exists().into());
    }
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    ui.done(&Copied { file: file.clone(), bytes })?;
    Ok(Exit::Done)
}
