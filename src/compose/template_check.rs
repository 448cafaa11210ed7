//! Which template is meant, whether its fields are filled, and what WeChat makes of their values: looked at
//! before anything is queued.

use serde_json::{Map, Value};

use super::warnings::DraftWarnings;
use crate::access_token::Account;
use crate::compose::template_list::shell_name;
use crate::compose::template_resolve::{ResolvedTemplate, TemplateCache, TemplateFetchError};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::{CachedTemplate, Store, TemplateKind};
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::template::{TemplateProblem, find_problems, keys};
use crate::wechat::template_rules::{check_data, describe, describe_joined, describe_problem, truncate_values};

/// Puts the template's id into the content and checks the fields, if it is made of a template of a list: unknown and
/// missing keys are an error, values that WeChat refuses or does not show a warning. Without a name it goes by its id.
///
/// # Errors
/// There is no such template, or the fields are not the template's; with `--strict` a value is not what it must be.
pub(crate) fn resolve_and_check(
    app: &AppContext,
    store: &mut Store,
    account: Option<&Account>,
    known: &mut TemplateCache,
    name: Option<&str>,
    notes: &mut DraftWarnings,
    content: &mut Content,
) -> anyhow::Result<()> {
    let Some((family, template_id, data)) = template_parts(content) else { return Ok(()) };
    let content_id = template_id.clone();
    let name = name.unwrap_or(&content_id);
    let resolved = known.resolve(app, store, account, (name, family), data)?;
    notes.extend(known.take_warnings());
    let template = match resolved {
        ResolvedTemplate::Checked(template) => {
            template_id.clone_from(&template.template_id);
            let odd_ones = find_problems(&template.content);
            notes.extend(
                odd_ones.iter().filter(|it| matches!(it, TemplateProblem::MisspelledKey(_))).map(describe_problem),
            );
            Some(template)
        }
        ResolvedTemplate::Unchecked { template_id: Some(id), cause } => {
            *template_id = id;
            notes.extend([t!("send-unchecked", name = name, cause = cause.report.message)]);
            None
        }
        ResolvedTemplate::Unchecked {
            template_id: None,
            cause: TemplateFetchError { report, is_temporary: passes },
        } => {
            let what = t!("send-template-unlisted", name = name, cause = report.message);
            // With its id it would have been queued until the trouble is over.
            let exit = if passes { ExitStatus::Undelivered } else { report.exit };
            return Err(CommandError { exit, message: what, hint: report.hint }.into());
        }
    };
    Ok(check_values((name, family), template.as_ref(), data, notes)?)
}

/// Which list the content's template is of, its id, and its fields.
fn template_parts(content: &mut Content) -> Option<(TemplateKind, &mut String, &mut Map<String, Value>)> {
    match content {
        Content::Template { template_id, data, .. } => Some((TemplateKind::Template, template_id, data)),
        Content::Subscribe { template_id, data, .. } => Some((TemplateKind::Subscription, template_id, data)),
        Content::Text { .. } | Content::Custom { .. } | Content::OneTimeSubscription { .. } => None,
    }
}

/// Warns of what WeChat would refuse or not show, and cuts values that are too long for their fields. Where no key of
/// the template can be read, those that are given are all that is known.
///
/// # Errors
/// With `--strict` all of that.
fn check_values(
    (name, family): (&str, TemplateKind),
    template: Option<&CachedTemplate>,
    data: &mut Map<String, Value>,
    notes: &mut DraftWarnings,
) -> Result<(), CommandError> {
    let template_keys = template.map(|template| keys(&template.content)).filter(|keys| !keys.is_empty());
    let given: Vec<String> = data.keys().cloned().collect();
    let keys = template_keys.unwrap_or_else(|| given.iter().map(String::as_str).collect());
    let found = check_data(&keys, data, notes.is_strict());
    if notes.is_strict() && !found.is_empty() {
        let hint = t!("send-fields-strict-hint", name = shell_name(name, family));
        return Err(CommandError::usage(describe_joined(&found)).hint(hint));
    }
    truncate_values(data, &found);
    notes.extend(describe(&found));
    Ok(())
}
