//! Resolves the template that a name stands for and compares its keys with the given fields, for
//! `send` and `template check`: WeChat accepts a message with wrong fields and shows gaps.

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
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// The length of WeChat's template IDs.
const TEMPLATE_ID_LEN: usize = 43;

/// The result of resolving a template name.
pub(crate) enum ResolvedTemplate {
    /// A template of the account whose keys match the given fields.
    Checked(CachedTemplate),
    /// WeChat could not be asked for its list.
    Unchecked {
        /// The template ID, if an alias, the cached list or the name itself determines it.
        template_id: Option<String>,
        /// Why WeChat could not be asked.
        cause: TemplateFetchError,
    },
}

/// Why a template list could not be fetched.
#[derive(Clone)]
pub(crate) struct TemplateFetchError {
    /// The error with its own exit status and hint.
    pub(crate) report: ErrorReport,
    /// Whether the failure is temporary, so that a message would stay queued.
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

/// The template lists that a command has loaded. Each list is fetched at most once, even if that
/// fails: a batch does not wait for an unreachable network at every line.
#[derive(Default)]
pub(crate) struct TemplateCache {
    templates: CachedTemplateList,
    subscriptions: CachedTemplateList,
}

/// A template list, as far as it was loaded.
#[derive(Default)]
struct CachedTemplateList {
    list: Option<TemplateList>,
    /// The result of asking WeChat; `None` if it was not asked.
    fetched: Option<Result<(), TemplateFetchError>>,
    /// The warning that an old list is used, until it is reported.
    warning: Option<String>,
}

impl TemplateCache {
    /// Finds a template and compares its keys with `data`. The cached list suffices if it has a
    /// matching template; otherwise WeChat is asked.
    ///
    /// # Errors
    /// The template does not exist, the fields do not match, or the database failed.
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

    /// Returns the cached list if `is_sufficient` accepts it and it is not old; otherwise fetches
    /// it from WeChat, or returns why that failed. Without an account only the cached list is used.
    ///
    /// # Errors
    /// The database failed.
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

    /// Returns the warnings about the lists that were used, and clears them.
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

/// Finds a template by name and compares its keys with `data`.
///
/// # Errors
/// The template does not exist, or the fields do not match its keys.
fn find_and_validate<'l>(
    app: &AppContext,
    name: &str,
    data: &Map<String, Value>,
    list: &'l TemplateList,
) -> Result<&'l CachedTemplate, CommandError> {
    let found = find(app, name, list)?;
    let keys = keys(&found.content);
    // If the content has no readable key, the fields cannot be checked.
    match field_problems(name, &keys, data).filter(|_| !keys.is_empty()) {
        Some(what) => {
            let hint = t!("send-fields-hint", fields = join_list(&keys), name = shell_name(name, list.kind));
            Err(CommandError { exit: ExitStatus::Usage, message: what, hint: Some(hint) })
        }
        None => Ok(found),
    }
}

/// Describes all differences between the fields and the keys in one line.
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

/// Returns whether the name has the form of a whole template ID.
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
