//! What is to be sent, on its way into the outbox.

use std::time::Duration;

use rusqlite::{OptionalExtension, ToSql, params};

use super::super::Result;
use super::media::Attachment;
use super::turn::{Backoff, Held, Turn};
use super::{History, Message, State};

/// One recipient of a send.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The person, where known.
    pub user_id: Option<i64>,
    /// That person's name.
    pub user: Option<String>,
    /// The openid that is meant; of a person, that of the binding when the message was written.
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
    /// The caller's key: for each recipient there is at most one live message of it, or one text in parts.
    pub key: Option<String>,
    /// How long it is tried.
    pub expiry: Expiry,
}

/// How long a message is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// From when it is queued.
    pub after: Duration,
    /// Whether the sender asked for that time: it is kept to, even where the message was not tried once.
    pub strict: bool,
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
    /// The person is no longer bound, or was removed; nothing was queued.
    Unbound(Option<String>),
}

const INSERT: &str = "INSERT INTO messages (app_id, user_id, openid, content_id, fallback_id, type, state,
    client_msg_id, key, created_at, created_up, due_at, changed_at, expire_after, expires_at, expire_strict, first_id,
    after_id, parts_left, worker)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?9, ?9, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (app_id, coalesce(user_id, openid), key) WHERE key IS NOT NULL AND first_id IS NULL
    AND (state = 'queued' OR state = 'sent' OR state = 'unknown') DO NOTHING";

/// The live message of a key, with the parts of its text.
const LIVE: &str = "SELECT id FROM messages WHERE app_id = ?1 AND coalesce(user_id, openid) = ?2 AND key = ?3
    AND key IS NOT NULL AND first_id IS NULL AND (state = 'queued' OR state = 'sent' OR state = 'unknown')";

/// A part of a parcel.
struct Part<'a> {
    body: &'a Body,
    content: i64,
    fallback: Option<i64>,
    /// How many come after it.
    left: usize,
}

impl Turn<'_> {
    /// Queues a parcel: what became of each recipient, part by part, in the order of the recipients. `mine`: the first
    /// part is taken at once, and never anybody else's.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn queue(&self, parcel: &Parcel, mine: bool) -> Result<Vec<Place>> {
        let fallback = parcel.fallback.as_ref().map(|body| self.keep(body)).transpose()?;
        let bodies = || std::iter::once(&parcel.body).chain(&parcel.parts);
        let mut parts = Vec::with_capacity(1 + parcel.parts.len());
        for (at, body) in bodies().enumerate() {
            let fallback = fallback.filter(|_| at == 0);
            parts.push(Part { body, content: self.keep(body)?, fallback, left: parcel.parts.len() - at });
        }
        let mut places = Vec::with_capacity(parcel.to.len() * parts.len());
        for one in &parcel.to {
            self.queue_for(parcel, &parts, one, mine, &mut places)?;
        }
        if places.iter().all(|place| matches!(place, Place::Duplicate(_) | Place::Unbound(_))) {
            let unused = parts.iter().map(|part| part.content).chain(fallback);
            let mut delete = self.at(self.step.prepare_cached("DELETE FROM contents WHERE id = ?1"))?;
            unused.into_iter().try_for_each(|id| self.at(delete.execute([id])).map(drop))?;
        } else if let Some(first) = parts.first() {
            self.attach(first.content, &parcel.files)?;
        }
        Ok(places)
    }

    /// Queues all parts for a recipient.
    fn queue_for(
        &self,
        parcel: &Parcel,
        parts: &[Part<'_>],
        one: &NewMessage,
        mine: bool,
        places: &mut Vec<Place>,
    ) -> Result<()> {
        let Some(openid) = self.openid_of(one)? else {
            places.push(Place::Unbound(one.user.clone()));
            return Ok(());
        };
        let mut first = None;
        let mut before = None;
        for part in parts {
            let Some(id) = self.insert(parcel, part, one, (first, before), mine && first.is_none())? else {
                let live = self.live(one, parcel.key.as_deref())?;
                places.extend(live.into_iter().map(Place::Duplicate));
                return Ok(());
            };
            places.push(match before {
                None if mine => Place::Mine(Box::new(self.held(parcel, part, (one, &openid), id))),
                None => Place::New(id),
                Some(before) => Place::After(id, before),
            });
            first.get_or_insert(id);
            before = Some(id);
        }
        Ok(())
    }

    /// Inserts a part; `None` where the recipient has a live message of the key.
    fn insert(
        &self,
        parcel: &Parcel,
        part: &Part<'_>,
        one: &NewMessage,
        (first, before): (Option<i64>, Option<i64>),
        mine: bool,
    ) -> Result<Option<i64>> {
        let Expiry { after, strict } = parcel.expiry;
        let now = self.now.at;
        let mut insert = self.at(self.step.prepare_cached(INSERT))?;
        let row = params![
            self.app_id,
            one.user_id,
            one.user_id.is_none().then_some(&one.openid),
            part.content,
            part.fallback,
            part.body.kind,
            one.client_msg_id,
            parcel.key,
            now,
            self.now.up.as_ref().map(ToString::to_string),
            i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            now.after(after),
            strict,
            first,
            before,
            i64::try_from(part.left).unwrap_or(i64::MAX),
            mine.then_some(self.worker),
        ];
        let queued = self.at(insert.execute(row))? > 0;
        Ok(queued.then(|| self.step.last_insert_rowid()))
    }

    /// Where a message to that recipient goes as things stand; `None` where the person is not bound.
    fn openid_of(&self, one: &NewMessage) -> Result<Option<String>> {
        let Some(user_id) = one.user_id else { return Ok(Some(one.openid.clone())) };
        let sql = "SELECT openid FROM bindings WHERE app_id = ?1 AND user_id = ?2";
        let mut query = self.at(self.step.prepare_cached(sql))?;
        self.at(query.query_row(params![self.app_id, user_id], |row| row.get(0)).optional())
    }

    /// A message that was just queued for this process, as it would be read back.
    fn held(&self, parcel: &Parcel, part: &Part<'_>, (one, openid): (&NewMessage, &str), id: i64) -> Held {
        let Expiry { after, strict } = parcel.expiry;
        let message = Message {
            id,
            user: one.user.clone(),
            openid: Some(openid.to_owned()),
            kind: part.body.kind.to_owned(),
            body: None,
            state: State::Queued,
            attempts: 0,
            msgid: None,
            errcode: None,
            errmsg: None,
            rid: None,
            error: None,
            key: parcel.key.clone(),
            client_msg_id: one.client_msg_id.clone(),
            created_at: self.now.at,
            due_at: self.now.at,
            expires_at: self.now.at.after(after),
            sent_at: None,
            after_id: None,
        };
        Held {
            message,
            user_id: one.user_id,
            content_id: part.content,
            fallback_id: part.fallback,
            created: self.now.clone(),
            expire_after: after,
            expire_strict: strict,
            backoff: Backoff::default(),
            history: History::default(),
            text_tried: false,
            waits: false,
            parts_left: i64::try_from(part.left).unwrap_or(i64::MAX),
        }
    }

    /// The ids of the live message of a key, and of the parts that come after it.
    fn live(&self, one: &NewMessage, key: Option<&str>) -> Result<Vec<i64>> {
        let recipient: &dyn ToSql = match &one.user_id {
            Some(user_id) => user_id,
            None => &one.openid,
        };
        let mut query = self.at(self.step.prepare_cached(LIVE))?;
        let found = query.query_row(params![self.app_id, recipient, key], |row| row.get(0)).optional();
        let mut ids: Vec<i64> = self.at(found)?.into_iter().collect();
        let sql = "SELECT id FROM messages INDEXED BY messages_after WHERE after_id = ?1 AND first_id NOTNULL";
        let mut next = self.at(self.step.prepare_cached(sql))?;
        while let Some(last) = ids.last()
            && let Some(id) = self.at(next.query_row([last], |row| row.get(0)).optional())?
        {
            ids.push(id);
        }
        Ok(ids)
    }

    fn keep(&self, body: &Body) -> Result<i64> {
        let sql = "INSERT INTO contents (type, body, created_at) VALUES (?1, ?2, ?3)";
        let mut insert = self.at(self.step.prepare_cached(sql))?;
        self.at(insert.insert(params![body.kind, body.json, self.now.at]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scope, Who};
    use super::*;
    use crate::store::Store;
    use crate::time::Moment;

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
            expiry: Expiry { after: Duration::from_secs(90), strict: true },
        };
        let who = Who { app_id: "wx1", worker: "me", now: &Moment::now(), server: None };
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
