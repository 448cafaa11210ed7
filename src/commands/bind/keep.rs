//! The binding itself: kept in the database, and by hand where the openid is known.

use std::sync::{Arc, Mutex, PoisonError};

use super::people::check_unbound;
use super::shown::Shown;
use crate::app::{App, warn_of_odd, warn_of_shared};
use crate::callback::Keep;
use crate::error::{Exit, Failure};
use crate::store::{Store, User};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;

/// Binds to an openid that somebody knows.
pub(super) fn by_hand(ui: &mut Ui, app: &App, name: &str, openid: &str, rebind: bool) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let mut store = app.store_as_found()?;
    let user = app.user(&store, name)?;
    check_unbound(&user, rebind)?;
    let user = keep(&mut store, &user, &app_id, openid, None, rebind)?;
    warn_of_odd(ui, openid);
    warn_of_shared(ui, &store, &app_id, &user, openid);
    ui.done(&Shown::Bound { user: &user.username, openid, nickname: None })?;
    Ok(Exit::Done)
}

/// Stores the binding before the phone is told of it.
pub(super) fn keeper(store: &Arc<Mutex<Store>>, user: User, app_id: String, rebind: bool) -> Keep {
    let store = Arc::clone(store);
    Box::new(move |person| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let bound = keep(&mut store, &user, &app_id, &person.openid, person.nickname.as_deref(), rebind)?;
        Ok(bound.username)
    })
}

fn keep(
    store: &mut Store,
    user: &User,
    app_id: &str,
    openid: &str,
    nickname: Option<&str>,
    rebind: bool,
) -> anyhow::Result<User> {
    let bound = store.bind(user, app_id, openid, nickname, rebind, Timestamp::now())?;
    // Bound by somebody else since we looked.
    let meanwhile = || Failure::no_such(t!("bind-meanwhile", user = user.username)).hint(t!("bind-already-hint"));
    Ok(bound.ok_or_else(meanwhile)?)
}
