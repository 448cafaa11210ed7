//! The tables of `docs/reference/`, in Markdown. `tests/it/docs_markdown.rs` compares the pages
//! with them.

use super::tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS};
use crate::config::KEYS;
use crate::delivery::outcome::{DeliveryOutcome, MessageAction, OUTCOME_RULES, RunAction};
use crate::exit::STATUSES;
use crate::i18n::Lang;
use crate::wechat::errcode::{Action, ErrcodeEntry, entries};

/// The name of a table, and the function that renders it.
pub type MarkdownTable = (&'static str, fn() -> String);

/// The tables of `docs/reference/`.
pub const MARKDOWN_TABLES: [MarkdownTable; 5] = [
    ("delivery-outcomes", outcome_table),
    ("exit-statuses", || {
        let rows = STATUSES.iter().map(|(exit, meaning)| [exit.code().to_string(), (*meaning).to_owned()]);
        markdown_table(["code", "meaning"], rows)
    }),
    ("environment", || {
        markdown_table(
            ["variable", "meaning"],
            ENVIRONMENT_VARIABLES.iter().map(|variable| [inline_code(variable.name), variable.description.to_owned()]),
        )
    }),
    ("config", || {
        let rows = KEYS.iter().map(|key| {
            let default = if key.default.starts_with('(') || key.default.is_empty() {
                key.default.trim_matches(['(', ')']).to_owned()
            } else {
                inline_code(key.default)
            };
            [inline_code(key.name), default, key.description.to_owned()]
        });
        markdown_table(["key", "default", "meaning"], rows)
    }),
    ("json", || {
        let rows = JSON_OBJECTS.iter().map(|object| {
            [inline_code(object.command), inline_code(&object.fields.join(", ")), object.notes.to_owned()]
        });
        markdown_table(["command", "fields", "about"], rows)
    }),
];

fn inline_code(text: &str) -> String {
    format!("`{text}`")
}

fn markdown_table<const N: usize>(heading: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(heading.map(str::to_owned).to_vec()) + &line(vec!["---".to_owned(); N]);
    for row in rows {
        text += &line(row.map(|cell| cell.replace('|', "\\|")).to_vec());
    }
    text
}

/// Renders the actions for each outcome of an attempt, from the table that delivery itself uses.
fn outcome_table() -> String {
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

fn action_text(action: MessageAction) -> &'static str {
    match action {
        MessageAction::Sent => "`sent`",
        MessageAction::RetryNow => "retried immediately with a new token; if that is refused too, retried with backoff",
        MessageAction::RetryWithBackoff => "retried with backoff",
        MessageAction::RetryAfterMinute => "retried a minute later",
        MessageAction::RetryAfterQuotaReset => "retried after midnight in China (UTC+8)",
        MessageAction::Fail => "`failed`",
        MessageAction::RetryIfIdempotent => {
            "a template message is retried while WeChat drops a repeat (10 minutes, by its `client_msg_id`), then it is \
             `unknown`; any other message is `unknown` immediately; only `outbox retry` resends it"
        }
    }
}

fn run_action_text(run_action: RunAction) -> &'static str {
    match run_action {
        RunAction::None => "continue",
        RunAction::RefreshToken => "one new token is fetched for all of them",
        RunAction::PauseRun => "wait too",
        RunAction::MarkUnreachable => {
            "continue; `--all` and `--tag` skip this person until they follow again or are bound again"
        }
        RunAction::ThrottleRecipient => "continue, but messages to the same person wait a minute, too",
        RunAction::MarkTemplateDeclined => {
            "continue; `--all` and `--tag` skip this person for this template until they are bound again"
        }
        RunAction::HoldClass => "continue, but messages through the same API or template wait for midnight, too",
        RunAction::FailClass => "continue, but messages through the same API or template fail without a request",
        RunAction::StopRun => "sending stops; the rest stay `queued`",
    }
}

/// Returns the code, WeChat's own message, the meaning and the remedy of every errcode.
pub fn errcode_rows(lang: Lang) -> Vec<[String; 4]> {
    let row = |entry: &ErrcodeEntry| {
        let cells = [entry.errmsg, entry.meaning(lang), entry.remedy(lang).unwrap_or_default()];
        let [errmsg, meaning, remedy] = cells.map(|cell| cell.replace('|', "\\|"));
        [entry.errcode.to_string(), errmsg, meaning, remedy]
    };
    entries().map(|entry| row(&entry)).collect()
}
