//! `wxbox template add` and `remove` change the account's list at WeChat, and then the cached one.

use std::fmt;

use serde::Serialize;

use super::view::{TemplateView, note_alias};
use crate::access_token::Account;
use crate::cli::{TemplateAdd, TemplateRemove};
use crate::clock::Timestamp;
use crate::compose::template_list::{fetch, fetch_with_token, find_or_fetch};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::report::classify;
use crate::store::{CachedTemplate, Store, TemplateKind, TemplateList};
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat;

/// A template that was added or removed.
#[derive(Serialize)]
struct TemplateChangeView<'a> {
    #[serde(flatten)]
    template: TemplateView<'a>,
    #[serde(skip)]
    text: String,
}

impl fmt::Display for TemplateChangeView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn add(ui: &mut Ui, app: &AppContext, args: &TemplateAdd) -> anyhow::Result<ExitStatus> {
    let account = app.account()?;
    let mut store = app.open_or_create_default_store()?;
    let added = fetch_with_token(app, &mut store, &account, |client, token| {
        client.add_template(token, &args.short_id, &args.keyword)
    });
    let id = added.map_err(|error| add_error(error, &args.short_id))?;
    let list = refetch_list(ui, app, &mut store, &account);
    let (templates, asked_at) = list.map_or((Vec::new(), Timestamp::now()), |list| (list.templates, list.fetched_at));
    // The list may not contain a new template yet.
    let placeholder = CachedTemplate { template_id: id.clone(), title: String::new(), content: String::new() };
    let template = TemplateView::new(
        templates.iter().find(|template| template.template_id == id).unwrap_or(&placeholder),
        &app.config,
        asked_at,
    );
    let text = if template.keys.is_empty() {
        t!("template-added", id = id)
    } else {
        t!("template-added-fields", id = id, title = template.title, fields = join_list(&template.keys))
    };
    ui.print_result(&TemplateChangeView { template, text })?;
    note_alias(ui, &id, TemplateKind::Template);
    Ok(ExitStatus::Success)
}

/// Maps a refusal to an error of the command line.
fn add_error(error: anyhow::Error, short_id: &str) -> anyhow::Error {
    let failure = match error.downcast_ref::<wechat::Error>() {
        Some(wechat::Error::Api(refusal)) => match refusal.errcode {
            40037 => CommandError::not_found(t!("template-library-unknown", id = short_id))
                .hint(t!("template-library-unknown-hint")),
            40246 | 40247 => CommandError::usage(refusal.to_string()).hint(refusal.hint()),
            _ => return error,
        },
        Some(error @ (wechat::Error::NoResponse { .. } | wechat::Error::InvalidResponse { .. })) => {
            let hint = t!("template-add-unknown-hint");
            CommandError { exit: ExitStatus::Unexpected, message: error.to_string(), hint: Some(hint) }
        }
        _ => return error,
    };
    failure.into()
}

pub(super) fn remove(ui: &mut Ui, app: &AppContext, args: &TemplateRemove) -> anyhow::Result<ExitStatus> {
    // Checked before any request.
    if !args.yes && !ui.can_prompt {
        return Err(CommandError::usage(t!("template-remove-missing")).into());
    }
    let account = app.account()?;
    let mut store = app.open_or_create_default_store()?;
    let (template, asked_at) = find_or_fetch(ui, app, &mut store, &args.template, TemplateKind::Template)?;
    let (id, title) = (template.template_id.as_str(), template.title.as_str());
    if !args.yes && !ui::confirm(ui, &t!("template-remove-ask", title = title, id = id))? {
        ui.status(&t!("template-remove-kept"));
        return Ok(ExitStatus::Success);
    }
    let removed = fetch_with_token(app, &mut store, &account, |client, token| client.remove_template(token, id));
    let already_removed = match removed {
        Ok(()) => false,
        Err(error) if is_unknown_id(&error) => true,
        Err(error) => return Err(error),
    };
    // Even if the list cannot be fetched, the template must no longer be used.
    if let Some(mut list) = store.templates(&account.app_id, TemplateKind::Template)? {
        list.templates.retain(|template| template.template_id != id);
        store.save_templates(&account.app_id, &list)?;
    }
    refetch_list(ui, app, &mut store, &account);
    if already_removed {
        return Err(CommandError::not_found(t!("template-gone", title = title, id = id)).into());
    }
    let view = TemplateView::new(&template, &app.config, asked_at);
    if let Some((name, alias)) = view.alias.and_then(|name| app.config.templates.get_key_value(name)) {
        ui.warn(&t!("template-alias-left", name = name, at = alias.id.origin.to_string()));
    }
    ui.print_result(&TemplateChangeView { text: t!("template-removed", title = title, id = id), template: view })?;
    Ok(ExitStatus::Success)
}

fn is_unknown_id(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<wechat::Error>().and_then(wechat::Error::api_error);
    refusal.is_some_and(|refusal| refusal.errcode == 40037)
}

/// Fetches the list again. A failure is only a warning, because the change was made.
fn refetch_list(ui: &mut Ui, app: &AppContext, store: &mut Store, account: &Account) -> Option<TemplateList> {
    match fetch(app, store, account, TemplateKind::Template) {
        Ok(list) => Some(list),
        Err(error) => {
            ui.warn(&t!("template-list-failed", cause = classify(&error).message));
            None
        }
    }
}
