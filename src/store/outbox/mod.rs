//! The outbox: messages from before their first attempt until they are deleted.
//!
//! The content of a message is in `payloads`, once per send. A message and each attempt are
//! committed and synced before the first byte is sent; an attempt without an outcome may have
//! reached WeChat.

mod attempts;
mod due;
mod enqueue;
mod filter;
pub(in crate::store) mod maintenance;
mod media;
mod parts;
mod payloads;
mod receipts;
mod retry;
mod stored_error;
#[cfg(test)]
mod tests;
mod transaction;
mod versions;
mod worker_lock;

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

pub use attempts::{Attempt, AttemptHistory, AttemptOutcome};
pub(in crate::store) use attempts::{HAS_OPEN_ATTEMPT_SQL, STATE_AFTER_CANCEL_SQL};
pub use enqueue::{EnqueueResult, Expiry, NewRecipient, Payload, Submission};
pub use filter::MessageFilter;
pub use media::{Attachment, CachedMedia, MediaKey};
use parts::WAITS_FOR_PREVIOUS_PART_SQL;
pub(in crate::store) use parts::{cancel_remaining_parts, claimable_sql};
pub(in crate::store) use payloads::{delete_unreferenced_payloads, payload_ids_of};
pub use receipts::{NewReceipt, Receipt, ReceiptCounts, ReceiptFilter, ReceiptStatus};
pub(in crate::store) use receipts::{delete_old_unmatched_receipts, record_receipt};
pub(in crate::store) use retry::cancel_queued_for;
pub use retry::{KindCount, RetryResult};
pub use stored_error::StoredError;
pub use transaction::{
    AttemptStart, ClaimScope, ClaimedMessage, MessageUpdate, OutboxTx, ResponseInfo, RetryState, TxContext,
};
pub use versions::MessageVersion;
pub use worker_lock::{Orphan, WorkerLock};

use super::{Result, Store, name_column};
use crate::clock::Timestamp;
use crate::variant_names::variant_names;

/// The state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It has not been delivered yet.
    Queued,
    /// WeChat accepted it.
    Sent,
    /// It failed permanently.
    Failed,
    /// It may have reached WeChat, although no response came.
    Unknown,
    /// It was cancelled.
    Cancelled,
    /// It was not delivered in time.
    Expired,
}

variant_names!(MessageState {
    Queued = "queued",
    Sent = "sent",
    Failed = "failed",
    Unknown = "unknown",
    Cancelled = "cancelled",
    Expired = "expired",
});
name_column!(MessageState);

/// A message in the outbox.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's ID, which users see as well.
    pub id: i64,
    /// The user's name; `None` for a bare openid and once the user is removed.
    pub user: Option<String>,
    /// The recipient of the last attempt, or of the first one; `None` if the user is not bound or
    /// was removed.
    pub openid: Option<String>,
    /// `text`, `template`, …
    pub kind: String,
    /// The content as JSON, without the recipient; `None` once the user is removed.
    pub payload: Option<String>,
    /// The state.
    pub state: MessageState,
    /// The number of attempts.
    pub attempts: i64,
    /// WeChat's ID of the message.
    pub msgid: Option<String>,
    /// WeChat's last error code.
    pub errcode: Option<i64>,
    /// WeChat's last error text, sanitized.
    pub errmsg: Option<String>,
    /// WeChat's ID of the request that it refused last.
    pub rid: Option<String>,
    /// Why it was not delivered, or still waits.
    pub error: Option<StoredError>,
    /// The caller's key.
    pub key: Option<String>,
    /// 32 hex digits for WeChat's dedupe.
    pub client_msg_id: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is attempted next, while it is queued.
    pub due_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When WeChat accepted it.
    pub sent_at: Option<Timestamp>,
    /// When its state or its due time was written last.
    pub updated_at: Timestamp,
    /// The previous part, which must be sent first.
    pub previous_part_id: Option<i64>,
    /// The receipt, if WeChat has sent one.
    pub receipt: Option<Receipt>,
    /// Whether the user follows the account, as far as that is known now.
    pub follows: Option<bool>,
}

impl Message {
    /// Returns when its state, its due time or its receipt changed last.
    pub fn last_change(&self) -> Timestamp {
        self.receipt.as_ref().map_or(self.updated_at, |receipt| receipt.at.max(self.updated_at))
    }
}

/// The queued messages that no process has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Their number.
    pub count: i64,
    /// When the first of them that waits for no other message is due; `None` if each waits for
    /// another one.
    pub next_due_at: Option<Timestamp>,
}

/// The columns that [`read_message`] reads by index, which is faster than by name.
const MESSAGE_COLUMNS_SQL: &str =
    "m.id, u.username, coalesce(m.openid, b.openid), m.type, m.state, m.attempts, m.msgid, m.errcode, m.errmsg,
    m.rid, m.error_kind, m.error_detail, m.key, m.client_msg_id, m.created_at, m.expires_at, m.sent_at, m.due_at,
    m.previous_part_id, m.receipt, m.receipt_at, m.receipt_text, m.updated_at, b.follows";

/// The joins of a query for [`MESSAGE_COLUMNS_SQL`] after `FROM messages m`.
const MESSAGE_JOINS_SQL: &str = "LEFT JOIN users u ON u.id = m.user_id
    LEFT JOIN bindings b ON b.app_id = m.app_id AND b.user_id = m.user_id";

/// Returns the start of a query for messages of an account, its first parameter.
fn select_messages_sql() -> String {
    format!(
        "SELECT {MESSAGE_COLUMNS_SQL}, p.json FROM messages m {MESSAGE_JOINS_SQL}
         LEFT JOIN payloads p ON p.id = m.payload_id WHERE m.app_id = ?"
    )
}

/// The number of [`MESSAGE_COLUMNS_SQL`].
const MESSAGE_COLUMN_COUNT: usize = 24;

/// Reads a message without its payload.
fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        user: row.get(1)?,
        openid: row.get(2)?,
        kind: row.get(3)?,
        payload: None,
        state: row.get(4)?,
        attempts: row.get(5)?,
        msgid: row.get(6)?,
        errcode: row.get(7)?,
        errmsg: row.get(8)?,
        rid: row.get(9)?,
        error: StoredError::from_row(row, 10)?,
        key: row.get(12)?,
        client_msg_id: row.get(13)?,
        created_at: row.get(14)?,
        expires_at: row.get(15)?,
        sent_at: row.get(16)?,
        due_at: row.get(17)?,
        previous_part_id: row.get(18)?,
        receipt: Receipt::from_row(row, 19)?,
        updated_at: row.get(22)?,
        follows: row.get(23)?,
    })
}

/// Reads a row of [`select_messages_sql`].
fn read_message_with_payload(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message { payload: row.get(MESSAGE_COLUMN_COUNT)?, ..read_message(row)? })
}

impl Store {
    /// Returns a message of the account.
    pub fn message(&self, app_id: &str, id: i64) -> Result<Option<Message>> {
        let sql = format!("{} AND m.id = ?", select_messages_sql());
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        self.map_err(query.query_row(params![app_id, id], read_message_with_payload).optional())
    }

    /// Returns a message of the account, and whether a process has claimed it.
    pub fn message_with_claim(&self, app_id: &str, id: i64) -> Result<Option<(Message, bool)>> {
        let sql = "SELECT claimed_by NOTNULL FROM messages WHERE app_id = ?1 AND id = ?2";
        let is_claimed = self.map_err(self.conn.query_row(sql, params![app_id, id], |row| row.get(0)).optional())?;
        Ok(self.message(app_id, id)?.zip(is_claimed))
    }

    /// Returns the account's queued messages that no process has claimed.
    pub fn backlog(&self, app_id: &str) -> Result<Backlog> {
        let sql = format!(
            "SELECT count(*), min(CASE WHEN {WAITS_FOR_PREVIOUS_PART_SQL} THEN NULL ELSE m.due_at END)
             FROM messages m INDEXED BY messages_due
             WHERE m.app_id = ?1 AND m.state = 'queued' AND m.claimed_by IS NULL"
        );
        self.map_err(
            self.conn
                .query_row(&sql, params![app_id], |row| Ok(Backlog { count: row.get(0)?, next_due_at: row.get(1)? })),
        )
    }
}
