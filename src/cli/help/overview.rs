//! The first screen: every command in one line, in 24 rows.

use clap::Command;

use super::catalogue::{HelpCatalogue, heading, term};
use crate::ui::measure_text_width;

/// The commands in the order of the help, by what they are for.
pub const COMMAND_GROUPS: [(&str, &[&str]); 7] = [
    ("Set up", &["init", "doctor", "config", "demo"]),
    ("People", &["user", "bind", "unbind", "follower"]),
    ("Send", &["send", "run", "template", "media"]),
    ("Outbox", &["outbox"]),
    ("Events", &["serve", "event"]),
    ("WeChat", &["explain", "quota", "token"]),
    ("For scripts", &["backup", "sandbox", "completions", "man", "help"]),
];

/// A command that shares the row of the one before it, to which it is the opposite.
const SHARED_ROW: (&str, &str) = ("bind", "unbind");

const FOOTER: &str = "Try `wxbox demo`, or `wxbox COMMAND -h` for the help of a command.";

/// Formats the first screen.
pub(super) fn first_screen(root: &Command, catalogue: Option<&HelpCatalogue>) -> String {
    let headings = COMMAND_GROUPS.map(|(name, _)| heading(catalogue, name));
    let widest = headings.iter().map(|heading| measure_text_width(heading)).max().unwrap_or(0);
    let name_width = root.get_subcommands().map(|command| row_name(command).len()).max().unwrap_or(0);
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{}\n", about(root));
    for ((_, names), heading) in COMMAND_GROUPS.iter().zip(&headings) {
        for (number, command) in names.iter().filter_map(|name| find_row(root, name)).enumerate() {
            let heading = if number == 0 { heading.as_str() } else { "" };
            let margin = " ".repeat(widest - measure_text_width(heading));
            text += &format!("{heading}{margin} {:name_width$}  {}\n", row_name(command), about(command));
        }
    }
    text + &term(catalogue, FOOTER) + "\n"
}

/// Returns the command with this name, unless it shares the row of another one.
fn find_row<'c>(root: &'c Command, name: &str) -> Option<&'c Command> {
    root.find_subcommand(name).filter(|_| name != SHARED_ROW.1)
}

fn row_name(command: &Command) -> String {
    let (first, second) = SHARED_ROW;
    if command.get_name() == first { format!("{first}, {second}") } else { command.get_name().to_owned() }
}
