//! Which template is meant, and whether its fields are filled, for `send` and `template check`: WeChat takes
//! a message with wrong fields and shows it with holes.

use serde_json::{Map, Value};

use super::template_list::{fetch, find, shell_name, stale_warning};
use crate::access_token::Account;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n::{closest_match, join_clauses, join_list};
use crate::report::classify;
use crate::store::{CachedTemplate, Store, TemplateKind, TemplateList};
use crate::t;
use crate::wechat;
use crate::wechat::errcode::{Action, action};
use crate::wechat::template::keys;
use crate::wechat::template_rules::HIDDEN_KEYS;

/// The length of WeChat's template ids.
const TEMPLATE_ID_LEN: usize = 43;

/// What a name stands for.
pub(crate) enum ResolvedTemplate {
    /// A template of the account whose fields are filled.
    Checked(CachedTemplate),
    /// WeChat could not be asked.
    Unchecked {
        /// The template's id, if an alias, the kept list or the name itself tells it.
        template_id: Option<String>,
        /// Why WeChat could not be asked.
        cause: TemplateFetchError,
    },
}

/// What keeps WeChat from being asked.
#[derive(Clone)]
pub(crate) struct TemplateFetchError {
    /// The failure, with its own status and hint.
    pub(crate) report: ErrorReport,
    /// Whether it passes by itself, so that a message would stay queued for it.
    pub(crate) is_temporary: bool,
}

impl TemplateFetchError {
    fn from_error(error: &anyhow::Error) -> Self {
        let passes = error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()).is_some_and(|it| match it {
            wechat::Error::Api(refusal) => matches!(action(refusal.errcode), Action::Backoff | Action::HoldDay),
            wechat::Error::Connect { .. }
            | wechat::Error::NoResponse { .. }
            | wechat::Error::InvalidResponse { .. } => true,
            wechat::Error::ClientInit(_) => false,
        });
        Self { report: classify(error), is_temporary: passes }
    }
}

/// The lists of templates, as far as they were looked at. WeChat is asked once for each, whatever comes of it: a batch
/// does not wait for a network that is down at each of its lines.
#[derive(Default)]
pub(crate) struct TemplateCache {
    templates: CachedTemplateList,
    subscriptions: CachedTemplateList,
}

/// A list of templates, as far as it was looked at.
#[derive(Default)]
struct CachedTemplateList {
    list: Option<TemplateList>,
    /// Whether WeChat was asked, and why it gave no list.
    fetched: Option<Result<(), TemplateFetchError>>,
    /// A warning that was not yet said: an old list is used.
    warning: Option<String>,
}

impl TemplateCache {
    /// Finds the template of that list and compares its fields with `data`. The kept list decides without a request;
    /// what it refuses, and what no list is kept for, WeChat is asked about.
    ///
    /// # Errors
    /// There is no such template, or the fields are not the template's; or the database's.
    pub(crate) fn resolve(
        &mut self,
        app: &AppContext,
        store: &mut Store,
        account: Option<&Account>,
        (name, family): (&str, TemplateKind),
        data: &Map<String, Value>,
    ) -> anyhow::Result<ResolvedTemplate> {
        let list =
            self.list_or_fetch(app, store, account, family, |list| find_and_validate(app, name, data, list).is_ok())?;
        let cause = match list {
            Ok(list) => return Ok(ResolvedTemplate::Checked(find_and_validate(app, name, data, list)?.clone())),
            Err(cause) => cause,
        };
        let listed = self.entry(family).list.as_ref().and_then(|list| find(app, name, list).ok());
        let alias = || app.config.templates.get(name).map(|alias| alias.id.value.clone());
        let id = listed.map(|found| found.template_id.clone()).or_else(alias);
        Ok(ResolvedTemplate::Unchecked {
            template_id: id.or_else(|| looks_like_template_id(name).then(|| name.to_owned())),
            cause,
        })
    }

    /// The kept list, if it will do; else WeChat's, or why there is none. Without an account the kept one is all that
    /// there is.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn list_or_fetch(
        &mut self,
        app: &AppContext,
        store: &mut Store,
        account: Option<&Account>,
        family: TemplateKind,
        will_do: impl Fn(&TemplateList) -> bool,
    ) -> anyhow::Result<Result<&TemplateList, TemplateFetchError>> {
        let looked = self.entry(family);
        if looked.list.is_none() {
            looked.list = store.templates(app.app_id(), family)?;
        }
        let will_do = looked.list.as_ref().is_some_and(will_do);
        let is_old = looked.list.as_ref().is_some_and(|list| list.is_stale(Timestamp::now()));
        if looked.fetched.is_none() && (!will_do || is_old) {
            match account.map(|account| fetch(app, store, account, family)) {
                Some(Ok(list)) => (looked.list, looked.fetched) = (Some(list), Some(Ok(()))),
                Some(Err(error)) => looked.fetched = Some(Err(TemplateFetchError::from_error(&error))),
                None => looked.fetched = Some(Ok(())),
            }
            if let (Some(list), true) = (&looked.list, will_do) {
                looked.warning =
                    stale_warning(list, looked.fetched.as_ref().and_then(|it| Some(&it.as_ref().err()?.report)));
            }
        }
        Ok(match (&looked.list, &looked.fetched) {
            (_, Some(Err(cause))) if !will_do => Err(cause.clone()),
            (Some(list), _) => Ok(list),
            (None, _) => {
                let report = ErrorReport { exit: ExitStatus::Config, message: t!("send-unchecked-secret"), hint: None };
                Err(TemplateFetchError { report, is_temporary: false })
            }
        })
    }

    /// What is to be said of the lists that were used, once.
    pub(crate) fn take_warnings(&mut self) -> impl Iterator<Item = String> {
        [self.templates.warning.take(), self.subscriptions.warning.take()].into_iter().flatten()
    }

    fn entry(&mut self, family: TemplateKind) -> &mut CachedTemplateList {
        match family {
            TemplateKind::Template => &mut self.templates,
            TemplateKind::Subscription => &mut self.subscriptions,
        }
    }
}

/// The template of that name, if the fields are its own.
///
/// # Errors
/// There is no such template, or the fields are not the template's.
fn find_and_validate<'l>(
    app: &AppContext,
    name: &str,
    data: &Map<String, Value>,
    list: &'l TemplateList,
) -> Result<&'l CachedTemplate, CommandError> {
    let found = find(app, name, list)?;
    let keys = keys(&found.content);
    // Where no key can be read, nothing can be said.
    match field_problems(name, &keys, data).filter(|_| !keys.is_empty()) {
        Some(what) => {
            let hint = t!("send-fields-hint", fields = join_list(&keys), name = shell_name(name, list.kind));
            Err(CommandError { exit: ExitStatus::Usage, message: what, hint: Some(hint) })
        }
        None => Ok(found),
    }
}

/// What is wrong with the fields, all of it in one line.
fn field_problems(name: &str, keys: &[&str], data: &Map<String, Value>) -> Option<String> {
    let missing: Vec<&str> =
        keys.iter().copied().filter(|key| !HIDDEN_KEYS.contains(key) && !data.contains_key(*key)).collect();
    let unknown: Vec<String> = data
        .keys()
        .filter(|key| !keys.contains(&key.as_str()))
        .map(|key| match closest_match(&key.to_lowercase(), keys.iter().copied()) {
            Some(near) => t!("send-field-near", key = key, near = near),
            None => key.clone(),
        })
        .collect();
    let missed = join_list(&missing);
    match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => None,
        (true, false) => Some(t!("send-fields-missing", name = name, fields = missed)),
        (false, _) => {
            let what = t!("send-fields-unknown", name = name, count = unknown.len(), fields = join_list(&unknown));
            let more = (!missing.is_empty()).then(|| t!("send-fields-missing-too", fields = missed));
            Some(join_clauses([Some(what), more].into_iter().flatten()))
        }
    }
}

/// Whether the name can be a whole template id.
fn looks_like_template_id(name: &str) -> bool {
    name.len() == TEMPLATE_ID_LEN && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
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
            assert_eq!(field_problems("T", &keys, data.as_object().unwrap()).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn an_id_has_43_letters_digits_and_signs() {
        assert!(looks_like_template_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
        assert!(!looks_like_template_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-N"));
        assert!(!looks_like_template_id("NcN_W_aEIwu FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
    }
}
