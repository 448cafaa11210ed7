//! `user add|edit|passwd|remove`.

use std::fmt;

use serde::Serialize;

use super::show::Shown;
use super::{name, tags, uid, warn_of_odd_tags};
use crate::app::{App, openid, warn_of_odd, warn_of_shared};
use crate::cli::{Add, Edit, Passwd, Remove};
use crate::commands::password;
use crate::error::{Exit, Failure};
use crate::store::{self, NewUser, Removed, Store};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{self, Ui};

/// What was done, in words; the person, in JSON.
struct Changed {
    text: String,
    user: Shown,
}

impl Serialize for Changed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.user.serialize(serializer)
    }
}

/// A person who was removed, and how many messages lost their text with them.
#[derive(Serialize)]
struct Gone {
    #[serde(skip)]
    text: String,
    #[serde(flatten)]
    user: Shown,
    messages: usize,
    queued: usize,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn add(ui: &mut Ui, app: &App, args: &Add) -> anyhow::Result<Exit> {
    let asked = match &args.name {
        Some(name) => name.clone(),
        None if !ui.in_terminal => {
            return Err(Failure::usage(t!("user-name-missing")).hint(t!("user-name-missing-hint")).into());
        }
        None => ui::username(ui)?,
    };
    let username = &*name(&asked)?;
    let tags = tags(&args.tag)?;
    warn_of_odd_tags(ui, &tags);
    let openid = args.openid.as_deref().map(openid).transpose()?;
    let app_id = openid.map(|_| app.account_id()).transpose()?;
    let mut store = app.store_to_fill(ui)?;
    if store.user(username, app.app_id())?.is_some() {
        // Before anything is asked for.
        return Err(store::Error::UserExists { name: username.to_owned() }.into());
    }
    let password = if args.password_stdin {
        Some(password::read()?)
    } else if ui.in_terminal {
        ui::new_password(ui)?
    } else {
        None
    };
    let hash = password.map(|password| password::hash(&password)).transpose()?;
    let new = NewUser {
        username,
        uid: &uid(username),
        password: hash.as_deref(),
        note: args.note.trim(),
        tags: &tags,
        binding: app_id.as_deref().zip(openid),
    };
    let user = store.add_user(&new, Timestamp::now())?;
    if let Some((app_id, openid)) = new.binding {
        warn_of_odd(ui, openid);
        warn_of_shared(ui, &store, app_id, &user, openid);
    }
    warn_of_same_letters(ui, &store, username);
    ui.done(&Changed { text: t!("user-added", user = username), user: user.into() })?;
    Ok(Exit::Done)
}

/// Two names that differ by capital letters alone are easily mistaken for each other. Nothing depends on the warning.
fn warn_of_same_letters(ui: &mut Ui, store: &Store, name: &str) {
    if let Ok(Some(other)) = store.same_letters(name) {
        ui.warn(&t!("user-same-letters", user = name, other = other));
    }
}

pub(super) fn edit(ui: &mut Ui, app: &App, args: &Edit) -> anyhow::Result<Exit> {
    let rename = args.rename.as_deref().map(name).transpose()?;
    let new_uid = rename.as_deref().map(uid);
    let (tag, untag) = (tags(&args.tag)?, tags(&args.untag)?);
    warn_of_odd_tags(ui, &tag);
    let mut store = app.store_as_found()?;
    let user = app.user(&store, &args.name)?;
    let edit = store::Edit {
        rename: rename.as_deref().zip(new_uid.as_deref()),
        note: args.note.as_deref().map(str::trim),
        tag: &tag,
        untag: &untag,
    };
    let user = store.edit_user(&user, &edit, app.app_id())?;
    if let Some(name) = &rename {
        warn_of_same_letters(ui, &store, name);
    }
    ui.done(&Changed { text: t!("user-changed", user = user.username), user: user.into() })?;
    Ok(Exit::Done)
}

pub(super) fn passwd(ui: &mut Ui, app: &App, args: &Passwd) -> anyhow::Result<Exit> {
    let mut store = app.store_as_found()?;
    let user = app.user(&store, &args.name)?;
    let password = if args.remove {
        None
    } else if args.password_stdin {
        Some(password::read()?)
    } else if ui.in_terminal {
        ui::new_password(ui)?
    } else {
        let missing = Failure::usage(t!("user-password-missing", user = user.username));
        return Err(missing.hint(t!("user-password-missing-hint")).into());
    };
    let hash = password.map(|password| password::hash(&password)).transpose()?;
    let user = store.set_password(&user, hash.as_deref(), app.app_id())?;
    let text = match hash {
        Some(_) => t!("user-password-set", user = user.username),
        None => t!("user-password-removed", user = user.username),
    };
    ui.done(&Changed { text, user: user.into() })?;
    Ok(Exit::Done)
}

pub(super) fn remove(ui: &mut Ui, app: &App, args: &Remove) -> anyhow::Result<Exit> {
    let mut store = app.store_as_found()?;
    let user = app.user(&store, &args.name)?;
    if !args.yes && !ui::confirm(ui, &t!("user-remove-ask", user = user.username), &t!("user-remove-missing"))? {
        ui.status(&t!("user-remove-kept"));
        return Ok(Exit::Done);
    }
    let Removed { user, messages, queued, log_left } = store.remove_user(&user, app.app_id())?;
    let text = t!("user-removed", user = user.username);
    ui.done(&Gone { text, user: user.into(), messages, queued })?;
    if messages > 0 {
        ui.status(&t!("user-removed-messages", count = messages, queued = queued));
    }
    if log_left {
        ui.warn(&t!("user-removed-log", path = format!("{}-wal", store.path().display())));
    }
    Ok(Exit::Done)
}
