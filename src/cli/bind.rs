//! The arguments of `wxbox bind` and `wxbox unbind`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::parse_duration;

/// The consent that WeChat asks the person for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// The openid only; WeChat does not ask the person
    #[value(name = "snsapi_base")]
    Base,
    /// The openid and the nickname; the person must agree
    #[value(name = "snsapi_userinfo")]
    UserInfo,
}

/// How the QR code is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum QrMode {
    /// On a terminal: `unicode` if the locale is UTF-8, else `ascii`
    #[default]
    Auto,
    /// Half-block characters
    Unicode,
    /// Two ASCII characters for each module
    Ascii,
    /// No QR code, only the URL
    None,
}

const EXAMPLES: &str = "\
wxbox bind --user luffy  scan the QR code with luffy's phone
wxbox bind --unbound --tag ops  bind everyone in ops, one after another
wxbox bind --user luffy --scan  one scan to follow and bind
wxbox bind --user luffy --paste  when no phone can reach this machine
wxbox bind --user luffy --rebind  luffy has a new WeChat account
wxbox bind --user luffy --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

/// `wxbox bind`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "wxbox bind --user NAME [OPTIONS]\nwxbox bind --unbound [--tag TAG] [OPTIONS]"
)]
#[command(group(clap::ArgGroup::new("who").args(["user", "unbound"])))]
pub struct Bind {
    /// Bind this user; repeatable
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: Vec<String>,
    /// Bind all unbound users, one after another
    #[arg(long, conflicts_with_all = ["openid", "rebind"])]
    pub unbound: bool,
    /// With --unbound: only users with this tag
    #[arg(long, value_name = "TAG", requires = "unbound", conflicts_with = "user", allow_hyphen_values = true)]
    pub tag: Option<String>,
    /// Time to wait for each scan, such as 10m
    ///
    /// The default is listen.timeout of the config, 5m.
    #[arg(long, help_heading = "Listener", value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Address on which to wait for the callback
    ///
    /// The default is listen.address of the config.
    #[arg(long, help_heading = "Listener", hide_short_help = true, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Paste the address from the phone; do not listen
    ///
    /// After the scan, the phone opens an address that starts with redirect_uri. Copy it from the
    /// phone and paste it here. A script passes it as a line on standard input.
    #[arg(long, help_heading = "Listener", conflicts_with_all = ["listen", "openid", "short_link"])]
    pub paste: bool,
    /// Follow and bind with one scan; needs [push] in the config
    ///
    /// The QR code leads to the account, and WeChat reports the scan by a push: to `wxbox serve` if
    /// it is running, to this command if the port is free, or by `wxbox event`. The phone opens no
    /// page, and no domain is needed.
    #[arg(long, help_heading = "Listener", conflicts_with_all = ["paste", "openid", "scope", "short_link"])]
    pub scan: bool,
    /// Scope of the authorization
    ///
    /// The default is scope of the config, snsapi_userinfo.
    #[arg(long, value_enum, value_name = "SCOPE", help_heading = "Authorization", hide_short_help = true)]
    pub scope: Option<ScopeArg>,
    /// Replace an existing binding
    #[arg(long, help_heading = "Authorization")]
    pub rebind: bool,
    /// Skip the user's password
    #[arg(long, help_heading = "Authorization")]
    pub as_admin: bool,
    /// Read the user's password from standard input
    ///
    /// With --paste, it is the first line.
    #[arg(long, help_heading = "Authorization", hide_short_help = true, conflicts_with = "as_admin")]
    pub password_stdin: bool,
    /// How to draw the QR code
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "QR code")]
    pub qr: QrMode,
    /// Save the QR code to this .png or .svg file
    #[arg(long, help_heading = "QR code", hide_short_help = true, value_name = "FILE")]
    pub qr_file: Option<PathBuf>,
    /// Draw a smaller QR code of a short link
    ///
    /// The link redirects through this machine. wxbox does this on its own if the terminal is too
    /// small for the full QR code.
    #[arg(long, help_heading = "QR code", hide_short_help = true, conflicts_with = "openid")]
    pub short_link: bool,
    /// Bind to this openid, without a scan
    #[arg(long, help_heading = "Authorization", value_name = "OPENID", conflicts_with_all = ["timeout", "listen", "scope", "qr", "password_stdin", "qr_file"])]
    pub openid: Option<String>,
}

/// `wxbox unbind`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox unbind --user luffy", override_usage = "wxbox unbind --user NAME")]
pub struct Unbind {
    /// Unbind this user
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub user: Option<String>,
}
