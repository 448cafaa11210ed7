//! Lists messages by a filter.

use rusqlite::{ToSql, params_from_iter};

use super::receipts::AWAITS_RECEIPT_SQL;
use super::{Message, MessageState, ReceiptFilter, read_message_with_payload, select_messages_sql};
use crate::clock::Timestamp;
use crate::names::normalize_nfc;
use crate::store::{Result, Store};

/// A filter of messages.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter<'a> {
    /// The states; empty for all.
    pub states: &'a [MessageState],
    /// The receipt.
    pub receipt: Option<ReceiptFilter>,
    /// The recipient.
    pub user_id: Option<i64>,
    /// A tag that the recipient has now.
    pub tag: Option<&'a str>,
    /// The IDs of templates.
    pub template_ids: Option<&'a [String]>,
    /// The earliest time when it was queued.
    pub since: Option<Timestamp>,
    /// The latest time when it was queued.
    pub until: Option<Timestamp>,
    /// The IDs of the messages.
    pub ids: Option<&'a [i64]>,
    /// The maximum number of messages.
    pub limit: Option<u32>,
}

/// SQL: the ID of the template of a message with the payload `p`.
const TEMPLATE_ID_SQL: &str =
    "CASE WHEN p.type IN ('template', 'subscribe', 'subscribe_once') THEN p.json ->> '$.template_id' END";

impl Store {
    /// Returns the messages that match the filter, newest first.
    pub fn messages(&self, app_id: &str, filter: &MessageFilter<'_>) -> Result<Vec<Message>> {
        let (conditions, values) = filter.conditions(app_id);
        let mut sql = select_messages_sql() + &conditions + " ORDER BY m.id DESC";
        if let Some(limit) = filter.limit {
            sql += &format!(" LIMIT {limit}");
        }
        let mut query = self.map_err(self.conn.prepare_cached(&sql))?;
        let rows = self.map_err(query.query_map(params_from_iter(values), read_message_with_payload))?;
        self.map_err(rows.collect())
    }

    /// Returns how many messages match the filter, regardless of its limit.
    pub fn count_messages(&self, app_id: &str, filter: &MessageFilter<'_>) -> Result<i64> {
        let (conditions, values) = filter.conditions(app_id);
        // Without a condition on the content, the contents are not read.
        let join = if filter.template_ids.is_some() { "LEFT JOIN payloads p ON p.id = m.payload_id" } else { "" };
        let sql = format!("SELECT count(*) FROM messages m {join} WHERE m.app_id = ?") + &conditions;
        let mut query = self.map_err(self.conn.prepare(&sql))?;
        self.map_err(query.query_row(params_from_iter(values), |row| row.get(0)))
    }

    /// Returns whether a message of the account has this template.
    pub fn has_messages_with_template(&self, app_id: &str, template_id: &str) -> Result<bool> {
        let ids = [template_id.to_owned()];
        let filter = MessageFilter { template_ids: Some(&ids), limit: Some(1), ..MessageFilter::default() };
        Ok(!self.messages(app_id, &filter)?.is_empty())
    }
}

impl MessageFilter<'_> {
    /// Returns the filter's conditions for a query for messages `m` of an account with the payload
    /// `p`, and all values of the query.
    fn conditions(&self, app_id: &str) -> (String, Vec<Box<dyn ToSql>>) {
        let mut sql = String::new();
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(app_id.to_owned())];
        let mut add = |condition: &str, value: Box<dyn ToSql>| {
            sql += &format!(" AND {condition}");
            values.push(value);
        };
        if !self.states.is_empty() {
            let states: Vec<&str> = self.states.iter().map(|state| state.as_str()).collect();
            add("m.state IN (SELECT value FROM json_each(?))", Box::new(json_array(&states)));
        }
        if let Some(ReceiptFilter::Is(status)) = self.receipt {
            add("m.receipt = ?", Box::new(status));
        }
        if let Some(user_id) = self.user_id {
            add("m.user_id = ?", Box::new(user_id));
        }
        if let Some(tag) = self.tag {
            add("m.user_id IN (SELECT user_id FROM tags WHERE tag = ?)", Box::new(normalize_nfc(tag).into_owned()));
        }
        if let Some(template_ids) = self.template_ids {
            let condition = format!("{TEMPLATE_ID_SQL} IN (SELECT value FROM json_each(?))");
            add(&condition, Box::new(json_array(template_ids)));
        }
        if let Some(since) = self.since {
            add("m.created_at >= ?", Box::new(since));
        }
        if let Some(until) = self.until {
            add("m.created_at <= ?", Box::new(until));
        }
        if let Some(ids) = self.ids {
            add("m.id IN (SELECT value FROM json_each(?))", Box::new(json_array(ids)));
        }
        if matches!(self.receipt, Some(ReceiptFilter::Missing)) {
            sql += &format!(" AND {AWAITS_RECEIPT_SQL}");
        }
        (sql, values)
    }
}

/// Returns a list in the form of SQLite's `json_each`, so that a query has one parameter for it.
fn json_array<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).unwrap_or_default()
}
