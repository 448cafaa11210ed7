//! The arguments of `wxbox run`.

use std::ffi::OsString;

use clap::{ArgGroup, Args, ValueEnum};

use super::values::parse_name;
use super::{ContentArgs, DeliveryArgs};

const NOTES: &str = "\
COMMAND uses the terminal, standard input and output directly, and gets the
signals that wxbox receives. wxbox exits with the status of COMMAND: 127 if it
does not exist, 126 if it cannot be executed, 128+n if signal n ended it. If the
config, the database, the recipients or the content are wrong, wxbox prints the
error and runs COMMAND all the same.

Placeholders in --text and in the fields of a template:
  {result}    succeeded or failed
  {status}    exit status
  {signal}    such as SIGTERM; - if no signal ended COMMAND
  {duration}  such as 3m 12s
  {command}   command line, with any password in it
  {program}   name of the program
  {host}      name of this machine
  {time}      when COMMAND ended, such as 2026-11-29 03:15
The default text has all of these except {command} and {time}: WeChat, every phone and the
database get to see the text.";

const EXAMPLES: &str = "\
wxbox run --user luffy -- make test
wxbox run -u luffy --on failure --fallback alert -- rsync -a /srv backup:/srv
wxbox run -u luffy -t backup -d host={host} -d size={result} -- ./backup
wxbox run -u luffy --text \"Nightly run: {result}, {duration}\" -- ./nightly";

/// `wxbox run`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = NOTES,
    override_usage = "wxbox run {--user NAME | --tag TAG} [OPTIONS] -- COMMAND [ARG]..."
)]
// The recipient is not required here: the config can have default recipients, which clap does not
// know.
#[command(group(ArgGroup::new("recipient").multiple(true).args(["user", "tag"])))]
#[command(group(ArgGroup::new("message").args(["text_option", "template"])))]
pub struct Run {
    /// Report to this user; repeatable
    ///
    /// Without a recipient, the report goes to those of send.to of the config, or of WXBOX_TO.
    #[arg(short, long, help_heading = "Recipients", value_name = "NAME", allow_hyphen_values = true, value_parser = parse_name)]
    pub user: Vec<String>,
    /// Report to all users with this tag; repeatable
    #[arg(long, help_heading = "Recipients", value_name = "TAG", allow_hyphen_values = true, value_parser = parse_name)]
    pub tag: Vec<String>,
    /// When to report: always, success (status 0) or failure
    #[arg(
        long,
        help_heading = "Delivery",
        value_enum,
        value_name = "END",
        default_value_t,
        hide_possible_values = true
    )]
    pub on: ReportOn,
    /// The content, instead of the default text.
    #[command(flatten)]
    pub content: ContentArgs,
    /// The delivery options.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Command and arguments, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

impl Run {
    /// Returns whether an option names a recipient.
    pub fn has_recipient(&self) -> bool {
        !self.user.is_empty() || !self.tag.is_empty()
    }
}

/// The results of the command that are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportOn {
    /// Report every result
    #[default]
    Always,
    /// Exit status 0
    Success,
    /// Any other status, a signal, or a command that cannot be started
    Failure,
}
