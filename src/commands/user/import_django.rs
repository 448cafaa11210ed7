//! Imports the database of the original Django application.
//!
//! Such a database is hard to fix row by row, so the import lists all errors. If there is one, it
//! adds no person.

use std::path::Path;

use anyhow::Context as _;

use super::parse::{parse_name, uid_for};
use super::stage::{ImportUser, ImportView, UnusualOpenids, hash_passwords, stage_user};
use crate::clock::Timestamp;
use crate::context;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{DjangoDatabase, DjangoError, DjangoUser, ImportConflict, InvalidText, Store};
use crate::t;
use crate::ui::Ui;

/// The error of one row.
struct RowError {
    row: u64,
    column: Option<&'static str>,
    failure: CommandError,
}

impl RowError {
    fn from_conflict(conflict: &ImportConflict) -> Self {
        Self { row: conflict.line, column: None, failure: conflict_error(conflict) }
    }

    /// Returns the message with the file, the row and the column.
    fn describe(&self, file: &str) -> String {
        let (row, message) = (self.row, &self.failure.message);
        match self.column {
            Some(column) => t!("import-row-column", file = file, row = row, column = column, what = message),
            None => t!("import-row", file = file, row = row, what = message),
        }
    }
}

/// The state of an import.
#[derive(Default)]
struct DjangoImport {
    count: usize,
    /// The passwords to hash, by the ID of the staged person.
    plain_passwords: Vec<(i64, Secret)>,
    /// Whether any person has an openid.
    has_openids: bool,
    unusual_openids: UnusualOpenids,
    errors: Vec<RowError>,
}

impl DjangoImport {
    fn stage_row(&mut self, store: &mut Store, user: DjangoUser) -> anyhow::Result<()> {
        self.count += 1;
        // Django numbers rows from 1.
        let row = u64::try_from(user.id).unwrap_or_default();
        match to_import_user(row, user) {
            Ok(user) => match stage_user(store, &user)? {
                Ok(n) => {
                    self.unusual_openids.record(&user);
                    self.has_openids |= user.openid.is_some();
                    self.plain_passwords.extend(user.plain_password.map(|password| (n, password)));
                }
                Err(conflict) => self.errors.push(RowError::from_conflict(&conflict)),
            },
            Err((column, failure)) => self.errors.push(RowError { row, column: Some(column), failure }),
        }
        Ok(())
    }
}

pub(super) fn import(ui: &mut Ui, app: &AppContext, path: &Path) -> anyhow::Result<ExitStatus> {
    let file = path.display().to_string();
    let database = DjangoDatabase::open(path).map_err(|error| open_error(&file, error))?;
    let mut store = app.open_or_create_store(ui)?;
    store.begin_staging()?;
    let mut rows = DjangoImport::default();
    database.for_each_user(|user| rows.stage_row(&mut store, user)).map_err(|error| open_error(&file, error))??;
    store.finish_staging()?;
    rows.errors.extend(store.list_conflicts()?.iter().map(RowError::from_conflict));
    if !rows.errors.is_empty() {
        return Err(print_errors(ui, &file, rows).into());
    }
    let app_id = match rows.has_openids {
        true => app.require_app_id().with_context(|| t!("import-openid"))?,
        false => String::new(),
    };
    hash_passwords(ui, &mut store, &rows.plain_passwords)?;
    let added = store.commit_staged(&app_id, Timestamp::now())?.map_err(|conflict| {
        let error = RowError::from_conflict(&conflict);
        CommandError { message: error.describe(&file), ..error.failure }
    })?;
    rows.unusual_openids
        .warn(ui, |row, what| t!("import-row-column", file = file, row = row, column = "wx_id", what = what));
    ui.print_result(&ImportView { added })?;
    Ok(ExitStatus::Success)
}

/// Prints the error of each row, and returns the error of the whole import.
fn print_errors(ui: &mut Ui, file: &str, mut rows: DjangoImport) -> CommandError {
    rows.errors.sort_by_key(|error| error.row);
    let is_file_at_fault = rows.errors.iter().any(|error| error.failure.exit == ExitStatus::Usage);
    for error in &rows.errors {
        ui.error(&CommandError { exit: error.failure.exit, message: error.describe(file), hint: None });
    }
    let message = t!("import-original-left", wrong = rows.errors.len(), count = rows.count, file = file);
    if is_file_at_fault {
        CommandError::usage(message).hint(t!("import-original-left-hint"))
    } else {
        CommandError::not_found(message).hint(t!("import-original-there-hint"))
    }
}

/// Validates a row. The error comes with the name of the column.
fn to_import_user(row: u64, user: DjangoUser) -> Result<ImportUser, (&'static str, CommandError)> {
    let column = |column: &'static str| move |failure: CommandError| (column, failure);
    let not_text = |_: InvalidText| CommandError::usage(t!("import-not-text"));
    let raw_name = user.username.map_err(not_text).map_err(column("username"))?;
    let username = parse_name(&raw_name).map_err(column("username"))?;
    let uid = user.uid.map_err(not_text).map_err(column("uid"))?;
    // The application computed the uid from the name before trimming.
    if uid != uid_for(&raw_name) {
        let message = t!("import-uid-foreign", uid = uid, user = username);
        return Err(CommandError::usage(message)).map_err(column("uid"));
    }
    let password = user.password.map_err(not_text).map_err(column("password"))?;
    let password = Some(password).filter(|password| !password.expose_secret().is_empty());
    if password.as_ref().is_some_and(|password| !password::is_usable(password.expose_secret())) {
        return Err(CommandError::usage(t!("import-password"))).map_err(column("password"));
    }
    let openid = user.wx_id.map_err(not_text).map_err(column("wx_id"))?;
    let openid = match openid.trim() {
        "" => None,
        openid => Some(context::parse_openid_argument(openid).map_err(column("wx_id"))?.to_owned()),
    };
    Ok(ImportUser {
        line: row,
        username,
        uid,
        password_hash: None,
        plain_password: password,
        openid,
        tags: Vec::new(),
        note: String::new(),
    })
}

/// Describes which existing person or earlier row the row conflicts with.
fn conflict_error(conflict: &ImportConflict) -> CommandError {
    let ImportConflict { username, holder, holder_line, .. } = conflict;
    match holder_line {
        Some(row) => CommandError::usage(t!("import-original-twice", user = username, row = row)),
        None if holder == username => CommandError::not_found(t!("user-exists", user = username)),
        None => CommandError::not_found(t!("import-uid-taken", user = username, holder = holder)),
    }
}

fn open_error(file: &str, error: DjangoError) -> CommandError {
    match error {
        DjangoError::MissingTable { is_wxbox: true, .. } => CommandError::usage(t!("import-own-database", file = file))
            .hint(t!("import-own-database-hint", file = file)),
        DjangoError::MissingTable { table, .. } => {
            CommandError::usage(t!("import-no-table", file = file, table = table)).hint(t!("import-no-table-hint"))
        }
        DjangoError::MissingColumn { table, column } => {
            CommandError::usage(t!("import-no-column", file = file, table = table, column = column))
        }
        DjangoError::InUse => {
            CommandError::usage(t!("import-unfinished", file = file)).hint(t!("import-unfinished-hint", file = file))
        }
        DjangoError::Other(cause) => CommandError::usage(t!("import-unreadable", file = file, cause = cause)),
    }
}
