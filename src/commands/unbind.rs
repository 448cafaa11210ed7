//! `wxbox unbind`: removes a person's connection to WeChat.

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Global, Unbind};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::store::Unbound;
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;

#[derive(Serialize)]
struct Told {
    event: &'static str,
    user: String,
    openid: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("unbind-done", user = self.user, openid = self.openid))
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Unbind) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    let app_id = app.account_id()?;
    let mut store = app.store_as_found()?;
    let user = app.user(&store, &args.user)?;
    let Unbound { user, withdrawn } = store.unbind(&user, &app_id, Timestamp::now())?;
    let Some(binding) = user.binding else {
        return Err(Failure::no_such(t!("user-not-bound", user = user.username)).into());
    };
    ui.done(&Told { event: "unbound", user: user.username, openid: binding.openid })?;
    if withdrawn > 0 {
        ui.status(&t!("unbind-withdrawn", count = withdrawn));
    }
    Ok(Exit::Done)
}
