//! Which template is meant, and whether its fields are filled, for `send` and `template check`: WeChat takes
//! a message with wrong fields and shows it with holes.

use serde_json::{Map, Value};

use super::template_list::{ask, find, typed, unknown};
use crate::app::App;
use crate::error::{Exit, Failure, classify};
use crate::store::{Family, Store, Template, TemplateList};
use crate::t;
use crate::time::Timestamp;
use crate::token::Account;
use crate::wechat::template::keys;
use crate::wechat::template_rules::HIDDEN;
use crate::words::{clauses, listed, nearest};

/// The length of WeChat's template ids.
const ID_LENGTH: usize = 43;

/// What a name stands for.
pub(super) enum Settled {
    /// A template of the account whose fields are filled.
    Known(Template),
    /// WeChat could not be asked, and an alias, the kept list or the name itself tells the id.
    Unchecked {
        /// The template's id.
        template_id: String,
        /// Why WeChat could not be asked.
        cause: String,
    },
}

/// Finds the template of that list and compares its fields with `data`. The kept list decides without a request; what it
/// refuses, and what no list is kept for, WeChat is asked about.
///
/// # Errors
/// There is no such template, or the fields are not the template's.
pub(super) fn settle(
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    (name, family): (&str, Family),
    data: &Map<String, Value>,
) -> anyhow::Result<Settled> {
    let kept = store.templates(app.app_id(), family)?;
    let refusal = match &kept {
        None => None,
        Some(list) => match judge(app, name, data, list) {
            Ok(found) => return Ok(Settled::Known(found.clone())),
            Err(refusal) => Some(refusal),
        },
    };
    let cause = match account.map(|account| ask(app, store, account, family)) {
        Some(Ok(list)) => return Ok(Settled::Known(judge(app, name, data, &list)?.clone())),
        Some(Err(error)) => classify(&error).what,
        // Without a secret the kept list is all that there is.
        None => match refusal {
            Some(refusal) => return Err(refusal.into()),
            None => t!("send-unchecked-secret"),
        },
    };
    let listed = kept.as_ref().and_then(|list| find(app, name, list).ok()).map(|found| found.template_id.clone());
    let alias = app.config.templates.get(name).map(|alias| alias.id.value.clone());
    let Some(template_id) = listed.or(alias).or_else(|| is_id(name).then(|| name.to_owned())) else {
        let none = TemplateList { family, templates: Vec::new(), asked_at: Timestamp::now() };
        let mut failure = unknown(app, name, &kept.unwrap_or(none));
        failure.what = t!("send-template-unlisted", name = name, cause = cause);
        return Err(failure.into());
    };
    Ok(Settled::Unchecked { template_id, cause })
}

/// The template of that name, if the fields are its own.
///
/// # Errors
/// There is no such template, or the fields are not the template's.
pub(super) fn judge<'l>(
    app: &App,
    name: &str,
    data: &Map<String, Value>,
    list: &'l TemplateList,
) -> Result<&'l Template, Failure> {
    let found = find(app, name, list)?;
    let keys = keys(&found.content);
    // Where no key can be read, nothing can be said.
    match wrong_fields(name, &keys, data).filter(|_| !keys.is_empty()) {
        Some(what) => {
            let hint = t!("send-fields-hint", fields = listed(&keys), name = typed(name, list.family));
            Err(Failure { exit: Exit::Usage, what, hint: Some(hint) })
        }
        None => Ok(found),
    }
}

/// What is wrong with the fields, all of it in one line.
fn wrong_fields(name: &str, keys: &[&str], data: &Map<String, Value>) -> Option<String> {
    let missing: Vec<&str> =
        keys.iter().copied().filter(|key| !HIDDEN.contains(key) && !data.contains_key(*key)).collect();
    let unknown: Vec<String> = data
        .keys()
        .filter(|key| !keys.contains(&key.as_str()))
        .map(|key| match nearest(&key.to_lowercase(), keys.iter().copied()) {
            Some(near) => t!("send-field-near", key = key, near = near),
            None => key.clone(),
        })
        .collect();
    let missed = listed(&missing);
    match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => None,
        (true, false) => Some(t!("send-fields-missing", name = name, fields = missed)),
        (false, _) => {
            let what = t!("send-fields-unknown", name = name, count = unknown.len(), fields = listed(&unknown));
            let more = (!missing.is_empty()).then(|| t!("send-fields-missing-too", fields = missed));
            Some(clauses([Some(what), more].into_iter().flatten()))
        }
    }
}

/// Whether the name can be a whole template id.
fn is_id(name: &str) -> bool {
    name.len() == ID_LENGTH && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_compared_both_ways() {
        let keys = ["first", "host", "size", "remark"];
        let cases = [
            (json!({"host": 1, "size": 1}), None),
            (json!({"first": 1, "host": 1, "size": 1, "remark": 1}), None),
            (json!({"host": 1}), Some("nothing is given for size of the template T")),
            (json!({"host": 1, "size": 1, "Size": 1}), Some("the template T has no field Size (did you mean size?)")),
            (
                json!({"hots": 1, "xyz": 1}),
                Some("the template T has no fields hots (did you mean host?), xyz; nothing is given for host, size"),
            ),
        ];
        for (data, expected) in cases {
            assert_eq!(wrong_fields("T", &keys, data.as_object().unwrap()).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn an_id_has_43_letters_digits_and_signs() {
        assert!(is_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
        assert!(!is_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-N"));
        assert!(!is_id("NcN_W_aEIwu FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
    }
}
