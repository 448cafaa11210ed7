//! `wxbox template …`

use clap::{Args, Subcommand};

/// The account's templates.
#[derive(Debug, Subcommand)]
pub enum Template {
    /// List the account's templates
    List(List),
    /// Show a template with its fields
    Show(Show),
}

/// `wxbox template list`.
#[derive(Debug, Args)]
pub struct List {
    /// Ask WeChat even if a list is kept
    #[arg(long)]
    pub refresh: bool,
}

/// `wxbox template show`.
#[derive(Debug, Args)]
pub struct Show {
    /// An alias of the config, a template id or the beginning of one, or a title
    #[arg(value_name = "T", allow_hyphen_values = true)]
    pub template: String,
}
