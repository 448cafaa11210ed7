//! Picks users by name.

use crate::context::AppContext;
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::store::{Store, User, UserFilter};
use crate::t;
use crate::ui::{self, Ui};

/// Lets the person pick a user.
///
/// # Errors
/// There are no users; the prompt is interrupted.
pub(crate) fn pick_user(ui: &Ui, app: &AppContext, store: &Store) -> anyhow::Result<User> {
    pick_from(ui, all_users(app, store, None)?, no_users_error)
}

/// Lets the person pick a user who is bound.
///
/// # Errors
/// No user is bound; the prompt is interrupted.
pub(crate) fn pick_bound_user(ui: &Ui, app: &AppContext, store: &Store) -> anyhow::Result<User> {
    let no_user = || CommandError::not_found(t!("send-none-bound")).hint(t!("send-none-bound-hint"));
    pick_from(ui, all_users(app, store, Some(true))?, no_user)
}

/// Lets the person pick the users to bind; those who are not bound come first.
///
/// # Errors
/// There are no users; the prompt is interrupted.
pub(crate) fn pick_users_to_bind(ui: &Ui, app: &AppContext, store: &Store) -> anyhow::Result<Vec<User>> {
    let mut users = all_users(app, store, None)?;
    if users.is_empty() {
        return Err(no_users_error().into());
    }
    users.sort_by_key(|user| user.binding.is_some());
    let labels: Vec<String> = users.iter().map(label).collect();
    let mut picked = ui::pick_several(ui, &t!("pick-user-to-bind"), &labels)?;
    picked.sort_unstable();
    let users = users.into_iter().enumerate();
    Ok(users.filter(|(index, _)| picked.contains(index)).map(|(_, user)| user).collect())
}

fn pick_from(ui: &Ui, users: Vec<User>, no_user: impl FnOnce() -> CommandError) -> anyhow::Result<User> {
    if users.is_empty() {
        return Err(no_user().into());
    }
    let labels: Vec<String> = users.iter().map(label).collect();
    let picked = ui::pick(ui, &t!("pick-user"), &labels)?;
    users.into_iter().nth(picked).ok_or_else(|| no_user().into())
}

fn all_users(app: &AppContext, store: &Store, bound: Option<bool>) -> anyhow::Result<Vec<User>> {
    let mut users = Vec::new();
    store.for_each_user(&UserFilter { tag: None, bound }, app.app_id(), |user| {
        users.push(user);
        anyhow::Ok(())
    })?;
    Ok(users)
}

/// Returns the line of a user in a list: the name, the tags, and whether the user is bound.
fn label(user: &User) -> String {
    let binding = if user.binding.is_some() { t!("pick-user-bound") } else { t!("pick-user-unbound") };
    let details = join_list(user.tags.iter().cloned().chain([binding]));
    t!("pick-with-details", name = user.username, details = details)
}

fn no_users_error() -> CommandError {
    CommandError::not_found(t!("pick-no-users")).hint(t!("pick-no-users-hint"))
}
