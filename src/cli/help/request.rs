//! Finds out what clap rejects in a command line, and for which command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Command, CommandFactory as _};

use crate::cli::Cli;

/// A command line that does not parse, or that asks for help.
pub(crate) struct ParseProbe {
    /// The words of the command, without `wxbox`; `None` if clap does not report the command.
    pub words: Option<Vec<String>>,
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
        let mut words: Option<Vec<String>> = marked.map(|line| line.split('/').skip(1).map(str::to_owned).collect());
        let mut is_long = false;
        if let Some(words) = &mut words
            && words.last().is_some_and(|last| last == SHORT_MARK || last == LONG_MARK)
        {
            is_long = words.pop().is_some_and(|mark| mark == LONG_MARK);
        }
        Some(Self { words, is_long, error })
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

/// Returns the value of `--config` in a command line that does not parse.
pub(crate) fn config_option(args: &[OsString]) -> Option<PathBuf> {
    let words: Vec<&str> = args.iter().skip(1).map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--").collect();
    let is_option = |word: &str| word == "-c" || word == "--config";
    let at = words.iter().rposition(|word| is_option(word) || word.starts_with("--config="))?;
    words[at].strip_prefix("--config=").or_else(|| words.get(at + 1).copied()).map(PathBuf::from)
}
