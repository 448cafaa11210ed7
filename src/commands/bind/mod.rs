//! `wxbox bind`: shows each person the authorize URL, waits for the OAuth code, and saves the
//! binding.
//!
//! `select_users` chooses the people, and `sequence` binds one after the other. The code arrives at
//! the `listener`, at a running `serve` (`through_serve`), or is pasted (`paste`). `follow` then
//! checks whether the person follows the account. With `scan` there is no OAuth code and no page: a
//! push reports the scan. `session` holds the types that these files share, `pending` waits for
//! what another process completes.

mod events;
mod follow;
mod listener;
mod paste;
mod pending;
mod qr;
mod save;
mod scan;
mod select_users;
mod sequence;
mod session;
mod through_serve;
pub(super) mod unbind;

use std::sync::{Arc, Mutex};

use crate::binding::WechatExchange;
use crate::cli::{Bind, Global};
use crate::config::CliOverrides;
use crate::context::{AppContext, parse_openid_argument};
use crate::exit::{CommandError, ExitStatus};
use crate::listen;
use crate::signals::SignalReceiver;
use crate::store::ServeLock;
use crate::t;
use crate::ui::{QrFile, StdinLines, Ui};
use listener::{Listener, ListenerConfig};
use sequence::BindingSource;
use session::BindContext;

pub(super) fn run(ui: &mut Ui, global: &Global, mut args: Bind) -> anyhow::Result<ExitStatus> {
    args.listen.as_deref().map(listen::parse_address).transpose()?;
    let qr_file = args.qr_file.as_deref().map(QrFile::new).transpose()?;
    let openid = args.openid.as_deref().map(parse_openid_argument).transpose()?.map(str::to_owned);
    if openid.is_some() && args.user.len() > 1 {
        return Err(CommandError::usage(t!("bind-openid-several")).hint(t!("bind-openid-several-hint")).into());
    }
    let flags = CliOverrides {
        listen: args.listen.clone(),
        scope: args.scope.map(Into::into),
        timeout: args.timeout,
        ..CliOverrides::default()
    };
    let app = AppContext::open(ui, global, flags)?;
    let app_id = app.require_app_id()?;
    if args.user.is_empty() && !args.unbound {
        select_users::pick(ui, &app, &mut args)?;
    }
    if let Some(openid) = openid {
        let name = args.user.first().map_or("", String::as_str);
        return save::bind_openid(ui, &app, name, &openid, args.rebind);
    }
    let account = app.account()?;
    if args.scan {
        app.push_settings()?;
    } else {
        app.config.require_redirect_uri()?;
    }
    let through_serve =
        !args.paste && !args.scan && args.listen.is_none() && ServeLock::is_held(&app.config.database.value, &app_id);
    let needs_listener = !(args.paste || args.scan || through_serve);
    let listener_config = if needs_listener { Some(ListenerConfig::load(ui, &app)?) } else { None };
    let store = app.open_existing_store()?;
    let mut lines = StdinLines::default();
    let people = select_users::select(ui, &app, &store, &args, args.paste.then_some(&mut lines))?;
    if people.is_empty() {
        ui.status(&t!("bind-all-bound"));
        return Ok(ExitStatus::Success);
    }
    let client = app.new_client()?;
    // From here on, a signal ends the wait cleanly.
    let signals = SignalReceiver::new()?;
    let exchange = Arc::new(WechatExchange { client, account });
    let store = Arc::new(Mutex::new(store));
    let context = BindContext { app, args, app_id, exchange, store, signals, qr_file };
    let source = match listener_config {
        Some(listener_config) => BindingSource::Listener(Box::new(Listener::open(listener_config, &context)?)),
        None if context.args.scan => {
            BindingSource::Scan { _listener: scan::open_listener(ui, &context.app, &context.app_id)? }
        }
        None if through_serve => BindingSource::Serve,
        None => BindingSource::Paste,
    };
    sequence::bind_all(ui, &context, source, &mut lines, people)
}
