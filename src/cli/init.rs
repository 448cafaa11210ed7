//! The arguments of `wxbox init`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  wxbox init                                           asks for what it needs
  wxbox init --app-id wx3d0d44e8d59b5b8c --redirect-uri http://203.0.113.7:8080/callback/ --secret-stdin <secret.txt
  wxbox -c sandbox.toml init --sandbox                 for the account of `wxbox sandbox`";

/// `wxbox init`. No option takes the secret: everybody on the machine can see arguments.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// The account's app id [env: WXBOX_APP_ID]
    #[arg(long, value_name = "ID")]
    pub app_id: Option<String>,
    /// Read the AppSecret from standard input [env: WXBOX_APP_SECRET holds it]
    #[arg(long)]
    pub secret_stdin: bool,
    /// The address that WeChat sends phones back to [env: WXBOX_REDIRECT_URI]
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Option<String>,
    /// Where bind listens, if a web server or tunnel in front passes callbacks on
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Ask no WeChat but a sandbox, at this address
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "http://127.0.0.1:8899")]
    pub sandbox: Option<String>,
    /// PEM file with one more certificate authority to trust, such as that of a proxy that inspects TLS
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Do not try the app id and the secret
    #[arg(long)]
    pub no_check: bool,
    /// Replace a config that is there; it is kept as FILE.bak
    #[arg(short, long)]
    pub force: bool,
}
