//! Generated reference documentation: tables of exit statuses, variables, config keys and JSON
//! objects, the help topics, the completions and the manual pages. They are made from the tables
//! and clap types that the program itself uses; `tests/it/docs.rs` compares the committed copies.

mod man;
mod markdown;
mod tables;
mod topics;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;

pub use man::pages as man_pages;
pub use markdown::{MARKDOWN_TABLES, MarkdownTable, errcode_rows};
pub use tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS, JsonObjectDoc, VariableDoc};
pub use topics::{HelpTopic, TOPICS};

/// Returns the completion script of a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wxbox", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Returns the names of the subcommands of a command.
pub fn subcommands_of(words: &[&str]) -> Vec<String> {
    let root = Cli::command();
    let found = words.iter().try_fold(&root, |command, word| command.find_subcommand(word));
    found
        .map(|command| command.get_subcommands().map(|child| child.get_name().to_owned()).collect())
        .unwrap_or_default()
}

/// Returns the `--help` of a command.
///
/// # Errors
/// The index of the first word that is not a command.
pub fn help_text(words: &[&str]) -> Result<String, usize> {
    let command = Cli::command();
    let mut current = &command;
    for (index, word) in words.iter().enumerate() {
        current = current.find_subcommand(word).ok_or(index)?;
    }
    // clap decides between the short form and the long one.
    let line = ["wxbox"].iter().chain(words).chain(&["--help"]);
    Ok(command.clone().try_get_matches_from(line).err().map(|help| help.render().to_string()).unwrap_or_default())
}

/// Returns the words of every command, each after its parent; `wxbox` itself has none.
pub fn all_commands() -> Vec<Vec<String>> {
    fn collect(command: &Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_owned());
        for child in command.get_subcommands() {
            collect(child, &[words, &[child.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    collect(&Cli::command(), &[], &mut found);
    found
}

/// Formats terms with their meanings in 80 columns, side by side if the terms are short.
fn definition_list(rows: &[(String, String)]) -> String {
    const WIDTH: usize = 80;
    let widest = rows.iter().map(|(term, _)| term.chars().count()).max().unwrap_or(0);
    let is_inline = widest <= 26;
    let indent = if is_inline { widest + 4 } else { 6 };
    let mut text = String::new();
    for (term, meaning) in rows {
        let mut line = format!("  {term}");
        if is_inline {
            line = format!("{line:indent$}");
        } else {
            text += &format!("{line}\n");
            line = " ".repeat(indent);
        }
        let mut has_word = false;
        for word in meaning.split_whitespace() {
            if has_word && line.chars().count() + 1 + word.chars().count() > WIDTH {
                text += &format!("{}\n", line.trim_end());
                line = " ".repeat(indent);
                has_word = false;
            }
            line += if has_word { " " } else { "" };
            line += word;
            has_word = true;
        }
        text += &format!("{}\n", line.trim_end());
    }
    text
}
