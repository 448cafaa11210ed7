//! The arguments of `wxbox config …`.

use clap::{Args, Subcommand};

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every config value that is in effect, with secrets masked
    Show(ConfigShow),
    /// Print the path of the config file
    ///
    /// If there is no config file, this is the path where `wxbox init` would write it.
    #[command(after_help = "wxbox config path\nvi \"$(wxbox config path)\"")]
    Path,
}

/// `wxbox config show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox config show\nwxbox config show --origin  each value with its source")]
pub struct ConfigShow {
    /// Also print where each value comes from
    #[arg(long)]
    pub origin: bool,
}
