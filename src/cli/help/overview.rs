//! The first screen: every command in one line, in 24 rows.

use clap::Command;

use super::catalogue::{HelpCatalogue, heading, term};
use crate::ui::measure_text_width;

/// The commands in the order of the help, by what they are for.
pub const COMMAND_GROUPS: [(&str, &[&str]); 6] = [
    ("Set up", &["init", "doctor", "config", "demo"]),
    ("People", &["user", "bind", "unbind", "follower"]),
    ("Send", &["send", "run", "template", "media"]),
    ("Outbox", &["outbox"]),
    ("WeChat", &["explain", "quota", "token"]),
    ("For scripts", &["backup", "sandbox", "completions", "man", "help"]),
];

const FOOTER: &str = "Try `wxbox demo`, or `wxbox COMMAND -h` for the help of a command.";

/// Formats the first screen.
pub(super) fn first_screen(root: &Command, catalogue: Option<&HelpCatalogue>) -> String {
    let headings = COMMAND_GROUPS.map(|(name, _)| heading(catalogue, name));
    let widest = headings.iter().map(|heading| measure_text_width(heading)).max().unwrap_or(0);
    let name_width = root.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{}\n\n", about(root));
    for ((_, names), heading) in COMMAND_GROUPS.iter().zip(&headings) {
        for (number, command) in names.iter().filter_map(|name| root.find_subcommand(name)).enumerate() {
            let heading = if number == 0 { heading.as_str() } else { "" };
            let margin = " ".repeat(widest - measure_text_width(heading));
            text += &format!("{heading}{margin} {:name_width$}  {}\n", command.get_name(), about(command));
        }
    }
    text + &term(catalogue, FOOTER) + "\n"
}
