//! What is to be sent, on its way into the outbox.

use std::time::Duration;

use rusqlite::{OptionalExtension, ToSql, params};

use super::super::Result;
use super::media::Attachment;
use super::transaction::{ClaimedMessage, OutboxTx, RetryState};
use super::{AttemptHistory, Message, MessageState};

/// One recipient of a send.
#[derive(Clone, Debug)]
pub struct NewRecipient {
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
pub struct Payload {
    /// `text`, `template`, …
    pub kind: &'static str,
    /// The content as JSON, without the recipient.
    pub json: String,
}

/// One content for some recipients: all of them are queued, or nobody.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What is sent.
    pub payload: Payload,
    /// What is sent after it, part by part, each only when the one before it is.
    pub parts: Vec<Payload>,
    /// The files that are sent with it.
    pub files: Vec<Attachment>,
    /// What is sent instead where WeChat takes no text from us now.
    pub fallback: Option<Payload>,
    /// To whom.
    pub recipients: Vec<NewRecipient>,
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
pub enum EnqueueResult {
    /// Queued, with this id.
    Queued(i64),
    /// Queued, and taken by this process.
    Claimed(Box<ClaimedMessage>),
    /// Queued, with this id, to be sent when that other message of the same recipient is.
    QueuedAfter(i64, i64),
    /// The recipient has this live message of the same key already; nothing was queued.
    Duplicate(i64),
    /// The person is no longer bound, or was removed; nothing was queued.
    NotBound(Option<String>),
}

const INSERT_MESSAGE_SQL: &str = "INSERT INTO messages (app_id, user_id, openid, payload_id, fallback_id, type, state,
    client_msg_id, key, created_at, created_uptime, due_at, updated_at, expire_after, expires_at, expire_strict, first_part_id,
    previous_part_id, remaining_parts, claimed_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?9, ?9, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (app_id, coalesce(user_id, openid), key) WHERE key IS NOT NULL AND first_part_id IS NULL
    AND (state = 'queued' OR state = 'sent' OR state = 'unknown') DO NOTHING";

/// The live message of a key, with the parts of its text.
const LIVE_BY_KEY_SQL: &str =
    "SELECT id FROM messages WHERE app_id = ?1 AND coalesce(user_id, openid) = ?2 AND key = ?3
    AND key IS NOT NULL AND first_part_id IS NULL AND (state = 'queued' OR state = 'sent' OR state = 'unknown')";

/// A part of a parcel.
struct SubmissionPart<'a> {
    payload: &'a Payload,
    payload_id: i64,
    fallback_id: Option<i64>,
    /// How many come after it.
    remaining_parts: usize,
}

impl OutboxTx<'_> {
    /// Queues a parcel: what became of each recipient, part by part, in the order of the recipients. `mine`: the first
    /// part is taken at once, and never anybody else's.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn enqueue(&self, submission: &Submission, claim: bool) -> Result<Vec<EnqueueResult>> {
        let fallback = submission.fallback.as_ref().map(|payload| self.insert_payload(payload)).transpose()?;
        let payloads = || std::iter::once(&submission.payload).chain(&submission.parts);
        let mut parts = Vec::with_capacity(1 + submission.parts.len());
        for (index, payload) in payloads().enumerate() {
            let fallback = fallback.filter(|_| index == 0);
            parts.push(SubmissionPart {
                payload,
                payload_id: self.insert_payload(payload)?,
                fallback_id: fallback,
                remaining_parts: submission.parts.len() - index,
            });
        }
        let mut results = Vec::with_capacity(submission.recipients.len() * parts.len());
        for recipient in &submission.recipients {
            self.enqueue_for(submission, &parts, recipient, claim, &mut results)?;
        }
        if results.iter().all(|result| matches!(result, EnqueueResult::Duplicate(_) | EnqueueResult::NotBound(_))) {
            let unused = parts.iter().map(|part| part.payload_id).chain(fallback);
            let mut delete = self.map_err(self.tx.prepare_cached("DELETE FROM payloads WHERE id = ?1"))?;
            unused.into_iter().try_for_each(|id| self.map_err(delete.execute([id])).map(drop))?;
        } else if let Some(first) = parts.first() {
            self.attach_files(first.payload_id, &submission.files)?;
        }
        Ok(results)
    }

    /// Queues all parts for a recipient.
    fn enqueue_for(
        &self,
        submission: &Submission,
        parts: &[SubmissionPart<'_>],
        recipient: &NewRecipient,
        claim: bool,
        results: &mut Vec<EnqueueResult>,
    ) -> Result<()> {
        let Some(openid) = self.current_openid(recipient)? else {
            results.push(EnqueueResult::NotBound(recipient.user.clone()));
            return Ok(());
        };
        let mut first = None;
        let mut previous = None;
        for part in parts {
            let Some(id) =
                self.insert_message(submission, part, recipient, (first, previous), claim && first.is_none())?
            else {
                let live = self.find_live_duplicate(recipient, submission.key.as_deref())?;
                results.extend(live.into_iter().map(EnqueueResult::Duplicate));
                return Ok(());
            };
            results.push(match previous {
                None if claim => {
                    EnqueueResult::Claimed(Box::new(self.claimed_message(submission, part, (recipient, &openid), id)))
                }
                None => EnqueueResult::Queued(id),
                Some(previous) => EnqueueResult::QueuedAfter(id, previous),
            });
            first.get_or_insert(id);
            previous = Some(id);
        }
        Ok(())
    }

    /// Inserts a part; `None` where the recipient has a live message of the key.
    fn insert_message(
        &self,
        submission: &Submission,
        part: &SubmissionPart<'_>,
        recipient: &NewRecipient,
        (first, previous): (Option<i64>, Option<i64>),
        claim: bool,
    ) -> Result<Option<i64>> {
        let Expiry { after, strict } = submission.expiry;
        let now = self.now.wall;
        let mut insert = self.map_err(self.tx.prepare_cached(INSERT_MESSAGE_SQL))?;
        let row = params![
            self.app_id,
            recipient.user_id,
            recipient.user_id.is_none().then_some(&recipient.openid),
            part.payload_id,
            part.fallback_id,
            part.payload.kind,
            recipient.client_msg_id,
            submission.key,
            now,
            self.now.uptime.as_ref().map(ToString::to_string),
            i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            now.plus(after),
            strict,
            first,
            previous,
            i64::try_from(part.remaining_parts).unwrap_or(i64::MAX),
            claim.then_some(self.worker_id),
        ];
        let queued = self.map_err(insert.execute(row))? > 0;
        Ok(queued.then(|| self.tx.last_insert_rowid()))
    }

    /// Where a message to that recipient goes as things stand; `None` where the person is not bound.
    fn current_openid(&self, recipient: &NewRecipient) -> Result<Option<String>> {
        let Some(user_id) = recipient.user_id else { return Ok(Some(recipient.openid.clone())) };
        let sql = "SELECT openid FROM bindings WHERE app_id = ?1 AND user_id = ?2";
        let mut query = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(query.query_row(params![self.app_id, user_id], |row| row.get(0)).optional())
    }

    /// A message that was just queued for this process, as it would be read back.
    fn claimed_message(
        &self,
        submission: &Submission,
        part: &SubmissionPart<'_>,
        (recipient, openid): (&NewRecipient, &str),
        id: i64,
    ) -> ClaimedMessage {
        let Expiry { after, strict } = submission.expiry;
        let message = Message {
            id,
            user: recipient.user.clone(),
            openid: Some(openid.to_owned()),
            kind: part.payload.kind.to_owned(),
            payload: None,
            state: MessageState::Queued,
            attempts: 0,
            msgid: None,
            errcode: None,
            errmsg: None,
            rid: None,
            error: None,
            key: submission.key.clone(),
            client_msg_id: recipient.client_msg_id.clone(),
            created_at: self.now.wall,
            due_at: self.now.wall,
            expires_at: self.now.wall.plus(after),
            sent_at: None,
            previous_part_id: None,
        };
        ClaimedMessage {
            message,
            user_id: recipient.user_id,
            payload_id: part.payload_id,
            fallback_id: part.fallback_id,
            created: self.now.clone(),
            expire_after: after,
            expire_strict: strict,
            retry_state: RetryState::default(),
            history: AttemptHistory::default(),
            any_part_attempted: false,
            waits_for_predecessor: false,
            remaining_parts: i64::try_from(part.remaining_parts).unwrap_or(i64::MAX),
        }
    }

    /// The ids of the live message of a key, and of the parts that come after it.
    fn find_live_duplicate(&self, new_recipient: &NewRecipient, key: Option<&str>) -> Result<Vec<i64>> {
        let recipient: &dyn ToSql = match &new_recipient.user_id {
            Some(user_id) => user_id,
            None => &new_recipient.openid,
        };
        let mut query = self.map_err(self.tx.prepare_cached(LIVE_BY_KEY_SQL))?;
        let found = query.query_row(params![self.app_id, recipient, key], |row| row.get(0)).optional();
        let mut ids: Vec<i64> = self.map_err(found)?.into_iter().collect();
        let sql = "SELECT id FROM messages INDEXED BY messages_by_previous_part WHERE previous_part_id = ?1 AND first_part_id NOTNULL";
        let mut next = self.map_err(self.tx.prepare_cached(sql))?;
        while let Some(last) = ids.last()
            && let Some(id) = self.map_err(next.query_row([last], |row| row.get(0)).optional())?
        {
            ids.push(id);
        }
        Ok(ids)
    }

    fn insert_payload(&self, payload: &Payload) -> Result<i64> {
        let sql = "INSERT INTO payloads (type, json, created_at) VALUES (?1, ?2, ?3)";
        let mut insert = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(insert.insert(params![payload.kind, payload.json, self.now.wall]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClaimScope, TxContext};
    use super::*;
    use crate::clock::ClockReading;
    use crate::store::Store;

    #[test]
    fn what_is_taken_at_once_is_what_would_be_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let sql = "INSERT INTO users (id, username, uid, created_at) VALUES (7, 'nami', hex(randomblob(16)), 0)";
        store.conn.execute(sql, []).unwrap();
        let sql = "INSERT INTO bindings (app_id, user_id, openid, bound_at) VALUES ('wx1', 7, 'o1', 0)";
        store.conn.execute(sql, []).unwrap();
        let body = |kind| Payload { kind, json: "{}".into() };
        let one = |user: Option<(i64, &str)>, openid: &str, client_msg_id: Option<String>| NewRecipient {
            user_id: user.map(|(id, _)| id),
            user: user.map(|(_, name)| name.to_owned()),
            openid: openid.to_owned(),
            client_msg_id,
        };
        let parcel = Submission {
            payload: body("text"),
            parts: vec![body("text")],
            files: Vec::new(),
            fallback: Some(body("template")),
            recipients: vec![one(Some((7, "nami")), "o1", Some("f".repeat(32))), one(None, "o2", None)],
            key: Some("k".into()),
            expiry: Expiry { after: Duration::from_secs(90), strict: true },
        };
        let who = TxContext { app_id: "wx1", worker_id: "me", now: &ClockReading::now(), server_now: None };
        let (taken, read) = store
            .transaction(who, false, |turn| -> Result<_> {
                let mine = |place| if let EnqueueResult::Claimed(held) = place { Some(*held) } else { None };
                let taken: Vec<ClaimedMessage> = turn.enqueue(&parcel, true)?.into_iter().filter_map(mine).collect();
                turn.release(taken.iter().map(|held| held.message.id))?;
                Ok((taken, turn.claim(ClaimScope::Range(0, i64::MAX), 9)?))
            })
            .unwrap();
        assert_eq!(taken.len(), 2);
        assert_eq!(format!("{taken:#?}"), format!("{read:#?}"));
    }
}
