//! Saves a binding, for a phone that authorized it or for an openid from the command line.

use std::sync::{Arc, Mutex, PoisonError};

use super::events::BindEvent;
use super::select_users::check_unbound;
use crate::callback::SaveBinding;
use crate::clock::Timestamp;
use crate::context::{AppContext, warn_if_openid_shared, warn_if_unusual_openid};
use crate::exit::{CommandError, ExitStatus};
use crate::store::{Store, User};
use crate::t;
use crate::ui::Ui;

/// Binds a person to the openid from the command line.
pub(super) fn bind_openid(
    ui: &mut Ui,
    app: &AppContext,
    name: &str,
    openid: &str,
    rebind: bool,
) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let mut store = app.open_existing_store()?;
    let user = app.find_user(&store, name)?;
    check_unbound(&user, rebind)?;
    let user = save_binding(&mut store, &user, &app_id, openid, None, rebind)?;
    warn_if_unusual_openid(ui, openid);
    warn_if_openid_shared(ui, &store, &app_id, &user, openid, false);
    ui.print_result(&BindEvent::Bound { user: &user.username, openid, nickname: None })?;
    Ok(ExitStatus::Success)
}

/// Returns the function that saves the binding before the phone gets its page.
pub(super) fn save_fn(store: &Arc<Mutex<Store>>, user: User, app_id: String, rebind: bool) -> SaveBinding {
    let store = Arc::clone(store);
    Box::new(move |identity| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let bound = save_binding(&mut store, &user, &app_id, &identity.openid, identity.nickname.as_deref(), rebind)?;
        Ok(bound.username)
    })
}

fn save_binding(
    store: &mut Store,
    user: &User,
    app_id: &str,
    openid: &str,
    nickname: Option<&str>,
    rebind: bool,
) -> anyhow::Result<User> {
    let bound = store.bind(user, app_id, openid, nickname, rebind, Timestamp::now())?;
    // Another process may have bound the person in the meantime.
    let bound_meanwhile =
        || CommandError::not_found(t!("bind-bound-elsewhere", user = user.username)).hint(t!("bind-already-hint"));
    Ok(bound.ok_or_else(bound_meanwhile)?)
}
