//! What follows from an answer, in one place: for the message, and for the rest of the run.

use crate::store::{Attempt, State};
use crate::wechat::Error;
use crate::wechat::errcode::{Action, action};

/// What an outcome means for the messages after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// A new token, then the same message once more.
    Refresh,
    /// Nothing reaches this person: the binding is marked.
    Mark,
    /// The rest of this API or template would end the same way: nobody else is tried with it.
    StopKind,
    /// Nothing can be sent now: what is left stays queued.
    StopRun,
}

/// What follows from one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How the attempt ended.
    pub attempt: Attempt,
    /// Where the message stands now.
    pub state: State,
    /// What it means for the rest.
    pub effect: Effect,
}

/// Sorts the end of an attempt; `None` is WeChat's "ok".
pub fn judge(error: Option<&Error>) -> Verdict {
    let (attempt, state, effect) = match error {
        None => (Attempt::Accepted, State::Sent, Effect::None),
        Some(Error::Refused(refusal)) => {
            let (state, effect) = of_action(action(refusal.errcode));
            (Attempt::Refused, state, effect)
        }
        Some(Error::NotSent { .. } | Error::Setup(_)) => (Attempt::NotSent, State::Queued, Effect::StopRun),
        Some(Error::NoAnswer { .. } | Error::BadAnswer { .. }) => (Attempt::Ambiguous, State::Unknown, Effect::None),
    };
    Verdict { attempt, state, effect }
}

fn of_action(action: Action) -> (State, Effect) {
    match action {
        Action::Done => (State::Sent, Effect::None),
        Action::Refresh => (State::Queued, Effect::Refresh),
        Action::Backoff => (State::Queued, Effect::None),
        Action::HoldDay => (State::Queued, Effect::StopKind),
        Action::Fail => (State::Failed, Effect::None),
        Action::FailMark => (State::Failed, Effect::Mark),
        Action::StopKind => (State::Failed, Effect::StopKind),
        Action::StopRun => (State::Queued, Effect::StopRun),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::Refusal;

    #[test]
    fn each_outcome_has_its_consequence() {
        let refused = |errcode| Error::Refused(Refusal { api: "/x", errcode, errmsg: String::new(), rid: None });
        let host = || "api".to_owned();
        let cases = [
            (None, Attempt::Accepted, State::Sent, Effect::None),
            (Some(refused(40001)), Attempt::Refused, State::Queued, Effect::Refresh),
            (Some(refused(-1)), Attempt::Refused, State::Queued, Effect::None),
            (Some(refused(45009)), Attempt::Refused, State::Queued, Effect::StopKind),
            (Some(refused(40003)), Attempt::Refused, State::Failed, Effect::None),
            (Some(refused(43004)), Attempt::Refused, State::Failed, Effect::Mark),
            (Some(refused(40037)), Attempt::Refused, State::Failed, Effect::StopKind),
            (Some(refused(40164)), Attempt::Refused, State::Queued, Effect::StopRun),
            (
                Some(Error::NotSent { host: host(), cause: String::new() }),
                Attempt::NotSent,
                State::Queued,
                Effect::StopRun,
            ),
            (
                Some(Error::NoAnswer { host: host(), cause: String::new() }),
                Attempt::Ambiguous,
                State::Unknown,
                Effect::None,
            ),
            (
                Some(Error::BadAnswer { host: host(), status: 502, cause: String::new() }),
                Attempt::Ambiguous,
                State::Unknown,
                Effect::None,
            ),
        ];
        for (error, attempt, state, effect) in cases {
            assert_eq!(judge(error.as_ref()), Verdict { attempt, state, effect }, "{error:?}");
        }
    }
}
