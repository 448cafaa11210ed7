//! Which template is meant, whether its fields are filled, and what WeChat makes of their values: looked at
//! before anything is queued.

use serde_json::{Map, Value};

use crate::app::App;
use crate::commands::template_fields::{Settled, settle as settled};
use crate::error::Failure;
use crate::store::{Store, Template};
use crate::t;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::Content;
use crate::wechat::template::keys;
use crate::wechat::template_rules::{Finding, Level, findings, join, said};

/// Puts the template's id into the content and checks the fields, if it is a template's: what WeChat refuses
/// is an error, what it does not show a warning, with `strict` an error too.
///
/// # Errors
/// There is no such template, or the fields are not the template's, or their values are not what they must be.
pub(super) fn settle(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    name: &str,
    strict: bool,
    content: &mut Content,
) -> anyhow::Result<()> {
    let Content::Template { template_id, data, .. } = content else { return Ok(()) };
    let template = match settled(app, store, account, name, data)? {
        Settled::Known(template) => {
            template_id.clone_from(&template.template_id);
            Some(template)
        }
        Settled::Unchecked { template_id: id, cause } => {
            *template_id = id;
            ui.warn(&t!("send-unchecked", name = name, cause = cause));
            None
        }
    };
    let warnings = values(name, template.as_ref(), data, strict)?;
    if !ui.quiet() {
        said(&warnings).iter().for_each(|text| ui.warn(text));
    }
    Ok(())
}

/// What is not as WeChat would show it. Where no key of the template can be read, those that are given are all
/// that is known.
///
/// # Errors
/// What WeChat refuses, and with `strict` all of it.
pub(in crate::commands) fn values(
    name: &str,
    template: Option<&Template>,
    data: &Map<String, Value>,
    strict: bool,
) -> Result<Vec<Finding>, Failure> {
    let own = template.map(|template| keys(&template.content)).filter(|keys| !keys.is_empty());
    let found = findings(&own.unwrap_or_else(|| data.keys().map(String::as_str).collect()), data, strict);
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(|it| it.level == Level::Error);
    if errors.is_empty() {
        return Ok(warnings);
    }
    let name = shell_words::quote(name);
    let hint = if errors.iter().any(|it| it.rule.level() == Level::Error) {
        t!("send-fields-check-hint", name = name)
    } else {
        t!("send-fields-strict-hint", name = name)
    };
    Err(Failure::usage(join(&errors)).hint(hint))
}
