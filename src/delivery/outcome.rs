//! The table of what follows from the outcome of an attempt, for the message and for the rest of the
//! run. The outcome of a refusal is the action that `wechat/errcodes.tsv` has for its errcode. The
//! exceptions are in `results`: a fallback, a media ID that expired, and a refusal after an attempt
//! that may have arrived.

use crate::store::AttemptOutcome;
use crate::wechat::Error;
use crate::wechat::errcode::{Action, action};

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// WeChat accepted the message.
    Accepted,
    /// WeChat responded with an errcode of this action.
    Refused(Action),
    /// No connection was made, so no byte was sent.
    NotSent,
    /// The message may have arrived: a timeout, a reset, a truncated response or one that is not
    /// WeChat's, HTTP 5xx, or a killed process.
    Ambiguous,
}

/// The action for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// It is sent.
    Sent,
    /// It is retried immediately with a new token; the second time in a row with backoff.
    RetryNow,
    /// It is retried with growing delays.
    RetryWithBackoff,
    /// It is retried after a minute: WeChat accepts no more for this recipient now.
    RetryAfterMinute,
    /// It is retried after midnight in Beijing, when WeChat resets its quotas.
    RetryAfterQuotaReset,
    /// It failed permanently.
    Fail,
    /// It is retried if WeChat drops a repeat (templates, for ten minutes), otherwise its state is
    /// unknown.
    RetryIfIdempotent,
}

/// The action for the messages after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Nothing.
    None,
    /// A new token is fetched, once for all.
    RefreshToken,
    /// WeChat cannot be reached, so the run pauses.
    PauseRun,
    /// The recipient cannot be reached: the binding is marked.
    MarkUnreachable,
    /// The recipient gets too many messages: further ones to them wait.
    ThrottleRecipient,
    /// The recipient declined the template: sends to several users leave them out.
    MarkTemplateDeclined,
    /// The message class has no quota left today: its messages wait as well.
    HoldClass,
    /// The message class is refused: its messages fail as well.
    FailClass,
    /// The account is refused: nothing more is sent, and remaining messages stay queued.
    StopRun,
}

/// A row of [`OUTCOME_RULES`].
#[derive(Clone, Copy, Debug)]
pub struct OutcomeRule {
    /// The outcome of the attempt.
    pub outcome: DeliveryOutcome,
    /// The action for the message.
    pub action: MessageAction,
    /// The action for the rest of the run.
    pub run_action: RunAction,
}

const fn rule(outcome: DeliveryOutcome, action: MessageAction, run_action: RunAction) -> OutcomeRule {
    OutcomeRule { outcome, action, run_action }
}

/// The rules for all outcomes, which docs/reference/delivery-outcomes.md lists.
pub const OUTCOME_RULES: [OutcomeRule; 14] = [
    rule(DeliveryOutcome::Accepted, MessageAction::Sent, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Done), MessageAction::Sent, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Refresh), MessageAction::RetryNow, RunAction::RefreshToken),
    rule(DeliveryOutcome::Refused(Action::Backoff), MessageAction::RetryWithBackoff, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Slow), MessageAction::RetryAfterMinute, RunAction::ThrottleRecipient),
    rule(DeliveryOutcome::Refused(Action::Duplicate), MessageAction::RetryAfterMinute, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::HoldClass), MessageAction::RetryAfterQuotaReset, RunAction::HoldClass),
    rule(DeliveryOutcome::Refused(Action::Fail), MessageAction::Fail, RunAction::None),
    rule(DeliveryOutcome::Refused(Action::Decline), MessageAction::Fail, RunAction::MarkTemplateDeclined),
    rule(DeliveryOutcome::Refused(Action::FailMark), MessageAction::Fail, RunAction::MarkUnreachable),
    rule(DeliveryOutcome::Refused(Action::FailClass), MessageAction::Fail, RunAction::FailClass),
    rule(DeliveryOutcome::Refused(Action::StopRun), MessageAction::RetryWithBackoff, RunAction::StopRun),
    rule(DeliveryOutcome::NotSent, MessageAction::RetryWithBackoff, RunAction::PauseRun),
    rule(DeliveryOutcome::Ambiguous, MessageAction::RetryIfIdempotent, RunAction::None),
];

impl DeliveryOutcome {
    /// Classifies the result of an attempt; `None` is WeChat's "ok".
    pub fn classify(error: Option<&Error>) -> Self {
        match error {
            None => Self::Accepted,
            Some(Error::Api(refusal)) => Self::Refused(action(refusal.errcode)),
            Some(Error::Connect { .. } | Error::ClientInit(_)) => Self::NotSent,
            Some(Error::NoResponse { .. } | Error::InvalidResponse { .. }) => Self::Ambiguous,
        }
    }

    /// Returns whether the failure is WeChat's or the network's, not the message's.
    pub fn is_transient_failure(self) -> bool {
        matches!(self, Self::Ambiguous | Self::Refused(Action::Backoff))
    }

    /// Returns the rule for this outcome.
    pub fn rule(self) -> OutcomeRule {
        // A test ensures that each outcome has a row.
        let found = OUTCOME_RULES.into_iter().find(|rule| rule.outcome == self);
        found.unwrap_or(rule(self, MessageAction::Fail, RunAction::None))
    }

    /// Returns the outcome as it is stored.
    pub fn attempt_outcome(self) -> AttemptOutcome {
        match self {
            Self::Accepted | Self::Refused(Action::Done) => AttemptOutcome::Accepted,
            Self::Refused(_) => AttemptOutcome::Refused,
            Self::NotSent => AttemptOutcome::NotSent,
            Self::Ambiguous => AttemptOutcome::Ambiguous,
        }
    }
}

/// The errcodes by which WeChat refuses customer-service messages for now: the reply window is
/// closed, or its count is used up. Page: doc/service/guide/product/kf/intro.html.
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
        for (error, attempt, action, run_action) in cases {
            let outcome = DeliveryOutcome::classify(error.as_ref());
            let row = outcome.rule();
            assert_eq!(
                (outcome.attempt_outcome(), row.action, row.run_action),
                (attempt, action, run_action),
                "{error:?}"
            );
        }
    }
}
