//! `wxbox send`: to whom and what is settled first, then all of it is queued or nothing, then delivered.

mod content;
mod deliver;
mod fields;
mod recipients;

use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::app::{App, nearest};
use crate::cli::{Global, Send};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::store::{NewMessage, Queued};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Send) -> anyhow::Result<Exit> {
    if let Some(option) = args.mistyped_option() {
        return Err(mistyped_option(option).into());
    }
    let openids = recipients::openids(args)?;
    let app = App::open(ui, global, Flags::default())?;
    let mut content = content::of(args, &app.config)?;
    let app_id = app.account_id()?;
    // A dry run works without the secret; anything else would only find out after queueing.
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let mut store = app.store()?;
    let to = recipients::resolve(ui, &app, &store, args, &openids)?;
    if let Some(name) = &args.template {
        fields::settle(ui, &app, &mut store, account.as_ref(), name, args.strict, &mut content)?;
    }
    let new: Vec<NewMessage> = to
        .into_iter()
        .map(|one| {
            let client_msg_id = content.is_deduplicated().then(client_msg_id).transpose()?;
            Ok(NewMessage { user_id: one.user_id, openid: one.openid, client_msg_id })
        })
        .collect::<anyhow::Result<_>>()?;
    let Some(account) = account.filter(|_| !args.dry_run) else {
        for one in &new {
            ui.raw_out(&content.body(&one.openid, one.client_msg_id.as_deref()))?;
        }
        return Ok(Exit::Done);
    };
    let client = app.client()?;
    let now = Timestamp::now();
    let queued = Queued {
        app_id: &app_id,
        kind: content.kind(),
        body: &serde_json::to_string(&content)?,
        expires_at: now.after(app.config.send.expire_after.value),
    };
    let ids = store.queue(&queued, &new, now)?;
    deliver::run(ui, store, client, account, ids)
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
