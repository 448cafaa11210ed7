//! What an end says of a message: in the database, and in words.

use super::schedule::{Decision, GivenUp, PutOff};
use crate::store::{Answer, Ending, Held, Message};
use crate::t;
use crate::wechat;
use crate::wechat::message::Content;

/// The kind of a fallback.
pub(super) const TEMPLATE: &str = "template";

/// The end that a decision makes, without what an answer says.
pub(super) fn ending(decision: &Decision) -> Ending {
    Ending {
        attempt: None,
        state: decision.state,
        due_at: decision.due_at,
        answer: Answer::default(),
        backoff: decision.backoff.clone(),
        instead: None,
    }
}

/// What an error says of a message.
pub(super) fn answer(error: Option<&wechat::Error>) -> Answer {
    let refusal = error.and_then(wechat::Error::refusal);
    Answer {
        errcode: refusal.map(|it| it.errcode),
        errmsg: refusal.map(|it| it.errmsg.clone()),
        rid: refusal.and_then(|it| it.rid.clone()),
        error: error.map(ToString::to_string),
        ..Answer::default()
    }
}

/// The same for a message that is given up without one more attempt: its last error stays.
pub(super) fn unsent(held: &Held, decision: &Decision) -> Ending {
    // A part that only waited for another has no answer.
    let last = held.message.error.clone().filter(|_| held.message.attempts > 0 || held.message.after_id.is_none());
    if let Some(put_off) = decision.put_off {
        let why = match (put_off, held.message.after_id) {
            (PutOff::Part, Some(id)) => t!("delivery-part-waits", id = id),
            _ => t!("delivery-clock"),
        };
        return stays(held, decision, Some(why));
    }
    let error = match (decision.given_up, last) {
        (Some(GivenUp::Expired), Some(last)) => t!("delivery-expired-after", error = last),
        (Some(GivenUp::Expired), None) => t!("delivery-expired"),
        (_, last) => last.unwrap_or_default(),
    };
    stays(held, decision, Some(error).filter(|error| !error.is_empty()))
}

/// An end without one more attempt, for this reason; what WeChat said last stays.
pub(super) fn stays(held: &Held, decision: &Decision, error: Option<String>) -> Ending {
    let Message { errcode, errmsg, rid, .. } = &held.message;
    let (errcode, errmsg, rid) = (*errcode, errmsg.clone(), rid.clone());
    Ending { answer: Answer { errcode, errmsg, rid, error, ..Answer::default() }, ..ending(decision) }
}

/// The error in words, with what was decided where that is not plain. When it is tried again is not part of it: whoever
/// shows the message tells that, in the reader's language and time zone.
pub(super) fn why(error: String, decision: &Decision, attempts: i64) -> String {
    match decision.given_up {
        Some(GivenUp::Attempts) => t!("delivery-attempts", attempts = attempts, error = error),
        _ => error,
    }
}

/// What a `stop_kind` refusal covers: the kind of message, and of a template's that template.
pub(super) fn class(content: &Content) -> String {
    match content.template_id() {
        None => content.kind().to_owned(),
        Some(template_id) => format!("{} {template_id}", content.kind()),
    }
}

/// Where in its span a pause ends.
pub(super) fn luck() -> f64 {
    rand::random()
}
