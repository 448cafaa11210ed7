//! `user import` of the database of the original web application. Unlike a file that somebody wrote, it cannot
//! well be mended line after line: everything that cannot be taken is listed at once, and then nobody is
//! added.

use std::path::Path;

use anyhow::Context as _;

use super::import::{Added, Odd, Person, hash, stage};
use super::{name, uid};
use crate::app::{self, App};
use crate::commands::password;
use crate::error::{Exit, Failure, Report};
use crate::secret::{ExposeSecret, Secret};
use crate::store::{Clash, NotText, Original, OriginalError, OriginalUser, Store};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;

/// Why a row cannot be taken.
struct Wrong {
    row: u64,
    column: Option<&'static str>,
    failure: Failure,
}

impl Wrong {
    fn of_clash(clash: &Clash) -> Self {
        Self { row: clash.line, column: None, failure: clashed(clash) }
    }

    /// What is wrong, and where.
    fn said(&self, file: &str) -> String {
        let (row, what) = (self.row, &self.failure.what);
        match self.column {
            Some(column) => t!("import-row-column", file = file, row = row, column = column, what = what),
            None => t!("import-row", file = file, row = row, what = what),
        }
    }
}

/// The rows of a file, as far as they can be taken.
#[derive(Default)]
struct Rows {
    count: usize,
    /// Passwords to hash, by the number of the person.
    clear: Vec<(i64, Secret)>,
    /// Whether anybody has an openid.
    bound: bool,
    odd: Odd,
    wrong: Vec<Wrong>,
}

impl Rows {
    fn take(&mut self, store: &mut Store, user: OriginalUser) -> anyhow::Result<()> {
        self.count += 1;
        // Django counts its rows from 1.
        let row = u64::try_from(user.id).unwrap_or_default();
        match person(row, user) {
            Ok(person) => match stage(store, &person)? {
                Ok(n) => {
                    self.odd.see(&person);
                    self.bound |= person.openid.is_some();
                    self.clear.extend(person.clear.map(|password| (n, password)));
                }
                Err(clash) => self.wrong.push(Wrong::of_clash(&clash)),
            },
            Err((column, failure)) => self.wrong.push(Wrong { row, column: Some(column), failure }),
        }
        Ok(())
    }
}

pub(super) fn import(ui: &mut Ui, app: &App, path: &Path) -> anyhow::Result<Exit> {
    let file = path.display().to_string();
    let original = Original::open(path).map_err(|error| unreadable(&file, error))?;
    let mut store = app.store_to_fill(ui)?;
    store.begin_import()?;
    let mut rows = Rows::default();
    original.each(|user| rows.take(&mut store, user)).map_err(|error| unreadable(&file, error))??;
    store.end_incoming()?;
    rows.wrong.extend(store.incoming_clashes()?.iter().map(Wrong::of_clash));
    if !rows.wrong.is_empty() {
        return Err(list(ui, &file, rows).into());
    }
    let app_id = match rows.bound {
        true => app.account_id().with_context(|| t!("import-openid"))?,
        false => String::new(),
    };
    hash(ui, &mut store, &rows.clear)?;
    let added = store.take_incoming(&app_id, Timestamp::now())?.map_err(|clash| {
        let wrong = Wrong::of_clash(&clash);
        Failure { what: wrong.said(&file), ..wrong.failure }
    })?;
    rows.odd.warn(ui, |row, what| t!("import-row-column", file = file, row = row, column = "wx_id", what = what));
    ui.done(&Added { added })?;
    Ok(Exit::Done)
}

/// Says what is wrong with each row; the failure of the whole.
fn list(ui: &mut Ui, file: &str, mut rows: Rows) -> Failure {
    rows.wrong.sort_by_key(|wrong| wrong.row);
    let in_the_file = rows.wrong.iter().any(|wrong| wrong.failure.exit == Exit::Usage);
    for wrong in &rows.wrong {
        ui.error(&Report { exit: wrong.failure.exit, what: wrong.said(file), hint: None });
    }
    let what = t!("import-original-left", wrong = rows.wrong.len(), count = rows.count, file = file);
    if in_the_file {
        Failure::usage(what).hint(t!("import-original-left-hint"))
    } else {
        Failure::no_such(what).hint(t!("import-original-there-hint"))
    }
}

/// A row as it is kept, or what is wrong in which column.
fn person(row: u64, user: OriginalUser) -> Result<Person, (&'static str, Failure)> {
    let column = |column: &'static str| move |failure: Failure| (column, failure);
    let no_text = |_: NotText| Failure::usage(t!("import-not-text"));
    let given = user.username.map_err(no_text).map_err(column("username"))?;
    let username = name(&given).map_err(column("username"))?;
    let own = user.uid.map_err(no_text).map_err(column("uid"))?;
    // That application made it of the name as it was typed.
    if own != uid(&given) {
        let what = t!("import-uid-foreign", uid = own, user = username);
        return Err(Failure::usage(what)).map_err(column("uid"));
    }
    let password = user.password.map_err(no_text).map_err(column("password"))?;
    let password = Some(password).filter(|password| !password.expose_secret().is_empty());
    if password.as_ref().is_some_and(|password| !password::is_usable(password.expose_secret())) {
        return Err(Failure::usage(t!("import-password"))).map_err(column("password"));
    }
    let openid = user.wx_id.map_err(no_text).map_err(column("wx_id"))?;
    let openid = match openid.trim() {
        "" => None,
        openid => Some(app::openid(openid).map_err(column("wx_id"))?.to_owned()),
    };
    Ok(Person {
        line: row,
        username,
        uid: own,
        hash: None,
        clear: password,
        openid,
        tags: Vec::new(),
        note: String::new(),
    })
}

/// Who is there already, and where.
fn clashed(clash: &Clash) -> Failure {
    let Clash { username, holder, holder_line, .. } = clash;
    match holder_line {
        Some(row) => Failure::usage(t!("import-original-twice", user = username, row = row)),
        None if holder == username => Failure::no_such(t!("user-exists", user = username)),
        None => Failure::no_such(t!("import-uid-taken", user = username, holder = holder)),
    }
}

fn unreadable(file: &str, error: OriginalError) -> Failure {
    match error {
        OriginalError::NoTable { ours: true, .. } => {
            Failure::usage(t!("import-own-database", file = file)).hint(t!("import-own-database-hint", file = file))
        }
        OriginalError::NoTable { table, .. } => {
            Failure::usage(t!("import-no-table", file = file, table = table)).hint(t!("import-no-table-hint"))
        }
        OriginalError::NoColumn { table, column } => {
            Failure::usage(t!("import-no-column", file = file, table = table, column = column))
        }
        OriginalError::Unfinished => {
            Failure::usage(t!("import-unfinished", file = file)).hint(t!("import-unfinished-hint", file = file))
        }
        OriginalError::Other(cause) => Failure::usage(t!("import-unreadable", file = file, cause = cause)),
    }
}
