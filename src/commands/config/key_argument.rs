//! The keys of `config get|set|unset`, and the file that these commands read or change.

use std::path::PathBuf;

use crate::cli::Global;
use crate::config::{CliOverrides, Environment, KeyPath, active_path};
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::t;

/// Parses a key of the command line.
pub(super) fn parse_key(text: &str) -> Result<KeyPath, CommandError> {
    KeyPath::parse(text).map_err(|unknown| {
        let hint = match unknown.nearest {
            Some(nearest) => t!("config-unknown-key-near", nearest = nearest),
            None => t!("config-no-key-hint"),
        };
        CommandError::usage(t!("config-no-key", key = unknown.key)).hint(hint)
    })
}

/// Returns the error for a table in place of a value.
pub(super) fn table_error(path: &KeyPath) -> CommandError {
    CommandError::usage(t!("config-is-table", key = path.to_string()))
        .hint(t!("config-is-table-hint", keys = join_list(path.keys_below())))
}

/// Returns the file that is read, or would be created.
pub(super) fn config_path(global: &Global) -> anyhow::Result<PathBuf> {
    let flags = CliOverrides { config: global.config.clone(), ..CliOverrides::default() };
    Ok(active_path(&flags, &Environment::from_process())?)
}
