//! What is to be sent, on its way into the outbox.

use rusqlite::{OptionalExtension, params};

use super::super::Result;
use super::media::Attachment;
use super::turn::{Held, Record, Turn};
use super::{Message, State};
use crate::time::Timestamp;

/// One recipient of a send.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The person, where known.
    pub user_id: Option<i64>,
    /// That person's name.
    pub user: Option<String>,
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
    /// What is sent after it, part by part, each only when the one before it is.
    pub parts: Vec<Body>,
    /// The files that are sent with it.
    pub files: Vec<Attachment>,
    /// What is sent instead where WeChat takes no text from us now.
    pub fallback: Option<Body>,
    /// To whom.
    pub to: Vec<NewMessage>,
    /// The caller's key: for each recipient there is at most one live message of it. Part 2 has it with `#2` behind.
    pub key: Option<String>,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// What became of a recipient of a parcel.
#[derive(Clone, Debug)]
pub enum Place {
    /// Queued, with this id.
    New(i64),
    /// Queued, and taken by this process.
    Mine(Box<Held>),
    /// Queued, with this id, to be sent when that other message of the same recipient is.
    After(i64, i64),
    /// The recipient has this live message of the same key already; nothing was queued.
    Duplicate(i64),
    /// The person is no longer bound to that openid, or was removed; nothing was queued.
    Unbound,
}

impl Place {
    /// The message that the recipient has.
    pub fn id(&self) -> Option<i64> {
        match self {
            Self::New(id) | Self::After(id, _) | Self::Duplicate(id) => Some(*id),
            Self::Mine(held) => Some(held.message.id),
            Self::Unbound => None,
        }
    }
}

const INSERT: &str = "INSERT INTO messages (app_id, user_id, openid, content_id, fallback_id, type, state,
    client_msg_id, key, created_at, due_at, touched_at, expires_at, after_id, parts_left, worker)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?9, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (app_id, openid, key) WHERE key IS NOT NULL AND state IN ('queued', 'sent', 'unknown') DO NOTHING";

const LIVE: &str = "SELECT id FROM messages WHERE app_id = ?1 AND openid = ?2 AND key = ?3
    AND key IS NOT NULL AND state IN ('queued', 'sent', 'unknown')";

/// A part of a parcel.
struct Part<'a> {
    body: &'a Body,
    fallback: Option<i64>,
    key: Option<String>,
    /// How many come after it.
    left: usize,
    /// It is taken at once.
    mine: bool,
}

impl Turn<'_> {
    /// Queues a parcel; the places in the order of its recipients, part after part. `mine`: its first part is taken
    /// at once, and never anybody else's.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn queue(&self, parcel: &Parcel, mine: bool) -> Result<Vec<Place>> {
        let fallback = parcel.fallback.as_ref().map(|body| self.keep(body)).transpose()?;
        let left = parcel.parts.len();
        let first = Part { body: &parcel.body, fallback, key: parcel.key.clone(), left, mine };
        let mut places = self.queue_part(parcel, &first, None)?;
        let mut before = 0;
        for (number, body) in (2..).zip(&parcel.parts) {
            let key = parcel.key.as_ref().map(|key| format!("{key}#{number}"));
            let part = Part { body, fallback: None, key, left: left + 1 - number, mine: false };
            let queued = self.queue_part(parcel, &part, Some(&places[before..]))?;
            before = places.len();
            places.extend(queued);
        }
        Ok(places)
    }

    /// Queues one part for all recipients, after their places in the part before.
    fn queue_part(&self, parcel: &Parcel, part: &Part<'_>, before: Option<&[Place]>) -> Result<Vec<Place>> {
        let content = self.keep(part.body)?;
        let mut insert = self.at(self.step.prepare_cached(INSERT))?;
        let mut places = Vec::with_capacity(parcel.to.len());
        for (at, one) in parcel.to.iter().enumerate() {
            let NewMessage { user_id, openid, client_msg_id, .. } = one;
            let key = part.key.as_deref();
            let before = before.and_then(|before| before.get(at));
            let after = before.and_then(Place::id);
            let is_lost = match before {
                Some(_) => after.is_none(),
                None => !self.is_bound(*user_id, openid)?,
            };
            if is_lost {
                places.push(Place::Unbound);
                continue;
            }
            let row = params![
                self.app_id,
                user_id,
                openid,
                content,
                part.fallback,
                part.body.kind,
                client_msg_id,
                key,
                self.now,
                parcel.expires_at,
                after,
                i64::try_from(part.left).unwrap_or(i64::MAX),
                part.mine.then_some(self.worker),
            ];
            let queued = self.at(insert.execute(row))? > 0;
            let id = self.step.last_insert_rowid();
            places.push(match (queued, after) {
                (true, None) if part.mine => Place::Mine(Box::new(self.held(parcel, part, one, (id, content)))),
                (true, None) => Place::New(id),
                (true, Some(after)) => Place::After(id, after),
                (false, _) => Place::Duplicate(self.live(openid, key)?.unwrap_or_default()),
            });
        }
        if places.iter().all(|place| matches!(place, Place::Duplicate(_) | Place::Unbound)) {
            for unused in [Some(content), part.fallback].into_iter().flatten() {
                self.at(self.step.execute("DELETE FROM contents WHERE id = ?1", [unused]))?;
            }
        } else {
            self.attach(content, &parcel.files)?;
        }
        Ok(places)
    }

    /// Whether a person, where one is known, is still bound to that openid.
    fn is_bound(&self, user_id: Option<i64>, openid: &str) -> Result<bool> {
        let Some(user_id) = user_id else { return Ok(true) };
        let sql = "SELECT 1 FROM bindings WHERE app_id = ?1 AND user_id = ?2 AND openid = ?3";
        let mut query = self.at(self.step.prepare_cached(sql))?;
        self.at(query.exists(params![self.app_id, user_id, openid]))
    }

    /// A message that was just queued for this process, as it would be read back.
    fn held(&self, parcel: &Parcel, part: &Part<'_>, one: &NewMessage, (id, content_id): (i64, i64)) -> Held {
        let message = Message {
            id,
            user: one.user.clone(),
            openid: Some(one.openid.clone()),
            kind: part.body.kind.to_owned(),
            body: None,
            state: State::Queued,
            attempts: 0,
            msgid: None,
            errcode: None,
            errmsg: None,
            error: None,
            key: part.key.clone(),
            client_msg_id: one.client_msg_id.clone(),
            created_at: self.now,
            due_at: self.now,
            expires_at: parcel.expires_at,
            sent_at: None,
            after_id: None,
        };
        let parts_left = i64::try_from(part.left).unwrap_or(i64::MAX);
        Held { message, content_id, fallback_id: part.fallback, record: Record::default(), parts_left }
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

#[cfg(test)]
mod tests {
    use super::super::{Scope, Who};
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_is_taken_at_once_is_what_would_be_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let sql = "INSERT INTO users (id, username, uid, created_at) VALUES (7, 'nami', hex(randomblob(16)), 0)";
        store.conn.execute(sql, []).unwrap();
        let sql = "INSERT INTO bindings (app_id, user_id, openid, bound_at) VALUES ('wx1', 7, 'o1', 0)";
        store.conn.execute(sql, []).unwrap();
        let body = |kind| Body { kind, json: "{}".into() };
        let one = |user: Option<(i64, &str)>, openid: &str, client_msg_id: Option<String>| NewMessage {
            user_id: user.map(|(id, _)| id),
            user: user.map(|(_, name)| name.to_owned()),
            openid: openid.to_owned(),
            client_msg_id,
        };
        let parcel = Parcel {
            body: body("text"),
            parts: vec![body("text")],
            files: Vec::new(),
            fallback: Some(body("template")),
            to: vec![one(Some((7, "nami")), "o1", Some("f".repeat(32))), one(None, "o2", None)],
            key: Some("k".into()),
            expires_at: Timestamp(90_000),
        };
        let who = Who { app_id: "wx1", worker: "me", now: Timestamp(1_000) };
        let (taken, read) = store
            .turn(who, false, |turn| -> Result<_> {
                let mine = |place| if let Place::Mine(held) = place { Some(*held) } else { None };
                let taken: Vec<Held> = turn.queue(&parcel, true)?.into_iter().filter_map(mine).collect();
                turn.let_go(taken.iter().map(|held| held.message.id))?;
                Ok((taken, turn.take(Scope::Only(0, i64::MAX), 9)?))
            })
            .unwrap();
        assert_eq!(taken.len(), 2);
        assert_eq!(format!("{taken:#?}"), format!("{read:#?}"));
    }
}
