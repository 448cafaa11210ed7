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
    markdown_table(["result of the attempt", "the message", "the others"], rows)
}

fn outcome_text(outcome: DeliveryOutcome) -> String {
    let action = match outcome {
        DeliveryOutcome::Accepted => return "WeChat accepted it".to_owned(),
        DeliveryOutcome::NotSent => return "no connection: nothing was sent".to_owned(),
        DeliveryOutcome::Ambiguous => {
            return "it may have arrived: a timeout, a broken connection, a response that is cut or not from WeChat, HTTP \
                    5xx, a killed process"
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
        MessageAction::RetryNow => "retried at once with a new token; if that is refused too, retried with backoff",
        MessageAction::RetryWithBackoff => "retried with backoff",
        MessageAction::RetryAfterMinute => "retried a minute later",
        MessageAction::RetryAfterQuotaReset => "retried after midnight in China (UTC+8)",
        MessageAction::Fail => "`failed`",
        MessageAction::RetryIfIdempotent => {
            "a template message is retried while WeChat drops a repeat (10 minutes, by its `client_msg_id`), then it is \
             `unknown`; any other message is `unknown` at once; only `outbox retry` resends it"
        }
    }
}

fn run_action_text(effect: RunAction) -> &'static str {
    match effect {
        RunAction::None => "continue",
        RunAction::RefreshToken => "one new token is fetched for all of them",
        RunAction::PauseRun => "wait too",
        RunAction::MarkUnreachable => {
            "continue; `--all` and `--tag` skip this person until they follow again or are bound anew"
        }
        RunAction::ThrottleRecipient => "continue, but messages to the same person wait a minute, too",
        RunAction::MarkTemplateDeclined => {
            "continue; `--all` and `--tag` skip this person for this template until they are bound anew"
        }
        RunAction::HoldClass => "continue, but messages through the same API or template wait for midnight, too",
        RunAction::FailClass => "continue, but messages through the same API or template fail without a request",
        RunAction::StopRun => "the run ends; the rest stay `queued`",
    }
}
