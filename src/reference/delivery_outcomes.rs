//! The table of what follows from an answer, as `docs/reference/` has it: made from what delivery goes by.

use super::tables::markdown_table;
use crate::delivery::outcome::{DeliveryOutcome, MessageAction, OUTCOME_RULES, RunAction};
use crate::wechat::errcode::{Action, entries};

/// Rows of the outcomes that an attempt can have.
pub(super) fn outcome_table() -> String {
    let rows = OUTCOME_RULES.iter().filter(|row| row.outcome != DeliveryOutcome::Refused(Action::Done));
    let rows = rows.map(|row| {
        [outcome_text(row.outcome), action_text(row.action).to_owned(), run_action_text(row.run_action).to_owned()]
    });
    markdown_table(["what came of the attempt", "the message", "the others"], rows)
}

fn outcome_text(outcome: DeliveryOutcome) -> String {
    let action = match outcome {
        DeliveryOutcome::Accepted => return "WeChat took it".to_owned(),
        DeliveryOutcome::NotSent => return "no connection: nothing has left this machine".to_owned(),
        DeliveryOutcome::Ambiguous => {
            return "it may have arrived: a time-out, a connection that broke, an answer that is cut or not WeChat's, \
                    HTTP 5xx, a process that was killed"
                .to_owned();
        }
        DeliveryOutcome::Refused(action) => action,
    };
    if action == Action::Fail {
        return "any other errcode, such as 40003, 45015, 47003".to_owned();
    }
    let codes: Vec<String> =
        entries().filter(|entry| entry.action == action).map(|entry| entry.errcode.to_string()).collect();
    format!("errcode {}", codes.join(", "))
}

fn action_text(fate: MessageAction) -> &'static str {
    match fate {
        MessageAction::Sent => "`sent`",
        MessageAction::RetryNow => "tried again at once with a new token; if that is refused too, with pauses",
        MessageAction::RetryWithBackoff => "tried again, with pauses",
        MessageAction::RetryAfterMinute => "tried again a minute later",
        MessageAction::RetryAfterQuotaReset => "tried again after midnight in Beijing",
        MessageAction::Fail => "`failed`",
        MessageAction::RetryIfIdempotent => {
            "a template is tried again while WeChat drops a repeat (10 minutes by its `client_msg_id`); after that, and any \
             other message at once, it is `unknown`, and repeated only by `outbox retry --unknown`"
        }
    }
}

fn run_action_text(effect: RunAction) -> &'static str {
    match effect {
        RunAction::None => "go on",
        RunAction::RefreshToken => "one new token is fetched for all",
        RunAction::PauseRun => "wait too",
        RunAction::MarkUnreachable => {
            "go on; `--all` and tags leave this person out until they follow again or are bound anew"
        }
        RunAction::ThrottleRecipient => "go on, but what goes to the same person waits for a minute too",
        RunAction::MarkTemplateDeclined => {
            "go on; `--all` and tags leave this person out of this template until they are bound anew"
        }
        RunAction::HoldClass => "go on, but what goes by the same API or template waits for midnight too",
        RunAction::FailClass => "go on, but what goes by the same API or template fails without asking WeChat",
        RunAction::StopRun => "the run ends; what is left stays `queued`",
    }
}
