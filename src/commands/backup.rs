//! `wxbox backup`: a consistent copy of the database while others use it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Backup, Global};
use crate::config::{Environment, Flags};
use crate::error::{Exit, Failure};
use crate::store::BackupPlace;
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
    // A word is a slip of the tongue, such as `backup restore`.
    if !args.file.as_os_str().as_encoded_bytes().iter().any(|byte| matches!(byte, b'/' | b'.')) {
        return Err(Failure::usage(t!("backup-word", file = to)).hint(t!("backup-word-hint", file = to)).into());
    }
    let exists = || Failure::usage(t!("backup-exists", file = to)).hint(t!("backup-exists-hint"));
    match BackupPlace::of(file, database) {
        BackupPlace::Itself => return Err(Failure::usage(t!("backup-itself", file = to)).into()),
        BackupPlace::Beside => return Err(Failure::usage(t!("backup-beside", file = to)).into()),
        BackupPlace::Directory => return Err(Failure::usage(t!("backup-dir", file = to)).into()),
        BackupPlace::Special => return Err(Failure::usage(t!("backup-special", file = to)).into()),
        BackupPlace::Other | BackupPlace::Replaceable if !args.force => return Err(exists().into()),
        BackupPlace::Other => {
            return Err(Failure::usage(t!("backup-other", file = to)).hint(t!("backup-other-hint")).into());
        }
        BackupPlace::Free | BackupPlace::Replaceable => {}
    }
    if !app.store()?.backup(file, args.force)? {
        return Err(exists().into());
    }
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    ui.done(&Copied { file: file.clone(), bytes })?;
    Ok(Exit::Done)
}
