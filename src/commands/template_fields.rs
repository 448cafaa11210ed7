//! Which template is meant, and whether its fields are filled, for `send` and `template check`: WeChat takes
//! a message with wrong fields and shows it with holes.

use serde_json::{Map, Value};

use super::template_list::{ask, find, old_note, typed};
use crate::app::App;
use crate::error::{Exit, Failure, Report, classify};
use crate::store::{Family, Store, Template, TemplateList};
use crate::t;
use crate::time::Timestamp;
use crate::token::Account;
use crate::wechat;
use crate::wechat::errcode::{Action, action};
use crate::wechat::template::keys;
use crate::wechat::template_rules::HIDDEN;
use crate::words::{clauses, listed, nearest};

/// The length of WeChat's template ids.
const ID_LENGTH: usize = 43;

/// What a name stands for.
pub(super) enum Settled {
    /// A template of the account whose fields are filled.
    Known(Template),
    /// WeChat could not be asked.
    Unchecked {
        /// The template's id, if an alias, the kept list or the name itself tells it.
        template_id: Option<String>,
        /// Why WeChat could not be asked.
        cause: Trouble,
    },
}

/// What keeps WeChat from being asked.
#[derive(Clone)]
pub(super) struct Trouble {
    /// The failure, with its own status and hint.
    pub(super) report: Report,
    /// Whether it passes by itself, so that a message would stay queued for it.
    pub(super) passes: bool,
}

impl Trouble {
    fn of(error: &anyhow::Error) -> Self {
        let passes = error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()).is_some_and(|it| match it {
            wechat::Error::Refused(refusal) => matches!(action(refusal.errcode), Action::Backoff | Action::HoldDay),
            wechat::Error::NotSent { .. } | wechat::Error::NoAnswer { .. } | wechat::Error::BadAnswer { .. } => true,
            wechat::Error::Setup(_) => false,
        });
        Self { report: classify(error), passes }
    }
}

/// The lists of templates, as far as they were looked at. WeChat is asked once for each, whatever comes of it: a batch
/// does not wait for a network that is down at each of its lines.
#[derive(Default)]
pub(super) struct Known {
    templates: Looked,
    subscriptions: Looked,
}

/// A list of templates, as far as it was looked at.
#[derive(Default)]
struct Looked {
    list: Option<TemplateList>,
    /// Whether WeChat was asked, and why it gave no list.
    asked: Option<Result<(), Trouble>>,
    /// A warning that was not yet said: an old list is used.
    note: Option<String>,
}

impl Known {
    /// Finds the template of that list and compares its fields with `data`. The kept list decides without a request;
    /// what it refuses, and what no list is kept for, WeChat is asked about.
    ///
    /// # Errors
    /// There is no such template, or the fields are not the template's; or the database's.
    pub(super) fn settle(
        &mut self,
        app: &App,
        store: &mut Store,
        account: Option<&Account>,
        (name, family): (&str, Family),
        data: &Map<String, Value>,
    ) -> anyhow::Result<Settled> {
        let list = self.with(app, store, account, family, |list| judge(app, name, data, list).is_ok())?;
        let cause = match list {
            Ok(list) => return Ok(Settled::Known(judge(app, name, data, list)?.clone())),
            Err(cause) => cause,
        };
        let listed = self.of(family).list.as_ref().and_then(|list| find(app, name, list).ok());
        let alias = || app.config.templates.get(name).map(|alias| alias.id.value.clone());
        let id = listed.map(|found| found.template_id.clone()).or_else(alias);
        Ok(Settled::Unchecked { template_id: id.or_else(|| is_id(name).then(|| name.to_owned())), cause })
    }

    /// The kept list, if it will do; else WeChat's, or why there is none. Without an account the kept one is all that
    /// there is.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn with(
        &mut self,
        app: &App,
        store: &mut Store,
        account: Option<&Account>,
        family: Family,
        will_do: impl Fn(&TemplateList) -> bool,
    ) -> anyhow::Result<Result<&TemplateList, Trouble>> {
        let looked = self.of(family);
        if looked.list.is_none() {
            looked.list = store.templates(app.app_id(), family)?;
        }
        let will_do = looked.list.as_ref().is_some_and(will_do);
        let is_old = looked.list.as_ref().is_some_and(|list| list.is_old(Timestamp::now()));
        if looked.asked.is_none() && (!will_do || is_old) {
            match account.map(|account| ask(app, store, account, family)) {
                Some(Ok(list)) => (looked.list, looked.asked) = (Some(list), Some(Ok(()))),
                Some(Err(error)) => looked.asked = Some(Err(Trouble::of(&error))),
                None => looked.asked = Some(Ok(())),
            }
            if let (Some(list), true) = (&looked.list, will_do) {
                looked.note = old_note(list, looked.asked.as_ref().and_then(|it| Some(&it.as_ref().err()?.report)));
            }
        }
        Ok(match (&looked.list, &looked.asked) {
            (_, Some(Err(cause))) if !will_do => Err(cause.clone()),
            (Some(list), _) => Ok(list),
            (None, _) => {
                let report = Report { exit: Exit::Config, what: t!("send-unchecked-secret"), hint: None };
                Err(Trouble { report, passes: false })
            }
        })
    }

    /// What is to be said of the lists that were used, once.
    pub(super) fn notes(&mut self) -> impl Iterator<Item = String> {
        [self.templates.note.take(), self.subscriptions.note.take()].into_iter().flatten()
    }

    fn of(&mut self, family: Family) -> &mut Looked {
        match family {
            Family::Template => &mut self.templates,
            Family::Subscription => &mut self.subscriptions,
        }
    }
}

/// The template of that name, if the fields are its own.
///
/// # Errors
/// There is no such template, or the fields are not the template's.
fn judge<'l>(
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
