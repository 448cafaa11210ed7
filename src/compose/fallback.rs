//! `--fallback`: the same text as a template message, in case WeChat rejects a customer-service
//! text.

use serde_json::json;

use super::content;
use super::placeholders::Placeholders;
use super::template_check;
use super::template_data::template_values;
use super::template_list::find;
use super::template_resolve::TemplateResolver;
use super::warnings::DraftWarnings;
use crate::cli::ContentArgs;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::store::TemplateKind;
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
    templates: &mut TemplateResolver<'_>,
    name: &str,
    placeholders: Option<&Placeholders>,
    warnings: &mut DraftWarnings,
    text: &Content,
) -> anyhow::Result<Option<Content>> {
    let Content::Text { content: text, .. } = text else {
        return Err(CommandError::usage(t!("send-fallback-text")).into());
    };
    let app = templates.app;
    let list = match templates.list_or_fetch(TemplateKind::Template, |list| find(app, name, list).is_ok())? {
        Ok(list) => list,
        Err(cause) => {
            warnings.extend([t!("send-fallback-unlisted", name = name, cause = cause.error.message)]);
            return Ok(None);
        }
    };
    let template = match find(app, name, list) {
        Ok(template) => template,
        // The text matters more than its fallback, so it is sent without one.
        Err(error) => {
            if warnings.is_strict() {
                return Err(CommandError { exit: ExitStatus::Usage, ..error }.into());
            }
            warnings.extend([t!("send-fallback-missing", cause = error.message)]);
            return Ok(None);
        }
    };
    let mut fallback = content::template_content(&ContentArgs::default(), name, &app.config, warnings)?;
    let Content::Template { data, .. } = &mut fallback else { return Ok(Some(fallback)) };
    let mut open_keys = keys(&template.content);
    open_keys.retain(|key| !HIDDEN_KEYS.contains(key) && !data.contains_key(*key));
    let [key] = open_keys[..] else {
        let fields = join_list(&open_keys);
        let message = t!("send-fallback-fields", name = name, count = open_keys.len(), fields = fields);
        return Err(CommandError::usage(message).hint(t!("send-fallback-fields-hint", name = name)).into());
    };
    if let Some(placeholders) = placeholders {
        template_values(data).for_each(|value| *value = placeholders.substitute(value));
    }
    data.insert(key.to_owned(), json!({ "value": text }));
    let mut field_warnings = DraftWarnings::new(warnings.is_strict());
    template_check::resolve_and_check(templates, Some(name), &mut field_warnings, &mut fallback)?;
    // The warnings concern the fallback only; the text itself is not truncated.
    if !warnings.is_generated_text() {
        let describe = |warning: &String| t!("send-fallback-warning", name = name, warning = warning);
        warnings.extend(field_warnings.take().iter().map(describe));
    }
    Ok(Some(fallback))
}
