//! `--fallback`: the same text as a template's message, for where WeChat takes no customer-service text.

use serde_json::json;

use super::content;
use super::fields;
use crate::app::App;
use crate::cli::What;
use crate::commands::template_list::{ask, find};
use crate::error::Failure;
use crate::store::{Family, Store};
use crate::t;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::Content;
use crate::wechat::template::keys;
use crate::wechat::template_rules::HIDDEN;
use crate::words::listed;

/// The text in the one field of the template that the config leaves open.
///
/// # Errors
/// There is no such template, it cannot be looked up, or it has not one open field.
pub(super) fn of(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    name: &str,
    strict: bool,
    text: &Content,
) -> anyhow::Result<Content> {
    let Content::Text { content: text, .. } = text else {
        return Err(Failure::usage(t!("send-fallback-text")).into());
    };
    let list = match (store.templates(app.app_id(), Family::Template)?, account) {
        (Some(list), _) if find(app, name, &list).is_ok() => list,
        (_, Some(account)) => ask(app, store, account, Family::Template)?,
        (Some(list), None) => list,
        (None, None) => return Err(Failure::usage(t!("send-unchecked-secret")).into()),
    };
    let mut fallback = content::template(&What::default(), name, &app.config)?;
    let Content::Template { data, .. } = &mut fallback else { return Ok(fallback) };
    let found = find(app, name, &list)?;
    let keys = keys(&found.content);
    let open: Vec<&str> = keys.into_iter().filter(|key| !HIDDEN.contains(key) && !data.contains_key(*key)).collect();
    let [key] = open[..] else {
        let what = t!("send-fallback-fields", name = name, count = open.len(), fields = listed(&open));
        return Err(Failure::usage(what).hint(t!("send-fallback-fields-hint", name = name)).into());
    };
    data.insert(key.to_owned(), json!({ "value": text }));
    fields::settle(ui, app, store, account, Some(name), strict, &mut fallback)?;
    Ok(fallback)
}
