//! `--fallback`: the same text as a template message, for when WeChat rejects a customer-service
//! text.

use serde_json::json;

use super::warnings::DraftWarnings;
use super::{content, template_check};
use crate::access_token::Account;
use crate::cli::ContentArgs;
use crate::compose::template_list::find;
use crate::compose::template_resolve::TemplateCache;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::store::{Store, TemplateKind};
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// Puts the text into the one field of the template that the config leaves open.
///
/// Returns `None`, with a warning, if the template does not exist or if WeChat cannot be asked for
/// its fields: the text is sent nevertheless.
///
/// # Errors
/// The template does not have exactly one open field; with `--strict`, the template does not exist.
pub(super) fn build(
    app: &AppContext,
    store: &mut Store,
    account: Option<&Account>,
    known: &mut TemplateCache,
    name: &str,
    notes: &mut DraftWarnings,
    text: &Content,
) -> anyhow::Result<Option<Content>> {
    let Content::Text { content: text, .. } = text else {
        return Err(CommandError::usage(t!("send-fallback-text")).into());
    };
    let list =
        match known.list_or_fetch(app, store, account, TemplateKind::Template, |list| find(app, name, list).is_ok())? {
            Ok(list) => list,
            Err(cause) => {
                notes.extend([t!("send-fallback-unlisted", name = name, cause = cause.report.message)]);
                return Ok(None);
            }
        };
    let found = match find(app, name, list) {
        Ok(found) => found,
        // The text matters more than its fallback, so it is sent without one.
        Err(failure) => {
            if notes.is_strict() {
                return Err(CommandError { exit: ExitStatus::Usage, ..failure }.into());
            }
            notes.extend([t!("send-fallback-missing", cause = failure.message)]);
            return Ok(None);
        }
    };
    let mut fallback = content::template_content(&ContentArgs::default(), name, &app.config, notes)?;
    let Content::Template { data, .. } = &mut fallback else { return Ok(Some(fallback)) };
    let keys = keys(&found.content);
    let open: Vec<&str> =
        keys.into_iter().filter(|key| !HIDDEN_KEYS.contains(key) && !data.contains_key(*key)).collect();
    let [key] = open[..] else {
        let what = t!("send-fallback-fields", name = name, count = open.len(), fields = join_list(&open));
        return Err(CommandError::usage(what).hint(t!("send-fallback-fields-hint", name = name)).into());
    };
    data.insert(key.to_owned(), json!({ "value": text }));
    template_check::resolve_and_check(app, store, account, known, Some(name), notes, &mut fallback)?;
    Ok(Some(fallback))
}
