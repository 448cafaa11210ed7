//! `wxbox send`.

use std::time::Duration;

use clap::{ArgGroup, Args};

use crate::t;

/// `--data K=V`.
#[derive(Clone, Debug)]
pub struct DataValue {
    /// The template's key.
    pub key: String,
    /// The value; may be empty and may hold `=`.
    pub value: String,
}

/// `--data-color K=#RRGGBB`.
#[derive(Clone, Debug)]
pub struct DataColor {
    /// The template's key.
    pub key: String,
    /// `#RRGGBB`.
    pub color: String,
}

/// `--miniprogram APPID:PATH`.
#[derive(Clone, Debug)]
pub struct MiniProgram {
    /// The mini-program.
    pub appid: String,
    /// Its page.
    pub path: String,
}

const EXAMPLES: &str = "\
Examples:
  wxbox send --user luffy \"Backup of db1 finished\"
  df -h | wxbox send --tag ops -
  wxbox send -u luffy -u nami --template backup -d host=db1 --url https://status.example.com
  wxbox send --all --template notice -d thing1=Maintenance --key maintenance-2026-11
  producer | wxbox send --batch -";

/// `wxbox send`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("recipient").required(true).multiple(true).args(["user", "tag", "all", "openid", "batch"])))]
#[command(group(ArgGroup::new("message").required(true).args(["text", "text_option", "template", "batch"])))]
pub struct Send {
    /// To this person; repeatable
    #[arg(short, long, value_name = "NAME")]
    pub user: Vec<String>,
    /// To everybody with this tag; repeatable
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// To everybody who is bound
    #[arg(long, conflicts_with_all = ["user", "tag", "openid"])]
    pub all: bool,
    /// To this openid; repeatable
    #[arg(long, value_name = "ID")]
    pub openid: Vec<String>,
    /// Messages as JSON, one a line; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "tag", "all", "openid", "key", "fallback"])]
    pub batch: Option<String>,

    /// The text to send; - reads standard input
    #[arg(allow_hyphen_values = true, conflicts_with_all = ["data", "data_json", "data_color", "url", "miniprogram"])]
    pub text: Option<String>,
    /// What is said.
    #[command(flatten)]
    pub what: What,
    /// How it is delivered.
    #[command(flatten)]
    pub how: How,
    /// Requests at a time, instead of send.concurrency
    #[arg(long, value_name = "N", value_parser = concurrency)]
    pub concurrency: Option<usize>,
    /// Messages a second at most, instead of send.rate; 0 = no limit
    #[arg(long, value_name = "N", value_parser = super::whole::<u32>)]
    pub rate: Option<u32>,
    /// Print the exact JSON bodies and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A text, or a template with its fields.
#[derive(Clone, Debug, Default, Args)]
pub struct What {
    /// The text to send
    #[arg(long = "text", value_name = "TEXT", allow_hyphen_values = true)]
    pub text_option: Option<String>,
    /// Send a template message: an alias of the config, a template id or the beginning of one, or a title
    #[arg(short, long, value_name = "T")]
    pub template: Option<String>,
    /// A field of the template; repeatable
    #[arg(short, long, value_name = "K=V", requires = "template", conflicts_with = "text_option", allow_hyphen_values = true, value_parser = data)]
    pub data: Vec<DataValue>,
    /// Fields of the template from a JSON object; - reads standard input
    #[arg(long, value_name = "FILE", requires = "template", conflicts_with = "text_option")]
    pub data_json: Option<String>,
    /// The colour of a field; repeatable (WeChat ignores colours since 2023)
    #[arg(long, value_name = "K=#RRGGBB", requires = "template", conflicts_with = "text_option", value_parser = color)]
    pub data_color: Vec<DataColor>,
    /// What a tap on the message opens
    #[arg(long, value_name = "URL", requires = "template", conflicts_with = "text_option")]
    pub url: Option<String>,
    /// The mini-program page that a tap opens, rather than the URL
    #[arg(long, value_name = "APPID:PATH", requires = "template", conflicts_with = "text_option", value_parser = miniprogram)]
    pub miniprogram: Option<MiniProgram>,
    /// Take what WeChat would not show for an error: first, remark, colours, emoji, line breaks, long values
    #[arg(long)]
    pub strict: bool,
}

/// How a message is delivered.
#[derive(Clone, Debug, Default, Args)]
pub struct How {
    /// Deliver at most once to each recipient, however often this is run with the same key
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Send a text as this template's message where WeChat takes no text, since the person has not written lately
    #[arg(long, value_name = "T", conflicts_with = "template")]
    pub fallback: Option<String>,
    /// Give a message up that is not delivered after this time, instead of send.expire_after
    #[arg(long, value_name = "TIME", value_parser = super::span)]
    pub expire_after: Option<Duration>,
    /// Only queue, and leave it to `outbox flush` to deliver
    #[arg(long)]
    pub no_wait: bool,
}

/// As many as the config allows.
fn concurrency(text: &str) -> Result<usize, String> {
    super::whole(text).and_then(|n| if (1..=1024).contains(&n) { Ok(n) } else { Err(t!("cli-expected-concurrency")) })
}

fn split(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !key.contains(char::is_control) => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err(t!("cli-expected-field")),
    }
}

pub(super) fn data(text: &str) -> Result<DataValue, String> {
    split(text).map(|(key, value)| DataValue { key, value })
}

pub(super) fn color(text: &str) -> Result<DataColor, String> {
    let (key, color) = split(text)?;
    if is_color(&color) { Ok(DataColor { key, color }) } else { Err(t!("cli-expected-color")) }
}

/// Whether it is `#` and six hex digits.
pub fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn miniprogram(text: &str) -> Result<MiniProgram, String> {
    match text.split_once(':') {
        Some((appid, path)) if !appid.is_empty() && !path.is_empty() && !text.contains(char::is_control) => {
            Ok(MiniProgram { appid: appid.to_owned(), path: path.to_owned() })
        }
        _ => Err(t!("cli-expected-mini-program")),
    }
}

impl Send {
    /// What its options are called: `--user`, `--tag`, ….
    pub fn options() -> Vec<String> {
        let command = Self::augment_args(clap::Command::new("send"));
        command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
    }

    /// The positional text, if it looks like a mistyped option.
    pub fn mistyped_option(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| {
            text.strip_prefix("--").is_some_and(|rest| {
                let name = rest.split('=').next().unwrap_or(rest);
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            })
        })
    }
}
