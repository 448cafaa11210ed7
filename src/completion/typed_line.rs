//! Parses the words before the cursor: the options that are given already, and the config that the
//! command would use.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, CommandFactory as _};

use crate::cli::Cli;
use crate::config::{CliOverrides, Config, Environment};
use crate::context::AppContext;

/// The command line before the word at the cursor.
pub(super) struct TypedLine {
    /// The arguments of the innermost command, as far as they parse.
    matches: Option<ArgMatches>,
    /// The config; `None` if it is invalid.
    pub(super) app: Option<AppContext>,
    /// Whether `--` precedes the cursor.
    pub(super) is_escaped: bool,
}

impl TypedLine {
    /// Parses the words, of which the last one is at the cursor, and reads the config. That sets
    /// the language and the time zone.
    pub(super) fn parse(words: &[String]) -> Self {
        let before = words.split_last().map_or(&[][..], |(_, before)| before);
        let matches = Cli::command().ignore_errors(true).try_get_matches_from(before).ok();
        let matches = matches.map(innermost);
        let path = |id| -> Option<PathBuf> {
            let path = matches.as_ref()?.try_get_one::<PathBuf>(id).ok().flatten()?;
            Some(expand_home(path))
        };
        let flags = CliOverrides { config: path("config"), database: path("database"), ..CliOverrides::default() };
        let app = Config::load(&flags, &Environment::from_process()).ok().map(AppContext::from_config);
        Self { matches, app, is_escaped: before.iter().any(|word| word == "--") }
    }

    /// Returns the values of an argument as they were typed.
    pub(super) fn values(&self, id: &str) -> Vec<String> {
        let raw = self.matches.as_ref().and_then(|matches| matches.try_get_raw(id).ok().flatten());
        raw.into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect()
    }

    /// Returns whether a flag is given.
    pub(super) fn has_flag(&self, id: &str) -> bool {
        let found = self.matches.as_ref().and_then(|matches| matches.try_get_one::<bool>(id).ok().flatten());
        found.copied().unwrap_or(false)
    }
}

/// Returns the arguments of the innermost command, which include the global ones.
fn innermost(mut matches: ArgMatches) -> ArgMatches {
    while let Some((_, child)) = matches.remove_subcommand() {
        matches = child;
    }
    matches
}

/// Expands `~/`, as the shell will when it runs the command.
fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}
