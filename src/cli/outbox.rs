//! The arguments of `wxbox outbox …`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::values::{parse_duration, parse_integer};

/// The outbox.
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List messages, newest first
    List(OutboxList),
    /// Show a message
    Show(OutboxShow),
    /// Deliver what is due, for cron or a timer
    Flush,
    /// Deliver messages again that were not delivered, or that wait for a later time
    Retry(OutboxRetry),
    /// Withdraw queued messages
    Cancel(OutboxCancel),
    /// Remove finished messages from the database
    Prune(OutboxPrune),
    /// Count messages by state
    Status(OutboxStatus),
}

const LIST_EXAMPLES: &str = "\
Examples:
  wxbox outbox list --state failed --since 1d
  wxbox outbox list --user luffy --limit 10
  wxbox --json outbox list --state unknown | jq .id";

/// `wxbox outbox list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct OutboxList {
    /// Only messages in this state; repeatable
    #[arg(long, value_name = "STATE", value_parser = ["queued", "sent", "failed", "unknown", "cancelled", "expired"])]
    pub state: Vec<String>,
    /// Only messages to this person
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: Option<String>,
    /// Only messages queued within this time
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub since: Option<Duration>,
    /// At most so many, the newest; 0 = all
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = parse_integer::<u32>)]
    pub limit: u32,
}

/// `wxbox outbox show`.
#[derive(Debug, Args)]
pub struct OutboxShow {
    /// The message's id
    #[arg(value_parser = parse_integer::<i64>)]
    pub id: i64,
}

/// `wxbox outbox retry`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["id", "failed", "unknown", "queued", "expired"])))]
pub struct OutboxRetry {
    /// The messages' ids
    #[arg(value_parser = parse_integer::<i64>)]
    pub id: Vec<i64>,
    /// All failed messages
    #[arg(long)]
    pub failed: bool,
    /// All messages that may or may not have been delivered: some people may get theirs twice
    #[arg(long)]
    pub unknown: bool,
    /// All queued messages that wait for a later time
    #[arg(long)]
    pub queued: bool,
    /// All expired messages
    #[arg(long)]
    pub expired: bool,
}

/// `wxbox outbox cancel`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["id", "all"])))]
pub struct OutboxCancel {
    /// The messages' ids
    #[arg(value_parser = parse_integer::<i64>)]
    pub id: Vec<i64>,
    /// All queued messages
    #[arg(long)]
    pub all: bool,
}

/// `wxbox outbox prune`.
#[derive(Debug, Args)]
pub struct OutboxPrune {
    /// Only messages of which nothing happened within this time, such as 30d
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub older_than: Duration,
}

/// `wxbox outbox status`.
#[derive(Debug, Args)]
pub struct OutboxStatus {
    /// Exit with status 6 if the oldest queued message is older than this, or if a message failed, expired or became
    /// unknown within this time; with -q nothing is printed unless one did
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub check: Option<Duration>,
}
