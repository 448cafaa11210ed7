//! The templates behind the config's aliases: whether the account has them, with the fields that the alias fills.

use serde_json::{Map, Value, json};

use super::check::{Check, CheckName};
use super::session::{AccountSession, wechat_failure};
use crate::config;
use crate::context::AppContext;
use crate::i18n::join_list;
use crate::t;
use crate::wechat::Client;
use crate::wechat::template::{Template, keys};
use crate::wechat::template_rules::{check_data, describe_joined};
use crate::wechat::text::sanitize_text;

/// The day's calls of the list are few, and may be used up.
const QUOTA_EXCEEDED: i64 = 45009;

/// A line for each alias that something is wrong with, or one for all.
pub(super) fn check(access: &mut AccountSession, app: &AppContext) -> Vec<Check> {
    let aliases = &app.config.templates;
    if aliases.is_empty() {
        return vec![Check::ok(CheckName::Templates, t!("doctor-templates-none"))];
    }
    let mut list = match access.call(Client::templates) {
        Ok(Ok(list)) => list,
        Ok(Err(error)) if error.api_error().is_some_and(|it| it.errcode == QUOTA_EXCEEDED) => {
            return vec![Check::warning(CheckName::Templates, error.to_string(), error.hint())];
        }
        Ok(Err(error)) => return vec![wechat_failure(CheckName::Templates, &error.into())],
        Err(error) => return vec![wechat_failure(CheckName::Templates, &error)],
    };
    // An alias may stand for a subscription template; an account without those has no list of them.
    if aliases.values().any(|alias| !list.iter().any(|it| it.template_id == alias.id.value))
        && let Ok(Ok(subscriptions)) = access.call(Client::subscriptions)
    {
        list.extend(subscriptions);
    }
    let found: Vec<Check> = aliases.iter().filter_map(|(name, alias)| check_alias(name, alias, &list)).collect();
    match found.is_empty() {
        true => vec![Check::ok(CheckName::Templates, t!("doctor-templates", count = aliases.len()))],
        false => found,
    }
}

fn check_alias(name: &str, alias: &config::TemplateAlias, list: &[Template]) -> Option<Check> {
    let (id, at) = (alias.id.value.as_str(), alias.id.origin.to_string());
    let Some(template) = list.iter().find(|it| it.template_id == id) else {
        let what = t!("template-alias-unknown", name = name, id = id);
        return Some(Check::failure(CheckName::Templates, what, t!("template-alias-unknown-hint", at = at)));
    };
    let keys = keys(&template.content);
    let alias_keys: Vec<&str> = alias.data.iter().map(|(key, _)| key.as_str()).collect();
    let foreign: Vec<&str> = alias_keys.iter().copied().filter(|key| !keys.contains(key)).collect();
    // Where no key can be read, nothing can be said.
    if !foreign.is_empty() && !keys.is_empty() {
        let what = t!("doctor-templates-fields", name = name, fields = join_list(foreign));
        let fix = t!("doctor-templates-fields-fix", fields = join_list(keys), name = name);
        return Some(Check::failure(CheckName::Templates, what, fix));
    }
    let field = |value: &config::TemplateDataValue| json!({ "value": sanitize_text(&value.value) });
    let data: Map<String, Value> = alias.data.iter().map(|(key, it)| (key.clone(), field(&it.value))).collect();
    // What it lacks is for --data to give, and what is not shown is said where it is sent.
    let mut broken = check_data(&alias_keys, &data, false);
    broken.retain(|it| it.rule.is_rejected());
    let what = t!("doctor-templates-values", name = name, findings = describe_joined(&broken));
    let fix = t!("doctor-templates-values-fix", name = name);
    (!broken.is_empty()).then(|| Check::warning(CheckName::Templates, what, fix))
}
