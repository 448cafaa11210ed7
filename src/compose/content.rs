//! Builds a text, a template message or a subscription notification from command-line options.

use serde_json::{Map, Value};

use super::input;
use super::template_data::merge_fields;
use super::warnings::DraftWarnings;
use crate::cli::{ArgText, ContentArgs};
use crate::config::Config;
use crate::exit::CommandError;
use crate::t;
use crate::wechat::message::{Content, MiniProgram};
use crate::wechat::message_schema::check::is_web_url;
use crate::wechat::text::sanitize_text;

/// Builds the content that the command line asks for.
///
/// It neither resolves the template name nor shortens a text that is too long; both happen later.
///
/// # Errors
/// A usage error that names the invalid option.
pub(crate) fn from_args(
    text: Option<&ArgText>,
    args: &ContentArgs,
    config: &Config,
    warnings: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    match (&args.template, text.or(args.text_option.as_ref())) {
        (Some(name), _) => template_content(args, name, config, warnings),
        (None, Some(text)) if text.text == "-" => Ok(text_content(&input::read_text("-", warnings)?)?),
        (None, Some(text)) => Ok(text_content(input::argument_text(text, &t!("input-text"), warnings)?)?),
        (None, None) => Ok(text_content("")?),
    }
}

/// Builds a text of any length, sanitized.
///
/// # Errors
/// The text is empty.
pub(crate) fn text_content(raw: &str) -> Result<Content, CommandError> {
    let content = sanitize_text(raw);
    if content.trim().is_empty() {
        return Err(CommandError::usage(t!("send-text-empty")).hint(t!("send-text-empty-hint")));
    }
    Ok(Content::Text { content, kf_account: None })
}

/// Builds a template message from the config's alias, then `--data-json`, then `--data`; later
/// values win.
///
/// # Errors
/// A field, a color or the URL is invalid.
pub(crate) fn template_content(
    args: &ContentArgs,
    name: &str,
    config: &Config,
    warnings: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    let alias = config.templates.get(name);
    let data = merge_fields(alias, args.data_json.as_deref(), &args.data, &args.data_color, warnings)?;
    // An empty `--url` comes from an unset shell variable. The message then has no link, not even
    // that of the alias.
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

/// Builds a subscription notification from the same options. `--url` becomes the page to open, and
/// colors are removed.
///
/// # Errors
/// The same as [`template_content`].
pub(super) fn subscription_content(
    args: &ContentArgs,
    name: &str,
    config: &Config,
    warnings: &mut DraftWarnings,
) -> anyhow::Result<Content> {
    let mut content = template_content(args, name, config, warnings)?;
    if let Content::Template { template_id, url, miniprogram, data } = content {
        content = Content::Subscribe { template_id, page: url, miniprogram, data: without_colors(data) };
    }
    Ok(content)
}

/// Removes the colors, which subscription notifications do not have.
pub(super) fn without_colors(mut data: Map<String, Value>) -> Map<String, Value> {
    for field in data.values_mut().filter_map(Value::as_object_mut) {
        field.shift_remove("color");
    }
    data
}

fn check_url(url: &str) -> Result<(), CommandError> {
    match is_web_url(url) {
        true => Ok(()),
        false => Err(CommandError::usage(t!("send-url", url = url)).hint(t!("kind-link-hint"))),
    }
}
