//! The table of what follows from an answer, as README has it: made from what delivery goes by.

use super::tables::markdown;
use crate::delivery::policy::{Effect, Fate, Outcome, TABLE};
use crate::wechat::errcode::{Action, entries};

/// Rows of the outcomes that an attempt can have.
pub(super) fn table() -> String {
    let rows = TABLE.iter().filter(|row| row.outcome != Outcome::Refused(Action::Done));
    let rows = rows.map(|row| [outcome(row.outcome), fate(row.fate).to_owned(), effect(row.effect).to_owned()]);
    markdown(["what came of the attempt", "the message", "the others"], rows)
}

fn outcome(outcome: Outcome) -> String {
    let action = match outcome {
        Outcome::Accepted => return "WeChat took it".to_owned(),
        Outcome::NotSent => return "no connection: nothing has left this machine".to_owned(),
        Outcome::Maybe => {
            return "it may have arrived: a time-out, a connection that broke, an answer that is cut or not WeChat's, \
                    HTTP 5xx, a process that was killed"
                .to_owned();
        }
        Outcome::Refused(action) => action,
    };
    if action == Action::Fail {
        return "any other errcode, such as 40003, 45015, 47003".to_owned();
    }
    let codes: Vec<String> =
        entries().filter(|entry| entry.action == action).map(|entry| entry.errcode.to_string()).collect();
    format!("errcode {}", codes.join(", "))
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Sent => "`sent`",
        Fate::AtOnce => "tried again at once with a new token; if that is refused too, with pauses",
        Fate::Backoff => "tried again, with pauses",
        Fate::Minute => "tried again a minute later",
        Fate::Tomorrow => "tried again after midnight in Beijing",
        Fate::Failed => "`failed`",
        Fate::Repeat => {
            "a template is tried again while WeChat drops a repeat (10 minutes by its `client_msg_id`); after that, and any \
             other message at once, it is `unknown`, and repeated only by `outbox retry --unknown`"
        }
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "go on",
        Effect::Refresh => "one new token is fetched for all",
        Effect::Pause => "wait too",
        Effect::Mark => "go on; `--all` and tags leave this person out until they follow again or are bound anew",
        Effect::Slow => "go on, but what goes to the same person waits for a minute too",
        Effect::Decline => "go on; `--all` and tags leave this person out of this template until they are bound anew",
        Effect::HoldKind => "go on, but what goes by the same API or template waits for midnight too",
        Effect::StopKind => "go on, but what goes by the same API or template fails without asking WeChat",
        Effect::StopRun => "the run ends; what is left stays `queued`",
    }
}
