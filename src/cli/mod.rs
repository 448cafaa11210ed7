//! The clap types of the command line, one file for each noun. Parsing has no side effects.

// The doc comments are the help, in which `[push]` is a table of the config.
#![allow(rustdoc::broken_intra_doc_links)]

mod bind;
mod config;
mod docs;
mod follower;
mod help;
mod init;
mod media;
mod missing;
mod outbox;
mod quota;
mod run;
mod send;
mod serve;
mod template;
mod time_bound;
mod usage_error;
mod user;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use bind::{Bind, QrMode, ScopeArg, Unbind};
pub use config::{ConfigCommand, ConfigGet, ConfigSet, ConfigShow, ConfigUnset};
pub use docs::{Completions, Help, Man};
pub use follower::{FollowerCommand, FollowerRemark, FollowerShow};
pub use help::{COMMAND_GROUPS, HELP_TOPICS, HELP_ZH, HelpTopic, command_in, help_term, help_text, usage_text};
pub(crate) use help::{ParseProbe, option_value};
pub use init::{EventsMode, Init};
pub use media::{MediaCommand, MediaUpload};
pub use outbox::{
    MessageColumn, MessageFilterArgs, OutboxCancel, OutboxCommand, OutboxFollow, OutboxList, OutboxPrune, OutboxRetry,
    OutboxShow, OutboxStatus,
};
pub use quota::{Explain, QuotaClear, QuotaCommand, QuotaShow};
pub use run::{ReportOn, Run};
pub use send::{ContentArgs, DataArg, DataColorArg, DeliveryArgs, MiniProgramArg, Send, is_color};
pub use serve::{Event, Serve};
pub use template::{
    TemplateAdd, TemplateAliasArgs, TemplateCheck, TemplateCommand, TemplateListArgs as TemplateList, TemplateRemove,
    TemplateShow,
};
pub use time_bound::TimeBound;
pub(crate) use usage_error::{
    incomplete_send_error, missing_report_recipient_error, mistyped_option_error, mistyped_template_error,
    output_options, usage_error,
};
pub use user::{
    UserAdd, UserCommand, UserEditArgs, UserExport, UserImport, UserList, UserPasswd, UserRemove, UserShow,
};
pub use values::ArgText;

use crate::ui::ColorMode;

/// Send WeChat messages from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "wxbox",
    version,
    about = "Send WeChat messages from the command line, through an Official Account",
    propagate_version = false,
    disable_help_subcommand = true,
    override_usage = "wxbox [OPTIONS] COMMAND",
    after_help = docs::MAIN_EXAMPLES
)]
pub struct Cli {
    /// Global options.
    #[command(flatten)]
    pub global: Global,
    /// The command to run.
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
        if let Command::Send(send) = &mut cli.command {
            send.is_escaped = matches!(args, [.., sign, _] if sign == "--");
            send.words = args.iter().skip(1).cloned().collect();
        }
        Ok(cli)
    }
}

/// Global options, accepted before or after the command. If one is given twice, as by an alias, the
/// last one applies.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Config file [env: WXBOX_CONFIG]
    ///
    /// The default is ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml.
    #[arg(short, long, global = true, value_name = "FILE", overrides_with = "config")]
    pub config: Option<PathBuf>,
    /// Database file [env: WXBOX_DATABASE]
    ///
    /// The default is ~/.local/share/wxbox/wxbox.db.
    #[arg(long, global = true, value_name = "FILE", overrides_with = "database")]
    pub database: Option<PathBuf>,
    /// Print results as JSON Lines and errors as JSON
    #[arg(long, global = true, overrides_with = "json")]
    pub json: bool,
    /// Print only requested data and errors
    #[arg(short, long, global = true, overrides_with = "quiet")]
    pub quiet: bool,
    /// Log to stderr; -vv logs more [env: WXBOX_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Use colors: auto, always or never
    ///
    /// The variables NO_COLOR and CLICOLOR_FORCE apply if it is auto.
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

impl Global {
    /// Returns the options that select the config and the database, for commands that texts
    /// suggest.
    pub fn config_options(&self) -> Vec<String> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let config = self.config.as_ref().map(|path| ["-c".to_owned(), text(path)]);
        let database = self.database.as_ref().map(|path| ["--database".to_owned(), text(path)]);
        [config, database].into_iter().flatten().flatten().collect()
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the config file
    ///
    /// On a terminal, `init` asks for each value, and checks the AppID and the AppSecret with
    /// WeChat. In a script, use the options and the environment variables.
    Init(Init),
    /// Check the setup and suggest fixes
    Doctor(Doctor),
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Bind a user to their WeChat account with a QR code
    Bind(Bind),
    /// Remove the binding of a user
    Unbind(Unbind),
    /// Send a message
    Send(Box<Send>),
    /// Run a command and report its result
    Run(Box<Run>),
    /// Run a service: receive events, deliver messages
    ///
    /// SIGHUP reloads the config; SIGTERM or Ctrl-C stops the service. It receives events only if
    /// the config has [push]; otherwise it only delivers messages.
    Serve(Serve),
    /// Record one event that another server got from WeChat
    Event(Event),
    /// List, retry, cancel and delete messages
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Manage the message templates of the account
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Upload images, audio and video for messages
    #[command(subcommand)]
    Media(MediaCommand),
    /// List the followers of the account
    #[command(subcommand)]
    Follower(FollowerCommand),
    /// Show or reset the daily API quota
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// Explain a WeChat error code or a request ID
    Explain(Explain),
    /// Print and change the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the access token
    Token(TokenArgs),
    /// Copy the database while it is in use
    Backup(Backup),
    /// Run a local simulator of the WeChat platform
    Sandbox(Sandbox),
    /// Run the whole flow against a sandbox, then clean up
    #[command(after_help = "wxbox demo")]
    Demo,
    /// Print the completion script of a shell
    #[command(after_help = docs::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write all pages to files
    Man(Man),
    /// Print the help of a command or a topic
    Help(Help),
}

const DOCTOR_EXAMPLES: &str = "\
wxbox doctor
wxbox -v doctor  lists the checks that passed, too
wxbox doctor --fix
wxbox -q doctor  in cron: prints only failures
wxbox --json doctor | jq -r 'select(.status != \"ok\")'";

const TOKEN_EXAMPLES: &str = "\
wxbox token
ACCESS_TOKEN=$(wxbox token) ./other-script
wxbox --json token | jq -r .expires_at";

const SANDBOX_EXAMPLES: &str = "\
wxbox sandbox  open http://127.0.0.1:8899/ in a browser
wxbox sandbox --world world.toml --listen 127.0.0.1:0
wxbox help sandbox  the guide to the sandbox";

/// `wxbox doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct Doctor {
    /// Remove permissions that are too wide, then check
    ///
    /// Other users then can neither read nor change the secret files and the database. If root runs
    /// it, a config file of another user becomes root's. No content changes; each change is
    /// printed.
    #[arg(long)]
    pub fix: bool,
}

/// `wxbox token`.
#[derive(Debug, Args)]
#[command(after_help = TOKEN_EXAMPLES)]
pub struct TokenArgs {
    /// Request a new token even if the cached one is valid
    #[arg(long)]
    pub refresh: bool,
}

/// `wxbox backup`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox backup /var/backups/wxbox.db --force")]
pub struct Backup {
    /// File to create
    pub file: PathBuf,
    /// Replace an existing file
    #[arg(short, long)]
    pub force: bool,
}

/// `wxbox sandbox`.
#[derive(Debug, Args)]
#[command(after_help = SANDBOX_EXAMPLES)]
pub struct Sandbox {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8899")]
    pub listen: String,
    /// Scenario file with the account, people and templates (TOML)
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
}
