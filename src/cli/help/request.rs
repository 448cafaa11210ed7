//! Determines which error clap reports for a command line, and in which command.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Command, CommandFactory as _};

use crate::cli::Cli;

/// A command line that does not parse, or that asks for help.
pub(crate) struct ParseProbe {
    /// The words of the command, without `wxbox`; empty if clap does not report the command.
    pub words: Vec<String>,
    /// Whether `--help` is asked for, and not `-h`.
    pub is_long: bool,
    /// The error of clap.
    pub error: clap::Error,
}

const SHORT_MARK: &str = "short";
const LONG_MARK: &str = "long";

impl ParseProbe {
    /// Parses the command line with a tree in which the help and the usage of each command are its
    /// name. Returns `None` if it parses.
    pub(crate) fn new(args: &[OsString]) -> Option<Self> {
        let root = mark(Cli::command(), "wxbox").term_width(0);
        let error = root.try_get_matches_from(args).err()?;
        let text = match error.get(ContextKind::Usage) {
            Some(ContextValue::StyledStr(usage)) => usage.to_string(),
            _ => error.render().to_string(),
        };
        let text = text.lines().map(|line| line.trim_start_matches("Usage: ").trim());
        let marked = text.clone().find(|line| *line == "wxbox" || line.starts_with("wxbox/"));
        let mut words: Vec<String> =
            marked.into_iter().flat_map(|line| line.split('/').skip(1)).map(str::to_owned).collect();
        let help_mark = words.pop_if(|last| last == SHORT_MARK || last == LONG_MARK);
        Some(Self { words, is_long: help_mark.is_some_and(|mark| mark == LONG_MARK), error })
    }
}

fn mark(command: Command, path: &str) -> Command {
    command
        .help_template("{about}")
        .about(format!("{path}/{SHORT_MARK}"))
        .long_about(format!("{path}/{LONG_MARK}"))
        .override_usage(path.to_owned())
        .mut_subcommands(|subcommand| {
            let path = format!("{path}/{}", subcommand.get_name());
            mark(subcommand, &path)
        })
}

/// Returns the last value of an option in a command line that does not parse.
pub(crate) fn option_value<'a>(args: &'a [OsString], long: &str, short: Option<&str>) -> Option<&'a str> {
    let words: Vec<&str> = words_before_escape(args).collect();
    let joined = |word: &'a str| word.strip_prefix(long)?.strip_prefix('=');
    let at = words.iter().rposition(|word| *word == long || Some(*word) == short || joined(word).is_some())?;
    joined(words[at]).or_else(|| words.get(at + 1).copied())
}

/// Returns the arguments after the program name, before `--` and before the first one that is not
/// UTF-8.
pub(crate) fn words_before_escape(args: &[OsString]) -> impl Iterator<Item = &str> {
    args.iter().skip(1).map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--")
}
