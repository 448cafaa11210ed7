//! What is sent: a text, or a template or subscription notification with its fields.

use serde_json::{Map, Value};

use crate::cli::What;
use crate::commands::input;
use crate::commands::template_data::fields;
use crate::config::Config;
use crate::error::Failure;
use crate::t;
use crate::wechat::kinds::is_link;
use crate::wechat::message::{Content, MiniProgram, TEXT_LIMIT, clean_text};

/// The content that the command line asks for; which template a name stands for is settled later.
///
/// # Errors
/// Usage failures that say what is wrong with it.
pub(in crate::commands) fn of(text: Option<&str>, what: &What, config: &Config) -> anyhow::Result<Content> {
    let content = unfitted(text, what, config)?;
    // What `send` would offer, its callers do not.
    fits(&content).map_err(|failure| failure.hint(t!("send-text-long-hint")))?;
    Ok(content)
}

/// The same, its text of any length.
///
/// # Errors
/// Usage failures that say what is wrong with it.
pub(super) fn unfitted(text: Option<&str>, what: &What, config: &Config) -> anyhow::Result<Content> {
    match (&what.template, text.or(what.text_option.as_deref())) {
        (Some(name), _) => template(what, name, config),
        (None, Some("-")) => Ok(self::text(&input::text("-")?)?),
        (None, text) => Ok(self::text(text.unwrap_or_default())?),
    }
}

/// A text of any length, as it can be sent.
///
/// # Errors
/// It is empty.
pub(in crate::commands) fn text(raw: &str) -> Result<Content, Failure> {
    let content = clean_text(raw);
    if content.trim().is_empty() {
        return Err(Failure::usage(t!("send-text-empty")));
    }
    Ok(Content::Text { content, kf_account: None })
}

/// Whether WeChat takes it as one message.
///
/// # Errors
/// It is a text that is too long.
pub(super) fn fits(content: &Content) -> Result<(), Failure> {
    match content {
        Content::Text { content, .. } if content.len() > TEXT_LIMIT => {
            let what = t!("send-text-long", length = content.len(), limit = TEXT_LIMIT);
            Err(Failure::usage(what).hint(t!("send-text-split-hint")))
        }
        _ => Ok(()),
    }
}

/// A template's message: what the config gives, then a JSON object, then single fields.
///
/// # Errors
/// A field, a colour or the address is none.
pub(in crate::commands) fn template(args: &What, name: &str, config: &Config) -> anyhow::Result<Content> {
    let alias = config.templates.get(name);
    let data = fields(alias, args.data_json.as_deref(), &args.data, &args.data_color)?;
    if let Some(url) = &args.url {
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
        url: args.url.clone().or_else(|| alias.and_then(|alias| alias.url.as_ref()).map(|url| url.value.clone())),
        miniprogram,
        data,
    })
}

/// A subscription notification, of the same options; its tap opens a page, and it has no colours.
///
/// # Errors
/// As [`template`].
pub(super) fn subscribe(args: &What, name: &str, config: &Config) -> anyhow::Result<Content> {
    let mut content = template(args, name, config)?;
    if let Content::Template { template_id, url, miniprogram, data } = content {
        content = Content::Subscribe { template_id, page: url, miniprogram, data: colourless(data) };
    }
    Ok(content)
}

/// The fields without their colours.
pub(super) fn colourless(mut data: Map<String, Value>) -> Map<String, Value> {
    for field in data.values_mut().filter_map(Value::as_object_mut) {
        field.shift_remove("color");
    }
    data
}

pub(in crate::commands) fn check_url(url: &str) -> Result<(), Failure> {
    match is_link(url) {
        true => Ok(()),
        false => Err(Failure::usage(t!("send-url", url = url)).hint(t!("kind-link-hint"))),
    }
}
