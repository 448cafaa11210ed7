//! What is sent: a text, or a template with its fields.

use url::Url;

use crate::cli::What;
use crate::commands::template_data::{fields, stdin};
use crate::config::Config;
use crate::error::Failure;
use crate::t;
use crate::wechat::message::{Content, MiniProgram, TEXT_LIMIT, clean_text};

/// The content that the command line asks for; which template a name stands for is settled later.
///
/// # Errors
/// Usage failures that say what is wrong with it.
pub(in crate::commands) fn of(text: Option<&str>, what: &What, config: &Config) -> anyhow::Result<Content> {
    match (&what.template, text.or(what.text_option.as_deref())) {
        (Some(name), _) => template(what, name, config),
        (None, Some("-")) => self::text(&stdin()?),
        (None, text) => self::text(text.unwrap_or_default()),
    }
}

/// A text, as it can be sent.
///
/// # Errors
/// It is empty, or too long.
pub(in crate::commands) fn text(raw: &str) -> anyhow::Result<Content> {
    let content = clean_text(raw);
    if content.trim().is_empty() {
        return Err(Failure::usage(t!("send-text-empty")).into());
    }
    if content.len() > TEXT_LIMIT {
        let what = t!("send-text-long", length = content.len(), limit = TEXT_LIMIT);
        return Err(Failure::usage(what).hint(t!("send-text-long-hint")).into());
    }
    Ok(Content::Text { content })
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

pub(in crate::commands) fn check_url(url: &str) -> Result<(), Failure> {
    match Url::parse(url) {
        // The parser drops control characters; what is sent would still have them.
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && !url.contains(char::is_control) => Ok(()),
        _ => Err(Failure::usage(t!("send-url", url = url))),
    }
}
