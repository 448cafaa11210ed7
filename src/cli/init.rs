//! The arguments of `wxbox init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
wxbox init  asks for each value
wxbox init --app-id wx3d0d44e8d59b5b8c --secret-stdin <secret.txt \\
  --redirect-uri http://203.0.113.7:8080/callback/
wxbox -c sandbox.toml init --sandbox  for the account of `wxbox sandbox`";

/// Whether WeChat encrypts the events that it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventsMode {
    /// Encrypted (安全模式)
    Safe,
    /// Not encrypted, for a test account
    Plain,
}

/// `wxbox init`. No option takes the secret: everybody on the machine can see arguments.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// AppID of the account [env: WXBOX_APP_ID]
    #[arg(long, value_name = "ID")]
    pub app_id: Option<String>,
    /// Read the AppSecret from standard input
    ///
    /// A script may set WXBOX_APP_SECRET instead.
    #[arg(long)]
    pub secret_stdin: bool,
    /// Callback address [env: WXBOX_REDIRECT_URI]
    ///
    /// WeChat redirects the phone to it after the scan.
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Option<String>,
    /// Address on which `bind` listens
    ///
    /// Required if a proxy or a tunnel forwards the callbacks.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Use the sandbox at this URL instead of WeChat
    ///
    /// The default URL is http://127.0.0.1:8899.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "http://127.0.0.1:8899")]
    pub sandbox: Option<String>,
    /// Receive WeChat's events: make a Token and a key
    ///
    /// The Token and the EncodingAESKey are in the config file, in [push]. Enter them in WeChat's
    /// console with the URL. This ends the automatic replies and the menu that were set up there.
    /// MODE is safe (安全模式, the default) or plain (明文模式, for a test account, which has no
    /// EncodingAESKey). On a terminal, `init` asks, prints the values and waits up to ten minutes
    /// for WeChat's check of the URL (exit status 8 if none arrives).
    #[arg(
        long,
        value_name = "MODE",
        num_args = 0..=1,
        default_missing_value = "safe",
        hide_possible_values = true
    )]
    pub events: Option<EventsMode>,
    /// URL at which WeChat reaches `serve`
    ///
    /// Required if it is not the origin of the callback address. WeChat calls ports 80 and 443
    /// only.
    #[arg(long, value_name = "URL", requires = "events")]
    pub public_url: Option<String>,
    /// PEM file of another trusted certificate authority
    ///
    /// Required behind a proxy that inspects TLS.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Do not check AppID and AppSecret with WeChat
    #[arg(long)]
    pub no_check: bool,
    /// Replace an existing config file
    ///
    /// The old file is kept as FILE.bak.
    #[arg(short, long)]
    pub force: bool,
}
