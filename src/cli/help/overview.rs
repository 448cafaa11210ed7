//! The first screen: every command, in 23 rows, so that a prompt fits below it.

use clap::Command;

use super::catalogue::{HelpCatalogue, heading, term, usage_label};
use crate::ui::measure_text_width;

/// The commands in the order of the help, grouped by purpose.
pub const COMMAND_GROUPS: [(&str, &[&str]); 7] = [
    ("Set up", &["init", "doctor", "config", "demo"]),
    ("People", &["user", "bind", "unbind", "follower"]),
    ("Send", &["send", "run", "template", "media"]),
    ("Outbox", &["outbox"]),
    ("Events", &["serve", "event"]),
    ("WeChat", &["explain", "quota", "token"]),
    ("For scripts", &["backup", "sandbox", "completions", "man", "help"]),
];

/// A topic of `wxbox help`.
#[derive(Clone, Copy, Debug)]
pub struct HelpTopic {
    /// The argument of `wxbox help`.
    pub name: &'static str,
    /// The subject.
    pub about: &'static str,
    /// The English pages of the documents with the same content.
    pub pages: &'static [&'static str],
}

/// The topics of `wxbox help`.
pub const HELP_TOPICS: [HelpTopic; 6] = [
    HelpTopic {
        name: "exit-codes",
        about: "The meaning of each exit status",
        pages: &["docs/reference/exit-statuses.md"],
    },
    HelpTopic {
        name: "environment",
        about: "The variables that wxbox reads",
        pages: &["docs/reference/environment.md"],
    },
    HelpTopic { name: "json", about: "The fields of the JSON output", pages: &["docs/reference/json.md"] },
    HelpTopic { name: "events", about: "Receive WeChat's events and receipts", pages: &["docs/guides/events.md"] },
    HelpTopic { name: "recovery", about: "Recover a damaged or lost database", pages: &["docs/guides/recovery.md"] },
    HelpTopic {
        name: "sandbox",
        about: "The sandbox: its page, its API and its scenarios",
        pages: &["docs/sandbox.md", "docs/sandbox-scenario.md"],
    },
];

/// Two commands that share a row, with the description of both; an empty one is that of the first.
const SHARED_ROWS: [(&str, &str, &str); 4] = [
    ("bind", "unbind", ""),
    ("serve", "event", "Receive WeChat's events and deliver messages"),
    ("quota", "token", "Show or reset the API quota; print the access token"),
    ("man", "help", "Print manual pages, or help for a command or topic"),
];

const USAGE: &str = "wxbox [-c FILE] [--json] [-q] [-v] COMMAND";
const FOOTER: &str = "Try `wxbox demo`. For more help: `wxbox COMMAND -h`, `wxbox --help`.";

/// Formats the first screen.
pub(super) fn first_screen(root: &Command, catalogue: Option<&HelpCatalogue>) -> String {
    let headings = COMMAND_GROUPS.map(|(name, _)| heading(catalogue, name));
    let widest = headings.iter().map(|heading| measure_text_width(heading)).max().unwrap_or(0);
    let name_width = root.get_subcommands().map(|command| row_name(command).len()).max().unwrap_or(0);
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let row_about = |command: &Command| match shared_row(command.get_name()) {
        Some((_, _, both)) if !both.is_empty() => term(catalogue, both),
        _ => about(command),
    };
    let usage = usage_label(catalogue);
    let mut text = format!("{}\n{usage}{USAGE}\n", about(root));
    for ((_, names), heading) in COMMAND_GROUPS.iter().zip(&headings) {
        for (number, command) in names.iter().filter_map(|name| find_row(root, name)).enumerate() {
            let heading = if number == 0 { heading.as_str() } else { "" };
            let margin = " ".repeat(widest - measure_text_width(heading));
            text += &format!("{heading}{margin} {:name_width$}  {}\n", row_name(command), row_about(command));
        }
    }
    let topics = HELP_TOPICS.map(|topic| topic.name).join(", ");
    let label = heading(catalogue, "Topics");
    let margin = " ".repeat(widest.saturating_sub(measure_text_width(&label)));
    text += &format!("{label}{margin} {topics}\n");
    text + &term(catalogue, FOOTER) + "\n"
}

/// Returns the command with this name, unless it shares the row of another one.
fn find_row<'c>(root: &'c Command, name: &str) -> Option<&'c Command> {
    root.find_subcommand(name).filter(|_| SHARED_ROWS.iter().all(|(_, second, _)| name != *second))
}

fn row_name(command: &Command) -> String {
    match shared_row(command.get_name()) {
        Some((first, second, _)) => format!("{first}, {second}"),
        None => command.get_name().to_owned(),
    }
}

/// Returns the row that a command shares with the one after it.
fn shared_row(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    SHARED_ROWS.into_iter().find(|(first, _, _)| *first == name)
}
