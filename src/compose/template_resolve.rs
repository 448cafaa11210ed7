//! Resolves the template that a name stands for and compares its keys with the given fields, for
//! `send` and `template check`: WeChat accepts a message with wrong fields and shows gaps.

use serde_json::{Map, Value};

use super::template_list::{fetch, find, shell_name, stale_warning};
use crate::access_token::Account;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{closest_match, join_clauses, join_list};
use crate::report::classify;
use crate::store::{CachedTemplate, Store, TemplateKind, TemplateList};
use crate::t;
use crate::wechat;
use crate::wechat::errcode::{Action, action};
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// The length of WeChat's template IDs.
pub(crate) const TEMPLATE_ID_LEN: usize = 43;

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
    pub(crate) error: CommandError,
    /// Whether the failure is temporary, so that a message would stay queued.
    pub(crate) is_temporary: bool,
}

impl TemplateFetchError {
    fn from_error(error: &anyhow::Error) -> Self {
        let is_temporary = match error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()) {
            Some(wechat::Error::Api(refusal)) => {
                matches!(action(refusal.errcode), Action::Backoff | Action::HoldClass)
            }
            Some(
                wechat::Error::Connect { .. }
                | wechat::Error::NoResponse { .. }
                | wechat::Error::InvalidResponse { .. },
            ) => true,
            Some(wechat::Error::ClientInit(_)) | None => false,
        };
        Self { error: classify(error), is_temporary }
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
    /// Returns the warnings about the lists that were used, and clears them.
    pub(crate) fn take_warnings(&mut self) -> impl Iterator<Item = String> {
        [self.templates.warning.take(), self.subscriptions.warning.take()].into_iter().flatten()
    }

    fn entry(&mut self, kind: TemplateKind) -> &mut CachedTemplateList {
        match kind {
            TemplateKind::Template => &mut self.templates,
            TemplateKind::Subscription => &mut self.subscriptions,
        }
    }
}

/// Finds templates in the lists of the account and fetches the lists where necessary.
pub(crate) struct TemplateResolver<'a> {
    pub(crate) app: &'a AppContext,
    pub(crate) store: &'a mut Store,
    /// The account to ask WeChat with; without one, only the cached lists are used.
    pub(crate) account: Option<&'a Account>,
    pub(crate) cache: &'a mut TemplateCache,
}

impl TemplateResolver<'_> {
    /// Finds a template and compares its keys with `data`. The cached list suffices if it has a
    /// matching template; otherwise WeChat is asked.
    ///
    /// # Errors
    /// The template does not exist, the fields do not match, or the database failed.
    pub(crate) fn resolve(
        &mut self,
        name: &str,
        kind: TemplateKind,
        data: &Map<String, Value>,
    ) -> anyhow::Result<ResolvedTemplate> {
        let app = self.app;
        let list = self.list_or_fetch(kind, |list| find_with_matching_keys(app, name, data, list).is_ok())?;
        let cause = match list {
            Ok(list) => return Ok(ResolvedTemplate::Checked(find_with_matching_keys(app, name, data, list)?.clone())),
            Err(cause) => cause,
        };
        let listed = self.cache.entry(kind).list.as_ref().and_then(|list| find(app, name, list).ok());
        let template_id = listed
            .map(|template| template.template_id.clone())
            .or_else(|| app.config.templates.get(name).map(|alias| alias.id.value.clone()))
            .or_else(|| looks_like_template_id(name).then(|| name.to_owned()));
        Ok(ResolvedTemplate::Unchecked { template_id, cause })
    }

    /// Returns the cached list if `is_sufficient` accepts it and it is not old; otherwise fetches
    /// it from WeChat, or returns why that failed. Without an account only the cached list is used.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) fn list_or_fetch(
        &mut self,
        kind: TemplateKind,
        is_sufficient: impl Fn(&TemplateList) -> bool,
    ) -> anyhow::Result<Result<&TemplateList, TemplateFetchError>> {
        let cached = self.cache.entry(kind);
        if cached.list.is_none() {
            cached.list = self.store.templates(self.app.app_id(), kind)?;
        }
        let is_sufficient = cached.list.as_ref().is_some_and(is_sufficient);
        let is_old = cached.list.as_ref().is_some_and(|list| list.is_stale(Timestamp::now()));
        if cached.fetched.is_none() && (!is_sufficient || is_old) {
            match self.account.map(|account| fetch(self.app, self.store, account, kind)) {
                Some(Ok(list)) => (cached.list, cached.fetched) = (Some(list), Some(Ok(()))),
                Some(Err(error)) => cached.fetched = Some(Err(TemplateFetchError::from_error(&error))),
                None => cached.fetched = Some(Ok(())),
            }
            if let (Some(list), true) = (&cached.list, is_sufficient) {
                let failure = cached.fetched.as_ref().and_then(|fetched| fetched.as_ref().err());
                cached.warning = stale_warning(list, failure.map(|failure| &failure.error));
            }
        }
        Ok(match (&cached.list, &cached.fetched) {
            (_, Some(Err(cause))) if !is_sufficient => Err(cause.clone()),
            (Some(list), _) => Ok(list),
            (None, _) => {
                let error = CommandError { exit: ExitStatus::Config, message: t!("send-unchecked-secret"), hint: None };
                Err(TemplateFetchError { error, is_temporary: false })
            }
        })
    }
}

/// Finds a template by name and compares its keys with `data`.
///
/// # Errors
/// The template does not exist, or the fields do not match its keys.
fn find_with_matching_keys<'l>(
    app: &AppContext,
    name: &str,
    data: &Map<String, Value>,
    list: &'l TemplateList,
) -> Result<&'l CachedTemplate, CommandError> {
    let template = find(app, name, list)?;
    let keys = keys(&template.content);
    // If the content has no readable key, the fields cannot be checked.
    match describe_mismatch(name, &keys, data).filter(|_| !keys.is_empty()) {
        Some(message) => {
            let hint = t!("send-fields-hint", fields = join_list(&keys), name = shell_name(name, list.kind));
            Err(CommandError { exit: ExitStatus::Usage, message, hint: Some(hint) })
        }
        None => Ok(template),
    }
}

/// Describes all differences between the fields and the keys in one line.
fn describe_mismatch(name: &str, keys: &[&str], data: &Map<String, Value>) -> Option<String> {
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
    let missing_names = join_list(&missing);
    match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => None,
        (true, false) => Some(t!("send-fields-missing", name = name, fields = missing_names)),
        (false, _) => {
            let message = t!("send-fields-unknown", name = name, count = unknown.len(), fields = join_list(&unknown));
            let more = (!missing.is_empty()).then(|| t!("send-fields-missing-too", fields = missing_names));
            Some(join_clauses([Some(message), more].into_iter().flatten()))
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
    fn missing_and_unknown_fields_are_reported() {
        let keys = ["first", "host", "size", "remark"];
        let cases = [
            (json!({"host": 1, "size": 1}), None),
            (json!({"first": 1, "host": 1, "size": 1, "remark": 1}), None),
            (json!({"host": 1}), Some("the template T requires values for size")),
            (json!({"host": 1, "size": 1, "Size": 1}), Some("the template T has no field Size (did you mean size?)")),
            (
                json!({"hots": 1, "xyz": 1}),
                Some("the template T has no fields hots (did you mean host?), xyz; values for host, size are missing"),
            ),
        ];
        for (data, expected) in cases {
            assert_eq!(describe_mismatch("T", &keys, data.as_object().unwrap()).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn template_id_has_43_letters_digits_and_signs() {
        assert!(looks_like_template_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
        assert!(!looks_like_template_id("NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-N"));
        assert!(!looks_like_template_id("NcN_W_aEIwu FHyJx8djU99Z70AvwwGcEufXiTzj-NM"));
    }
}
