//! `wxbox template add` and `remove`: the account's own list at WeChat, and then the one that is kept.

use std::fmt;

use serde::Serialize;

use super::shown::Shown;
use crate::app::App;
use crate::cli::{TemplateAdd, TemplateRemove};
use crate::commands::template_list::{ask, look, with_token};
use crate::error::{Exit, Failure, classify};
use crate::store::{Family, Store, Template, TemplateList};
use crate::t;
use crate::time::Timestamp;
use crate::token::Account;
use crate::ui::{self, Ui};
use crate::wechat;
use crate::words::listed;

/// A template that was added or removed.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    template: Shown<'a>,
    #[serde(skip)]
    text: String,
}

impl fmt::Display for Changed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn add(ui: &mut Ui, app: &App, args: &TemplateAdd) -> anyhow::Result<Exit> {
    let account = app.account()?;
    let mut store = app.store_to_use()?;
    let added = with_token(app, &mut store, &account, |client, token| {
        client.add_template(token, &args.short_id, &args.keyword)
    });
    let id = added.map_err(|error| of_add(error, &args.short_id))?;
    let list = refresh(ui, app, &mut store, &account);
    let (templates, asked_at) = list.map_or((Vec::new(), Timestamp::now()), |list| (list.templates, list.asked_at));
    // A list that does not have it yet takes nothing from what was done.
    let bare = Template { template_id: id.clone(), title: String::new(), content: String::new() };
    let template = Shown::new(templates.iter().find(|it| it.template_id == id).unwrap_or(&bare), &app.config, asked_at);
    let text = if template.keys.is_empty() {
        t!("template-added", id = id)
    } else {
        t!("template-added-fields", id = id, title = template.title, fields = listed(&template.keys))
    };
    ui.done(&Changed { template, text })?;
    Ok(Exit::Done)
}

/// What a refusal means for the words on the command line.
fn of_add(error: anyhow::Error, short_id: &str) -> anyhow::Error {
    let failure = match error.downcast_ref::<wechat::Error>() {
        Some(wechat::Error::Refused(refusal)) => match refusal.errcode {
            40037 => Failure::no_such(t!("template-library-unknown", id = short_id))
                .hint(t!("template-library-unknown-hint")),
            40246 | 40247 => Failure::usage(refusal.to_string()).hint(refusal.hint()),
            _ => return error,
        },
        Some(error @ (wechat::Error::NoAnswer { .. } | wechat::Error::BadAnswer { .. })) => {
            let hint = t!("template-add-unknown-hint");
            Failure { exit: Exit::Unexpected, what: error.to_string(), hint: Some(hint) }
        }
        _ => return error,
    };
    failure.into()
}

pub(super) fn remove(ui: &mut Ui, app: &App, args: &TemplateRemove) -> anyhow::Result<Exit> {
    // Before WeChat is asked for anything.
    if !args.yes && !ui.in_terminal {
        return Err(Failure::usage(t!("template-remove-missing")).into());
    }
    let account = app.account()?;
    let mut store = app.store_to_use()?;
    let (template, asked_at) = look(ui, app, &mut store, &args.template, Family::Template)?;
    let (id, title) = (template.template_id.as_str(), template.title.as_str());
    if !args.yes && !ui::confirm(ui, &t!("template-remove-ask", title = title, id = id), "")? {
        ui.status(&t!("template-remove-kept"));
        return Ok(Exit::Done);
    }
    let removed = with_token(app, &mut store, &account, |client, token| client.remove_template(token, id));
    let gone = match removed {
        Ok(()) => false,
        Err(error) if is_unknown_id(&error) => true,
        Err(error) => return Err(error),
    };
    // Whether WeChat can be asked or not, nothing is to be sent with it any more.
    if let Some(mut list) = store.templates(&account.app_id, Family::Template)? {
        list.templates.retain(|it| it.template_id != id);
        store.keep_templates(&account.app_id, &list)?;
    }
    refresh(ui, app, &mut store, &account);
    if gone {
        return Err(Failure::no_such(t!("template-gone", title = title, id = id)).into());
    }
    let shown = Shown::new(&template, &app.config, asked_at);
    if let Some((name, alias)) = shown.alias.and_then(|name| app.config.templates.get_key_value(name)) {
        ui.warn(&t!("template-alias-left", name = name, at = alias.id.origin.to_string()));
    }
    ui.done(&Changed { text: t!("template-removed", title = title, id = id), template: shown })?;
    Ok(Exit::Done)
}

fn is_unknown_id(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<wechat::Error>().and_then(wechat::Error::refusal);
    refusal.is_some_and(|refusal| refusal.errcode == 40037)
}

/// The list as it is now; what was done stays done where it cannot be had.
fn refresh(ui: &mut Ui, app: &App, store: &mut Store, account: &Account) -> Option<TemplateList> {
    match ask(app, store, account, Family::Template) {
        Ok(list) => Some(list),
        Err(error) => {
            ui.warn(&t!("template-unasked", cause = classify(&error).what));
            None
        }
    }
}
