//! Resolves the template of a content and checks its fields and values before anything is queued.

use serde_json::{Map, Value};

use super::template_list::shell_name;
use super::template_resolve::{ResolvedTemplate, TemplateFetchError, TemplateResolver};
use super::warnings::DraftWarnings;
use crate::exit::{CommandError, ExitStatus};
use crate::store::{CachedTemplate, TemplateKind};
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::template::{TemplateProblem, find_problems, keys};
use crate::wechat::template_rules::{check_data, describe, describe_joined, describe_problem, truncate_values};

/// Puts the template ID into the content and checks the fields, if the template is in a list of the
/// account. Unknown and missing keys are errors; values that WeChat rejects or does not display are
/// warnings. Without a name the template is found by its ID.
///
/// # Errors
/// The template does not exist, or the fields do not match its keys; with `--strict`, a value
/// breaks a rule.
pub(crate) fn resolve_and_check(
    templates: &mut TemplateResolver<'_>,
    name: Option<&str>,
    warnings: &mut DraftWarnings,
    content: &mut Content,
) -> anyhow::Result<()> {
    let Some((kind, template_id, data)) = template_parts(content) else { return Ok(()) };
    let content_id = template_id.clone();
    let name = name.unwrap_or(&content_id);
    let resolved = templates.resolve(name, kind, data)?;
    warnings.extend(templates.cache.take_warnings());
    let template = match resolved {
        ResolvedTemplate::Checked(template) => {
            template_id.clone_from(&template.template_id);
            let mut problems = find_problems(&template.content);
            problems.retain(|problem| matches!(problem, TemplateProblem::MisspelledKey(_)));
            warnings.extend(problems.iter().map(describe_problem));
            Some(template)
        }
        ResolvedTemplate::Unchecked { template_id: Some(id), cause } => {
            *template_id = id;
            warnings.extend([t!("send-unchecked", name = name, cause = cause.error.message)]);
            None
        }
        ResolvedTemplate::Unchecked { template_id: None, cause: TemplateFetchError { error, is_temporary } } => {
            let message = t!("send-template-unlisted", name = name, cause = error.message);
            // If the user had given the template ID, the message would be queued until the failure
            // has passed.
            let exit = if is_temporary { ExitStatus::Undelivered } else { error.exit };
            return Err(CommandError { exit, message, ..error }.into());
        }
    };
    Ok(check_values(name, kind, template.as_ref(), data, warnings)?)
}

/// Returns the list that the content's template is in, the template ID and the fields.
fn template_parts(content: &mut Content) -> Option<(TemplateKind, &mut String, &mut Map<String, Value>)> {
    match content {
        Content::Template { template_id, data, .. } => Some((TemplateKind::Template, template_id, data)),
        Content::Subscribe { template_id, data, .. } => Some((TemplateKind::Subscription, template_id, data)),
        Content::Text { .. } | Content::Custom { .. } | Content::OneTimeSubscription { .. } => None,
    }
}

/// Warns about values that WeChat rejects or does not display, and truncates values that are too
/// long. If the template has no readable key, the given fields are checked.
///
/// # Errors
/// With `--strict`, a value breaks a rule.
fn check_values(
    name: &str,
    kind: TemplateKind,
    template: Option<&CachedTemplate>,
    data: &mut Map<String, Value>,
    warnings: &mut DraftWarnings,
) -> Result<(), CommandError> {
    let template_keys = template.map(|template| keys(&template.content)).filter(|keys| !keys.is_empty());
    let given: Vec<String> = data.keys().cloned().collect();
    let keys = template_keys.unwrap_or_else(|| given.iter().map(String::as_str).collect());
    let findings = check_data(&keys, data, warnings.is_strict());
    if warnings.is_strict() && !findings.is_empty() {
        let hint = t!("send-fields-strict-hint", name = shell_name(name, kind));
        return Err(CommandError::usage(describe_joined(&findings)).hint(hint));
    }
    truncate_values(data, &findings);
    warnings.extend(describe(&findings));
    Ok(())
}
