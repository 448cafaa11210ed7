//! The arguments of `wxbox init`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
wxbox init  asks for each value
wxbox init --app-id wx3d0d44e8d59b5b8c --secret-stdin <secret.txt \\
  --redirect-uri http://203.0.113.7:8080/callback/
wxbox -c sandbox.toml init --sandbox  for the account of `wxbox sandbox`";

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
