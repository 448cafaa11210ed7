//! `wxbox send`: to whom and what is settled first, then all of it is queued or nothing, then delivered.

mod batch;
mod line;

use std::collections::HashMap;

use crate::app::App;
use crate::cli::{Global, Send};
use crate::commands::compose::notes::Notes;
use crate::commands::compose::recipients::{self, Whom};
use crate::commands::compose::{Saying, kinds, parcel, work};
use crate::commands::deliver::{self, Delivery};
use crate::config::Flags;
use crate::delivery::Hand;
use crate::error::{Exit, Failure};
use crate::store::{Parcel, Store, Which};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;
use crate::wechat::media::MARGIN;
use crate::wechat::message::Content;
use crate::words::nearest;

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
    let mut notes = Notes::new(args.what.strict);
    let said = kinds::of(args, &app.config, &mut notes)?;
    app.account_id()?;
    // A dry run works without the secret; anything else would only find out after queueing.
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let hand = if args.dry_run { None } else { Some(Hand::begin(app.settings())?) };
    let whom = Whom { user: &args.user, tag: &args.tag, all: args.all, openids: &openids };
    // Without a database nobody is known by name.
    let mut store = match (whom.names_people(), args.dry_run) {
        (true, _) => app.store_as_found()?,
        (false, true) => app.store_or_none()?,
        (false, false) => app.store_to_fill(ui)?,
    };
    let to = recipients::resolve(ui, &app, &store, &whom)?;
    let saying = Saying { said, notes, how: &args.how };
    let parcel = parcel(ui, &app, &mut store, account.as_ref(), saying, to)?;
    let Some(hand) = hand else { return dry_run(ui, &app, &store, &parcel) };
    let mut it = Delivery { store, hand: hand.ready()?, orders: deliver::orders(&app)? };
    it.orders.deliver = !args.how.no_wait;
    deliver::run(ui, it, work(parcel)?)
}

/// The bodies, in the order in which each person would get them; a file that WeChat does not keep goes by its name.
fn dry_run(ui: &mut Ui, app: &App, store: &Store, parcel: &Parcel) -> anyhow::Result<Exit> {
    let mut contents = Vec::new();
    for body in [&parcel.body].into_iter().chain(&parcel.parts) {
        let content: Content = serde_json::from_str(&body.json)?;
        let mut kept = HashMap::new();
        for (file, kind) in content.files() {
            let which = Which { sha256: &file.sha256, kind: kind.as_str() };
            if let Some(media) = store.media(app.app_id(), which, Timestamp::now().after(MARGIN))? {
                kept.insert((file.sha256, kind), media.media_id);
            }
        }
        contents.push(content.with_media(|file, kind| match kept.get(&(file.sha256.clone(), kind)) {
            Some(media_id) => media_id.clone(),
            None => format!("@{}", file.file),
        }));
    }
    for one in &parcel.to {
        for content in &contents {
            ui.raw_out(&content.body(&one.openid, one.client_msg_id.as_deref()))?;
        }
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
