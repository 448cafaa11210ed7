//! One valid access token for everybody on this database.
//!
//! The token is kept in the store across runs and processes. Who finds none, or whose token was refused,
//! takes a file lock, looks again (somebody else may have been first), and only then asks WeChat; no
//! database transaction is open meanwhile, and the system drops the lock of a process that dies. A lock that cannot be
//! had keeps nobody from asking.

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

/// A token this close to its end is not used: a request may be under way for a while. At most the last
/// five minutes, in which the stable endpoint hands out the next one.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// The account whose token it is.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its AppID.
    pub app_id: String,
    /// Its AppSecret.
    pub secret: Secret,
    /// Where its tokens come from.
    pub endpoint: Endpoint,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// WeChat, or the way to it.
    #[error("{}", t!("token-fetch", cause = .0.to_string()))]
    WeChat(#[source] wechat::Error),
}

/// The kept token, if it can be used now.
///
/// # Errors
/// [`Error::Store`]
pub fn cached(store: &Store, account: &Account) -> Result<Option<CachedToken>, Error> {
    load_unexpired(store, account)
}

/// A token that can be used now: the kept one, else a new one.
///
/// # Errors
/// [`Error`]
pub fn get(store: &mut Store, client: &Client, account: &Account) -> Result<CachedToken, Error> {
    if let Some(token) = load_unexpired(store, account)? {
        return Ok(token);
    }
    let (_lock, token) = lock_and_recheck(store, client, |store| load_unexpired(store, account))?;
    match token {
        Some(token) => Ok(token),
        None => fetch(store, client, account, false),
    }
}

/// The token to use instead of `refused`, which WeChat no longer takes. If the normal call gives the same
/// one back, a new one is forced, once.
///
/// # Errors
/// [`Error`]
pub fn replace_rejected(
    rejected: &Secret,
    store: &mut Store,
    client: &Client,
    account: &Account,
) -> Result<CachedToken, Error> {
    let load_other =
        |store: &Store| Ok(load_unexpired(store, account)?.filter(|token| !secrets_equal(&token.token, rejected)));
    let (_lock, token) = lock_and_recheck(store, client, load_other)?;
    if let Some(token) = token {
        return Ok(token);
    }
    let token = fetch(store, client, account, false)?;
    if secrets_equal(&token.token, rejected) && account.endpoint == Endpoint::Stable {
        log::info!("{}", t!("token-forced"));
        return fetch(store, client, account, true);
    }
    Ok(token)
}

/// Asks WeChat whatever is kept.
///
/// # Errors
/// [`Error`]
pub fn refresh(store: &mut Store, client: &Client, account: &Account) -> Result<CachedToken, Error> {
    let (_lock, _) = lock_and_recheck(store, client, |_| Ok(None))?;
    fetch(store, client, account, false)
}

/// The account, and what it takes to ask WeChat something in its name.
pub struct ApiSession {
    /// The database.
    pub store: Store,
    /// The way to WeChat.
    pub client: Client,
    /// In whose name.
    pub account: Account,
}

impl ApiSession {
    /// [`call`] with what is here.
    ///
    /// # Errors
    /// As there.
    pub fn call<T>(
        &mut self,
        request: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> Result<Result<T, wechat::Error>, Error> {
        call_with_token(&mut self.store, &self.client, &self.account, request)
    }
}

/// Makes a call with a valid token; where WeChat does not take that one, once more with another.
///
/// # Errors
/// [`Error`] where there is no token; what the call itself came to is inside.
pub fn call_with_token<T>(
    store: &mut Store,
    client: &Client,
    account: &Account,
    request: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
) -> Result<Result<T, wechat::Error>, Error> {
    let token = get(store, client, account)?;
    match request(client, &token.token) {
        Err(wechat::Error::Api(refusal)) if action(refusal.errcode) == Action::Refresh => {
            let token = replace_rejected(&token.token, store, client, account)?;
            Ok(request(client, &token.token))
        }
        result => Ok(result),
    }
}

fn load_unexpired(store: &Store, account: &Account) -> Result<Option<CachedToken>, Error> {
    let now = Timestamp::now();
    let cached = store.token(&account.app_id)?;
    // A clock set back must not make a token of the future last for years.
    Ok(cached.filter(|token| token.expires_at > now.plus(EXPIRY_MARGIN) && token.expires_at <= now.plus(MAX_LIFETIME)))
}

/// WeChat's tokens live two hours; more than that left is a clock that moved.
const MAX_LIFETIME: Duration = Duration::from_secs(7200 + 300);

fn fetch(store: &mut Store, client: &Client, account: &Account, force: bool) -> Result<CachedToken, Error> {
    let requested_at = Timestamp::now();
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

/// The lock, held until the file is dropped, and the token that another process has kept meanwhile.
///
/// Without the lock WeChat is asked all the same: the lock is there to ask once instead of often. None is to be had
/// where no other process has the database, where the file cannot be opened, and where another process has held it for
/// longer than a request takes: that one is stopped. The stable endpoint gives both the same token; of the classic one
/// the older token ends soon after, and whoever has it is refused and takes the newer one from the database.
fn lock_and_recheck(
    store: &Store,
    client: &Client,
    recheck: impl Fn(&Store) -> Result<Option<CachedToken>, Error>,
) -> Result<(Option<File>, Option<CachedToken>), Error> {
    let file = if store.is_file_backed() { open_lock_file(store.path()) } else { None };
    let locked_file = file.and_then(|file| acquire_lock(file, client.timeout()));
    // After the lock: another process may have kept a token.
    Ok((locked_file, recheck(store)?))
}

/// Takes the lock, within that time.
fn acquire_lock(file: File, timeout: Duration) -> Option<File> {
    let cause = match file.try_lock() {
        Ok(()) => return Some(file),
        Err(TryLockError::Error(error)) => io_error_text(&error),
        Err(TryLockError::WouldBlock) => {
            let (sender, receiver) = bounded(1);
            // The system does not let go who waits for a lock: this thread waits on, to the end of the process.
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
