//! The database of the web application that wxbox took the place of: its table of people, read without a
//! byte written to the file or beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use url::Url;

use super::{DEFAULT_BUSY_TIMEOUT, migrate, sibling_path};
use crate::secret::Secret;

/// What every SQLite file begins with.
pub const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Django's name of it.
const USER_TABLE: &str = "app01_userinfo";
const USER_COLUMNS: [&str; 5] = ["id", "username", "password", "uid", "wx_id"];

/// A person of that application. What is no text there is `Err`; NULL is an empty text.
#[derive(Debug)]
pub struct DjangoUser {
    /// The row.
    pub id: i64,
    /// The name.
    pub username: Result<String, InvalidText>,
    /// In clear.
    pub password: Result<Secret, InvalidText>,
    /// What should be the MD5 of the name.
    pub uid: Result<String, InvalidText>,
    /// The openid, empty for who was never bound.
    pub wx_id: Result<String, InvalidText>,
}

/// A value is a blob, or a text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidText;

/// Why the file cannot be read as that application's.
#[derive(Debug, PartialEq, Eq)]
pub enum DjangoError {
    /// It has no such table; `ours`: it is a database of wxbox.
    MissingTable {
        /// The table.
        table: &'static str,
        /// Whether wxbox made the file.
        is_wxbox: bool,
    },
    /// The table has no such column.
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Some of what it holds is not in the file yet, since the application runs or was not ended properly.
    InUse,
    /// What SQLite or the system says.
    Other(String),
}

impl From<rusqlite::Error> for DjangoError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Another process is writing, or did not finish: to put that right, one would have to write.
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
    /// Opens the file for reading, and looks whether it is that application's.
    ///
    /// # Errors
    /// Why it cannot be read.
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

    /// Hands each person to `each`, in the order of the rows.
    ///
    /// # Errors
    /// Why it cannot be read on; what `each` gives back ends the reading.
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

/// Opens the file for reading alone. In WAL mode SQLite would make files beside it, unless it is told that
/// nobody else has it; then it would miss what is in the log, so that must be empty.
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
    // What stands in a schema from elsewhere is not ours to run.
    conn.execute_batch("PRAGMA trusted_schema = OFF;")?;
    Ok(conn)
}

/// SQLite keeps what it is given: a name of digits alone may be a number.
fn column_text(value: ValueRef<'_>) -> Result<String, InvalidText> {
    match value {
        ValueRef::Null => Ok(String::new()),
        ValueRef::Integer(number) => Ok(number.to_string()),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_owned()).map_err(|_| InvalidText),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(InvalidText),
    }
}
