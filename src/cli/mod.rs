//! The clap types of the command line, one file for each noun. Parsing has no effects.

mod bind;
mod config;
mod docs;
mod follower;
mod init;
mod media;
mod outbox;
mod quota;
mod run;
mod send;
mod template;
mod usage_error;
mod user;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use bind::{Bind, QrMode, ScopeArg, Unbind};
pub use config::{ConfigCommand, ConfigShow};
pub use docs::{Completions, Help, Man};
pub use follower::{FollowerCommand, FollowerRemark, FollowerShow};
pub use init::Init;
pub use media::{MediaCommand, MediaUpload};
pub use outbox::{OutboxCancel, OutboxCommand, OutboxList, OutboxPrune, OutboxRetry, OutboxShow, OutboxStatus};
pub use quota::{Explain, QuotaClear, QuotaCommand, QuotaShow};
pub use run::{ReportOn, Run};
pub use send::{ContentArgs, DataArg, DataColorArg, DeliveryArgs, MiniProgramArg, Send, is_color};
pub use template::{
    TemplateAdd, TemplateCheck, TemplateCommand, TemplateListArgs as TemplateList, TemplateRemove, TemplateShow,
};
pub(crate) use usage_error::{mistyped_option_error, output_options, usage_error};
pub use user::{
    UserAdd, UserCommand, UserEditArgs, UserExport, UserImport, UserList, UserPasswd, UserRemove, UserShow,
};
pub use values::ArgText;

use crate::ui::ColorMode;

/// Reach people in WeChat from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "wxbox",
    version,
    about = "Reach people in WeChat from the command line: a registry, QR binding and delivery for Official Accounts",
    propagate_version = false,
    disable_help_subcommand = true,
    after_help = docs::MAIN_EXAMPLES,
    max_term_width = 100
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Parses a command line, whose first argument is the name of the program.
    ///
    /// # Errors
    ///
    /// The command line is invalid, or asks for help or the version.
    pub fn parse_args(args: &[OsString]) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(args)?;
        // clap does not report whether a positional argument followed `--`.
        if let (Command::Send(send), [.., sign, _]) = (&mut cli.command, args) {
            send.is_escaped = sign == "--";
        }
        Ok(cli)
    }
}

/// Options of every command, before or after it; given twice, as by an alias, the last counts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]
    #[arg(short, long, global = true, value_name = "FILE", overrides_with = "config")]
    pub config: Option<PathBuf>,
    /// The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]
    #[arg(long, global = true, value_name = "FILE", overrides_with = "database")]
    pub database: Option<PathBuf>,
    /// Print results as JSON Lines, and errors as JSON
    #[arg(long, global = true, overrides_with = "json")]
    pub json: bool,
    /// Print only data that was asked for, and errors
    #[arg(short, long, global = true, overrides_with = "quiet")]
    pub quiet: bool,
    /// Say on stderr what is done; twice for more [env: WXBOX_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        overrides_with = "color"
    )]
    pub color: ColorMode,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a config: asks for what it needs, and tries it
    Init(Init),
    /// Check config, database, network and account, and say what to fix
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor,
    /// Manage the registry of people
    #[command(subcommand)]
    User(UserCommand),
    /// Connect a person to their WeChat: show a QR code and wait for the scan
    Bind(Bind),
    /// Remove a person's connection to WeChat
    Unbind(Unbind),
    /// Send a message
    Send(Box<Send>),
    /// Run a command, then report how it ended
    Run(Box<Run>),
    /// Look at messages sent and queued, and tidy them up
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Look at the account's message templates, check values, change the list
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Have WeChat keep files that messages show
    #[command(subcommand)]
    Media(MediaCommand),
    /// Look at who follows the account
    #[command(subcommand)]
    Follower(FollowerCommand),
    /// Look at how often WeChat's APIs may still be called today
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// Say what an errcode of WeChat's means and what to do, or what became of a request
    Explain(Explain),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the access token, for other scripts
    Token(TokenArgs),
    /// Copy the database while others use it
    Backup(Backup),
    /// Run a local stand-in for the WeChat platform
    Sandbox(Sandbox),
    /// Show the whole job against the sandbox, in a throw-away directory
    Demo,
    /// Print a shell's completions, to be kept where the shell looks for them
    #[command(after_help = docs::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write all of them into a directory
    Man(Man),
    /// Print the help of a command, or of a topic: exit-codes, environment, json, recovery, sandbox
    Help(Help),
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  wxbox doctor
  wxbox -q doctor                                      for cron: says only what failed
  wxbox --json doctor | jq -r 'select(.status != \"ok\")'";

const TOKEN_EXAMPLES: &str = "\
Examples:
  wxbox token
  curl \"https://api.weixin.qq.com/cgi-bin/get_api_domain_ip?access_token=$(wxbox token)\"
  wxbox --json token | jq -r .expires_at";

const SANDBOX_EXAMPLES: &str = "\
Examples:
  wxbox sandbox                                        its page: http://127.0.0.1:8899/
  wxbox sandbox --world world.toml --listen 127.0.0.1:0
  wxbox help sandbox                                   how to use it";

/// `wxbox token`.
#[derive(Debug, Args)]
#[command(after_help = TOKEN_EXAMPLES)]
pub struct TokenArgs {
    /// Ask WeChat even if a valid token is kept
    #[arg(long)]
    pub refresh: bool,
}

/// `wxbox backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// Where the copy goes
    pub file: PathBuf,
    /// Replace a file that is there
    #[arg(short, long)]
    pub force: bool,
}

/// `wxbox sandbox`.
#[derive(Debug, Args)]
#[command(after_help = SANDBOX_EXAMPLES)]
pub struct Sandbox {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8899")]
    pub listen: String,
    /// The account, people and templates to start with (TOML)
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
}
