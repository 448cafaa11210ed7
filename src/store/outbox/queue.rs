//! What is to be sent, on its way into the outbox.

use rusqlite::{OptionalExtension, params};

use super::super::Result;
use super::turn::Turn;
use crate::time::Timestamp;

/// One recipient of a send.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The person, where known.
    pub user_id: Option<i64>,
    /// Where it goes.
    pub openid: String,
    /// 32 hex digits for WeChat's dedupe of a template message, be it the fallback.
    pub client_msg_id: Option<String>,
}

/// A content as it is kept: once per send, however many people get it.
#[derive(Clone, Debug)]
pub struct Body {
    /// `text`, `template`, …
    pub kind: &'static str,
    /// The content as JSON, without the recipient.
    pub json: String,
}

/// One content for some recipients: all of them are queued, or nobody.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// What is sent.
    pub body: Body,
    /// What is sent instead where WeChat takes no text from us now.
    pub fallback: Option<Body>,
    /// To whom.
    pub to: Vec<NewMessage>,
    /// The caller's key: for each recipient there is at most one live message of it.
    pub key: Option<String>,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// What became of a recipient of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Queued, with this id.
    New(i64),
    /// The recipient has this live message of the same key already; nothing was queued.
    Duplicate(i64),
}

const INSERT: &str = "INSERT INTO messages (app_id, user_id, openid, content_id, fallback_id, type, state,
    client_msg_id, key, created_at, due_at, touched_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?9, ?9, ?10)
    ON CONFLICT (app_id, openid, key) WHERE key IS NOT NULL AND state IN ('queued', 'sent', 'unknown') DO NOTHING";

const LIVE: &str = "SELECT id FROM messages WHERE app_id = ?1 AND openid = ?2 AND key = ?3
    AND key IS NOT NULL AND state IN ('queued', 'sent', 'unknown')";

impl Turn<'_> {
    /// Queues a parcel; the places in the order of its recipients.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn queue(&self, parcel: &Parcel) -> Result<Vec<Place>> {
        let content = self.keep(&parcel.body)?;
        let fallback = parcel.fallback.as_ref().map(|body| self.keep(body)).transpose()?;
        let mut insert = self.at(self.step.prepare_cached(INSERT))?;
        let mut places = Vec::with_capacity(parcel.to.len());
        for one in &parcel.to {
            let NewMessage { user_id, openid, client_msg_id } = one;
            let key = parcel.key.as_deref();
            let row = params![
                self.app_id,
                user_id,
                openid,
                content,
                fallback,
                parcel.body.kind,
                client_msg_id,
                key,
                self.now,
                parcel.expires_at
            ];
            let place = match self.at(insert.execute(row))? {
                0 => self.live(openid, key)?.map(Place::Duplicate),
                _ => Some(Place::New(self.step.last_insert_rowid())),
            };
            places.extend(place);
        }
        if !places.iter().any(|place| matches!(place, Place::New(_))) {
            for unused in [Some(content), fallback].into_iter().flatten() {
                self.at(self.step.execute("DELETE FROM contents WHERE id = ?1", [unused]))?;
            }
        }
        Ok(places)
    }

    fn live(&self, openid: &str, key: Option<&str>) -> Result<Option<i64>> {
        let mut query = self.at(self.step.prepare_cached(LIVE))?;
        self.at(query.query_row(params![self.app_id, openid, key], |row| row.get(0)).optional())
    }

    fn keep(&self, body: &Body) -> Result<i64> {
        let sql = "INSERT INTO contents (type, body, created_at) VALUES (?1, ?2, ?3)";
        let mut insert = self.at(self.step.prepare_cached(sql))?;
        self.at(insert.insert(params![body.kind, body.json, self.now]))
    }
}
