//! `wxbox token`: the access token, for other scripts.

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Global, Token as Args};
use crate::config::Flags;
use crate::error::Exit;
use crate::secret::ExposeSecret;
use crate::time::Timestamp;
use crate::token::{anew, valid};
use crate::ui::Ui;

/// Printing it is what the command is for; nothing else does.
#[derive(Serialize)]
struct Shown<'a> {
    access_token: &'a str,
    expires_at: Timestamp,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.access_token)
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    let account = app.account()?;
    let mut store = app.store_to_use()?;
    let client = app.client()?;
    let get = if args.refresh { anew } else { valid };
    let token = get(&mut store, &client, &account)?;
    ui.data(&Shown { access_token: token.token.expose_secret(), expires_at: token.expires_at })?;
    Ok(Exit::Done)
}
