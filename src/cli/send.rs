//! The arguments of `wxbox send`.

use std::ffi::OsString;
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
    /// The value, which may be empty and may contain `=`.
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

const NOTES: &str = "\
As FILE, - reads standard input.

FILE of --news is TOML or JSON:
  title = \"Backup of db1 finished\"
  description = \"42 GB in 12 minutes\"
  url = \"https://status.example.com/db1\"
  picurl = \"https://status.example.com/db1.png\"

FILE of --message is the JSON object of WeChat's API without touser:
  {\"msgtype\": \"video\", \"video\": {\"media_id\": \"@clip.mp4\",
   \"thumb_media_id\": \"@clip.jpg\", \"title\": \"Door 3\"}}
- \"@FILE\" as a media_id uploads the file.
- msgtype is text, image, voice, video, music, news, mpnews, mpnewsarticle,
  msgmenu, wxcard or miniprogrampage.
- Without msgtype, the object is a template message. With page, it is a
  subscription notification; with scene and title, a one-time subscription.
- With \"customservice\": {\"kf_account\": \"ACCOUNT\"}, the message comes from that
  customer-service account (客服账号) of the Official Account.

Each line of --batch is a JSON object:
  {\"user\": \"luffy\", \"text\": \"hello\"}
  {\"user\": \"luffy\", \"template\": \"backup\", \"data\": {\"host\": \"db1\"}}";

const EXAMPLES: &str = "\
wxbox send --user luffy \"Backup of db1 finished\"
df -h | wxbox send --tag ops -
wxbox send -u luffy -u nami -t backup -d host=db1 -d size=\"42 GB\"
wxbox send --all -t notice -d thing1=Maintenance --key maintenance-11
wxbox send --user luffy --image chart.png
wxbox send --tag ops --news article.toml
wxbox send --user luffy --subscribe \"Door opened\" -d thing1=\"Door 3\"
wxbox send --user luffy --message video.json
make 2>&1 | wxbox send --user luffy --split -
producer | wxbox send --batch -";

/// `wxbox send`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = NOTES,
    override_usage = "wxbox send {-u NAME | --tag TAG | --all} {TEXT | -t TEMPLATE} [OPTIONS]\nwxbox send --batch FILE [OPTIONS]"
)]
// Neither group is required here: the config can have default recipients, which clap does not know.
// `incomplete_send_error` says what is missing.
#[command(group(ArgGroup::new("recipient").multiple(true).args(["user", "tag", "all", "openid", "batch"])))]
#[command(group(ArgGroup::new("message")
    .args(["text", "text_option", "template", "image", "news", "subscribe", "message_file", "batch"])))]
pub struct Send {
    /// Send to this user; repeatable
    ///
    /// Without a recipient, the message goes to those of send.to of the config, or of WXBOX_TO.
    #[arg(short, long, help_heading = "Recipients", value_name = "NAME", allow_hyphen_values = true, value_parser = parse_name)]
    pub user: Vec<String>,
    /// Send to all users with this tag; repeatable
    #[arg(long, help_heading = "Recipients", value_name = "TAG", allow_hyphen_values = true, value_parser = parse_name)]
    pub tag: Vec<String>,
    /// Send to all bound users
    #[arg(long, help_heading = "Recipients", conflicts_with_all = ["user", "tag", "openid"])]
    pub all: bool,
    /// Send to this openid; repeatable
    #[arg(long, help_heading = "Recipients", hide_short_help = true, value_name = "ID", allow_hyphen_values = true)]
    pub openid: Vec<String>,
    /// Send JSON messages, one per line
    #[arg(long, help_heading = "Recipients", value_name = "FILE", conflicts_with_all = ["user", "tag", "all", "openid", "key", "fallback"])]
    pub batch: Option<String>,

    /// Text to send; - reads standard input
    #[arg(
        allow_hyphen_values = true,
        conflicts_with_all = ["data", "data_json", "data_color", "url", "miniprogram"],
        value_parser = arg_text_parser()
    )]
    pub text: Option<ArgText>,
    /// Whether the text follows `--`, so that it cannot be a mistyped option.
    #[arg(skip)]
    pub is_escaped: bool,
    /// The words of the command line after the name of the program.
    #[arg(skip)]
    pub words: Vec<OsString>,
    /// Write the text in your editor
    ///
    /// The editor is $VISUAL or $EDITOR. TEXT is what it starts with. An empty text is not sent.
    #[arg(long, help_heading = "Content", hide_short_help = true, conflicts_with_all = ["template", "image", "news", "subscribe", "message_file", "batch"])]
    pub edit: bool,
    /// The content.
    #[command(flatten)]
    pub content: ContentArgs,
    /// Send an image: a file, - or a media_id
    #[arg(long, help_heading = "Content", value_name = "FILE|MEDIA_ID", conflicts_with = "fallback")]
    pub image: Option<String>,
    /// Send a link card that a file describes
    #[arg(long, help_heading = "Content", hide_short_help = true, value_name = "FILE", conflicts_with = "fallback")]
    pub news: Option<String>,
    /// Send a subscription notification: alias, ID or title
    ///
    /// WeChat delivers it only to people who have subscribed to it.
    #[arg(long, help_heading = "Content", hide_short_help = true, value_name = "TEMPLATE", group = "card", allow_hyphen_values = true, conflicts_with_all = ["fallback", "data_color"])]
    pub subscribe: Option<String>,
    /// Send a message of any type from a JSON file
    #[arg(
        help_heading = "Content",
        hide_short_help = true,
        long = "message",
        value_name = "FILE",
        conflicts_with = "fallback"
    )]
    pub message_file: Option<String>,
    /// Split a text of more than 2,048 bytes into several messages
    ///
    /// Each part is sent after the previous one. With --key, part 2 has the key KEY#2, and so on.
    #[arg(long, help_heading = "Content", hide_short_help = true, conflicts_with_all = ["template", "image", "news", "subscribe", "fallback"])]
    pub split: bool,
    /// The delivery options.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// Wait until WeChat reports the delivery, for 60s or this time
    ///
    /// The exit status is then 0 only if every message was delivered. Only templates and
    /// notifications have receipts; a text counts as delivered when WeChat accepts it. Needs [push]
    /// in the config and a running `wxbox serve`.
    #[arg(help_heading = "Delivery", long, hide_short_help = true, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "60s", value_parser = parse_duration, conflicts_with_all = ["no_wait", "dry_run"])]
    pub wait_receipt: Option<Duration>,
    /// Number of concurrent requests
    ///
    /// The default is send.concurrency of the config, 16.
    #[arg(long, help_heading = "Delivery", hide_short_help = true, value_name = "N", value_parser = parse_concurrency)]
    pub concurrency: Option<usize>,
    /// Maximum number of messages per second; 0 = no limit
    ///
    /// The default is send.rate of the config, 0.
    #[arg(long, help_heading = "Delivery", hide_short_help = true, value_name = "N", value_parser = parse_integer::<u32>)]
    pub rate: Option<u32>,
    /// Do not ask before sending to all or to many people
    ///
    /// wxbox asks on a terminal only: for --all, and for more than 20 people with a tag.
    #[arg(short, long, help_heading = "Delivery", hide_short_help = true)]
    pub yes: bool,
    /// Print the JSON bodies and send nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

/// A text, or a template with its fields.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Content")]
pub struct ContentArgs {
    /// Text to send; it may begin with -
    #[arg(hide_short_help = true, long = "text", value_name = "TEXT", allow_hyphen_values = true, value_parser = arg_text_parser())]
    pub text_option: Option<ArgText>,
    /// Send a template message: alias, ID or title
    #[arg(short, long, value_name = "TEMPLATE", group = "card", allow_hyphen_values = true)]
    pub template: Option<String>,
    /// Value of a template field; repeatable
    #[arg(short, long, value_name = "KEY=VALUE", requires = "card", conflicts_with = "text_option", allow_hyphen_values = true, value_parser = data_parser())]
    pub data: Vec<DataArg>,
    /// Values of template fields from a JSON file
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "card", conflicts_with = "text_option")]
    pub data_json: Option<String>,
    /// Color of a field; WeChat ignores it since 2023
    #[arg(long, hide_short_help = true, value_name = "K=#RRGGBB", requires = "template", conflicts_with = "text_option", value_parser = parse_data_color)]
    pub data_color: Vec<DataColorArg>,
    /// Address that a tap on the message opens
    #[arg(long, hide_short_help = true, value_name = "URL", requires = "card", conflicts_with = "text_option")]
    pub url: Option<String>,
    /// Mini-program page that a tap on the message opens
    #[arg(long, hide_short_help = true, value_name = "APPID:PATH", requires = "card", conflicts_with = "text_option", value_parser = parse_miniprogram)]
    pub miniprogram: Option<MiniProgramArg>,
    /// Treat warnings about the content as errors
    ///
    /// Warnings are about values that are too long, not UTF-8, rejected or not displayed by WeChat.
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
}

/// The options of delivery.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Delivery")]
pub struct DeliveryArgs {
    /// Send once per recipient; skip repeats of this key
    ///
    /// If the command runs again with the same key, nothing is sent again. The key is free again if
    /// the message failed, expired or was cancelled.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, value_parser = parse_key)]
    pub key: Option<String>,
    /// Template to use if WeChat rejects a text
    ///
    /// WeChat accepts a text only within 48 hours of the person's last message to the account.
    #[arg(long, value_name = "TEMPLATE", allow_hyphen_values = true, conflicts_with = "template")]
    pub fallback: Option<String>,
    /// Expire messages that are not delivered in this time
    ///
    /// The default is send.expire_after of the config, 24h.
    #[arg(long, hide_short_help = true, value_name = "TIME", value_parser = parse_duration)]
    pub expire_after: Option<Duration>,
    /// Queue only; `wxbox serve` or `wxbox outbox flush` sends later
    #[arg(long, hide_short_help = true)]
    pub no_wait: bool,
}

/// Parses a number in the range that the config allows.
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

/// Parses `K=V`, in which V may be any bytes.
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
    /// Returns whether an option names a recipient, or a batch whose lines do.
    pub fn has_recipient(&self) -> bool {
        let named = [&self.user, &self.tag, &self.openid].into_iter().any(|names| !names.is_empty());
        named || self.all || self.batch.is_some()
    }

    /// Returns whether there is a message to send, or a batch of them.
    pub fn has_content(&self) -> bool {
        let content = [&self.content.template, &self.image, &self.news, &self.subscribe, &self.message_file];
        let is_named = content.into_iter().any(Option::is_some);
        is_named || self.edit || self.text.is_some() || self.content.text_option.is_some() || self.batch.is_some()
    }

    /// Returns whether the message or a part of it is read from standard input.
    pub fn reads_stdin(&self) -> bool {
        let texts = [&self.text, &self.content.text_option].into_iter().flatten().map(|text| text.text.as_str());
        let files = [&self.image, &self.news, &self.message_file, &self.content.data_json, &self.batch];
        texts.chain(files.into_iter().flatten().map(String::as_str)).any(|source| source == "-")
    }

    /// Returns the command line with more options, quoted for a shell.
    pub fn command_line_with(&self, options: &[String]) -> String {
        let mut words: Vec<String> = self.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(end..end, options.iter().cloned());
        format!("wxbox {}", shell_words::join(words))
    }

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
