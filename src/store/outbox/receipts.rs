//! Receipts: WeChat's reports about messages that it has accepted. A receipt changes no state and
//! causes no attempt.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::super::{Result, Store, name_column};
use crate::clock::Timestamp;
use crate::variant_names::variant_names;

/// The outcome of a message that WeChat accepted, according to its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptStatus {
    /// It was delivered.
    Delivered,
    /// The person refuses messages of the account.
    Blocked,
    /// Any other failure.
    Failed,
}

variant_names!(ReceiptStatus { Delivered = "delivered", Blocked = "blocked", Failed = "failed" });
name_column!(ReceiptStatus);

/// The receipt of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The outcome of the message.
    pub status: ReceiptStatus,
    /// When WeChat reported it, by WeChat's clock.
    pub at: Timestamp,
    /// WeChat's text, unless the message was delivered.
    pub text: Option<String>,
}

impl Receipt {
    /// Reads a receipt from three columns, the first of which is `first`.
    pub(super) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Self>> {
        let Some(status) = row.get(first)? else { return Ok(None) };
        Ok(Some(Self { status, at: row.get(first + 1)?, text: row.get(first + 2)? }))
    }
}

/// A receipt as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceipt {
    /// WeChat's ID of the message, as decimal digits.
    pub msgid: String,
    /// The receipt.
    pub receipt: Receipt,
}

/// A filter of messages by their receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFilter {
    /// With this receipt.
    Is(ReceiptStatus),
    /// Sent, of a kind that has receipts, and without one.
    Missing,
}

/// The number of the account's sent messages by their receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReceiptCounts {
    /// Delivered.
    pub delivered: i64,
    /// Refused by the person.
    pub blocked: i64,
    /// Failed for another reason.
    pub failed: i64,
    /// Without a receipt, of a kind that has receipts.
    pub none: i64,
}

/// SQL: whether a message `m` was sent, is of a kind that has receipts, and has none.
pub(super) const AWAITS_RECEIPT_SQL: &str = "m.state = 'sent' AND m.receipt IS NULL
    AND (m.type = 'template' OR m.type = 'subscribe')";

/// SQL: the condition under which a receipt replaces an older one. The first one stays, unless a
/// later one is `delivered`.
const REPLACES_SQL: &str = "(receipt IS NULL OR receipt <> 'delivered' AND ?3 = 'delivered')";

/// Records a receipt and returns the IDs of its messages. A receipt that overtakes the response of
/// the send is kept until that response is recorded.
pub(in crate::store) fn record_receipt(
    conn: &Connection,
    app_id: &str,
    NewReceipt { msgid, receipt }: &NewReceipt,
    now: Timestamp,
) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT id FROM messages INDEXED BY messages_by_msgid WHERE msgid = ?2 AND app_id = ?1 ORDER BY id";
    let mut query = conn.prepare_cached(sql)?;
    let ids: Vec<i64> = query.query_map(params![app_id, msgid], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let Receipt { status, at, text } = receipt;
    if ids.is_empty() {
        let sql = "INSERT INTO unmatched_receipts (app_id, msgid, receipt, receipt_at, receipt_text, received_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT DO UPDATE SET receipt = ?3, receipt_at = ?4, receipt_text = ?5
                   WHERE receipt <> 'delivered' AND ?3 = 'delivered'";
        conn.prepare_cached(sql)?.execute(params![app_id, msgid, status, at, text, now])?;
    }
    for id in &ids {
        set_receipt(conn, *id, receipt)?;
    }
    Ok(ids)
}

fn set_receipt(conn: &Connection, id: i64, Receipt { status, at, text }: &Receipt) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE messages SET receipt = ?3, receipt_at = ?2, receipt_text = ?4 WHERE id = ?1 AND {REPLACES_SQL}"
    );
    conn.prepare_cached(&sql)?.execute(params![id, at, status, text]).map(drop)
}

/// Deletes unmatched receipts that arrived before one time, by the system clock, and that are older
/// than the other one, by WeChat's clock.
pub(in crate::store) fn delete_old_unmatched_receipts(
    conn: &Connection,
    received_before: Timestamp,
    created_before: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM unmatched_receipts WHERE received_at < ?1 AND receipt_at < ?2";
    conn.prepare_cached(sql)?.execute([received_before, created_before]).map(drop)
}

/// Sets the receipt that arrived before the message's msgid was known.
pub(super) fn apply_unmatched_receipt(conn: &Connection, app_id: &str, id: i64, msgid: &str) -> rusqlite::Result<()> {
    let sql = "SELECT receipt, receipt_at, receipt_text FROM unmatched_receipts WHERE app_id = ?1 AND msgid = ?2";
    let mut query = conn.prepare_cached(sql)?;
    let found = query.query_row([app_id, msgid], |row| Receipt::from_row(row, 0)).optional()?.flatten();
    let Some(receipt) = found else { return Ok(()) };
    set_receipt(conn, id, &receipt)?;
    conn.execute("DELETE FROM unmatched_receipts WHERE app_id = ?1 AND msgid = ?2", [app_id, msgid]).map(drop)
}

impl Store {
    /// Returns the receipt of a message.
    pub fn receipt(&self, id: i64) -> Result<Option<Receipt>> {
        let sql = "SELECT receipt, receipt_at, receipt_text FROM messages WHERE id = ?1";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        self.map_err(query.query_row([id], |row| Receipt::from_row(row, 0)).optional().map(Option::flatten))
    }

    /// Returns the number of the account's sent messages for each receipt.
    pub fn receipt_counts(&self, app_id: &str) -> Result<ReceiptCounts> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE m.receipt = 'delivered'), count(*) FILTER (WHERE m.receipt = 'blocked'),
             count(*) FILTER (WHERE m.receipt = 'failed'), count(*) FILTER (WHERE {AWAITS_RECEIPT_SQL})
             FROM messages m WHERE m.app_id = ?1"
        );
        let counts = self.conn.query_row(&sql, [app_id], |row| {
            Ok(ReceiptCounts { delivered: row.get(0)?, blocked: row.get(1)?, failed: row.get(2)?, none: row.get(3)? })
        });
        self.map_err(counts)
    }
}
