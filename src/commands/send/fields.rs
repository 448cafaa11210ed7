//! Which template is meant, whether its fields are filled, and what WeChat makes of their values: looked at
//! before anything is queued.

use crate::app::App;
use crate::commands::template_fields::{Settled, settle as settled};
use crate::error::Failure;
use crate::store::Store;
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
    let own: Vec<&str> = data.keys().map(String::as_str).collect();
    let found = match settled(app, store, account, name, data)? {
        Settled::Known(template) => {
            template_id.clone_from(&template.template_id);
            // Where no key of the template can be read, those that are given are all that is known.
            let keys = Some(keys(&template.content)).filter(|keys| !keys.is_empty()).unwrap_or(own);
            findings(&keys, data, strict)
        }
        Settled::Unchecked { template_id: id, cause } => {
            *template_id = id;
            ui.warn(&t!("send-unchecked", name = name, cause = cause));
            findings(&own, data, strict)
        }
    };
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(|it| it.level == Level::Error);
    if !errors.is_empty() {
        let name = shell_words::quote(name);
        let hint = if errors.iter().any(|it| it.rule.level() == Level::Error) {
            t!("send-fields-check-hint", name = name)
        } else {
            t!("send-fields-strict-hint", name = name)
        };
        return Err(Failure::usage(join(&errors)).hint(hint).into());
    }
    said(&warnings).iter().for_each(|text| ui.warn(text));
    Ok(())
}
