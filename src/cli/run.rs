//! The arguments of `wxbox run`.

use std::ffi::OsString;

use clap::{ArgGroup, Args, ValueEnum};

use super::values::parse_name;
use super::{ContentArgs, DeliveryArgs};

const HELP_NOTES: &str = "\
COMMAND has the terminal, standard input, output and error to itself, and the
signals that are sent to wxbox. wxbox ends with its status: 127 if there is no
such command, 126 if it cannot be executed, 128+n if signal n ended it. Whatever
is wrong with config, database, recipients or content is said on stderr, and
COMMAND runs all the same.

In --text and in the fields of a template these are filled in:
  {result}    succeeded or failed
  {status}    the exit status
  {signal}    such as SIGTERM; - where none ended it
  {duration}  such as 3m 12s
  {command}   the command line, or its beginning, and any password in it
  {program}   the name of the program
  {host}      the name of this machine
Without --text and --template the message has all of these but {command}: what
is sent goes to WeChat and to every phone, and is kept in the database.

Examples:
  wxbox run --user luffy -- make test
  wxbox run --tag ops --on failure --fallback alert -- rsync -a /srv backup:/srv
  wxbox run -u luffy -t backup -d host={host} -d size={result} -- /usr/local/bin/backup
  wxbox run -u luffy --text \"Nightly run: {result} after {duration}\" -- ./nightly";

/// `wxbox run`.
#[derive(Debug, Args)]
#[command(after_help = HELP_NOTES)]
#[command(group(ArgGroup::new("recipient").required(true).multiple(true).args(["user", "tag"])))]
#[command(group(ArgGroup::new("message").args(["text_option", "template"])))]
pub struct Run {
    /// Report to this person; repeatable
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true, value_parser = parse_name)]
    pub user: Vec<String>,
    /// Report to everybody with this tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true, value_parser = parse_name)]
    pub tag: Vec<String>,
    /// Which end to report: always, success (status 0) or failure (anything else)
    #[arg(long, value_enum, value_name = "END", default_value_t, hide_possible_values = true)]
    pub on: ReportOn,
    /// What is said, instead of program, host, status and duration.
    #[command(flatten)]
    pub content: ContentArgs,
    /// How it is delivered.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// The command and its arguments, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Which end of the command is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportOn {
    /// Every end
    #[default]
    Always,
    /// Status 0
    Success,
    /// Any other status, a signal, or no start at all
    Failure,
}
