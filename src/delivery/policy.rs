//! What follows from an answer, in one table: for the message, and for the rest of the run.

use crate::store::AttemptOutcome;
use crate::wechat::Error;
use crate::wechat::errcode::{Action, action};

/// How an attempt ended, as far as what follows goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// WeChat took the message.
    Accepted,
    /// WeChat answered with an errcode of that action.
    Refused(Action),
    /// No connection: no byte left this machine.
    NotSent,
    /// It may have arrived: a time-out, a reset, an answer that is cut or none of WeChat's, HTTP 5xx, a
    /// process that was killed.
    Maybe,
}

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent,
    /// It is tried again at once, with a new token; the second time in a row as [`Fate::Backoff`].
    AtOnce,
    /// It is tried again, with growing pauses.
    Backoff,
    /// It is tried again a minute later: WeChat takes no more for this person now.
    Minute,
    /// It is tried again after midnight in Beijing, when WeChat counts anew.
    Tomorrow,
    /// It is refused for good.
    Failed,
    /// Where WeChat drops a repeat (templates, for ten minutes) it is tried again, else it is unknown.
    Repeat,
}

/// What it means for the messages after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// A new token is fetched, once for all.
    Refresh,
    /// Nobody can be reached: all wait.
    Pause,
    /// Nothing reaches this person: the binding is marked.
    Mark,
    /// This person gets too much just now: what would go there waits.
    Slow,
    /// This person does not take the template any more: sends to many leave the person out.
    Decline,
    /// This API or template has nothing left today: what would go that way waits with it.
    HoldKind,
    /// This API or template is refused: what would go that way is refused with it.
    StopKind,
    /// The account is refused: nothing more is sent, what is left stays queued.
    StopRun,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How the attempt ended.
    pub outcome: Outcome,
    /// What becomes of the message.
    pub fate: Fate,
    /// What it means for the rest.
    pub effect: Effect,
}

const fn row(outcome: Outcome, fate: Fate, effect: Effect) -> Row {
    Row { outcome, fate, effect }
}

/// All that can come of an attempt. README shows it.
pub const TABLE: [Row; 14] = [
    row(Outcome::Accepted, Fate::Sent, Effect::None),
    row(Outcome::Refused(Action::Done), Fate::Sent, Effect::None),
    row(Outcome::Refused(Action::Refresh), Fate::AtOnce, Effect::Refresh),
    row(Outcome::Refused(Action::Backoff), Fate::Backoff, Effect::None),
    row(Outcome::Refused(Action::Slow), Fate::Minute, Effect::Slow),
    row(Outcome::Refused(Action::Duplicate), Fate::Minute, Effect::None),
    row(Outcome::Refused(Action::HoldDay), Fate::Tomorrow, Effect::HoldKind),
    row(Outcome::Refused(Action::Fail), Fate::Failed, Effect::None),
    row(Outcome::Refused(Action::Decline), Fate::Failed, Effect::Decline),
    row(Outcome::Refused(Action::FailMark), Fate::Failed, Effect::Mark),
    row(Outcome::Refused(Action::StopKind), Fate::Failed, Effect::StopKind),
    row(Outcome::Refused(Action::StopRun), Fate::Backoff, Effect::StopRun),
    row(Outcome::NotSent, Fate::Backoff, Effect::Pause),
    row(Outcome::Maybe, Fate::Repeat, Effect::None),
];

impl Outcome {
    /// Sorts the end of an attempt; `None` is WeChat's "ok".
    pub fn of(error: Option<&Error>) -> Self {
        match error {
            None => Self::Accepted,
            Some(Error::Refused(refusal)) => Self::Refused(action(refusal.errcode)),
            Some(Error::NotSent { .. } | Error::Setup(_)) => Self::NotSent,
            Some(Error::NoAnswer { .. } | Error::BadAnswer { .. }) => Self::Maybe,
        }
    }

    /// What follows.
    pub fn row(self) -> Row {
        // A test holds that the table has a row for each.
        let found = TABLE.into_iter().find(|row| row.outcome == self);
        found.unwrap_or(row(self, Fate::Failed, Effect::None))
    }

    /// The word for it in the database.
    pub fn attempt(self) -> AttemptOutcome {
        match self {
            Self::Accepted | Self::Refused(Action::Done) => AttemptOutcome::Accepted,
            Self::Refused(_) => AttemptOutcome::Refused,
            Self::NotSent => AttemptOutcome::NotSent,
            Self::Maybe => AttemptOutcome::Ambiguous,
        }
    }
}

/// The codes by which WeChat takes no customer-service text now: no open window, or its count used up.
/// Page: doc/service/guide/product/kf/intro.html.
pub const NO_WINDOW: [i64; 2] = [45015, 45047];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::Refusal;
    use crate::wechat::errcode::entries;

    #[test]
    fn every_code_has_its_row() {
        for entry in entries() {
            let outcome = Outcome::Refused(entry.action);
            assert_eq!(TABLE.iter().filter(|row| row.outcome == outcome).count(), 1, "{}", entry.errcode);
        }
        for outcome in [Outcome::Accepted, Outcome::NotSent, Outcome::Maybe] {
            assert_eq!(TABLE.iter().filter(|row| row.outcome == outcome).count(), 1, "{outcome:?}");
        }
    }

    #[test]
    fn each_end_of_an_attempt_has_its_consequence() {
        let refused =
            |errcode| Error::Refused(Refusal { api: "/x", errcode, errmsg: String::new(), rid: None, remedy: None });
        let host = || "api".to_owned();
        let not_sent = Error::NotSent { host: host(), cause: String::new(), trouble: Default::default() };
        let no_answer = Error::NoAnswer { host: host(), cause: String::new() };
        let bad_answer = Error::BadAnswer { host: host(), status: 502, cause: String::new() };
        let cases = [
            (None, AttemptOutcome::Accepted, Fate::Sent, Effect::None),
            (Some(refused(40001)), AttemptOutcome::Refused, Fate::AtOnce, Effect::Refresh),
            (Some(refused(-1)), AttemptOutcome::Refused, Fate::Backoff, Effect::None),
            (Some(refused(43117)), AttemptOutcome::Refused, Fate::Minute, Effect::Slow),
            (Some(refused(40241)), AttemptOutcome::Refused, Fate::Minute, Effect::None),
            (Some(refused(43101)), AttemptOutcome::Refused, Fate::Failed, Effect::Decline),
            (Some(refused(45009)), AttemptOutcome::Refused, Fate::Tomorrow, Effect::HoldKind),
            (Some(refused(40003)), AttemptOutcome::Refused, Fate::Failed, Effect::None),
            (Some(refused(43004)), AttemptOutcome::Refused, Fate::Failed, Effect::Mark),
            (Some(refused(40037)), AttemptOutcome::Refused, Fate::Failed, Effect::StopKind),
            (Some(refused(40164)), AttemptOutcome::Refused, Fate::Backoff, Effect::StopRun),
            (Some(refused(999_999)), AttemptOutcome::Refused, Fate::Failed, Effect::None),
            (Some(not_sent), AttemptOutcome::NotSent, Fate::Backoff, Effect::Pause),
            (Some(no_answer), AttemptOutcome::Ambiguous, Fate::Repeat, Effect::None),
            (Some(bad_answer), AttemptOutcome::Ambiguous, Fate::Repeat, Effect::None),
        ];
        for (error, attempt, fate, effect) in cases {
            let outcome = Outcome::of(error.as_ref());
            let row = outcome.row();
            assert_eq!((outcome.attempt(), row.fate, row.effect), (attempt, fate, effect), "{error:?}");
        }
    }
}
