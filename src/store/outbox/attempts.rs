//! The record of attempts, one row each. Whether a message may have arrived is read from these rows
//! alone.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::super::{Result, Store, name_column};
use crate::clock::{ClockReading, Timestamp};
use crate::variant_names::variant_names;

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// WeChat accepted the message.
    Accepted,
    /// WeChat responded with an errcode.
    Refused,
    /// No byte was sent.
    NotSent,
    /// The message may have arrived; there was no usable response.
    Ambiguous,
}

variant_names!(AttemptOutcome {
    Accepted = "accepted",
    Refused = "refused",
    NotSent = "not_sent",
    Ambiguous = "ambiguous",
});
name_column!(AttemptOutcome);

/// An attempt to send a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The attempt's number, from 1.
    pub number: i64,
    /// The recipient; `None` once the user is removed.
    pub openid: Option<String>,
    /// When the access token was fetched.
    pub token_fetched_at: Option<Timestamp>,
    /// When the attempt started.
    pub started: ClockReading,
    /// When its outcome was stored.
    pub ended_at: Option<Timestamp>,
    /// The `Date` header of WeChat's response.
    pub server_time: Option<Timestamp>,
    /// The API host that was called last.
    pub host: Option<String>,
    /// The outcome; `None` while the attempt is open.
    pub outcome: Option<AttemptOutcome>,
    /// WeChat's error code.
    pub errcode: Option<i64>,
    /// WeChat's error text, sanitized.
    pub errmsg: Option<String>,
    /// WeChat's ID of the request.
    pub rid: Option<String>,
}

impl Attempt {
    /// Returns whether the message may have arrived by this attempt.
    fn is_ambiguous(&self) -> bool {
        matches!(self.outcome, None | Some(AttemptOutcome::Ambiguous))
    }
}

/// The attempts of a message, and how many of them a user agreed to repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptHistory {
    /// The attempts, by number.
    pub attempts: Vec<Attempt>,
    /// The number of attempts before the last `outbox retry`, whose user accepted that the message
    /// may arrive twice.
    pub resolved_attempts: i64,
}

impl AttemptHistory {
    /// Returns whether the message may have arrived. No later refusal changes that.
    pub fn may_have_arrived(&self) -> bool {
        self.attempts.iter().any(Attempt::is_ambiguous)
    }

    /// Returns the first attempt that may have arrived and that no user agreed to repeat. The
    /// message is then repeated only if WeChat drops duplicates.
    pub fn first_unresolved(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.number > self.resolved_attempts && attempt.is_ambiguous())
    }

    /// Returns the attempt without an outcome.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.outcome.is_none())
    }

    /// Returns the recipient of the last attempt.
    pub fn last_openid(&self) -> Option<&str> {
        self.attempts.last()?.openid.as_deref()
    }
}

/// SQL: whether a row of `messages` has an attempt without an outcome.
pub(in crate::store) const HAS_OPEN_ATTEMPT_SQL: &str =
    "EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND outcome IS NULL)";

/// SQL: the state of a row of `messages` that is cancelled; a message that may have arrived is
/// `unknown`.
pub(in crate::store) const STATE_AFTER_CANCEL_SQL: &str =
    "CASE WHEN EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id
    AND (outcome IS NULL OR outcome = 'ambiguous')) THEN 'unknown' ELSE 'cancelled' END";

const SELECT_ATTEMPTS_SQL: &str =
    "SELECT number, openid, token_fetched_at, started_at, started_uptime, ended_at, server_time, host, outcome, errcode,
    errmsg, rid FROM attempts WHERE message_id = ?1 ORDER BY number";

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        number: row.get(0)?,
        openid: row.get(1)?,
        token_fetched_at: row.get(2)?,
        started: clock_reading(row.get(3)?, row.get(4)?),
        ended_at: row.get(5)?,
        server_time: row.get(6)?,
        host: row.get(7)?,
        outcome: row.get(8)?,
        errcode: row.get(9)?,
        errmsg: row.get(10)?,
        rid: row.get(11)?,
    })
}

/// Returns a time with the uptime that is stored beside it.
pub(super) fn clock_reading(at: Timestamp, uptime: Option<String>) -> ClockReading {
    ClockReading { wall: at, uptime: uptime.and_then(|uptime| uptime.parse().ok()) }
}

/// Returns the attempts of a message, by number.
pub(super) fn load_attempts(conn: &Connection, id: i64) -> rusqlite::Result<Vec<Attempt>> {
    let mut query = conn.prepare_cached(SELECT_ATTEMPTS_SQL)?;
    query.query_map(params![id], read_attempt)?.collect()
}

impl Store {
    /// Returns the attempts of a message, by number.
    pub fn attempts(&self, id: i64) -> Result<Vec<Attempt>> {
        self.map_err(load_attempts(&self.conn, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_does_not_resolve_ambiguous_attempt() {
        let attempt = |n, outcome| Attempt {
            number: n,
            openid: None,
            token_fetched_at: None,
            started: ClockReading { wall: Timestamp(n), uptime: None },
            ended_at: None,
            server_time: None,
            host: None,
            outcome,
            errcode: None,
            errmsg: None,
            rid: None,
        };
        let history = |repeat_after, outcomes: &[Option<AttemptOutcome>]| AttemptHistory {
            attempts: (1..).zip(outcomes).map(|(n, outcome)| attempt(n, *outcome)).collect(),
            resolved_attempts: repeat_after,
        };
        let (ambiguous, refused) = (Some(AttemptOutcome::Ambiguous), Some(AttemptOutcome::Refused));
        // (resolved attempts, outcomes, may have arrived, unresolved)
        let cases = [
            (0, vec![], false, None),
            (0, vec![refused, Some(AttemptOutcome::NotSent)], false, None),
            (0, vec![None], true, Some(1)),
            (0, vec![refused, ambiguous, refused], true, Some(2)),
            (2, vec![refused, ambiguous, refused], true, None),
            (2, vec![refused, ambiguous, None], true, Some(3)),
        ];
        for (repeat_after, outcomes, may_arrive, unresolved) in cases {
            let history = history(repeat_after, &outcomes);
            assert_eq!(history.may_have_arrived(), may_arrive, "{outcomes:?}");
            assert_eq!(history.first_unresolved().map(|attempt| attempt.number), unresolved, "{outcomes:?}");
        }
    }
}
