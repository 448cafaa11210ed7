//! A shorter way in for the commands that scripts run by the thousand. The tree of all commands with their help
//! takes clap longer to make, and to drop, than a message takes to be looked up; a tree with the one command that
//! is meant knows as much of a right command line. Whatever it does not take (a mistake, a call for help) is for
//! the whole tree to say.

use std::ffi::OsString;

use clap::{Args as _, Command, FromArgMatches as _, Parser as _, Subcommand as _};

use super::{Cli, Global, OutboxCommand, Run, Send, TokenArgs};

/// Makes a command's part of the tree.
type Augment = fn(Command) -> Command;

/// The commands that are known here.
const FAST_COMMANDS: [(&str, Augment); 4] = [
    ("send", Send::augment_args),
    ("run", Run::augment_args),
    ("token", TokenArgs::augment_args),
    ("outbox", |command| OutboxCommand::augment_subcommands(command).subcommand_required(true)),
];

impl Cli {
    /// What that command line says, the program's name first.
    ///
    /// # Errors
    /// clap's complaint, or the help that was asked for.
    pub fn parse_args(args: &[OsString]) -> Result<Self, clap::Error> {
        let mut cli = parse_fast(args).map_or_else(|| Self::try_parse_from(args), Ok)?;
        // clap does not tell whether a word stood behind `--`.
        if let (super::Command::Send(send), [.., sign, _]) = (&mut cli.command, args) {
            send.is_escaped = sign == "--";
        }
        Ok(cli)
    }
}

/// The first word that could be a command may also be an option's value; then the rest does not fit, and nothing
/// comes of it.
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
