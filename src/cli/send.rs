//! The arguments of `wxbox send`.

use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgGroup, Args};

use super::values::{ArgText, arg_text_parser, parse_duration, parse_integer, parse_name};
use crate::t;

/// `--data K=V`.
#[derive(Clone, Debug)]
pub struct DataArg {
    /// The template's key.
    pub key: String,
    /// The value; may be empty and may hold `=`.
    pub value: ArgText,
}

/// `--data-color K=#RRGGBB`.
#[derive(Clone, Debug)]
pub struct DataColorArg {
    /// The template's key.
    pub key: String,
    /// `#RRGGBB`.
    pub color: String,
}

/// `--miniprogram APPID:PATH`.
#[derive(Clone, Debug)]
pub struct MiniProgramArg {
    /// The mini-program.
    pub appid: String,
    /// Its page.
    pub path: String,
}

const EXAMPLES: &str = "\
An article for --news is a file in TOML or JSON:
  title = \"Backup of db1 finished\"
  description = \"42 GB in 12 minutes\"
  url = \"https://status.example.com/db1\"
  picurl = \"https://status.example.com/db1.png\"

A message for --message is a JSON object as WeChat takes it, without touser:
  {\"msgtype\": \"video\", \"video\": {\"media_id\": \"@clip.mp4\",
   \"thumb_media_id\": \"@clip.jpg\", \"title\": \"Door 3\"}}
msgtype is text, image, voice, video, music, news, mpnews, mpnewsarticle,
msgmenu, wxcard or miniprogrampage, each with its branch of the same name, and
{\"customservice\": {\"kf_account\": …}} where a clerk is to be named; @FILE stands
for a file to upload. Without a msgtype it is a template message (template_id,
data), with a page a subscription notification, with a scene and a title a
one-time subscription; \"msgtype\": \"template\", \"subscribe\" or \"subscribe_once\"
says so, too.

Examples:
  wxbox send --user luffy \"Backup of db1 finished\"
  df -h | wxbox send --tag ops -
  wxbox send -u luffy -u nami --template backup -d host=db1 --url https://status.example.com
  wxbox send --all --template notice -d thing1=Maintenance --key maintenance-2026-11
  wxbox send --user luffy --image chart.png
  wxbox send --tag ops --news article.toml
  wxbox send --user luffy --subscribe \"Door opened\" -d thing1=\"Door 3\"
  wxbox send --user luffy --message video.json
  make 2>&1 | wxbox send --user luffy --split -
  producer | wxbox send --batch -";

/// `wxbox send`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("recipient").required(true).multiple(true).args(["user", "tag", "all", "openid", "batch"])))]
#[command(group(ArgGroup::new("message").required(true)
    .args(["text", "text_option", "template", "image", "news", "subscribe", "message_file", "batch"])))]
pub struct Send {
    /// To this person; repeatable
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true, value_parser = parse_name)]
    pub user: Vec<String>,
    /// To everybody with this tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true, value_parser = parse_name)]
    pub tag: Vec<String>,
    /// To everybody who is bound
    #[arg(long, conflicts_with_all = ["user", "tag", "openid"])]
    pub all: bool,
    /// To this openid; repeatable
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub openid: Vec<String>,
    /// Messages as JSON, one a line; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "tag", "all", "openid", "key", "fallback"])]
    pub batch: Option<String>,

    /// The text to send; - reads standard input
    #[arg(
        allow_hyphen_values = true,
        conflicts_with_all = ["data", "data_json", "data_color", "url", "miniprogram"],
        value_parser = arg_text_parser()
    )]
    pub text: Option<ArgText>,
    /// Whether the text stands behind `--`, so that it cannot be a mistyped option.
    #[arg(skip)]
    pub is_escaped: bool,
    /// What is said.
    #[command(flatten)]
    pub content: ContentArgs,
    /// Send a picture: a file (- reads standard input), or the media_id of one that `media upload` printed
    #[arg(long, value_name = "FILE|MEDIA_ID", conflicts_with = "fallback")]
    pub image: Option<String>,
    /// Send a card that opens an address, from a file with title, description, url and picurl; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "fallback")]
    pub news: Option<String>,
    /// Send a subscription notification to people who have allowed it: an alias, a template id or its beginning, or a title
    #[arg(long, value_name = "T", group = "card", allow_hyphen_values = true, conflicts_with_all = ["fallback", "data_color"])]
    pub subscribe: Option<String>,
    /// Send any kind of message, from a JSON file; - reads standard input
    #[arg(long = "message", value_name = "FILE", conflicts_with = "fallback")]
    pub message_file: Option<String>,
    /// Send a text that is too long in parts, each only after the one before it; with --key, part 2 has KEY#2, and so on
    #[arg(long, conflicts_with_all = ["template", "image", "news", "subscribe", "fallback"])]
    pub split: bool,
    /// How it is delivered.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Requests at a time, instead of send.concurrency
    #[arg(long, value_name = "N", value_parser = parse_concurrency)]
    pub concurrency: Option<usize>,
    /// Messages a second at most, instead of send.rate; 0 = no limit
    #[arg(long, value_name = "N", value_parser = parse_integer::<u32>)]
    pub rate: Option<u32>,
    /// Print the exact JSON bodies and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A text, or a template with its fields.
#[derive(Clone, Debug, Default, Args)]
pub struct ContentArgs {
    /// The text to send
    #[arg(long = "text", value_name = "TEXT", allow_hyphen_values = true, value_parser = arg_text_parser())]
    pub text_option: Option<ArgText>,
    /// Send a template message: an alias of the config, a template id or the beginning of one, or a title
    #[arg(short, long, value_name = "T", group = "card", allow_hyphen_values = true)]
    pub template: Option<String>,
    /// A field of the template; repeatable
    #[arg(short, long, value_name = "K=V", requires = "card", conflicts_with = "text_option", allow_hyphen_values = true, value_parser = data_parser())]
    pub data: Vec<DataArg>,
    /// Fields of the template from a JSON object; - reads standard input
    #[arg(long, value_name = "FILE", requires = "card", conflicts_with = "text_option")]
    pub data_json: Option<String>,
    /// The colour of a field; repeatable (WeChat ignores colours since 2023)
    #[arg(long, value_name = "K=#RRGGBB", requires = "template", conflicts_with = "text_option", value_parser = parse_data_color)]
    pub data_color: Vec<DataColorArg>,
    /// What a tap on the message opens
    #[arg(long, value_name = "URL", requires = "card", conflicts_with = "text_option")]
    pub url: Option<String>,
    /// The mini-program page that a tap opens, rather than the URL
    #[arg(long, value_name = "APPID:PATH", requires = "card", conflicts_with = "text_option", value_parser = parse_miniprogram)]
    pub miniprogram: Option<MiniProgramArg>,
    /// Take each warning about the content for an error: what is too long, not UTF-8, refused by WeChat or not shown
    #[arg(long)]
    pub strict: bool,
}

/// How a message is delivered.
#[derive(Clone, Debug, Default, Args)]
pub struct DeliveryArgs {
    /// Deliver at most once to each recipient, however often this is run with the same key
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, value_parser = parse_key)]
    pub key: Option<String>,
    /// Send a text as this template's message where WeChat takes no text, since the person has not written lately
    #[arg(long, value_name = "T", allow_hyphen_values = true, conflicts_with = "template")]
    pub fallback: Option<String>,
    /// Give a message up that is not delivered after this time, instead of send.expire_after
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub expire_after: Option<Duration>,
    /// Only queue, and leave it to `outbox flush` to deliver
    #[arg(long)]
    pub no_wait: bool,
}

/// As many as the config allows.
fn parse_concurrency(text: &str) -> Result<usize, String> {
    parse_integer(text).and_then(|n| if (1..=1024).contains(&n) { Ok(n) } else { Err(t!("cli-expected-concurrency")) })
}

fn parse_key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !key.contains(char::is_control) => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err(t!("cli-expected-field")),
    }
}

/// Takes `K=V`; V may be of whatever bytes.
pub(super) fn data_parser() -> impl TypedValueParser<Value = DataArg> {
    OsStringValueParser::new().try_map(|raw| {
        let ArgText { text, raw } = ArgText::from(raw);
        let (key, value) = parse_key_value(&text)?;
        // Only the value may be other than UTF-8, because no template has such a key.
        Ok::<_, String>(DataArg { key, value: ArgText { text: value, raw } })
    })
}

pub(super) fn parse_data_color(text: &str) -> Result<DataColorArg, String> {
    let (key, color) = parse_key_value(text)?;
    if is_color(&color) { Ok(DataColorArg { key, color }) } else { Err(t!("cli-expected-color")) }
}

/// Returns whether the text is `#` and six hex digits.
pub fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Parses an idempotency key. An empty key is rejected: probably a variable that was not set.
fn parse_key(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err(t!("cli-expected-key")) } else { Ok(text.to_owned()) }
}

fn parse_miniprogram(text: &str) -> Result<MiniProgramArg, String> {
    match text.split_once(':') {
        Some((appid, path)) if !appid.is_empty() && !path.is_empty() && !text.contains(char::is_control) => {
            Ok(MiniProgramArg { appid: appid.to_owned(), path: path.to_owned() })
        }
        _ => Err(t!("cli-expected-mini-program")),
    }
}

impl Send {
    /// Returns the names of its options: `--user`, `--tag`, ….
    pub fn long_option_names() -> Vec<String> {
        let command = Self::augment_args(clap::Command::new("send"));
        command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
    }

    /// Returns the positional text if it looks like a mistyped option.
    pub fn mistyped_option(&self) -> Option<&str> {
        let text = self.text.as_ref().filter(|_| !self.is_escaped);
        text.map(|text| text.text.as_str()).filter(|text| {
            text.strip_prefix("--").is_some_and(|rest| {
                let name = rest.split('=').next().unwrap_or(rest);
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            })
        })
    }
}
