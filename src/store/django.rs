//! The database of the Django application that wxbox replaces: its user table, read without writing
//! a byte to the file or beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use url::Url;

use super::busy_timeout::DEFAULT_BUSY_TIMEOUT;
use super::migrate;
use crate::files::sibling_path;
use crate::secret::Secret;

/// The first bytes of every SQLite file.
pub const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// The name of the table in Django.
const USER_TABLE: &str = "app01_userinfo";
const USER_COLUMNS: [&str; 5] = ["id", "username", "password", "uid", "wx_id"];

/// A user of that application. Text that cannot be read is `Err`; NULL is an empty text.
#[derive(Debug)]
pub struct DjangoUser {
    /// The row's ID.
    pub id: i64,
    /// The name.
    pub username: Result<String, InvalidText>,
    /// The password in plain text.
    pub password: Result<Secret, InvalidText>,
    /// Supposed to be the MD5 of the name.
    pub uid: Result<String, InvalidText>,
    /// The openid; empty if the user was never bound.
    pub wx_id: Result<String, InvalidText>,
}

/// The value is a blob, or text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidText;

/// Why the file cannot be read as the database of that application.
#[derive(Debug, PartialEq, Eq)]
pub enum DjangoError {
    /// The file has no user table.
    MissingTable {
        /// The table.
        table: &'static str,
        /// Whether wxbox made the file.
        is_wxbox: bool,
    },
    /// The user table lacks a column.
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Some of its content is not in the file yet, because the application is running or was
    /// killed.
    InUse,
    /// An error of SQLite or the system.
    Other(String),
}

impl From<rusqlite::Error> for DjangoError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Another process is writing, or was killed while it wrote; recovering from that
            // requires writing.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ReadOnly) => Self::InUse,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<io::Error> for DjangoError {
    fn from(error: io::Error) -> Self {
        Self::Other(crate::i18n::io_error_text(&error))
    }
}

/// The open file.
pub struct DjangoDatabase(Connection);

impl DjangoDatabase {
    /// Opens the file for reading and checks that it belongs to that application.
    pub fn open(path: &Path) -> Result<Self, DjangoError> {
        let conn = open_read_only(path)?;
        let columns: Vec<String> = {
            let mut query = conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
            query.query_map([USER_TABLE], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        if columns.is_empty() {
            let made_by: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
            return Err(DjangoError::MissingTable { table: USER_TABLE, is_wxbox: made_by == migrate::APPLICATION_ID });
        }
        match USER_COLUMNS.into_iter().find(|column| !columns.iter().any(|known| known == column)) {
            Some(column) => Err(DjangoError::MissingColumn { table: USER_TABLE, column }),
            None => Ok(Self(conn)),
        }
    }

    /// Calls `each` for every user, in the order of the rows, until it returns an error.
    pub fn for_each_user<E>(
        &self,
        mut each: impl FnMut(DjangoUser) -> Result<(), E>,
    ) -> Result<Result<(), E>, DjangoError> {
        let mut query = self.0.prepare(&format!("SELECT {} FROM {USER_TABLE} ORDER BY id", USER_COLUMNS.join(", ")))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column).map(column_text);
            let user = DjangoUser {
                id: row.get(0)?,
                username: text(1)?,
                password: text(2)?.map(Secret::from),
                uid: text(3)?,
                wx_id: text(4)?,
            };
            if let Err(stop) = each(user) {
                return Ok(Err(stop));
            }
        }
        Ok(Ok(()))
    }
}

/// Opens the file read-only. In WAL mode SQLite would create files beside it unless it is told that
/// the file is immutable; then it would not read the log, so the log must be empty.
fn open_read_only(path: &Path) -> Result<Connection, DjangoError> {
    let path = std::path::absolute(path)?;
    let mut header = [0; 20];
    File::open(&path)?.read_exact(&mut header)?;
    let wal = header[18..20].contains(&2);
    if wal && sibling_path(&path, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Err(DjangoError::InUse);
    }
    let mut url = Url::from_file_path(&path).map_err(|()| DjangoError::Other(path.display().to_string()))?;
    url.set_query(Some(if wal { "mode=ro&immutable=1" } else { "mode=ro" }));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(url.as_str(), flags)?;
    conn.busy_timeout(DEFAULT_BUSY_TIMEOUT)?;
    // Do not run code from a foreign schema.
    conn.execute_batch("PRAGMA trusted_schema = OFF;")?;
    Ok(conn)
}

/// Returns a value as text. SQLite may store a name that consists of digits as a number.
fn column_text(value: ValueRef<'_>) -> Result<String, InvalidText> {
    match value {
        ValueRef::Null => Ok(String::new()),
        ValueRef::Integer(number) => Ok(number.to_string()),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_owned()).map_err(|_| InvalidText),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(InvalidText),
    }
}
