//! The database of the web application that wxbox took the place of: its table of people, read without a
//! byte written to the file or beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use url::Url;

use super::{BUSY, beside, migrate};
use crate::secret::Secret;

/// What every SQLite file begins with.
pub const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Django's name of it.
const TABLE: &str = "app01_userinfo";
const COLUMNS: [&str; 5] = ["id", "username", "password", "uid", "wx_id"];

/// A person of that application. What is no text there is `Err`; NULL is an empty text.
#[derive(Debug)]
pub struct OriginalUser {
    /// The row.
    pub id: i64,
    /// The name.
    pub username: Result<String, NotText>,
    /// In clear.
    pub password: Result<Secret, NotText>,
    /// What should be the MD5 of the name.
    pub uid: Result<String, NotText>,
    /// The openid, empty for who was never bound.
    pub wx_id: Result<String, NotText>,
}

/// A value is a blob, or a text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

/// Why the file cannot be read as that application's.
#[derive(Debug, PartialEq, Eq)]
pub enum OriginalError {
    /// It has no such table; `ours`: it is a database of wxbox.
    NoTable {
        /// The table.
        table: &'static str,
        /// Whether wxbox made the file.
        ours: bool,
    },
    /// The table has no such column.
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Some of what it holds is not in the file yet, since the application runs or was not ended properly.
    Unfinished,
    /// What SQLite or the system says.
    Other(String),
}

impl From<rusqlite::Error> for OriginalError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Another process is writing, or did not finish: to put that right, one would have to write.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ReadOnly) => Self::Unfinished,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<io::Error> for OriginalError {
    fn from(error: io::Error) -> Self {
        Self::Other(crate::words::system(&error))
    }
}

/// The open file.
pub struct Original(Connection);

impl Original {
    /// Opens the file for reading, and looks whether it is that application's.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn open(path: &Path) -> Result<Self, OriginalError> {
        let conn = open(path)?;
        let columns: Vec<String> = {
            let mut query = conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
            query.query_map([TABLE], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        if columns.is_empty() {
            let made_by: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
            return Err(OriginalError::NoTable { table: TABLE, ours: made_by == migrate::APPLICATION_ID });
        }
        match COLUMNS.into_iter().find(|column| !columns.iter().any(|known| known == column)) {
            Some(column) => Err(OriginalError::NoColumn { table: TABLE, column }),
            None => Ok(Self(conn)),
        }
    }

    /// Hands each person to `each`, in the order of the rows.
    ///
    /// # Errors
    /// Why it cannot be read on; what `each` gives back ends the reading.
    pub fn each<E>(&self, mut each: impl FnMut(OriginalUser) -> Result<(), E>) -> Result<Result<(), E>, OriginalError> {
        let mut query = self.0.prepare(&format!("SELECT {} FROM {TABLE} ORDER BY id", COLUMNS.join(", ")))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column).map(text);
            let user = OriginalUser {
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

/// Opens the file for reading alone. In WAL mode SQLite would make files beside it, unless it is told that
/// nobody else has it; then it would miss what is in the log, so that must be empty.
fn open(path: &Path) -> Result<Connection, OriginalError> {
    let path = std::path::absolute(path)?;
    let mut head = [0; 20];
    File::open(&path)?.read_exact(&mut head)?;
    let wal = head[18..20].contains(&2);
    if wal && beside(&path, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Err(OriginalError::Unfinished);
    }
    let mut url = Url::from_file_path(&path).map_err(|()| OriginalError::Other(path.display().to_string()))?;
    url.set_query(Some(if wal { "mode=ro&immutable=1" } else { "mode=ro" }));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(url.as_str(), flags)?;
    conn.busy_timeout(BUSY)?;
    // What stands in a schema from elsewhere is not ours to run.
    conn.execute_batch("PRAGMA trusted_schema = OFF;")?;
    Ok(conn)
}

/// SQLite keeps what it is given: a name of digits alone may be a number.
fn text(value: ValueRef<'_>) -> Result<String, NotText> {
    match value {
        ValueRef::Null => Ok(String::new()),
        ValueRef::Integer(number) => Ok(number.to_string()),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_owned()).map_err(|_| NotText),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(NotText),
    }
}
