//! The account's template lists for `template` and `send`: cached in the database, fetched when
//! needed, and searched by the names that users give.

use crate::access_token::{Account, call_with_token};
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::CommandError;
use crate::i18n::{closest_match, join_list, relative_time};
use crate::report::classify;
use crate::secret::Secret;
use crate::store::{CachedTemplate, Store, TemplateKind, TemplateList};
use crate::t;
use crate::ui::Ui;
use crate::wechat::template::Template;
use crate::wechat::{self, Client};

/// Makes an API call with the account's token.
///
/// # Errors
/// The call failed, or no token was available.
pub(crate) fn fetch_with_token<T>(
    app: &AppContext,
    store: &mut Store,
    account: &Account,
    call: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
) -> anyhow::Result<T> {
    Ok(call_with_token(store, &app.new_client()?, account, call)??)
}

/// Fetches a list from WeChat and caches it.
///
/// # Errors
/// The call or the database failed.
pub(crate) fn fetch(
    app: &AppContext,
    store: &mut Store,
    account: &Account,
    kind: TemplateKind,
) -> anyhow::Result<TemplateList> {
    let templates = match kind {
        TemplateKind::Template => fetch_with_token(app, store, account, Client::templates)?,
        TemplateKind::Subscription => fetch_with_token(app, store, account, Client::subscriptions)?,
    };
    let templates = templates
        .into_iter()
        .map(|Template { template_id, title, content }| CachedTemplate { template_id, title, content })
        .collect();
    let list = TemplateList { kind, templates, fetched_at: Timestamp::now() };
    store.save_templates(&account.app_id, &list)?;
    log::info!("{}", t!("template-asked", count = list.templates.len()));
    Ok(list)
}

/// Finds a template by name and returns it with the time at which its list was fetched. Uses the
/// cached list if it has the template and is not old; otherwise asks WeChat.
///
/// # Errors
/// The same as [`find`] and [`cached_or_fetch`].
pub(crate) fn find_or_fetch(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    name: &str,
    kind: TemplateKind,
) -> anyhow::Result<(CachedTemplate, Timestamp)> {
    let cached = store.templates(&app.require_app_id()?, kind)?;
    let list = cached_or_fetch(ui, app, store, cached, kind, |list| find(app, name, list).is_ok())?;
    Ok((find(app, name, &list)?.clone(), list.fetched_at))
}

/// Returns the cached list if it is not old and `is_sufficient` accepts it; otherwise fetches the
/// list from WeChat. If that fails, returns the cached list with a warning.
///
/// # Errors
/// WeChat could not be asked, and no list is cached.
pub(crate) fn cached_or_fetch(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    cached: Option<TemplateList>,
    kind: TemplateKind,
    is_sufficient: impl FnOnce(&TemplateList) -> bool,
) -> anyhow::Result<TemplateList> {
    let cached = match cached {
        Some(list) if !list.is_stale(Timestamp::now()) && is_sufficient(&list) => return Ok(list),
        cached => cached,
    };
    let error = match app.account().and_then(|account| fetch(app, store, &account, kind)) {
        Ok(list) => return Ok(list),
        Err(error) => error,
    };
    let Some(list) = cached else { return Err(error) };
    let error = classify(&error);
    let warning = stale_warning(&list, Some(&error));
    ui.warn(&warning.unwrap_or_else(|| t!("template-list-failed", cause = error.message)));
    Ok(list)
}

/// Returns a warning that an old list is used and why WeChat gave no newer one; `None` if the list
/// is not old.
pub(crate) fn stale_warning(list: &TemplateList, cause: Option<&CommandError>) -> Option<String> {
    let now = Timestamp::now();
    if !list.is_stale(now) {
        return None;
    }
    let ago = relative_time(now.seconds_since(list.fetched_at));
    Some(match cause {
        Some(error) => t!("template-list-old", ago = ago, cause = error.message),
        None => t!("template-old", ago = ago),
    })
}

/// Finds a template by an alias of the config, else by its ID, its title, or an unambiguous prefix
/// of its ID.
///
/// # Errors
/// No template matches (the hint names the closest), or several do (the hint lists their IDs).
pub(crate) fn find<'l>(
    app: &AppContext,
    name: &str,
    list: &'l TemplateList,
) -> Result<&'l CachedTemplate, CommandError> {
    let all = &list.templates;
    if let Some(alias) = app.config.templates.get(name) {
        let id = alias.id.value.as_str();
        return all.iter().find(|template| template.template_id == id).ok_or_else(|| {
            let message = t!("template-alias-unknown", name = name, id = id);
            let at = alias.id.origin.to_string();
            CommandError::not_found(message).hint(match list.kind {
                TemplateKind::Template => t!("template-alias-unknown-hint", at = at),
                TemplateKind::Subscription => t!("template-alias-unknown-subscription-hint", at = at),
            })
        });
    }
    if let Some(template) = all.iter().find(|template| template.template_id == name) {
        return Ok(template);
    }
    let mut candidates: Vec<_> = all.iter().filter(|template| template.title == name.trim()).collect();
    if candidates.is_empty() && !name.is_empty() {
        candidates.extend(all.iter().filter(|template| template.template_id.starts_with(name)));
    }
    match candidates[..] {
        [template] => Ok(template),
        [] => Err(unknown_template(app, name, list)),
        [..] => {
            let ids: Vec<&str> = candidates.iter().map(|template| template.template_id.as_str()).collect();
            let message = t!("template-several", name = name, ids = join_list(ids));
            Err(CommandError::usage(message).hint(t!("template-several-hint")))
        }
    }
}

/// Returns the error for an unknown template, with the closest match.
fn unknown_template(app: &AppContext, name: &str, list: &TemplateList) -> CommandError {
    let aliases = app.config.templates.keys().cloned();
    let titles_and_ids =
        list.templates.iter().flat_map(|template| [template.title.clone(), template.template_id.clone()]);
    let hint = match (closest_match(name, aliases.chain(titles_and_ids)), list.kind) {
        (Some(closest), _) => t!("did-you-mean", name = closest),
        (None, TemplateKind::Template) => t!("template-unknown-hint", alias = shell_name(name, list.kind)),
        (None, TemplateKind::Subscription) => {
            t!("template-unknown-subscription-hint", alias = shell_name(name, list.kind))
        }
    };
    CommandError::not_found(t!("template-unknown", name = name)).hint(hint)
}

/// Returns the name quoted for a shell, with the option that `template show` needs for its list.
pub(crate) fn shell_name(name: &str, kind: TemplateKind) -> String {
    let name = shell_words::quote(name);
    match kind {
        TemplateKind::Template => name.into_owned(),
        TemplateKind::Subscription => format!("{name} --subscribe"),
    }
}
