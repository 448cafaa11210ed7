//! Asks WeChat whether a bound person follows the account, and requests a QR code that leads to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, after, select, unbounded};

use super::WechatExchange;
use crate::access_token::ApiSession;
use crate::callback::{FollowLookupFn, FollowLookupResult, FollowQrCode};
use crate::store::Store;
use crate::{t, ui};

/// The timeout of a lookup, for all its requests together.
pub const FOLLOW_LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// The lifetime of the QR code, long enough to send the code to a person who is elsewhere.
const QR_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Returns the function that asks WeChat whether a person follows the account. `scene` is the
/// origin that WeChat keeps with a person who follows by the code. It uses a thread of its own, so
/// that neither a phone nor a signal waits for WeChat.
pub fn follow_lookup(exchange: Arc<WechatExchange>, database: PathBuf, scene: String) -> FollowLookupFn {
    Box::new(move |openid, hurry| {
        let late = || anyhow::anyhow!(t!("wechat-timed-out"));
        let (sender, results) = unbounded();
        let (database, openid, scene) = (database.clone(), openid.to_owned(), scene.clone());
        let WechatExchange { client, account } = (*exchange).clone();
        let thread = std::thread::Builder::new().name("follow".into()).spawn(move || {
            let store = Store::open(&database);
            // The send fails after the timeout, when the receiver is gone.
            let _ = match store {
                Ok(store) => query(&mut ApiSession { store, client, account }, &openid, &scene, &sender),
                Err(error) => sender.send(FollowLookupResult::Unknown(error.into())).map_err(Into::into),
            };
        });
        if let Err(error) = thread {
            return FollowLookupResult::Unknown(error.into());
        }
        // Each result replaces the one before it. The channel closes when the thread ends.
        let deadline = after(FOLLOW_LOOKUP_TIMEOUT);
        let mut latest = FollowLookupResult::Unknown(late());
        loop {
            select! {
                recv(results) -> result => match result {
                    Ok(result) => latest = result,
                    Err(_) => return latest,
                },
                recv(hurry) -> _ => return latest,
                recv(deadline) -> _ => return latest,
            }
        }
    })
}

/// Sends the result as far as it is known. A later result is more complete.
fn query(
    session: &mut ApiSession,
    openid: &str,
    scene: &str,
    sender: &Sender<FollowLookupResult>,
) -> anyhow::Result<()> {
    match query_follows(session, openid) {
        Ok(true) => sender.send(FollowLookupResult::Following)?,
        Ok(false) => {
            sender.send(FollowLookupResult::NotFollowing(Err(anyhow::anyhow!(t!("wechat-timed-out")))))?;
            sender.send(FollowLookupResult::NotFollowing(create_follow_code(session, scene)))?;
        }
        Err(error) => sender.send(FollowLookupResult::Unknown(error))?,
    }
    Ok(())
}

fn query_follows(session: &mut ApiSession, openid: &str) -> anyhow::Result<bool> {
    let follows = session.call(|client, token| client.follower(token, openid))??.subscribe;
    // The database only caches the response, so a failure is no error.
    if let Err(error) = session.store.set_follows(&session.account.app_id, openid, follows) {
        log::info!("{error}");
    }
    Ok(follows)
}

fn create_follow_code(session: &mut ApiSession, scene: &str) -> anyhow::Result<FollowQrCode> {
    let link = session.call(|client, token| client.create_follow_qr(token, scene, QR_LIFETIME))??;
    Ok(FollowQrCode { png: ui::encode_qr_png(&link)?, link })
}
