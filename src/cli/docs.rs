//! The arguments of `wxbox completions`, `wxbox man` and `wxbox help`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::values::parse_language;
use crate::i18n::Lang;

pub(super) const MAIN_EXAMPLES: &str = "\
wxbox demo  see what wxbox does, without an account
wxbox init  create the config file
wxbox user add luffy
wxbox bind --user luffy  luffy scans a QR code
wxbox send --user luffy \"Backup finished\"
wxbox doctor  find out what is wrong";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
wxbox completions bash >~/.local/share/bash-completion/completions/wxbox
wxbox completions fish >~/.config/fish/completions/wxbox.fish
wxbox completions zsh >/usr/local/share/zsh/site-functions/_wxbox";

const MAN_EXAMPLES: &str = "\
wxbox man | man -l -
wxbox man ~/.local/share/man/man1
wxbox man --lang zh ~/.local/share/man/zh_CN/man1";

const HELP_EXAMPLES: &str = "\
wxbox help send  the same as `wxbox send --help`
wxbox help recovery  how to recover a damaged database";

/// `wxbox completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Name of the shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `wxbox man`.
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct Man {
    /// Directory for wxbox.1 and a page for each command, created if missing
    ///
    /// Without it, the main page is printed on standard output.
    pub dir: Option<PathBuf>,
    /// Language of the pages: en or zh [default: the language of wxbox]
    #[arg(long, value_name = "LANG", value_parser = parse_language)]
    pub lang: Option<Lang>,
}

/// `wxbox help`.
#[derive(Debug, Args)]
#[command(after_help = HELP_EXAMPLES)]
pub struct Help {
    /// A command, such as `user add`, or a topic
    ///
    /// Topics: exit-codes, environment, json, events, recovery, sandbox.
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}
