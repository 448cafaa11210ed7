//! The arguments of `wxbox completions`, `wxbox man` and `wxbox help`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(super) const MAIN_EXAMPLES: &str = "\
Examples:
  wxbox demo                              the whole job, in a throw-away directory
  wxbox init                              the config, asked for and tried
  wxbox doctor                            what keeps it from working
  wxbox user add luffy
  wxbox bind --user luffy
  wxbox send --user luffy \"hello\"

Topics of `wxbox help`: exit-codes, environment, json, recovery, sandbox";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  wxbox completions bash >~/.local/share/bash-completion/completions/wxbox
  wxbox completions fish >~/.config/fish/completions/wxbox.fish
  wxbox completions zsh >/usr/local/share/zsh/site-functions/_wxbox";

/// `wxbox completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `wxbox man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Where to write wxbox.1 and a page for each command; made if missing [default: the main page on stdout]
    pub dir: Option<PathBuf>,
}

/// `wxbox help`.
#[derive(Debug, Args)]
pub struct Help {
    /// A command, such as `user add`, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}
