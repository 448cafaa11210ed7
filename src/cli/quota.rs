//! The arguments of `wxbox quota …` and `wxbox explain`.

use clap::{Args, Subcommand};

const SHOW_EXAMPLES: &str = "\
wxbox quota show
wxbox quota show /cgi-bin/message/custom/send
wxbox --json quota show | jq -r 'select(.remain == 0).api'";

/// The daily quota of the account.
#[derive(Debug, Subcommand)]
pub enum QuotaCommand {
    /// Show the remaining API calls of today
    Show(QuotaShow),
    /// Reset the counters of all APIs; WeChat allows this ten times a month
    Clear(QuotaClear),
}

/// `wxbox quota show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub struct QuotaShow {
    /// Path of an API [default: all APIs that wxbox uses]
    #[arg(value_name = "API")]
    pub api: Vec<String>,
}

/// `wxbox quota clear`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox quota clear\nwxbox quota clear --yes")]
pub struct QuotaClear {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

const EXPLAIN_EXAMPLES: &str = "\
wxbox explain 40164
wxbox explain -1
wxbox explain 6aac005a-01bfdbee-79769285";

/// `wxbox explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct Explain {
    /// Error code (errcode) or request ID (rid) of WeChat
    ///
    /// WeChat keeps the data of a failed request for seven days. An error code is explained
    /// offline.
    #[arg(value_name = "CODE|RID", allow_negative_numbers = true)]
    pub what: String,
}
