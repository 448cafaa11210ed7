//! `wxbox config …`

use clap::{Args, Subcommand};

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show every value in force, secrets masked
    Show(Show),
    /// Print the path of the config file that is read, or where it belongs
    Path,
}

/// `wxbox config show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Also say where each value came from
    #[arg(long)]
    pub origin: bool,
}
