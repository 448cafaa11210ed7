//! Queueing of submissions.

use std::time::Duration;

use rusqlite::{OptionalExtension, ToSql, params};

use super::super::Result;
use super::media::Attachment;
use super::transaction::{ClaimedMessage, OutboxTx, RetryState};
use super::{AttemptHistory, Message, MessageState};

/// A recipient of a submission.
#[derive(Clone, Debug)]
pub struct NewRecipient {
    /// The user's ID; `None` for a bare openid.
    pub user_id: Option<i64>,
    /// The user's name.
    pub user: Option<String>,
    /// The recipient; for a user, the openid that was bound when the submission was built.
    pub openid: String,
    /// 32 hex digits for WeChat's dedupe of a template message, which may be the fallback.
    pub client_msg_id: Option<String>,
}

/// The content of a message, stored once per send.
#[derive(Clone, Debug)]
pub struct Payload {
    /// `text`, `template`, …
    pub kind: &'static str,
    /// The content as JSON, without the recipient.
    pub json: String,
}

/// One content for one or more recipients. All of them are queued, or none.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The content.
    pub payload: Payload,
    /// The parts of a text after the first; each is sent once the previous part is sent.
    pub remaining_parts: Vec<Payload>,
    /// The files that the content refers to.
    pub files: Vec<Attachment>,
    /// The template that is sent instead when WeChat refuses a text.
    pub fallback: Option<Payload>,
    /// The recipients.
    pub recipients: Vec<NewRecipient>,
    /// The caller's key: a recipient has at most one live message, or text in parts, with it.
    pub key: Option<String>,
    /// How long the message may be attempted.
    pub expiry: Expiry,
}

#[cfg(test)]
impl Submission {
    /// Returns a text to bare openids that expires after an hour.
    pub(crate) fn text_to(openids: &[&str]) -> Self {
        let recipient = |openid: &&str| NewRecipient {
            user_id: None,
            user: None,
            openid: (*openid).to_owned(),
            client_msg_id: None,
        };
        Self {
            payload: Payload { kind: "text", json: r#"{"type":"text","content":"hello"}"#.to_owned() },
            remaining_parts: Vec::new(),
            files: Vec::new(),
            fallback: None,
            recipients: openids.iter().map(recipient).collect(),
            key: None,
            expiry: Expiry { after: Duration::from_secs(3600), strict: false },
        }
    }

    /// Returns the same text in this many parts.
    pub(crate) fn in_parts(self, count: usize) -> Self {
        Self { remaining_parts: vec![self.payload.clone(); count - 1], ..self }
    }
}

/// The time after which a message expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The time since it was queued.
    pub after: Duration,
    /// Whether the sender set it: then a message expires even if it was never attempted.
    pub strict: bool,
}

/// The result for one recipient of a submission.
#[derive(Clone, Debug)]
pub enum EnqueueResult {
    /// The message is queued with this ID.
    Queued(i64),
    /// The message is queued and claimed by this process.
    Claimed(Box<ClaimedMessage>),
    /// The message is queued with the first ID, and sent once the message with the second ID is
    /// sent.
    QueuedAfter(i64, i64),
    /// The recipient already has this live message with the same key; nothing was queued.
    Duplicate(i64),
    /// The user is no longer bound, or was removed; nothing was queued.
    NotBound(Option<String>),
}

const INSERT_MESSAGE_SQL: &str = "INSERT INTO messages (app_id, user_id, openid, payload_id, fallback_id, type, state,
    client_msg_id, key, created_at, created_uptime, due_at, updated_at, expire_after, expires_at,
    expire_strict, first_part_id, previous_part_id, remaining_parts, claimed_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9, ?10, ?9, ?9, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (app_id, coalesce(user_id, openid), key) WHERE key IS NOT NULL AND first_part_id IS NULL
    AND (state = 'queued' OR state = 'sent' OR state = 'unknown') DO NOTHING";

/// SQL: the live message with a key.
const LIVE_BY_KEY_SQL: &str =
    "SELECT id FROM messages WHERE app_id = ?1 AND coalesce(user_id, openid) = ?2 AND key = ?3
    AND key IS NOT NULL AND first_part_id IS NULL AND (state = 'queued' OR state = 'sent' OR state = 'unknown')";

/// A part of a submission.
struct SubmissionPart<'a> {
    payload: &'a Payload,
    payload_id: i64,
    fallback_id: Option<i64>,
    /// The number of parts that remain after it.
    remaining_parts: usize,
}

impl OutboxTx<'_> {
    /// Queues a submission. Returns the result for each part of each recipient, in the order of the
    /// recipients. With `claim` the first part is claimed as well, so that no other process gets
    /// it.
    pub fn enqueue(&self, submission: &Submission, claim: bool) -> Result<Vec<EnqueueResult>> {
        let fallback = submission.fallback.as_ref().map(|payload| self.insert_payload(payload)).transpose()?;
        let payloads = || std::iter::once(&submission.payload).chain(&submission.remaining_parts);
        let mut parts = Vec::new();
        for (index, payload) in payloads().enumerate() {
            let fallback = fallback.filter(|_| index == 0);
            parts.push(SubmissionPart {
                payload,
                payload_id: self.insert_payload(payload)?,
                fallback_id: fallback,
                remaining_parts: submission.remaining_parts.len() - index,
            });
        }
        let mut results = Vec::new();
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
        let Some(binding) = self.current_binding(recipient)? else {
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
                    EnqueueResult::Claimed(Box::new(self.claimed_message(submission, part, (recipient, &binding), id)))
                }
                None => EnqueueResult::Queued(id),
                Some(previous) => EnqueueResult::QueuedAfter(id, previous),
            });
            first.get_or_insert(id);
            previous = Some(id);
        }
        Ok(())
    }

    /// Inserts a part; `None` if the recipient has a live message with the key.
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

    /// Returns the recipient's openid now, and whether the recipient follows the account; `None` if
    /// the user is not bound.
    fn current_binding(&self, recipient: &NewRecipient) -> Result<Option<(String, Option<bool>)>> {
        let Some(user_id) = recipient.user_id else { return Ok(Some((recipient.openid.clone(), None))) };
        let sql = "SELECT openid, follows FROM bindings WHERE app_id = ?1 AND user_id = ?2";
        let mut query = self.map_err(self.tx.prepare_cached(sql))?;
        self.map_err(query.query_row(params![self.app_id, user_id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
    }

    /// Returns the message that was just queued and claimed, as a query would.
    fn claimed_message(
        &self,
        submission: &Submission,
        part: &SubmissionPart<'_>,
        (recipient, (openid, follows)): (&NewRecipient, &(String, Option<bool>)),
        id: i64,
    ) -> ClaimedMessage {
        let Expiry { after, strict } = submission.expiry;
        let message = Message {
            id,
            user: recipient.user.clone(),
            openid: Some(openid.clone()),
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
            updated_at: self.now.wall,
            previous_part_id: None,
            receipt: None,
            follows: *follows,
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
            waits_for_previous_part: false,
            remaining_parts: i64::try_from(part.remaining_parts).unwrap_or(i64::MAX),
        }
    }

    /// Returns the IDs of the live message with a key and of its remaining parts.
    fn find_live_duplicate(&self, new_recipient: &NewRecipient, key: Option<&str>) -> Result<Vec<i64>> {
        let recipient: &dyn ToSql = match &new_recipient.user_id {
            Some(user_id) => user_id,
            None => &new_recipient.openid,
        };
        let mut query = self.map_err(self.tx.prepare_cached(LIVE_BY_KEY_SQL))?;
        let found = query.query_row(params![self.app_id, recipient, key], |row| row.get(0)).optional();
        let mut ids: Vec<i64> = self.map_err(found)?.into_iter().collect();
        let sql = "SELECT id FROM messages INDEXED BY messages_by_previous_part WHERE previous_part_id = ?1
            AND first_part_id NOTNULL";
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
    fn message_claimed_on_enqueue_equals_later_claim() {
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
        let submission = Submission {
            payload: body("text"),
            remaining_parts: vec![body("text")],
            files: Vec::new(),
            fallback: Some(body("template")),
            recipients: vec![one(Some((7, "nami")), "o1", Some("f".repeat(32))), one(None, "o2", None)],
            key: Some("k".into()),
            expiry: Expiry { after: Duration::from_secs(90), strict: true },
        };
        let context = TxContext { app_id: "wx1", worker_id: "me", now: &ClockReading::now(), server_now: None };
        let (claimed_immediately, claimed_later) = store
            .transaction(context, false, |tx| -> Result<_> {
                let claimed_message =
                    |place| if let EnqueueResult::Claimed(claimed) = place { Some(*claimed) } else { None };
                let claimed_immediately: Vec<ClaimedMessage> =
                    tx.enqueue(&submission, true)?.into_iter().filter_map(claimed_message).collect();
                tx.release(claimed_immediately.iter().map(|claimed| claimed.message.id))?;
                Ok((claimed_immediately, tx.claim(ClaimScope::Range(0, i64::MAX), 9)?))
            })
            .unwrap();
        assert_eq!(claimed_immediately.len(), 2);
        assert_eq!(format!("{claimed_immediately:#?}"), format!("{claimed_later:#?}"));
    }
}
