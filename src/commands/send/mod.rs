//! `wxbox send`: to whom and what is settled first, then all of it is queued or nothing, then delivered.

mod batch;
mod content;
mod fallback;
mod fields;
mod line;
mod recipients;

use std::time::Duration;

use crossbeam_channel::bounded;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::app::{App, nearest};
use crate::cli::{Global, How, Send, What};
use crate::commands::deliver::{self, Delivery};
use crate::config::Flags;
use crate::delivery::{Tagged, Work};
use crate::error::{Exit, Failure};
use crate::store::{Body, NewMessage, Parcel, Store};
use crate::t;
use crate::time::Timestamp;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::Content;
use recipients::Recipient;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Send) -> anyhow::Result<Exit> {
    if let Some(option) = args.mistyped_option() {
        return Err(mistyped_option(option).into());
    }
    let openids = recipients::openids(args)?;
    let flags = Flags {
        concurrency: args.concurrency,
        rate: args.rate,
        expire_after: args.how.expire_after,
        ..Flags::default()
    };
    let app = App::open(ui, global, flags)?;
    if let Some(file) = &args.batch {
        return batch::run(ui, app, args, file);
    }
    let content = content::of(args.text.as_deref(), &args.what, &app.config)?;
    app.account_id()?;
    // A dry run works without the secret; anything else would only find out after queueing.
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let mut store = app.store()?;
    let to = recipients::resolve(ui, &app, &store, args, &openids)?;
    let parcel =
        parcel(ui, &app, &mut store, account.as_ref(), Saying { content, what: &args.what, how: &args.how }, to)?;
    if args.dry_run {
        return dry_run(ui, &parcel);
    }
    let mut it = Delivery { store, client: app.client()?, orders: deliver::orders(&app)? };
    it.orders.deliver = !args.how.no_wait;
    deliver::run(ui, it, one(parcel)?)
}

/// One parcel, and no more to come.
fn one(parcel: Parcel) -> anyhow::Result<Work> {
    let (send, parcels) = bounded(1);
    send.send(Tagged { parcel, tag: None })?;
    Ok(Work::Parcels(parcels))
}

/// What is to be said, and how.
struct Saying<'a> {
    content: Content,
    what: &'a What,
    how: &'a How,
}

/// The message for all of them, its template and fallback looked up.
///
/// # Errors
/// There is no such template, or its fields are others.
fn parcel(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    saying: Saying<'_>,
    to: Vec<Recipient>,
) -> anyhow::Result<Parcel> {
    let Saying { mut content, what, how } = saying;
    if let Some(name) = &what.template {
        fields::settle(ui, app, store, account, name, what.strict, &mut content)?;
    }
    let fallback = match &how.fallback {
        Some(name) => Some(fallback::of(ui, app, store, account, name, what.strict, &content)?),
        None => None,
    };
    let expires_in = how.expire_after.unwrap_or(app.config.send.expire_after.value);
    wrap(content, fallback, how.key.clone(), expires_in, to)
}

/// A parcel of that.
///
/// # Errors
/// The system gives no random numbers.
fn wrap(
    content: Content,
    fallback: Option<Content>,
    key: Option<String>,
    expires_in: Duration,
    to: Vec<Recipient>,
) -> anyhow::Result<Parcel> {
    let deduplicated = content.is_deduplicated() || fallback.is_some();
    let to = to.into_iter().map(|one| {
        let client_msg_id = deduplicated.then(client_msg_id).transpose()?;
        Ok(NewMessage { user_id: one.user_id, openid: one.openid, client_msg_id })
    });
    let to = to.collect::<anyhow::Result<_>>()?;
    let expires_at = Timestamp::now().after(expires_in);
    let body = |content: &Content| -> anyhow::Result<Body> {
        Ok(Body { kind: content.kind(), json: serde_json::to_string(content)? })
    };
    Ok(Parcel { body: body(&content)?, fallback: fallback.as_ref().map(body).transpose()?, to, key, expires_at })
}

fn dry_run(ui: &mut Ui, parcel: &Parcel) -> anyhow::Result<Exit> {
    let content: Content = serde_json::from_str(&parcel.body.json)?;
    for one in &parcel.to {
        ui.raw_out(&content.body(&one.openid, one.client_msg_id.as_deref()))?;
    }
    Ok(Exit::Done)
}

/// No text looks like `--this`: somebody meant an option.
pub(crate) fn mistyped_option(option: &str) -> Failure {
    let name = option.split('=').next().unwrap_or(option);
    let hint = match nearest(name, Send::options()) {
        Some(near) => t!("send-mistyped-option-near", near = near),
        None => t!("send-mistyped-option-hint"),
    };
    Failure::usage(t!("send-mistyped-option", option = name)).hint(hint)
}

/// 128 random bits as 32 hex digits: a row number would repeat in a new or restored database, and WeChat
/// would drop a new message for an old one.
fn client_msg_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
