//! The arguments of `wxbox config …`.

use clap::{Args, Subcommand};

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every value in force, secrets masked
    Show(ConfigShow),
    /// Print the path of the config file that is read, or where it belongs
    Path,
}

/// `wxbox config show`.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// Also say where each value came from
    #[arg(long)]
    pub origin: bool,
}
