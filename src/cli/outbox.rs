//! `wxbox outbox …`

use std::time::Duration;

use clap::{Args, Subcommand};

/// The outbox.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// List messages, newest first
    List(List),
    /// Show a message
    Show(Show),
}

const LIST_EXAMPLES: &str = "\
Examples:
  wxbox outbox list --state failed --since 1d
  wxbox outbox list --user luffy --limit 10
  wxbox --json outbox list --state unknown | jq .id";

/// `wxbox outbox list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct List {
    /// Only messages in this state; repeatable
    #[arg(long, value_name = "STATE", value_parser = ["queued", "sent", "failed", "unknown", "cancelled", "expired"])]
    pub state: Vec<String>,
    /// Only messages to this person
    #[arg(short, long, value_name = "NAME")]
    pub user: Option<String>,
    /// Only messages queued within this time
    #[arg(long, value_name = "TIME", value_parser = super::span)]
    pub since: Option<Duration>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = super::whole::<u32>)]
    pub limit: u32,
}

/// `wxbox outbox show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The message's id
    #[arg(value_parser = super::whole::<i64>)]
    pub id: i64,
}
