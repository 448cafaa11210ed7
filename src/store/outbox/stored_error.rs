//! Why a message was not delivered, as the outbox stores it.

use rusqlite::Row;

/// A code and its values. It holds no text, because the process that shows it may use another
/// language than the one that wrote it. `delivery` defines the codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredError {
    /// The code.
    pub kind: String,
    /// The code's values as a JSON object; `None` for a code without values.
    pub detail: Option<String>,
}

impl StoredError {
    /// Returns the error of a part of a text whose previous part, message `id`, was not delivered.
    pub fn previous_part_failed(id: i64) -> Self {
        Self { kind: "previous_part_failed".to_owned(), detail: Some(format!("{{\"id\":{id}}}")) }
    }

    /// Reads the columns `error_kind` and `error_detail` from `column` on.
    pub(super) fn from_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Self>> {
        let kind: Option<String> = row.get(column)?;
        let detail = row.get(column + 1)?;
        Ok(kind.map(|kind| Self { kind, detail }))
    }
}
