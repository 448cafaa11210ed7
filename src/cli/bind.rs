//! The arguments of `wxbox bind` and `wxbox unbind`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::parse_duration;

/// What the person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// The openid, without asking
    #[value(name = "snsapi_base")]
    Base,
    /// Also the nickname, after the person's consent
    #[value(name = "snsapi_userinfo")]
    UserInfo,
}

/// How the QR code is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum QrMode {
    /// On a terminal: half blocks where the locale is UTF-8, else ASCII
    #[default]
    Auto,
    /// Half blocks
    Unicode,
    /// Two characters a module
    Ascii,
    /// No code, only the URL
    None,
}

const EXAMPLES: &str = "\
Examples:
  wxbox bind --user luffy                              scan the code with luffy's phone
  wxbox bind --user luffy --user nami                  one after the other; or --unbound
  wxbox bind --user luffy --paste                      where no phone can reach this machine
  wxbox bind --user luffy --rebind --timeout 30m >url.txt
  wxbox bind --user luffy --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

/// `wxbox bind`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["user", "unbound"])))]
pub struct Bind {
    /// The person; repeatable: one after the other
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: Vec<String>,
    /// Everybody who is not bound yet, one after the other
    #[arg(long, conflicts_with_all = ["openid", "rebind"])]
    pub unbound: bool,
    /// Of these only who has this tag
    #[arg(long, value_name = "TAG", requires = "unbound", conflicts_with = "user", allow_hyphen_values = true)]
    pub tag: Option<String>,
    /// How long to wait for each scan [default: listen.timeout of the config, 5m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Where to listen for the callback [default: listen.address of the config]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Do not listen: take the address that WeChat sent the phone to, as somebody pastes it (in a script: a line of
    /// standard input)
    #[arg(long, conflicts_with_all = ["listen", "openid", "short_link"])]
    pub paste: bool,
    /// What to ask the person for [default: scope of the config, snsapi_userinfo]
    #[arg(long, value_enum)]
    pub scope: Option<ScopeArg>,
    /// Replace the binding of a person who is bound already
    #[arg(long)]
    pub rebind: bool,
    /// Do not ask for the person's password
    #[arg(long)]
    pub as_admin: bool,
    /// Read the person's password from standard input (with --paste: its first line)
    #[arg(long, conflicts_with = "as_admin")]
    pub password_stdin: bool,
    /// How to draw the QR code
    #[arg(long, value_enum, default_value_t)]
    pub qr: QrMode,
    /// Also draw the QR code in this file: .png or .svg
    #[arg(long, value_name = "FILE")]
    pub qr_file: Option<PathBuf>,
    /// Draw a smaller code: of a link to this listener, which sends the phone on [default: where the window is too small]
    #[arg(long, conflicts_with = "openid")]
    pub short_link: bool,
    /// Bind to this openid by hand, without a scan
    #[arg(long, value_name = "OPENID", conflicts_with_all = ["timeout", "listen", "scope", "qr", "password_stdin", "qr_file"])]
    pub openid: Option<String>,
}

/// `wxbox unbind`.
#[derive(Debug, Args)]
pub struct Unbind {
    /// The person
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: String,
}
