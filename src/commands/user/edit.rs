//! `user add`, `user edit`, `user passwd` and `user remove`.

use std::fmt;

use serde::Serialize;

use super::parse::{parse_name, parse_tags, uid_for, warn_if_tags_look_joined};
use super::view::UserView;
use crate::cli::{UserAdd, UserEditArgs, UserPasswd, UserRemove};
use crate::clock::Timestamp;
use crate::context::{AppContext, parse_openid_argument, warn_if_openid_shared, warn_if_unusual_openid};
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::pickers;
use crate::store::{self, NewUser, RemovalResult, Store};
use crate::t;
use crate::ui::{self, Ui};

/// A changed person: in text output a sentence, in JSON the person.
struct UserChangeView {
    text: String,
    user: UserView,
}

impl Serialize for UserChangeView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.user.serialize(serializer)
    }
}

/// A removed person, with the number of messages whose content was deleted.
#[derive(Serialize)]
struct UserRemovedView {
    #[serde(skip)]
    text: String,
    #[serde(flatten)]
    user: UserView,
    messages: usize,
    queued: usize,
    unknown: usize,
}

impl fmt::Display for UserRemovedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for UserChangeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn add(ui: &mut Ui, app: &AppContext, args: &UserAdd) -> anyhow::Result<ExitStatus> {
    let raw_name = match &args.name {
        Some(name) => name.clone(),
        None if !ui.can_prompt => {
            return Err(CommandError::usage(t!("user-name-missing")).hint(t!("user-name-missing-hint")).into());
        }
        None => ui::prompt_username(ui)?,
    };
    let username = &*parse_name(&raw_name)?;
    let tags = parse_tags(&args.tag)?;
    warn_if_tags_look_joined(ui, &tags);
    let openid = args.openid.as_deref().map(parse_openid_argument).transpose()?;
    let app_id = openid.map(|_| app.require_app_id()).transpose()?;
    let mut store = app.open_or_create_store(ui)?;
    if store.user(username, app.app_id())?.is_some() {
        // Check the name before the password prompt.
        return Err(store::Error::UserExists { name: username.to_owned() }.into());
    }
    let password = if args.password_stdin {
        Some(password::read_stdin()?)
    } else if ui.can_prompt {
        ui::prompt_new_password(ui)?
    } else {
        None
    };
    let hash = password.map(|password| password::hash(&password)).transpose()?;
    let new_user = NewUser {
        username,
        uid: &uid_for(username),
        password: hash.as_deref(),
        note: args.note.trim(),
        tags: &tags,
        binding: app_id.as_deref().zip(openid),
    };
    let user = store.add_user(&new_user, Timestamp::now())?;
    if let Some((app_id, openid)) = new_user.binding {
        warn_if_unusual_openid(ui, openid);
        warn_if_openid_shared(ui, &store, app_id, &user, openid, false);
    }
    warn_if_differs_by_case(ui, &store, username);
    ui.print_result(&UserChangeView { text: t!("user-added", user = username), user: user.into() })?;
    Ok(ExitStatus::Success)
}

/// Warns about a name that differs from another only by case. An error of the query is ignored.
fn warn_if_differs_by_case(ui: &mut Ui, store: &Store, name: &str) {
    if let Ok(Some(other)) = store.find_case_variant(name) {
        ui.warn(&t!("user-same-letters", user = name, other = other));
    }
}

pub(super) fn edit(ui: &mut Ui, app: &AppContext, args: &UserEditArgs) -> anyhow::Result<ExitStatus> {
    let rename = args.rename.as_deref().map(parse_name).transpose()?;
    let new_uid = rename.as_deref().map(uid_for);
    let (tag, untag) = (parse_tags(&args.tag)?, parse_tags(&args.untag)?);
    warn_if_tags_look_joined(ui, &tag);
    let mut store = app.open_existing_store()?;
    let user = app.find_user(&store, &args.name)?;
    let edit = store::UserUpdate {
        rename: rename.as_deref().zip(new_uid.as_deref()),
        note: args.note.as_deref().map(str::trim),
        add_tags: &tag,
        remove_tags: &untag,
    };
    let user = store.edit_user(&user, &edit, app.app_id())?;
    if let Some(name) = &rename {
        warn_if_differs_by_case(ui, &store, name);
    }
    ui.print_result(&UserChangeView { text: t!("user-changed", user = user.username), user: user.into() })?;
    Ok(ExitStatus::Success)
}

pub(super) fn passwd(ui: &mut Ui, app: &AppContext, args: &UserPasswd) -> anyhow::Result<ExitStatus> {
    let mut store = app.open_existing_store()?;
    let user = app.find_user(&store, &args.name)?;
    let password = if args.remove {
        None
    } else if args.password_stdin {
        Some(password::read_stdin()?)
    } else if ui.can_prompt {
        ui::prompt_new_password(ui)?
    } else {
        let missing = CommandError::usage(t!("user-password-missing", user = user.username));
        return Err(missing.hint(t!("user-password-missing-hint")).into());
    };
    let hash = password.map(|password| password::hash(&password)).transpose()?;
    let user = store.set_password(&user, hash.as_deref(), app.app_id())?;
    let text = match hash {
        Some(_) => t!("user-password-set", user = user.username),
        None => t!("user-password-removed", user = user.username),
    };
    ui.print_result(&UserChangeView { text, user: user.into() })?;
    Ok(ExitStatus::Success)
}

pub(super) fn remove(ui: &mut Ui, app: &AppContext, args: &UserRemove) -> anyhow::Result<ExitStatus> {
    let mut store = app.open_existing_store()?;
    let user = match &args.name {
        Some(name) => app.find_user(&store, name)?,
        None => pickers::pick_user(ui, app, &store)?,
    };
    if !args.yes && !ui.can_prompt {
        return Err(CommandError::usage(t!("user-remove-missing")).into());
    }
    if !args.yes && !ui::confirm(ui, &t!("user-remove-ask", user = user.username))? {
        ui.status(&t!("user-remove-kept"));
        return Ok(ExitStatus::Success);
    }
    let RemovalResult { user, messages, queued, unknown, wal_retained } = store.remove_user(&user, app.app_id())?;
    let text = t!("user-removed", user = user.username);
    ui.print_result(&UserRemovedView { text, user: user.into(), messages, queued, unknown })?;
    if messages > 0 {
        let unsent = queued.saturating_sub(unknown);
        ui.status(&t!("user-removed-messages", count = messages, queued = unsent, unknown = unknown));
    }
    if wal_retained {
        ui.warn(&t!("user-removed-log", path = format!("{}-wal", store.path().display())));
    }
    Ok(ExitStatus::Success)
}
