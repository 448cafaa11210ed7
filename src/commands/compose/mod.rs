//! What is sent and to whom, settled before anything is queued: for `send`, a line of its batch, and `run`.

pub(in crate::commands) mod content;
mod fallback;
pub(in crate::commands) mod fields;
pub(in crate::commands) mod recipients;

use std::time::Duration;

use crossbeam_channel::bounded;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::app::App;
use crate::cli::{How, What};
use crate::delivery::{Tagged, Work};
use crate::store::{Body, NewMessage, Parcel, Store};
use crate::time::Timestamp;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::Content;
use recipients::Recipient;
pub(super) use recipients::names;

/// What is to be said, and how.
pub(super) struct Saying<'a> {
    pub(super) content: Content,
    pub(super) what: &'a What,
    pub(super) how: &'a How,
}

/// The message for all of them, its template and fallback looked up.
///
/// # Errors
/// There is no such template, or its fields are others.
pub(super) fn parcel(
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
pub(super) fn wrap(
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

/// One parcel, and no more to come.
///
/// # Errors
/// None that can be met: the channel has room for it.
pub(super) fn work(parcel: Parcel) -> anyhow::Result<Work> {
    let (send, parcels) = bounded(1);
    send.send(Tagged { parcel, tag: None })?;
    Ok(Work::Parcels(parcels))
}

/// 128 random bits as 32 hex digits: a row number would repeat in a new or restored database, and WeChat
/// would drop a new message for an old one.
fn client_msg_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
