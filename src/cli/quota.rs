//! The arguments of `wxbox quota …` and `wxbox explain`.

use clap::{Args, Subcommand};

const SHOW_EXAMPLES: &str = "\
Examples:
  wxbox quota show
  wxbox quota show /cgi-bin/message/custom/send
  wxbox --json quota show | jq -r 'select(.remain == 0).api'";

/// How often the account may call WeChat's APIs.
#[derive(Debug, Subcommand)]
pub enum QuotaCommand {
    /// Show how many calls are left today, by API
    Show(QuotaShow),
    /// Let all counters begin at 0 again; WeChat allows that ten times a month
    Clear(QuotaClear),
}

/// `wxbox quota show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub struct QuotaShow {
    /// The path of an API [default: every API that wxbox uses]
    #[arg(value_name = "API")]
    pub api: Vec<String>,
}

/// `wxbox quota clear`.
#[derive(Debug, Args)]
pub struct QuotaClear {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  wxbox explain 40164
  wxbox explain -1
  wxbox explain 6aac005a-01bfdbee-79769285      what WeChat remembers of the request, for seven days";

/// `wxbox explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct Explain {
    /// An errcode of WeChat's, or the id of a request (rid)
    #[arg(value_name = "CODE|RID", allow_negative_numbers = true)]
    pub what: String,
}
