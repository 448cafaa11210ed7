//! The account's template list, for `template` and `send`: kept in the database, asked for where it must be,
//! and searched by what people call a template.

use crate::app::App;
use crate::error::{Failure, Report, classify};
use crate::secret::Secret;
use crate::store::{Family, Store, Template, TemplateList};
use crate::t;
use crate::time::Timestamp;
use crate::token::{Account, call};
use crate::ui::Ui;
use crate::wechat::{self, Client};
use crate::words::{ago, listed, nearest};

/// Makes a call in the account's name.
///
/// # Errors
/// The call's, or the token's.
pub(super) fn with_token<T>(
    app: &App,
    store: &mut Store,
    account: &Account,
    make: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
) -> anyhow::Result<T> {
    Ok(call(store, &app.client()?, account, make)??)
}

/// Asks WeChat for the list and keeps it.
///
/// # Errors
/// WeChat's, the way to it, or the database's.
pub(super) fn ask(app: &App, store: &mut Store, account: &Account, family: Family) -> anyhow::Result<TemplateList> {
    let found = match family {
        Family::Template => with_token(app, store, account, Client::templates)?,
        Family::Subscription => with_token(app, store, account, Client::subscriptions)?,
    };
    let templates = found
        .into_iter()
        .map(|it| Template { template_id: it.template_id, title: it.title, content: it.content })
        .collect();
    let list = TemplateList { family, templates, asked_at: Timestamp::now() };
    store.keep_templates(&account.app_id, &list)?;
    log::info!("{}", t!("template-asked", count = list.templates.len()));
    Ok(list)
}

/// The template that somebody calls so, and when WeChat gave the list that it is from: the kept one, unless
/// that does not know it, since WeChat has the last word.
///
/// # Errors
/// As [`find`]; and where no list is kept, as [`ask`].
pub(super) fn look(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    name: &str,
    family: Family,
) -> anyhow::Result<(Template, Timestamp)> {
    let kept = store.templates(&app.account_id()?, family)?;
    if let Some(list) = &kept
        && !list.is_old(Timestamp::now())
        && let Ok(found) = find(app, name, list)
    {
        return Ok((found.clone(), list.asked_at));
    }
    let list = asked_or_kept(ui, app, store, kept, family)?;
    Ok((find(app, name, &list)?.clone(), list.asked_at))
}

/// The list as WeChat has it now; where WeChat cannot be asked, the kept one, with a warning.
///
/// # Errors
/// WeChat could not be asked, and no list is kept.
pub(super) fn asked_or_kept(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    kept: Option<TemplateList>,
    family: Family,
) -> anyhow::Result<TemplateList> {
    let asked = app.account().and_then(|account| ask(app, store, &account, family));
    match (asked, kept) {
        (Ok(asked), _) => Ok(asked),
        (Err(error), None) => Err(error),
        (Err(error), Some(kept)) => {
            let report = classify(&error);
            ui.warn(&old_note(&kept, Some(&report)).unwrap_or_else(|| t!("template-unasked", cause = report.what)));
            Ok(kept)
        }
    }
}

/// A warning that the list is used although it is old, and why WeChat gave no newer one; `None` where it is not old.
pub(super) fn old_note(list: &TemplateList, cause: Option<&Report>) -> Option<String> {
    let now = Timestamp::now();
    if !list.is_old(now) {
        return None;
    }
    let ago = ago(now.seconds_since(list.asked_at));
    Some(match cause {
        Some(report) => t!("template-old-unasked", ago = ago, cause = report.what),
        None => t!("template-old", ago = ago),
    })
}

/// The template that somebody calls so: an alias of the config, else an id, a title, or the beginning of one
/// id alone.
///
/// # Errors
/// There is none (with the nearest), or there are several (with their ids).
pub(super) fn find<'l>(app: &App, name: &str, list: &'l TemplateList) -> Result<&'l Template, Failure> {
    let all = &list.templates;
    if let Some(alias) = app.config.templates.get(name) {
        let id = alias.id.value.as_str();
        return all.iter().find(|it| it.template_id == id).ok_or_else(|| {
            let what = t!("template-alias-unknown", name = name, id = id);
            let at = alias.id.origin.to_string();
            Failure::no_such(what).hint(match list.family {
                Family::Template => t!("template-alias-unknown-hint", at = at),
                Family::Subscription => t!("template-alias-unknown-subscription-hint", at = at),
            })
        });
    }
    if let Some(found) = all.iter().find(|it| it.template_id == name) {
        return Ok(found);
    }
    let titled: Vec<_> = all.iter().filter(|it| it.title == name.trim()).collect();
    let begun = || all.iter().filter(|it| it.template_id.starts_with(name)).collect();
    let candidates: Vec<_> = if titled.is_empty() && !name.is_empty() { begun() } else { titled };
    match candidates[..] {
        [one] => Ok(one),
        [] => Err(unknown(app, name, list)),
        [..] => {
            let ids: Vec<&str> = candidates.iter().map(|it| it.template_id.as_str()).collect();
            let what = t!("template-several", name = name, ids = listed(ids));
            Err(Failure::usage(what).hint(t!("template-several-hint")))
        }
    }
}

/// There is no such template, and what was probably meant.
pub(super) fn unknown(app: &App, name: &str, list: &TemplateList) -> Failure {
    let aliases = app.config.templates.keys().cloned();
    let own = list.templates.iter().flat_map(|it| [it.title.clone(), it.template_id.clone()]);
    let hint = match (nearest(name, aliases.chain(own)), list.family) {
        (Some(near), _) => t!("did-you-mean", name = near),
        (None, Family::Template) => t!("template-unknown-hint"),
        (None, Family::Subscription) => t!("template-unknown-subscription-hint"),
    };
    Failure::no_such(t!("template-unknown", name = name)).hint(hint)
}

/// The name as `template show` takes it in a shell.
pub(super) fn typed(name: &str, family: Family) -> String {
    let name = shell_words::quote(name);
    match family {
        Family::Template => name.into_owned(),
        Family::Subscription => format!("{name} --subscribe"),
    }
}
