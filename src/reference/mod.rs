//! Generated reference documentation: tables of exit statuses, variables, config keys and JSON
//! objects, the help topics, the completions and the manual pages. They are made from the tables
//! and clap types that the program itself uses; `tests/it/docs.rs` compares the committed copies.

mod man;
mod markdown;
mod tables;
mod terminal_markdown;
mod topics;
mod translate;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::ui::{measure_text_width, wrap};

pub use man::pages as man_pages;
pub use markdown::{MARKDOWN_TABLES, MarkdownTable, errcode_rows};
pub use tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS, JsonObjectDoc, VariableDoc};
pub use topics::topic_text;
pub use translate::{CHINESE_TABLE_TEXTS, TableTranslator};

/// Returns the completion script of a shell. Those of bash, fish and zsh ask wxbox for candidates
/// while someone types; the others list commands and options.
pub fn completions(shell: Shell) -> String {
    match shell {
        Shell::Bash => include_str!("../../completions/wxbox.bash").to_owned(),
        Shell::Fish => include_str!("../../completions/wxbox.fish").to_owned(),
        Shell::Zsh => include_str!("../../completions/_wxbox").to_owned(),
        _ => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "wxbox", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
    }
}

/// Returns the names of the subcommands of a command.
pub fn subcommands_of(words: &[&str]) -> Vec<String> {
    let root = Cli::command();
    let found = words.iter().try_fold(&root, |command, word| command.find_subcommand(word));
    found
        .map(|command| command.get_subcommands().map(|child| child.get_name().to_owned()).collect())
        .unwrap_or_default()
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

/// Formats terms with their meanings in `width` columns, side by side if the terms are short.
fn definition_list(rows: &[(String, String)], width: usize) -> String {
    let widest = rows.iter().map(|(term, _)| measure_text_width(term)).max().unwrap_or(0);
    if widest > 26 {
        return stacked_list(rows, width);
    }
    let indent = widest + 4;
    let mut text = String::new();
    for (term, meaning) in rows {
        let gap = " ".repeat(indent - 2 - measure_text_width(term));
        let meaning = wrap(meaning, width - indent).join(&format!("\n{}", " ".repeat(indent)));
        text += format!("  {term}{gap}{meaning}").trim_end();
        text.push('\n');
    }
    text
}

/// Formats terms with their meanings in `width` columns, each meaning below its term.
fn stacked_list(rows: &[(String, String)], width: usize) -> String {
    let mut text = String::new();
    for (term, meaning) in rows {
        text += &format!("  {term}\n");
        for line in meaning.lines().flat_map(|line| wrap(line, width - 6)) {
            text += &format!("      {line}\n");
        }
    }
    text
}
