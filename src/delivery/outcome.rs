//! What follows from an answer, in one table: for the message, and for the rest of the run.

use crate::store::AttemptOutcome;
use crate::wechat::Error;
use crate::wechat::errcode::{Action, action};

/// How an attempt ended, as far as what follows goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// WeChat took the message.
    Accepted,
    /// WeChat answered with an errcode of that action.
    Refused(Action),
    /// No connection: no byte left this machine.
    NotSent,
    /// It may have arrived: a time-out, a reset, an answer that is cut or none of WeChat's, HTTP 5xx, a
    /// process that was killed.
    Ambiguous,
}

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// It is sent.
    Sent,
    /// It is tried again at once, with a new token; the second time in a row as [`MessageAction::Backoff`].
    RetryNow,
    /// It is tried again, with growing pauses.
    RetryWithBackoff,
    /// It is tried again a minute later: WeChat takes no more for this person now.
    RetryAfterMinute,
    /// It is tried again after midnight in Beijing, when WeChat counts anew.
    RetryAfterQuotaReset,
    /// It is refused for good.
    Fail,
    /// Where WeChat drops a repeat (templates, for ten minutes) it is tried again, else it is unknown.
    RetryIfIdempotent,
}

/// What it means for the messages after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Nothing.
    None,
    /// A new token is fetched, once for all.
    RefreshToken,
    /// Nobody can be reached: all wait.
    PauseRun,
    /// Nothing reaches this person: the binding is marked.
    MarkUnreachable,
    /// This person gets too much just now: what would go there waits.
    ThrottleRecipient,
    /// This person does not take the template any more: sends to many leave the person out.
    MarkTemplateDeclined,
    /// This API or template has nothing left today: what would go that way waits with it.
    HoldClass,
    /// This API or template is refused: what would go that way is refused with it.
    FailClass,
    /// The account is refused: nothing more is sent, what is left stays queued.
    StopRun,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeRule {
    /// How the attempt ended.
    pub outcome: DeliveryOutcome,
    /// What becomes of the message.
    pub action: MessageAction,
    /// What it means for the rest.
    pub run_action: RunAction,
}

const fn rule(outcome: DeliveryOutcome, action: MessageAction, run_action: RunAction) -> OutcomeRule {
    OutcomeRule { outcome, action, run_action }
}

/// All that can come of an attempt. README shows it.
pub const OUTCOME_RULES: [OutcomeRule; 14] = [
    rule(DeliveryOutcome::Accepted, MessageAction::Sent, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Done), MessageAction::Sent, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Refresh), MessageAction::RetryNow, RunAction::RefreshToken),
    rule(DeliveryOutcome::Refused(Action::Backoff), MessageAction::RetryWithBackoff, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Slow), MessageAction::RetryAfterMinute, RunAction::ThrottleRecipient),
    rule(DeliveryOutcome::Refused(Action::Duplicate), MessageAction::RetryAfterMinute, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::HoldDay), MessageAction::RetryAfterQuotaReset, RunAction::HoldClass),
    rule(DeliveryOutcome::Refused(Action::Fail), MessageAction::Fail, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Decline), MessageAction::Fail, RunAction::MarkTemplateDeclined),
    rule(DeliveryOutcome::Refused(Action::FailMark), MessageAction::Fail, RunAction::MarkUnreachable),
    rule(DeliveryOutcome::Refused(Action::StopKind), MessageAction::Fail, RunAction::FailClass),
    rule(DeliveryOutcome::Refused(Action::StopRun), MessageAction::RetryWithBackoff, RunAction::StopRun),
    rule(DeliveryOutcome::NotSent, MessageAction::RetryWithBackoff, RunAction::PauseRun),
    rule(DeliveryOutcome::Ambiguous, MessageAction::RetryIfIdempotent, RunAction::None),
];

impl DeliveryOutcome {
    /// Sorts the end of an attempt; `None` is WeChat's "ok".
    pub fn classify(error: Option<&Error>) -> Self {
        match error {
            None => Self::Accepted,
            Some(Error::Api(refusal)) => Self::Refused(action(refusal.errcode)),
            Some(Error::Connect { .. } | Error::ClientInit(_)) => Self::NotSent,
            Some(Error::NoResponse { .. } | Error::InvalidResponse { .. }) => Self::Ambiguous,
        }
    }

    /// What follows.
    pub fn rule(self) -> OutcomeRule {
        // A test holds that the table has a row for each.
        let found = OUTCOME_RULES.into_iter().find(|rule| rule.outcome == self);
        found.unwrap_or(rule(self, MessageAction::Fail, RunAction::None))
    }

    /// The word for it in the database.
    pub fn attempt_outcome(self) -> AttemptOutcome {
        match self {
            Self::Accepted | Self::Refused(Action::Done) => AttemptOutcome::Accepted,
            Self::Refused(_) => AttemptOutcome::Refused,
            Self::NotSent => AttemptOutcome::NotSent,
            Self::Ambiguous => AttemptOutcome::Ambiguous,
        }
    }
}

/// The codes by which WeChat takes no customer-service text now: no open window, or its count used up.
/// Page: doc/service/guide/product/kf/intro.html.
pub const WINDOW_CLOSED_ERRCODES: [i64; 2] = [45015, 45047];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::errcode::entries;
    use crate::wechat::{ApiError, Cause};

    #[test]
    fn every_errcode_has_one_rule() {
        for entry in entries() {
            let outcome = DeliveryOutcome::Refused(entry.action);
            assert_eq!(OUTCOME_RULES.iter().filter(|row| row.outcome == outcome).count(), 1, "{}", entry.errcode);
        }
        for outcome in [DeliveryOutcome::Accepted, DeliveryOutcome::NotSent, DeliveryOutcome::Ambiguous] {
            assert_eq!(OUTCOME_RULES.iter().filter(|row| row.outcome == outcome).count(), 1, "{outcome:?}");
        }
    }

    #[test]
    fn attempt_errors_map_to_their_rules() {
        let refused =
            |errcode| Error::Api(ApiError { api: "/x", errcode, errmsg: String::new(), rid: None, remedy: None });
        let host = || "api".to_owned();
        let not_sent = Error::Connect { host: host(), cause: Cause::TimedOut, failure: Default::default() };
        let no_answer = Error::NoResponse { host: host(), cause: Cause::TimedOut };
        let bad_answer = Error::InvalidResponse { host: host(), status: 502, cause: Cause::TimedOut };
        let cases = [
            (None, AttemptOutcome::Accepted, MessageAction::Sent, RunAction::None),
            (Some(refused(40001)), AttemptOutcome::Refused, MessageAction::RetryNow, RunAction::RefreshToken),
            (Some(refused(-1)), AttemptOutcome::Refused, MessageAction::RetryWithBackoff, RunAction::None),
            (
                Some(refused(43117)),
                AttemptOutcome::Refused,
                MessageAction::RetryAfterMinute,
                RunAction::ThrottleRecipient,
            ),
            (Some(refused(40241)), AttemptOutcome::Refused, MessageAction::RetryAfterMinute, RunAction::None),
            (Some(refused(43101)), AttemptOutcome::Refused, MessageAction::Fail, RunAction::MarkTemplateDeclined),
            (Some(refused(45009)), AttemptOutcome::Refused, MessageAction::RetryAfterQuotaReset, RunAction::HoldClass),
            (Some(refused(40003)), AttemptOutcome::Refused, MessageAction::Fail, RunAction::None),
            (Some(refused(43004)), AttemptOutcome::Refused, MessageAction::Fail, RunAction::MarkUnreachable),
            (Some(refused(40037)), AttemptOutcome::Refused, MessageAction::Fail, RunAction::FailClass),
            (Some(refused(40164)), AttemptOutcome::Refused, MessageAction::RetryWithBackoff, RunAction::StopRun),
            (Some(refused(999_999)), AttemptOutcome::Refused, MessageAction::Fail, RunAction::None),
            (Some(not_sent), AttemptOutcome::NotSent, MessageAction::RetryWithBackoff, RunAction::PauseRun),
            (Some(no_answer), AttemptOutcome::Ambiguous, MessageAction::RetryIfIdempotent, RunAction::None),
            (Some(bad_answer), AttemptOutcome::Ambiguous, MessageAction::RetryIfIdempotent, RunAction::None),
        ];
        for (error, attempt, fate, effect) in cases {
            let outcome = DeliveryOutcome::classify(error.as_ref());
            let row = outcome.rule();
            assert_eq!((outcome.attempt_outcome(), row.action, row.run_action), (attempt, fate, effect), "{error:?}");
        }
    }
}
