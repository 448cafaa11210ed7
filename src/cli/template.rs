//! The arguments of `wxbox template …`.

use clap::{Args, Subcommand};

use super::send::{DataArg, DataColorArg, data_parser, parse_data_color};
use crate::t;

/// The account's templates.
#[derive(Debug, Subcommand)]
pub enum TemplateCommand {
    /// List the account's templates
    List(TemplateListArgs),
    /// Show a template with its fields
    Show(TemplateShow),
    /// Check values and preview the card; nothing is sent
    Check(TemplateCheck),
    /// Add a template of WeChat's library to the account
    Add(TemplateAdd),
    /// Remove a template from the account
    Remove(TemplateRemove),
}

/// `wxbox template list`.
#[derive(Debug, Args)]
pub struct TemplateListArgs {
    /// Ask WeChat even if a list is kept
    #[arg(long)]
    pub refresh: bool,
    /// Of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
}

/// `wxbox template show`.
#[derive(Debug, Args)]
pub struct TemplateShow {
    /// An alias of the config, a template id or the beginning of one, or a title
    #[arg(value_name = "T", allow_hyphen_values = true)]
    pub template: String,
    /// Of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  wxbox template check backup -d host=db1 -d size=\"42 GB\"
  wxbox template check \"Server alert\" --data-json fields.json --strict
  wxbox --json template check backup -d host=db1 | jq -r .preview";

/// `wxbox template check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct TemplateCheck {
    /// An alias of the config, a template id or the beginning of one, or a title
    #[arg(value_name = "T", allow_hyphen_values = true)]
    pub template: String,
    /// A field of the template; repeatable
    #[arg(short, long, value_name = "K=V", allow_hyphen_values = true, value_parser = data_parser())]
    pub data: Vec<DataArg>,
    /// Fields of the template from a JSON object; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub data_json: Option<String>,
    /// The colour of a field; repeatable
    #[arg(long, value_name = "K=#RRGGBB", value_parser = parse_data_color)]
    pub data_color: Vec<DataColorArg>,
    /// Of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
    /// Take each warning for an error
    #[arg(long)]
    pub strict: bool,
}

const ADD_EXAMPLES: &str = "\
Examples:
  wxbox template add 43216 --keyword 服务器 --keyword 告警时间
  wxbox template list                                      the new template with its fields";

/// `wxbox template add`.
#[derive(Debug, Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct TemplateAdd {
    /// The template's number in the library, as the console shows it
    #[arg(value_name = "SHORT_ID", value_parser = parse_short_id)]
    pub short_id: String,
    /// A keyword of the template; repeatable, in the order in which the card shows them
    #[arg(long, value_name = "NAME", value_parser = parse_keyword)]
    pub keyword: Vec<String>,
}

/// `wxbox template remove`.
#[derive(Debug, Args)]
pub struct TemplateRemove {
    /// An alias of the config, a template id or the beginning of one, or a title
    #[arg(value_name = "T", allow_hyphen_values = true)]
    pub template: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

fn parse_short_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(text.to_owned())
    } else {
        Err(t!("cli-expected-template-number"))
    }
}

fn parse_keyword(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        Err(t!("cli-expected-keyword"))
    } else {
        Ok(text.to_owned())
    }
}
