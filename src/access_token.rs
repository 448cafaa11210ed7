//! One valid access token for all processes that use a database.
//!
//! The token is cached in the store. If there is no valid token, or WeChat rejected it, the caller
//! takes a file lock, checks again whether another process has fetched a token, and only then
//! requests one. No transaction is open during the request, and the system releases the lock of a
//! process that ends. If the lock cannot be taken, the token is requested without it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::clock::Timestamp;
use crate::files;
use crate::i18n::io_error_text;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{self, CachedToken, Store};
use crate::t;
use crate::wechat::errcode::{Action, action};
use crate::wechat::{self, Client, Endpoint};

/// A token this close to its expiry is not used, because a request may take a while. The stable
/// endpoint issues the next token in the last five minutes, so the margin must be less.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// The account to which a token belongs.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its AppID.
    pub app_id: String,
    /// Its AppSecret.
    pub secret: Secret,
    /// The API that issues its tokens.
    pub endpoint: Endpoint,
}

/// Why no token is available.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The request to WeChat failed.
    #[error("{}", t!("token-fetch", cause = .0.to_string()))]
    WeChat(#[source] wechat::Error),
}

/// Returns the cached token, if it is valid.
pub fn cached(store: &Store, account: &Account, now: Timestamp) -> Result<Option<CachedToken>, Error> {
    load_unexpired(store, account, now)
}

/// Returns a valid token: the cached one, else a new one.
pub fn get(store: &mut Store, client: &Client, account: &Account, now: Timestamp) -> Result<CachedToken, Error> {
    if let Some(token) = load_unexpired(store, account, now)? {
        return Ok(token);
    }
    let (_lock, token) = lock_and_recheck(store, client, |store| load_unexpired(store, account, now))?;
    match token {
        Some(token) => Ok(token),
        None => fetch(store, client, account, (false, now)),
    }
}

/// Returns a token to use instead of `rejected`. If a normal request returns the rejected token
/// again, one refresh is forced.
pub fn replace_rejected(
    rejected: &Secret,
    store: &mut Store,
    client: &Client,
    account: &Account,
    now: Timestamp,
) -> Result<CachedToken, Error> {
    let load_other =
        |store: &Store| Ok(load_unexpired(store, account, now)?.filter(|token| !secrets_equal(&token.token, rejected)));
    let (_lock, token) = lock_and_recheck(store, client, load_other)?;
    if let Some(token) = token {
        return Ok(token);
    }
    let token = fetch(store, client, account, (false, now))?;
    if secrets_equal(&token.token, rejected) && account.endpoint == Endpoint::Stable {
        log::info!("{}", t!("token-forced"));
        return fetch(store, client, account, (true, now));
    }
    Ok(token)
}

/// Requests a token from WeChat, even if the cached one is valid.
pub fn refresh(store: &mut Store, client: &Client, account: &Account, now: Timestamp) -> Result<CachedToken, Error> {
    let (_lock, _) = lock_and_recheck(store, client, |_| Ok(None))?;
    fetch(store, client, account, (false, now))
}

/// An account with everything that an API call needs.
pub struct ApiSession {
    /// The database.
    pub store: Store,
    /// The HTTP client.
    pub client: Client,
    /// The account that makes the calls.
    pub account: Account,
}

impl ApiSession {
    /// Makes a call, see [`call_with_token`].
    pub fn call<T>(
        &mut self,
        request: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> Result<Result<T, wechat::Error>, Error> {
        call_with_token(&mut self.store, &self.client, &self.account, request)
    }
}

/// Makes a call with a valid token. If WeChat rejects the token, the call is repeated once with
/// another.
///
/// # Errors
/// No token could be obtained. The inner result is that of the call.
pub fn call_with_token<T>(
    store: &mut Store,
    client: &Client,
    account: &Account,
    request: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
) -> Result<Result<T, wechat::Error>, Error> {
    let token = get(store, client, account, Timestamp::now())?;
    match request(client, &token.token) {
        Err(wechat::Error::Api(refusal)) if action(refusal.errcode) == Action::Refresh => {
            let token = replace_rejected(&token.token, store, client, account, Timestamp::now())?;
            Ok(request(client, &token.token))
        }
        result => Ok(result),
    }
}

fn load_unexpired(store: &Store, account: &Account, now: Timestamp) -> Result<Option<CachedToken>, Error> {
    let cached = store.token(&account.app_id)?;
    // If the clock was set back, a token must not seem valid for years.
    Ok(cached.filter(|token| token.expires_at > now.plus(EXPIRY_MARGIN) && token.expires_at <= now.plus(MAX_LIFETIME)))
}

/// WeChat's tokens are valid for two hours; a longer remaining time means that the clock was
/// changed.
const MAX_LIFETIME: Duration = Duration::from_secs(7200 + 300);

fn fetch(
    store: &mut Store,
    client: &Client,
    account: &Account,
    (force, requested_at): (bool, Timestamp),
) -> Result<CachedToken, Error> {
    let (token, lifetime) =
        client.access_token(account.endpoint, &account.app_id, &account.secret, force).map_err(Error::WeChat)?;
    let token = CachedToken { token, fetched_at: requested_at, expires_at: requested_at.plus(lifetime) };
    store.save_token(&account.app_id, &token)?;
    log::info!("{}", t!("token-fetched"));
    Ok(token)
}

fn secrets_equal(a: &Secret, b: &Secret) -> bool {
    a.expose_secret() == b.expose_secret()
}

/// Takes the lock, which is held until the file is dropped, and returns the token that another
/// process has cached in the meantime.
///
/// The lock only saves requests, so the token is also requested without it: if the database is in
/// memory, if the lock file cannot be opened, and if another process holds the lock for longer than
/// a request takes, for example because it is stopped. The stable endpoint returns the same token
/// to both processes. With the classic endpoint the older token becomes invalid soon; its process
/// is rejected once and takes the newer token from the database.
fn lock_and_recheck(
    store: &Store,
    client: &Client,
    recheck: impl Fn(&Store) -> Result<Option<CachedToken>, Error>,
) -> Result<(Option<File>, Option<CachedToken>), Error> {
    let file = if store.is_file_backed() { open_lock_file(store.path()) } else { None };
    let locked_file = file.and_then(|file| acquire_lock(file, client.timeout()));
    // Check after taking the lock: another process may have cached a token.
    Ok((locked_file, recheck(store)?))
}

/// Takes the lock, unless that takes longer than `timeout`.
fn acquire_lock(file: File, timeout: Duration) -> Option<File> {
    let cause = match file.try_lock() {
        Ok(()) => return Some(file),
        Err(TryLockError::Error(error)) => io_error_text(&error),
        Err(TryLockError::WouldBlock) => {
            let (sender, receiver) = bounded(1);
            // Waiting for a file lock cannot be cancelled: after a timeout this thread waits until
            // the process ends.
            let spawned = std::thread::Builder::new().name("token-lock".into()).spawn(move || {
                let result = file.lock().map(|()| file);
                let _ = sender.send(result);
            });
            match spawned.map(|_| receiver.recv_timeout(timeout)) {
                Ok(Ok(Ok(file))) => return Some(file),
                Ok(Err(_)) => {
                    log::info!("{}", t!("token-lock-held"));
                    return None;
                }
                Ok(Ok(Err(error))) | Err(error) => io_error_text(&error),
            }
        }
    };
    log::info!("{}", t!("token-lock", cause = cause));
    None
}

fn open_lock_file(database: &Path) -> Option<File> {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push("-token-lock");
    let file = files::open_private(&database.with_file_name(name));
    file.and_then(|file| files::copy_ownership(&file, database).map(|()| file))
        .inspect_err(|error| log::info!("{}", t!("token-lock", cause = io_error_text(error))))
        .ok()
}
