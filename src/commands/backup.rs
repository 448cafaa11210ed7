//! `wxbox backup` copies the database consistently while other processes use it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::{Backup, Global};
use crate::config::{CliOverrides, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::BackupPlace;
use crate::t;
use crate::ui::Ui;

/// The copy that was written.
#[derive(Serialize)]
struct BackupView {
    file: PathBuf,
    bytes: u64,
}

impl fmt::Display for BackupView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("backup-done", file = self.file.display().to_string()))
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Backup) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let database = &app.config.database.value;
    let file = &Environment::from_process().option_path(&args.file, "FILE")?;
    let file_text = file.display().to_string();
    if !app.database_exists() {
        // Opening the store would create an empty database, and the copy would be empty.
        return Err(app.missing_database_error().into());
    }
    // A bare word, as in `wxbox backup restore`, is probably meant as a subcommand.
    if !args.file.as_os_str().as_encoded_bytes().iter().any(|byte| matches!(byte, b'/' | b'.')) {
        return Err(CommandError::usage(t!("backup-word", file = file_text))
            .hint(t!("backup-word-hint", file = file_text))
            .into());
    }
    let exists = || CommandError::usage(t!("backup-exists", file = file_text)).hint(t!("backup-exists-hint"));
    match BackupPlace::inspect(file, database) {
        BackupPlace::Database => return Err(CommandError::usage(t!("backup-itself", file = file_text)).into()),
        BackupPlace::Sidecar => return Err(CommandError::usage(t!("backup-database-file", file = file_text)).into()),
        BackupPlace::Directory => return Err(CommandError::usage(t!("backup-dir", file = file_text)).into()),
        BackupPlace::SpecialFile => return Err(CommandError::usage(t!("backup-special", file = file_text)).into()),
        BackupPlace::ForeignFile | BackupPlace::Replaceable if !args.force => return Err(exists().into()),
        BackupPlace::ForeignFile => {
            return Err(CommandError::usage(t!("backup-other", file = file_text)).hint(t!("backup-other-hint")).into());
        }
        BackupPlace::Absent | BackupPlace::Replaceable => {}
    }
    if !app.open_store()?.backup(file, args.force)? {
        return Err(exists().into());
    }
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    ui.print_result(&BackupView { file: file.clone(), bytes })?;
    Ok(ExitStatus::Success)
}
