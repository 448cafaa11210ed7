//! `wxbox bind`: shows each person the way to authorise, waits for the code, and keeps who it stands for.
//!
//! `people` says who, `turns` goes from one to the next; the code comes to a `listener`, or is pasted (`paste`).
//! `follow` is the next step of those who do not follow the account yet, `refusals` what else came in meanwhile.

mod code;
mod exchange;
mod follow;
mod keep;
mod listener;
mod paste;
mod pasted;
mod people;
mod refusals;
mod shown;
mod turns;

use std::sync::{Arc, Mutex};

use super::{papers, port};
use crate::app::{App, openid, scope};
use crate::cli::{Bind, Global};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::signals::Watch;
use crate::t;
use crate::ui::{Lines, QrFile, Ui};
use exchange::WeChat;
use listener::{Listener, Place};
use turns::{Job, Way};

pub(super) fn run(ui: &mut Ui, global: &Global, args: Bind) -> anyhow::Result<Exit> {
    args.listen.as_deref().map(port::address).transpose()?;
    let qr_file = args.qr_file.as_deref().map(QrFile::new).transpose()?;
    let openid = args.openid.as_deref().map(openid).transpose()?;
    if openid.is_some() && args.user.len() > 1 {
        return Err(Failure::usage(t!("bind-openid-several")).hint(t!("bind-openid-several-hint")).into());
    }
    let flags =
        Flags { listen: args.listen.clone(), scope: args.scope.map(scope), timeout: args.timeout, ..Flags::default() };
    let app = App::open(ui, global, flags)?;
    let app_id = app.account_id()?;
    if let Some(openid) = openid {
        let name = args.user.first().map_or("", String::as_str);
        return keep::by_hand(ui, &app, name, openid, args.rebind);
    }
    let account = app.account()?;
    let redirect = app.config.redirect()?.clone();
    let place = if args.paste { None } else { Some(Place::find(ui, &app)?) };
    let store = app.store_as_found()?;
    let mut lines = Lines::default();
    let people = people::chosen(ui, &app, &store, &args, args.paste.then_some(&mut lines))?;
    if people.is_empty() {
        ui.status(&t!("bind-nobody-left"));
        return Ok(Exit::Done);
    }
    let client = app.client()?;
    // From here on a signal ends the wait in good order, however early it comes.
    let signals = Watch::begin()?;
    let exchange = Arc::new(WeChat { client, account });
    let store = Arc::new(Mutex::new(store));
    let job = Job { app, args, app_id, redirect, exchange, store, signals, qr_file };
    let way = match place {
        Some(place) => Way::Listener(Box::new(Listener::open(place, &job)?)),
        None => Way::Paste,
    };
    turns::all(ui, &job, way, &mut lines, people)
}
