//! `user import` of the database of the original web application. Unlike a file that somebody wrote, it cannot
//! well be mended line after line: everything that cannot be taken is listed at once, and then nobody is
//! added.

use std::path::Path;

use anyhow::Context as _;

use super::parse::{parse_name, uid_for};
use super::stage::{ImportUser, ImportView, UnusualOpenids, hash_passwords, stage_user};
use crate::clock::Timestamp;
use crate::context;
use crate::context::AppContext;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::password;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{DjangoDatabase, DjangoError, DjangoUser, ImportConflict, InvalidText, Store};
use crate::t;
use crate::ui::Ui;

/// Why a row cannot be taken.
struct RowError {
    row: u64,
    column: Option<&'static str>,
    failure: CommandError,
}

impl RowError {
    fn from_conflict(clash: &ImportConflict) -> Self {
        Self { row: clash.line, column: None, failure: conflict_error(clash) }
    }

    /// What is wrong, and where.
    fn describe(&self, file: &str) -> String {
        let (row, what) = (self.row, &self.failure.message);
        match self.column {
            Some(column) => t!("import-row-column", file = file, row = row, column = column, what = what),
            None => t!("import-row", file = file, row = row, what = what),
        }
    }
}

/// The rows of a file, as far as they can be taken.
#[derive(Default)]
struct DjangoImport {
    count: usize,
    /// Passwords to hash, by the number of the person.
    plain_passwords: Vec<(i64, Secret)>,
    /// Whether anybody has an openid.
    has_openids: bool,
    unusual_openids: UnusualOpenids,
    errors: Vec<RowError>,
}

impl DjangoImport {
    fn stage_row(&mut self, store: &mut Store, user: DjangoUser) -> anyhow::Result<()> {
        self.count += 1;
        // Django counts its rows from 1.
        let row = u64::try_from(user.id).unwrap_or_default();
        match to_import_user(row, user) {
            Ok(person) => match stage_user(store, &person)? {
                Ok(n) => {
                    self.unusual_openids.record(&person);
                    self.has_openids |= person.openid.is_some();
                    self.plain_passwords.extend(person.plain_password.map(|password| (n, password)));
                }
                Err(clash) => self.errors.push(RowError::from_conflict(&clash)),
            },
            Err((column, failure)) => self.errors.push(RowError { row, column: Some(column), failure }),
        }
        Ok(())
    }
}

pub(super) fn import(ui: &mut Ui, app: &AppContext, path: &Path) -> anyhow::Result<ExitStatus> {
    let file = path.display().to_string();
    let original = DjangoDatabase::open(path).map_err(|error| open_error(&file, error))?;
    let mut store = app.open_or_create_store(ui)?;
    store.begin_staging()?;
    let mut rows = DjangoImport::default();
    original.for_each_user(|user| rows.stage_row(&mut store, user)).map_err(|error| open_error(&file, error))??;
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
    let added = store.commit_staged(&app_id, Timestamp::now())?.map_err(|clash| {
        let wrong = RowError::from_conflict(&clash);
        CommandError { message: wrong.describe(&file), ..wrong.failure }
    })?;
    rows.unusual_openids
        .warn(ui, |row, what| t!("import-row-column", file = file, row = row, column = "wx_id", what = what));
    ui.print_result(&ImportView { added })?;
    Ok(ExitStatus::Success)
}

/// Says what is wrong with each row; the failure of the whole.
fn print_errors(ui: &mut Ui, file: &str, mut rows: DjangoImport) -> CommandError {
    rows.errors.sort_by_key(|wrong| wrong.row);
    let in_the_file = rows.errors.iter().any(|wrong| wrong.failure.exit == ExitStatus::Usage);
    for wrong in &rows.errors {
        ui.error(&ErrorReport { exit: wrong.failure.exit, message: wrong.describe(file), hint: None });
    }
    let what = t!("import-original-left", wrong = rows.errors.len(), count = rows.count, file = file);
    if in_the_file {
        CommandError::usage(what).hint(t!("import-original-left-hint"))
    } else {
        CommandError::not_found(what).hint(t!("import-original-there-hint"))
    }
}

/// A row as it is kept, or what is wrong in which column.
fn to_import_user(row: u64, user: DjangoUser) -> Result<ImportUser, (&'static str, CommandError)> {
    let column = |column: &'static str| move |failure: CommandError| (column, failure);
    let no_text = |_: InvalidText| CommandError::usage(t!("import-not-text"));
    let given = user.username.map_err(no_text).map_err(column("username"))?;
    let username = parse_name(&given).map_err(column("username"))?;
    let own = user.uid.map_err(no_text).map_err(column("uid"))?;
    // That application made it of the name as it was typed.
    if own != uid_for(&given) {
        let what = t!("import-uid-foreign", uid = own, user = username);
        return Err(CommandError::usage(what)).map_err(column("uid"));
    }
    let password = user.password.map_err(no_text).map_err(column("password"))?;
    let password = Some(password).filter(|password| !password.expose_secret().is_empty());
    if password.as_ref().is_some_and(|password| !password::is_usable(password.expose_secret())) {
        return Err(CommandError::usage(t!("import-password"))).map_err(column("password"));
    }
    let openid = user.wx_id.map_err(no_text).map_err(column("wx_id"))?;
    let openid = match openid.trim() {
        "" => None,
        openid => Some(context::parse_openid_argument(openid).map_err(column("wx_id"))?.to_owned()),
    };
    Ok(ImportUser {
        line: row,
        username,
        uid: own,
        password_hash: None,
        plain_password: password,
        openid,
        tags: Vec::new(),
        note: String::new(),
    })
}

/// Who is there already, and where.
fn conflict_error(clash: &ImportConflict) -> CommandError {
    let ImportConflict { username, holder, holder_line, .. } = clash;
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
