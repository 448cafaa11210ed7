//! The topics of `wxbox help`, in plain text of 80 columns.

use super::definition_list;
use super::tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS};
use crate::exit::STATUSES;

/// A topic of `wxbox help`.
#[derive(Clone, Copy, Debug)]
pub struct HelpTopic {
    /// The argument of `wxbox help`.
    pub name: &'static str,
    /// Renders the text.
    pub text: fn() -> String,
}

/// Every topic.
pub const TOPICS: [HelpTopic; 5] = [
    HelpTopic { name: "exit-codes", text: exit_codes },
    HelpTopic { name: "environment", text: environment },
    HelpTopic { name: "json", text: json },
    HelpTopic { name: "recovery", text: || plain_text(RECOVERY_PAGE) },
    HelpTopic { name: "sandbox", text: || plain_text(SANDBOX_PAGE) + "\n" + &plain_text(SCENARIO_PAGE) },
];

/// Returns the exit statuses with their meanings.
pub(super) fn statuses() -> Vec<(String, String)> {
    STATUSES.iter().map(|(exit, meaning)| (exit.code().to_string(), (*meaning).to_owned())).collect()
}

/// Returns the variables with their meanings.
pub(super) fn variables() -> Vec<(String, String)> {
    ENVIRONMENT_VARIABLES.iter().map(|variable| (variable.name.to_owned(), variable.description.to_owned())).collect()
}

fn exit_codes() -> String {
    format!(
        "Every exit status of wxbox has one meaning:\n\n{}\n\
         A message that WeChat did not accept is never reported as sent: 0 after `send`\n\
         means that WeChat accepted every message. With --json, \"code\" of an error is\n\
         the exit status.\n\n\
         `run` exits with the status of its command, and with 128+n if signal n ended the\n\
         command. The report does not change that.\n",
        definition_list(&statuses())
    )
}

fn environment() -> String {
    format!(
        "The environment variables that wxbox reads. The command line overrides them, and\n\
         they override the config file. An empty one counts as unset.\n\n{}\n\
         No option takes the secret: every user of the machine can see arguments.\n",
        definition_list(&variables())
    )
}

fn json() -> String {
    let rows: Vec<_> = JSON_OBJECTS
        .iter()
        .map(|it| {
            let about = if it.notes.is_empty() { String::new() } else { format!(" ({})", it.notes) };
            (it.command.to_owned(), format!("{}{about}", it.fields.join(", ")))
        })
        .collect();
    format!(
        "With --json, stdout has one JSON object a line and nothing else. Errors are\n\
         objects on stderr. The fields are in this order; later versions may add more:\n\n{}\n\
         Times are RFC 3339 in UTC. A field without a value is null. state is one of\n\
         queued, sent, failed, unknown, cancelled and expired. An unknown message may\n\
         have reached WeChat, but there was no usable response.\n\n\
         \x20 wxbox --json user list | jq -r .username\n\
         \x20 wxbox --json send --user luffy \"hi\" | jq -r .state\n",
        definition_list(&rows)
    )
}

/// The pages that a topic prints, so that their text exists only once.
const RECOVERY_PAGE: &str = include_str!("../../docs/guides/recovery.md");
const SANDBOX_PAGE: &str = include_str!("../../docs/sandbox.md");
const SCENARIO_PAGE: &str = include_str!("../../docs/sandbox-scenario.md");

/// Renders Markdown for a terminal: headings without marks, code indented, tables as definition
/// lists, links as their text.
///
/// It supports only the syntax that these pages use. Paragraphs are printed unchanged, so the pages
/// have at most 80 columns.
fn plain_text(page: &str) -> String {
    let link = regex_lite::Regex::new(r"\[([^\]]+)\]\([^)]+\)");
    let page = link.map_or_else(|_| page.into(), |link| link.replace_all(page, "$1"));
    let mut text = String::new();
    let mut rows = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        if !is_code && let Some(row) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) {
            if let Some((term, meaning)) = row.split_once(" | ") {
                rows.push((term.replace('`', ""), meaning.replace('`', "")));
            }
            continue;
        }
        if !rows.is_empty() {
            // The list needs neither the heading of the table nor the rule below it.
            text += &definition_list(&rows.split_off(2));
            rows.clear();
        }
        if is_code && !line.is_empty() {
            text += "  ";
            text += line;
        } else {
            text += line.trim_start_matches('#').trim_start();
        }
        text.push('\n');
    }
    text
}
