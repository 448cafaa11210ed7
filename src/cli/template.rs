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
    /// Check values and print a preview; nothing is sent
    Check(TemplateCheck),
    /// Add a template from the WeChat library to the account
    Add(TemplateAdd),
    /// Remove a template from the account
    Remove(TemplateRemove),
    /// Give a template a short name in the config
    ///
    /// `send --template NAME` then uses it. The fields of the template are written as comments,
    /// where you can set default values.
    Alias(TemplateAliasArgs),
}

impl TemplateCommand {
    /// Returns the name of the command and its template, if it has one.
    pub(crate) fn template(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::List(_) | Self::Add(_) => None,
            Self::Show(args) => Some(("show", &args.template)),
            Self::Check(args) => Some(("check", &args.template)),
            Self::Remove(args) => Some(("remove", &args.template)),
            Self::Alias(args) => Some(("alias", args.template.as_deref()?)),
        }
    }
}

/// `wxbox template list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct TemplateListArgs {
    /// Download the list again instead of using the cache
    #[arg(long)]
    pub refresh: bool,
    /// Use the templates of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
}

/// `wxbox template show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox template show backup")]
pub struct TemplateShow {
    /// Template: alias, template ID (or its first characters) or title
    #[arg(value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub template: String,
    /// Use the templates of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
}

const LIST_EXAMPLES: &str = "\
wxbox template list
wxbox template list --refresh  after a change in the WeChat console";

const CHECK_EXAMPLES: &str = "\
wxbox template check backup -d host=db1 -d size=\"42 GB\"
wxbox template check \"Server alert\" --data-json fields.json --strict
wxbox --json template check backup -d host=db1 | jq -r .preview";

/// `wxbox template check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct TemplateCheck {
    /// Template: alias, template ID (or its first characters) or title
    #[arg(value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub template: String,
    /// Value of a template field; repeatable
    #[arg(short, long, value_name = "KEY=VALUE", allow_hyphen_values = true, value_parser = data_parser())]
    pub data: Vec<DataArg>,
    /// Values of template fields from a JSON file; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub data_json: Option<String>,
    /// Color of a field; WeChat ignores it since 2023
    #[arg(long, value_name = "K=#RRGGBB", value_parser = parse_data_color)]
    pub data_color: Vec<DataColorArg>,
    /// Use the templates of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

const ADD_EXAMPLES: &str = "\
wxbox template add 43216 --keyword 服务器 --keyword 告警时间
wxbox template list  shows the new template with its fields";

/// `wxbox template add`.
#[derive(Debug, Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct TemplateAdd {
    /// Number of the template in the WeChat library
    #[arg(value_name = "SHORT_ID", value_parser = parse_short_id)]
    pub short_id: String,
    /// Keyword of the template; repeatable, in the order of display
    #[arg(long, value_name = "NAME", value_parser = parse_keyword)]
    pub keyword: Vec<String>,
}

/// `wxbox template remove`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox template remove backup")]
pub struct TemplateRemove {
    /// Template: alias, template ID (or its first characters) or title
    #[arg(value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub template: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

const ALIAS_EXAMPLES: &str = "\
wxbox template alias backup  choose from the list
wxbox template alias backup \"Backup finished\"
wxbox template alias backup --remove";

/// `wxbox template alias`.
#[derive(Debug, Args)]
#[command(after_help = ALIAS_EXAMPLES)]
pub struct TemplateAliasArgs {
    /// The short name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Template: template ID (or its first characters) or title
    #[arg(value_name = "TEMPLATE", allow_hyphen_values = true, conflicts_with = "remove")]
    pub template: Option<String>,
    /// Use the templates of subscription notifications
    #[arg(long)]
    pub subscribe: bool,
    /// Replace an alias of this name
    #[arg(short, long)]
    pub force: bool,
    /// Remove the alias
    #[arg(long)]
    pub remove: bool,
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
