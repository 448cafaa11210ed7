//! What is sent: a text, or a template or subscription notification with its fields.

use serde_json::{Map, Value};

use super::warnings::DraftWarnings;
use crate::cli::{ArgText, ContentArgs};
use crate::compose::input;
use crate::compose::template_data::merge_fields;
use crate::config::Config;
use crate::exit::CommandError;
use crate::t;
use crate::wechat::message::{Content, MiniProgram, sanitize_text};
use crate::wechat::message_schema::is_web_url;

/// The content that the command line asks for; which template a name stands for is settled later, and so is what
/// becomes of a text that is too long.
///
/// # Errors
/// Usage failures that say what is wrong with it.
pub(crate) fn from_args(
    text: Option<&ArgText>,
    what: &ContentArgs,
    config: &Config,
    notes: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    match (&what.template, text.or(what.text_option.as_ref())) {
        (Some(name), _) => template_content(what, name, config, notes),
        (None, Some(typed)) if typed.text == "-" => Ok(text_content(&input::read_text("-", notes)?)?),
        (None, Some(typed)) => Ok(text_content(input::argument_text(typed, &t!("input-text"), notes)?)?),
        (None, None) => Ok(text_content("")?),
    }
}

/// A text of any length, as it can be sent.
///
/// # Errors
/// It is empty.
pub(crate) fn text_content(raw: &str) -> Result<Content, CommandError> {
    let content = sanitize_text(raw);
    if content.trim().is_empty() {
        return Err(CommandError::usage(t!("send-text-empty")).hint(t!("send-text-empty-hint")));
    }
    Ok(Content::Text { content, kf_account: None })
}

/// A template's message: what the config gives, then a JSON object, then single fields.
///
/// # Errors
/// A field, a colour or the address is none.
pub(crate) fn template_content(
    args: &ContentArgs,
    name: &str,
    config: &Config,
    notes: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    let alias = config.templates.get(name);
    let data = merge_fields(alias, args.data_json.as_deref(), &args.data, &args.data_color, notes)?;
    // An empty one is a variable that was not set: the message has no link then, not even the alias's.
    let url = args.url.as_deref().map(str::trim);
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        check_url(url)?;
    }
    let miniprogram = match &args.miniprogram {
        Some(target) => Some(MiniProgram { appid: target.appid.clone(), pagepath: Some(target.path.clone()) }),
        None => alias
            .and_then(|alias| alias.miniprogram.as_ref())
            .map(|target| MiniProgram { appid: target.value.appid.clone(), pagepath: target.value.pagepath.clone() }),
    };
    Ok(Content::Template {
        template_id: alias.map_or_else(|| name.to_owned(), |alias| alias.id.value.clone()),
        url: match url {
            Some("") => None,
            Some(url) => Some(url.to_owned()),
            None => alias.and_then(|alias| alias.url.as_ref()).map(|url| url.value.clone()),
        },
        miniprogram,
        data,
    })
}

/// A subscription notification, of the same options; its tap opens a page, and it has no colours.
///
/// # Errors
/// As [`template`].
pub(super) fn subscription_content(
    args: &ContentArgs,
    name: &str,
    config: &Config,
    notes: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    let mut content = template_content(args, name, config, notes)?;
    if let Content::Template { template_id, url, miniprogram, data } = content {
        content = Content::Subscribe { template_id, page: url, miniprogram, data: without_colors(data) };
    }
    Ok(content)
}

/// The fields without their colours.
pub(super) fn without_colors(mut data: Map<String, Value>) -> Map<String, Value> {
    for field in data.values_mut().filter_map(Value::as_object_mut) {
        field.shift_remove("color");
    }
    data
}

pub(crate) fn check_url(url: &str) -> Result<(), CommandError> {
    match is_web_url(url) {
        true => Ok(()),
        false => Err(CommandError::usage(t!("send-url", url = url)).hint(t!("kind-link-hint"))),
    }
}
