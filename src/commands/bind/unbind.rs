//! `wxbox unbind` removes a person's binding.

use std::fmt;

use serde::Serialize;

use crate::cli::{Global, Unbind};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::pickers;
use crate::store::UnbindResult;
use crate::t;
use crate::ui::Ui;

#[derive(Serialize)]
struct UnbindView {
    event: &'static str,
    user: String,
    openid: String,
    cancelled: usize,
    unknown: usize,
}

impl fmt::Display for UnbindView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("unbind-done", user = self.user, openid = self.openid))
    }
}

pub(in crate::commands) fn run(ui: &mut Ui, global: &Global, args: &Unbind) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let app_id = app.require_app_id()?;
    let mut store = app.open_existing_store()?;
    let user = match &args.user {
        Some(name) => app.find_user(&store, name)?,
        None => pickers::pick_bound_user(ui, &app, &store)?,
    };
    let UnbindResult { user, cancelled, unknown, in_flight } = store.unbind(&user, &app_id, Timestamp::now())?;
    let Some(binding) = user.binding else {
        return Err(CommandError::not_found(t!("user-not-bound", user = user.username)).into());
    };
    ui.print_result(&UnbindView { event: "unbound", user: user.username, openid: binding.openid, cancelled, unknown })?;
    if cancelled > 0 {
        ui.status(&t!("unbind-withdrawn", count = cancelled));
    }
    if unknown > 0 {
        ui.status(&t!("unbind-unknown", count = unknown));
    }
    if in_flight > 0 {
        ui.warn(&t!("outbox-cancel-left", count = in_flight));
    }
    Ok(ExitStatus::Success)
}
