//! The arguments of `wxbox outbox …`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::time_bound::TimeBound;
use super::values::{parse_duration, parse_integer};

/// The outbox.
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List messages, newest first
    List(OutboxList),
    /// Print new messages and changes as they happen, until Ctrl-C
    Follow(OutboxFollow),
    /// Show messages with content and attempts
    Show(OutboxShow),
    /// Send the messages that are due; for cron or a systemd timer
    #[command(after_help = "wxbox outbox flush\nwxbox -q outbox flush  in cron: prints only failures")]
    Flush,
    /// Send messages again that were not delivered, or queued messages now
    Retry(OutboxRetry),
    /// Cancel queued messages
    Cancel(OutboxCancel),
    /// Delete finished messages from the database
    Prune(OutboxPrune),
    /// Count messages by state
    Status(OutboxStatus),
}

const LIST_EXAMPLES: &str = "\
wxbox outbox list --since 22:00 --limit 0  what was sent last night
wxbox outbox list --since yesterday --until yesterday --state failed
wxbox outbox list --tag ops --template backup
wxbox outbox list --receipt none --since 1d  not confirmed as delivered
wxbox outbox list --columns id,created_at,user,content
wxbox --json outbox list --state unknown | jq .id";

const FOLLOW_EXAMPLES: &str = "\
wxbox outbox follow
wxbox outbox follow --lines 0 --state failed --state unknown
wxbox --json outbox follow | jq -c '[.id, .user, .state]'";

const RETRY_EXAMPLES: &str = "\
wxbox outbox retry 41 42
wxbox outbox retry --failed
wxbox outbox retry --unknown  recipients may get a message twice";

const CANCEL_EXAMPLES: &str = "\
wxbox outbox cancel 41 42
wxbox outbox cancel --all";

const STATUS_EXAMPLES: &str = "\
wxbox outbox status
wxbox outbox status --check 1h     for monitoring: one line
wxbox -q outbox status --check 1h  in cron: prints only problems";

/// A column of the messages that `outbox list` and `outbox follow` print, with the name of the JSON
/// field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum MessageColumn {
    /// ID.
    Id,
    /// State, with the receipt unless that is a column.
    State,
    /// Name of the recipient, or the openid.
    User,
    /// Beginning of the content, in one line.
    Content,
    /// Type.
    Type,
    /// Time when it was queued.
    CreatedAt,
    /// Time when WeChat accepted it.
    SentAt,
    /// Time of the last change.
    UpdatedAt,
    /// Why it was not delivered.
    Error,
    /// Error code of WeChat.
    Errcode,
    /// Receipt.
    Receipt,
    /// Number of attempts.
    Attempts,
    /// Idempotency key.
    Key,
    /// Openid.
    Openid,
    /// WeChat's ID of the message.
    Msgid,
    /// WeChat's ID of the request.
    Rid,
}

/// The messages to print, and their columns.
#[derive(Debug, Args)]
pub struct MessageFilterArgs {
    /// Only messages queued since this time, such as 1d or 22:00
    ///
    /// TIME is an age (90m, 1d), a time (22:00: the last time a clock showed it), a date
    /// (2026-11-28), a date with a time ("2026-11-28 22:00"), today or yesterday. Without an offset
    /// from UTC it is in the time zone of the config.
    #[arg(long, value_name = "TIME", value_parser = TimeBound::parse)]
    pub since: Option<TimeBound>,
    /// Only messages in this state; repeatable
    ///
    /// States: queued, sent, failed, unknown, cancelled, expired.
    #[arg(long, value_name = "STATE", value_parser = ["queued", "sent", "failed", "unknown", "cancelled", "expired"])]
    pub state: Vec<String>,
    /// Only messages to this user
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: Option<String>,
    /// Only messages to users who have this tag now
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Option<String>,
    /// Only messages with this template: alias, ID or title
    #[arg(short, long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub template: Option<String>,
    /// Only messages with this delivery receipt from WeChat
    ///
    /// Receipts: delivered, blocked (the user refuses messages), failed, none (sent, and no receipt
    /// yet). Only templates and notifications have receipts.
    #[arg(long, value_name = "RECEIPT", value_parser = ["delivered", "blocked", "failed", "none"])]
    pub receipt: Option<String>,
    /// Columns to print, separated by commas; not with --json
    ///
    /// Columns: id, state, user, content (its beginning), type, created_at, sent_at, updated_at,
    /// error, errcode, receipt, attempts, key, openid, msgid, rid.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', hide_possible_values = true, hide_short_help = true)]
    pub columns: Vec<MessageColumn>,
}

/// `wxbox outbox list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct OutboxList {
    /// The messages and their columns.
    #[command(flatten)]
    pub filter: MessageFilterArgs,
    /// Only messages queued until this time; a date includes the whole day
    #[arg(long, value_name = "TIME", value_parser = TimeBound::parse)]
    pub until: Option<TimeBound>,
    /// Maximum number of messages; 0 = all
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = parse_integer::<u32>)]
    pub limit: u32,
}

/// `wxbox outbox follow`.
#[derive(Debug, Args)]
#[command(after_help = FOLLOW_EXAMPLES)]
pub struct OutboxFollow {
    /// Number of latest messages to print first [default: 10, or all with --since]
    #[arg(short = 'n', long, value_name = "N", value_parser = parse_integer::<u32>)]
    pub lines: Option<u32>,
    /// The messages and their columns.
    #[command(flatten)]
    pub filter: MessageFilterArgs,
}

/// `wxbox outbox show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox outbox show 41\nwxbox outbox show 41 42")]
pub struct OutboxShow {
    /// IDs of the messages
    #[arg(required = true, value_parser = parse_integer::<i64>)]
    pub id: Vec<i64>,
}

/// `wxbox outbox retry`.
#[derive(Debug, Args)]
#[command(after_help = RETRY_EXAMPLES, override_usage = "wxbox outbox retry ID...\nwxbox outbox retry --failed | --unknown | --queued | --expired")]
#[command(group(clap::ArgGroup::new("which").args(["id", "failed", "unknown", "queued", "expired"])))]
pub struct OutboxRetry {
    /// IDs of the messages
    #[arg(value_parser = parse_integer::<i64>)]
    pub id: Vec<i64>,
    /// All failed messages
    #[arg(long)]
    pub failed: bool,
    /// All messages in state unknown; recipients may get them twice
    #[arg(long)]
    pub unknown: bool,
    /// All queued messages, without waiting until they are due
    #[arg(long)]
    pub queued: bool,
    /// All expired messages
    #[arg(long)]
    pub expired: bool,
    /// Do not ask before sending all messages in a state
    ///
    /// wxbox asks on a terminal only.
    #[arg(short, long)]
    pub yes: bool,
    /// Wait until WeChat reports the delivery, for 60s or this time
    ///
    /// The exit status is then 0 only if every message was delivered. Only templates and
    /// notifications have receipts; a text counts as delivered when WeChat accepts it. Needs [push]
    /// in the config and a running `wxbox serve`.
    #[arg(long, hide_short_help = true, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "60s", value_parser = parse_duration)]
    pub wait_receipt: Option<Duration>,
}

impl OutboxRetry {
    /// Returns `true` if the command line names no messages.
    pub fn selects_nothing(&self) -> bool {
        self.id.is_empty() && !(self.failed || self.unknown || self.queued || self.expired)
    }
}

/// `wxbox outbox cancel`.
#[derive(Debug, Args)]
#[command(after_help = CANCEL_EXAMPLES, override_usage = "wxbox outbox cancel ID... | --all")]
#[command(group(clap::ArgGroup::new("which").args(["id", "all"])))]
pub struct OutboxCancel {
    /// IDs of the messages
    #[arg(value_parser = parse_integer::<i64>)]
    pub id: Vec<i64>,
    /// All queued messages
    #[arg(long)]
    pub all: bool,
    /// Do not ask before cancelling all messages
    ///
    /// wxbox asks on a terminal only.
    #[arg(short, long)]
    pub yes: bool,
}

/// `wxbox outbox prune`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox outbox prune --older-than 30d")]
pub struct OutboxPrune {
    /// Only messages that finished longer ago than this, such as 30d
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub older_than: Duration,
}

/// `wxbox outbox status`.
#[derive(Debug, Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub struct OutboxStatus {
    /// Print one line, with exit status 6 if messages are late or failed
    ///
    /// That is: the oldest queued message is older than AGE, or a message became failed, expired or
    /// unknown in the last AGE. The line begins with OK or CRITICAL, as Nagios and Icinga expect.
    /// With -q, only problems are printed.
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub check: Option<Duration>,
}
