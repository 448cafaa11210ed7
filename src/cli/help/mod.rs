//! `--help`, `-h`, `wxbox help` and the first screen, in the language of the user.
//!
//! English texts are the doc comments of the clap types; the other languages are in a catalogue,
//! which is read only if help is asked for. clap formats no help: its headings cannot be
//! translated, and it breaks Chinese lines in the wrong places.

mod catalogue;
mod layout;
mod overview;
mod request;

use clap::{Command, CommandFactory as _};

use super::Cli;
use crate::i18n::Lang;
pub use catalogue::HELP_ZH;
use catalogue::HelpCatalogue;
pub use overview::{COMMAND_GROUPS, HELP_TOPICS, HelpTopic};
pub(crate) use request::{ParseProbe, option_value, words_before_escape};

/// The text of `-h, --help`, which clap adds to every command.
const HELP_FLAG: &str = "Print help; -h prints the most common options only";
/// The text of `-V, --version`.
const VERSION_FLAG: &str = "Print the version";

/// Returns the whole tree of commands with the texts of a language, for help and manual pages.
pub fn command_in(lang: Lang) -> Command {
    let mut command = Cli::command();
    // Adds the global options to every command, and the names of the manual pages.
    command.build();
    let command = set_flag_texts(command);
    match HelpCatalogue::load(lang) {
        Some(catalogue) => catalogue.translate(command, &mut Vec::new()),
        None => command,
    }
}

fn set_flag_texts(command: Command) -> Command {
    command.mut_subcommands(set_flag_texts).mut_args(|arg| match arg.get_id().as_str() {
        "help" => arg.help(HELP_FLAG).long_help(None),
        "version" => arg.help(VERSION_FLAG),
        _ => arg,
    })
}

/// Returns the help of a command: the most common options in at most 24 lines, or everything.
///
/// # Errors
/// The index of the first word that is not a command.
pub fn help_text<T: AsRef<str>>(lang: Lang, words: &[T], is_long: bool) -> Result<String, usize> {
    let root = command_in(lang);
    let mut command = &root;
    for (index, word) in words.iter().enumerate() {
        command = command.find_subcommand(word.as_ref()).ok_or(index)?;
    }
    let catalogue = HelpCatalogue::load(lang);
    Ok(match (words, is_long) {
        ([], false) => overview::first_screen(command, catalogue),
        (_, false) => layout::short_help(command, catalogue),
        (_, true) => layout::long_help(command, catalogue),
    })
}

/// Returns the usage of a command, one form a line.
pub fn usage_text(command: &Command) -> String {
    layout::usage(command)
}

/// Returns a term of the help, such as a heading, in a language.
pub fn help_term(lang: Lang, term: &str) -> String {
    catalogue::term(HelpCatalogue::load(lang), term)
}
