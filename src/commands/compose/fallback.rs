//! `--fallback`: the same text as a template's message, for where WeChat takes no customer-service text.

use serde_json::json;

use super::notes::Notes;
use super::{content, fields};
use crate::app::App;
use crate::cli::What;
use crate::commands::template_fields::Known;
use crate::commands::template_list::find;
use crate::error::{Exit, Failure};
use crate::store::{Family, Store};
use crate::t;
use crate::token::Account;
use crate::wechat::message::Content;
use crate::wechat::template::keys;
use crate::wechat::template_rules::HIDDEN;
use crate::words::listed;

/// The text in the one field of the template that the config leaves open. `None` where there is no such template, or
/// WeChat cannot be asked which fields it has: the text is sent all the same, with a warning.
///
/// # Errors
/// It has not one open field; with `--strict` there is no such template.
pub(super) fn of(
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    known: &mut Known,
    name: &str,
    notes: &mut Notes,
    text: &Content,
) -> anyhow::Result<Option<Content>> {
    let Content::Text { content: text, .. } = text else {
        return Err(Failure::usage(t!("send-fallback-text")).into());
    };
    let list = match known.with(app, store, account, Family::Template, |list| find(app, name, list).is_ok())? {
        Ok(list) => list,
        Err(cause) => {
            notes.mention([t!("send-fallback-unlisted", name = name, cause = cause.report.what)]);
            return Ok(None);
        }
    };
    let found = match find(app, name, list) {
        Ok(found) => found,
        // The text is what is to arrive: it is not kept back for its substitute.
        Err(failure) => {
            if notes.strict() {
                return Err(Failure { exit: Exit::Usage, ..failure }.into());
            }
            notes.mention([t!("send-fallback-missing", cause = failure.what)]);
            return Ok(None);
        }
    };
    let mut fallback = content::template(&What::default(), name, &app.config, notes)?;
    let Content::Template { data, .. } = &mut fallback else { return Ok(Some(fallback)) };
    let keys = keys(&found.content);
    let open: Vec<&str> = keys.into_iter().filter(|key| !HIDDEN.contains(key) && !data.contains_key(*key)).collect();
    let [key] = open[..] else {
        let what = t!("send-fallback-fields", name = name, count = open.len(), fields = listed(&open));
        return Err(Failure::usage(what).hint(t!("send-fallback-fields-hint", name = name)).into());
    };
    data.insert(key.to_owned(), json!({ "value": text }));
    fields::settle(app, store, account, known, Some(name), notes, &mut fallback)?;
    Ok(Some(fallback))
}
