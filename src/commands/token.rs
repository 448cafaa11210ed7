//! `wxbox token` prints the access token for use in scripts.

use std::fmt;

use serde::Serialize;

use crate::access_token::{get, refresh};
use crate::cli::{Global, TokenArgs as Args};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::secret::ExposeSecret;
use crate::ui::Ui;

/// The token. This command is the only one that prints it.
#[derive(Serialize)]
struct TokenView<'a> {
    access_token: &'a str,
    expires_at: Timestamp,
}

impl fmt::Display for TokenView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.access_token)
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let account = app.account()?;
    let mut store = app.open_or_create_default_store()?;
    let client = app.new_client()?;
    let get = if args.refresh { refresh } else { get };
    let token = get(&mut store, &client, &account, Timestamp::now())?;
    ui.print(&TokenView { access_token: token.token.expose_secret(), expires_at: token.expires_at })?;
    Ok(ExitStatus::Success)
}
