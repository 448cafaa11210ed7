//! A fast path for the commands that scripts run often. Building and dropping clap's tree of all commands
//! takes longer than looking up a message; a tree with only the named command parses a valid command line
//! in the same way. If it rejects the command line (an error, a request for help), the complete tree
//! parses it again and reports.

use std::ffi::OsString;

use clap::{Args as _, Command, FromArgMatches as _, Parser as _, Subcommand as _};

use super::{Cli, Global, OutboxCommand, Run, Send, TokenArgs};

/// Adds the arguments of a command to its clap command.
type Augment = fn(Command) -> Command;

/// The commands that have the fast path.
const FAST_COMMANDS: [(&str, Augment); 4] = [
    ("send", Send::augment_args),
    ("run", Run::augment_args),
    ("token", TokenArgs::augment_args),
    ("outbox", |command| OutboxCommand::augment_subcommands(command).subcommand_required(true)),
];

impl Cli {
    /// Parses a command line, whose first argument is the name of the program.
    ///
    /// # Errors
    /// The command line is invalid, or asks for help or the version.
    pub fn parse_args(args: &[OsString]) -> Result<Self, clap::Error> {
        let mut cli = parse_fast(args).map_or_else(|| Self::try_parse_from(args), Ok)?;
        // clap does not report whether a positional argument followed `--`.
        if let (super::Command::Send(send), [.., sign, _]) = (&mut cli.command, args) {
            send.is_escaped = sign == "--";
        }
        Ok(cli)
    }
}

/// Parses the command line with the tree of one command. The first word that names a command may also be
/// the value of an option; then the rest does not parse, and the result is `None`.
fn parse_fast(args: &[OsString]) -> Option<Cli> {
    let (name, augment) = args.iter().skip(1).find_map(|word| FAST_COMMANDS.iter().find(|(name, _)| word == name))?;
    let command = Global::augment_args(Command::new("wxbox")).subcommand(augment(Command::new(*name)));
    let matches = command.subcommand_required(true).try_get_matches_from(args).ok()?;
    Cli::from_arg_matches(&matches).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_args(line: &str) -> Vec<OsString> {
        ["wxbox"]
            .into_iter()
            .map(Into::into)
            .chain(shell_words::split(line).unwrap().into_iter().map(Into::into))
            .collect()
    }

    #[test]
    fn the_short_way_comes_to_the_same() {
        for line in [
            "send -u luffy hello",
            "-q --json send --user luffy --template backup -d host=db1 -d size=42 --color never",
            "--config send send --all --text -v",
            "-c file --database token.db -vv send --openid o1 - --key k --expire-after 2h --no-wait",
            "send --batch - --concurrency 3 --rate 5",
            "run -u luffy --on failure -- send --help",
            "token --refresh",
            "outbox list --state queued --limit 3",
            "outbox flush",
            "outbox retry 1 2 --json",
        ] {
            let args = split_args(line);
            let short = parse_fast(&args).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(format!("{short:?}"), format!("{:?}", Cli::try_parse_from(&args).unwrap()), "{line}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_whole_tree() {
        for line in [
            "send",
            "send -u luffy --help",
            "send -u luffy --txt x",
            "-c send user list",
            "-c run send -u luffy hello",
            "user show send",
            "outbox",
            "outbox flsh",
            "sned -u luffy hello",
            "--version send",
            "help send",
            "",
        ] {
            assert!(parse_fast(&split_args(line)).is_none(), "{line}");
        }
    }
}
