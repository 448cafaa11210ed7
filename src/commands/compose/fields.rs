//! Which template is meant, whether its fields are filled, and what WeChat makes of their values: looked at
//! before anything is queued.

use serde_json::{Map, Value};

use crate::app::App;
use crate::commands::template_fields::{Settled, settle as settled};
use crate::commands::template_list::typed;
use crate::error::Failure;
use crate::store::{Family, Store, Template};
use crate::t;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::Content;
use crate::wechat::template::keys;
use crate::wechat::template_rules::{Finding, Level, findings, join, said};

/// Puts the template's id into the content and checks the fields, if it is made of a template of a list: what WeChat
/// refuses is an error, what it does not show a warning, with `strict` an error too. Without a name it goes by its id.
///
/// # Errors
/// There is no such template, or the fields are not the template's, or their values are not what they must be.
pub(super) fn settle(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    name: Option<&str>,
    strict: bool,
    content: &mut Content,
) -> anyhow::Result<()> {
    let Some((family, template_id, data)) = listed(content) else { return Ok(()) };
    let own = template_id.clone();
    let name = name.unwrap_or(&own);
    let template = match settled(app, store, account, (name, family), data)? {
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
    let warnings = values((name, family), template.as_ref(), data, strict)?;
    if !ui.quiet() {
        said(&warnings).iter().for_each(|text| ui.warn(text));
    }
    Ok(())
}

/// Which list the content's template is of, its id, and its fields.
pub(in crate::commands) fn listed(content: &mut Content) -> Option<(Family, &mut String, &Map<String, Value>)> {
    match content {
        Content::Template { template_id, data, .. } => Some((Family::Template, template_id, data)),
        Content::Subscribe { template_id, data, .. } => Some((Family::Subscription, template_id, data)),
        Content::Text { .. } | Content::Custom { .. } | Content::Once { .. } => None,
    }
}

/// What is not as WeChat would show it. Where no key of the template can be read, those that are given are all
/// that is known.
///
/// # Errors
/// What WeChat refuses, and with `strict` all of it.
pub(in crate::commands) fn values(
    (name, family): (&str, Family),
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
    let name = typed(name, family);
    let hint = if errors.iter().any(|it| it.rule.level() == Level::Error) {
        t!("send-fields-check-hint", name = name)
    } else {
        t!("send-fields-strict-hint", name = name)
    };
    Err(Failure::usage(join(&errors)).hint(hint))
}
