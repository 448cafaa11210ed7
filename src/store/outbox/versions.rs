//! The fields of a message that change while `outbox follow` watches the outbox.

use rusqlite::{Row, params};

use super::{Message, MessageState, ReceiptStatus};
use crate::clock::Timestamp;
use crate::store::{Result, Store};

/// The number of the newest messages that are compared at each check, besides those that are
/// queued. There is no index of the time of the last change, which would make every send slower.
const MAX_COMPARED_MESSAGES: i64 = 10_000;

/// The fields of a message that can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageVersion {
    /// The message's ID.
    pub id: i64,
    /// The state.
    pub state: MessageState,
    /// The receipt, if WeChat has sent one.
    pub receipt: Option<ReceiptStatus>,
    /// The code of the reason why it was not delivered, or still waits.
    pub error_kind: Option<String>,
    /// WeChat's last error code.
    pub errcode: Option<i64>,
    /// When its state was written last, unless it is queued: a retry may end as before.
    pub ended_at: Option<Timestamp>,
}

impl MessageVersion {
    /// Returns the version of a message.
    pub fn of(message: &Message) -> Self {
        Self {
            id: message.id,
            state: message.state,
            receipt: message.receipt.as_ref().map(|receipt| receipt.status),
            error_kind: message.error.as_ref().map(|error| error.kind.clone()),
            errcode: message.errcode,
            ended_at: (message.state != MessageState::Queued).then_some(message.updated_at),
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            state: row.get(1)?,
            receipt: row.get(2)?,
            error_kind: row.get(3)?,
            errcode: row.get(4)?,
            ended_at: row.get(5)?,
        })
    }
}

impl Store {
    /// Returns the versions of the account's newest messages and of all that are queued.
    pub fn message_versions(&self, app_id: &str) -> Result<Vec<MessageVersion>> {
        let columns = "id, state, receipt, error_kind, errcode,
            CASE WHEN state <> 'queued' THEN updated_at END FROM messages";
        // Both parts of the queued ones have a small index of their own.
        let sql = format!(
            "SELECT {columns} WHERE app_id = ?1 AND id > ?2
             UNION ALL SELECT {columns} INDEXED BY messages_due
             WHERE app_id = ?1 AND id <= ?2 AND state = 'queued' AND claimed_by IS NULL
             UNION ALL SELECT {columns} INDEXED BY messages_claimed
             WHERE app_id = ?1 AND id <= ?2 AND state = 'queued' AND claimed_by NOTNULL"
        );
        let newest: i64 =
            self.map_err(self.conn.query_row("SELECT coalesce(max(id), 0) FROM messages", [], |row| row.get(0)))?;
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        let rows = query.query_map(params![app_id, newest - MAX_COMPARED_MESSAGES], MessageVersion::read);
        self.map_err(rows.and_then(Iterator::collect))
    }
}
