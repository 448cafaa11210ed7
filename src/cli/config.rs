//! The arguments of `wxbox config …`.

use clap::{Args, Subcommand};

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every config value that is in effect, with secrets masked
    Show(ConfigShow),
    /// Print one config value that is in effect
    Get(ConfigGet),
    /// Set values in the config file
    Set(ConfigSet),
    /// Remove values from the config file
    Unset(ConfigUnset),
    /// Edit the config file, and check it before it is saved
    ///
    /// The editor is the one of VISUAL or EDITOR. Only a valid config is saved; if it has an error,
    /// you can edit it again.
    #[command(after_help = "wxbox config edit\nEDITOR=nano wxbox config edit")]
    Edit,
    /// Print the path of the config file
    ///
    /// If there is no config file, this is the path where `wxbox init` would write it.
    #[command(after_help = "wxbox config path\nvi \"$(wxbox config path)\"")]
    Path,
}

/// `wxbox config show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox config show\nwxbox config show --origin  each value with its source")]
pub struct ConfigShow {
    /// Also print where each value comes from
    #[arg(long)]
    pub origin: bool,
}

/// `wxbox config get`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox config get send.rate\nwxbox config get templates.backup.id")]
pub struct ConfigGet {
    /// Key, such as send.rate
    #[arg(value_name = "KEY")]
    pub key: String,
}

const SET_EXAMPLES: &str = "\
wxbox config set send.rate 10
wxbox config set app_secret  asks for it, and does not show it
wxbox config set app_secret - <secret.txt
wxbox config set templates.backup.data.host db1
wxbox config set network.api_base https://a.example.com,https://b.example.com
wxbox config set listen.tls_cert cert.pem listen.tls_key key.pem";

/// `wxbox config set`. No argument takes a secret: everybody on the machine can see arguments.
#[derive(Debug, Args)]
#[command(after_help = SET_EXAMPLES)]
pub struct ConfigSet {
    /// Key, such as send.rate
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Value; - reads it from standard input; more keys and values may follow
    ///
    /// All of them are set together: the file is checked, and then replaced. Comments and order
    /// stay. An AppSecret, a Token or an EncodingAESKey is asked for, or read from standard input;
    /// it is never an argument.
    #[arg(value_name = "VALUE")]
    pub values: Vec<String>,
    /// Read the value from standard input
    #[arg(long)]
    pub stdin: bool,
}

/// `wxbox config unset`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox config unset send.rate\nwxbox config unset templates.backup  the whole alias")]
pub struct ConfigUnset {
    /// Key, or the table of an alias; repeatable
    #[arg(value_name = "KEY", required = true)]
    pub keys: Vec<String>,
}
