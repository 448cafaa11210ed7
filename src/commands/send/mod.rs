//! `wxbox send`: to whom and what is settled first, then all of it is queued or nothing, then delivered.

mod batch;
mod line;

use crate::app::{App, nearest};
use crate::cli::{Global, Send};
use crate::commands::compose::recipients::{self, Whom};
use crate::commands::compose::{Saying, content, parcel, work};
use crate::commands::deliver::{self, Delivery};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::store::Parcel;
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::Content;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Send) -> anyhow::Result<Exit> {
    if let Some(option) = args.mistyped_option() {
        return Err(mistyped_option(option).into());
    }
    let openids = recipients::openids(&args.openid)?;
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
    let whom = Whom { user: &args.user, tag: &args.tag, all: args.all, openids: &openids };
    let to = recipients::resolve(ui, &app, &store, &whom)?;
    let parcel =
        parcel(ui, &app, &mut store, account.as_ref(), Saying { content, what: &args.what, how: &args.how }, to)?;
    if args.dry_run {
        return dry_run(ui, &parcel);
    }
    let mut it = Delivery { store, client: app.client()?, orders: deliver::orders(&app)? };
    it.orders.deliver = !args.how.no_wait;
    deliver::run(ui, it, work(parcel)?)
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
