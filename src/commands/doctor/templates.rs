//! Checks the templates behind the configured aliases: the account has them, with the fields that
//! the alias sets.

use super::check::{Check, CheckName};
use super::session::{AccountSession, wechat_failure};
use crate::compose::template_data::alias_fields;
use crate::config::{self, KEYS};
use crate::context::AppContext;
use crate::i18n::join_list;
use crate::t;
use crate::wechat::Client;
use crate::wechat::template::{Template, keys};
use crate::wechat::template_rules::{check_data, describe_joined};

/// The errcode for a used-up quota: only a few requests per day for the list are allowed.
const QUOTA_EXCEEDED: i64 = 45009;

/// Returns one check per alias with a problem, or one for all.
pub(super) fn check(session: &mut AccountSession, app: &AppContext) -> Vec<Check> {
    let aliases = &app.config.templates;
    if aliases.is_empty() {
        return vec![Check::ok(CheckName::Templates, t!("doctor-templates-none"))];
    }
    let mut list = match session.call(Client::templates) {
        Ok(Ok(list)) => list,
        Ok(Err(error)) if error.api_error().is_some_and(|refusal| refusal.errcode == QUOTA_EXCEEDED) => {
            return vec![Check::warning(CheckName::Templates, error.to_string(), error.hint())];
        }
        Ok(Err(error)) => return vec![wechat_failure(CheckName::Templates, error.into())],
        Err(error) => return vec![wechat_failure(CheckName::Templates, error)],
    };
    // An alias may name a subscription template. An account without those has no list of them.
    if aliases.values().any(|alias| !list.iter().any(|template| template.template_id == alias.id.value))
        && let Ok(Ok(subscriptions)) = session.call(Client::subscriptions)
    {
        list.extend(subscriptions);
    }
    let checks: Vec<Check> = aliases.iter().filter_map(|(name, alias)| check_alias(name, alias, &list)).collect();
    match checks.is_empty() {
        true => vec![Check::ok(CheckName::Templates, t!("doctor-templates", count = aliases.len()))],
        false => checks,
    }
}

fn check_alias(name: &str, alias: &config::TemplateAlias, list: &[Template]) -> Option<Check> {
    let (id, origin) = (alias.id.value.as_str(), alias.id.origin.to_string());
    let Some(template) = list.iter().find(|template| template.template_id == id) else {
        let detail = t!("template-alias-unknown", name = name, id = id);
        return Some(Check::failure(CheckName::Templates, detail, t!("template-alias-unknown-hint", at = origin)));
    };
    let keys = keys(&template.content);
    let alias_keys: Vec<&str> = alias.data.iter().map(|(key, _)| key.as_str()).collect();
    let unknown: Vec<&str> = alias_keys.iter().copied().filter(|key| !keys.contains(key)).collect();
    // If no key can be parsed, no field can be checked.
    if !unknown.is_empty() && !keys.is_empty() {
        let detail = t!("doctor-templates-fields", name = name, fields = join_list(&unknown));
        // TOML adds a top-level key below the table of a template to the fields of the template.
        let own_keys: Vec<&str> =
            unknown.iter().copied().filter(|key| KEYS.iter().any(|known| known.name == *key)).collect();
        let fix = match own_keys.is_empty() {
            true => t!("doctor-templates-fields-fix", fields = join_list(keys), name = name),
            false => t!("doctor-templates-own-key-fix", keys = join_list(own_keys)),
        };
        return Some(Check::failure(CheckName::Templates, detail, fix));
    }
    let data = alias_fields(alias);
    // `--data` can set the missing fields, and `send` reports values that WeChat would not display.
    let mut violations = check_data(&alias_keys, &data, false);
    violations.retain(|violation| violation.rule.is_rejected());
    let detail = t!("doctor-templates-values", name = name, findings = describe_joined(&violations));
    let fix = t!("doctor-templates-values-fix", name = name);
    (!violations.is_empty()).then(|| Check::warning(CheckName::Templates, detail, fix))
}
