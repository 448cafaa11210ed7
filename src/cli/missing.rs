//! Arguments that a command asks for at a terminal. clap does not require them; in a script, a
//! missing one is an error like those of `usage_error`.

use clap::CommandFactory as _;

use super::usage_error::usage_hint;
use super::{Bind, Cli, Command, OutboxCommand, UserCommand};
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::t;

impl Cli {
    /// Returns the error for an argument that the command would have to ask for, or `None` if the
    /// command line is complete.
    pub(crate) fn missing_argument(&self) -> Option<CommandError> {
        match &self.command {
            Command::Bind(Bind { user, unbound: false, .. }) if user.is_empty() => {
                Some(missing(&["bind"], t!("cli-missing-bind-user")))
            }
            Command::Unbind(unbind) if unbind.user.is_none() => {
                Some(missing(&["unbind"], t!("cli-missing", arg = "--user NAME")))
            }
            Command::User(UserCommand::Remove(remove)) if remove.name.is_none() => {
                Some(missing(&["user", "remove"], t!("cli-missing", arg = "NAME")))
            }
            Command::Outbox(OutboxCommand::Retry(retry)) if retry.selects_nothing() => {
                Some(missing(&["outbox", "retry"], one_of(["ID", "--failed", "--unknown", "--queued", "--expired"])))
            }
            Command::Outbox(OutboxCommand::Cancel(cancel)) if cancel.id.is_empty() && !cancel.all => {
                Some(missing(&["outbox", "cancel"], one_of(["ID", "--all"])))
            }
            _ => None,
        }
    }
}

fn one_of<const N: usize>(args: [&str; N]) -> String {
    t!("cli-missing-one-of", args = join_list(args))
}

/// Builds the error. `words` are those of the command, `text` names what is missing.
fn missing(words: &[&str], text: String) -> CommandError {
    let mut root = Cli::command();
    root.build();
    let command = words.iter().try_fold(&root, |command, word| command.find_subcommand(word));
    let path = format!("wxbox {}", words.join(" "));
    CommandError::usage(text).hint(command.map(|command| usage_hint(command, &path)))
}
