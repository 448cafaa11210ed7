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

use crate::private;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{self, Store, Token};
use crate::t;
use crate::time::Timestamp;
use crate::wechat::errcode::{Action, action};
use crate::wechat::{self, Client, Endpoint};
use crate::words::system;

/// A token this close to its end is not used: a request may be under way for a while. At most the last
/// five minutes, in which the stable endpoint hands out the next one.
const MARGIN: Duration = Duration::from_secs(60);

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
pub fn kept(store: &Store, account: &Account) -> Result<Option<Token>, Error> {
    usable(store, account)
}

/// A token that can be used now: the kept one, else a new one.
///
/// # Errors
/// [`Error`]
pub fn valid(store: &mut Store, client: &Client, account: &Account) -> Result<Token, Error> {
    if let Some(token) = usable(store, account)? {
        return Ok(token);
    }
    let (_lock, token) = lock(store, client, |store| usable(store, account))?;
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
pub fn instead_of(refused: &Secret, store: &mut Store, client: &Client, account: &Account) -> Result<Token, Error> {
    let other = |store: &Store| Ok(usable(store, account)?.filter(|token| !same(&token.token, refused)));
    let (_lock, token) = lock(store, client, other)?;
    if let Some(token) = token {
        return Ok(token);
    }
    let token = fetch(store, client, account, false)?;
    if same(&token.token, refused) && account.endpoint == Endpoint::Stable {
        log::info!("{}", t!("token-forced"));
        return fetch(store, client, account, true);
    }
    Ok(token)
}

/// Asks WeChat whatever is kept.
///
/// # Errors
/// [`Error`]
pub fn anew(store: &mut Store, client: &Client, account: &Account) -> Result<Token, Error> {
    let (_lock, _) = lock(store, client, |_| Ok(None))?;
    fetch(store, client, account, false)
}

/// The account, and what it takes to ask WeChat something in its name.
pub struct Session {
    /// The database.
    pub store: Store,
    /// The way to WeChat.
    pub client: Client,
    /// In whose name.
    pub account: Account,
}

impl Session {
    /// [`call`] with what is here.
    ///
    /// # Errors
    /// As there.
    pub fn call<T>(
        &mut self,
        make: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
    ) -> Result<Result<T, wechat::Error>, Error> {
        call(&mut self.store, &self.client, &self.account, make)
    }
}

/// Makes a call with a valid token; where WeChat does not take that one, once more with another.
///
/// # Errors
/// [`Error`] where there is no token; what the call itself came to is inside.
pub fn call<T>(
    store: &mut Store,
    client: &Client,
    account: &Account,
    make: impl Fn(&Client, &Secret) -> Result<T, wechat::Error>,
) -> Result<Result<T, wechat::Error>, Error> {
    let token = valid(store, client, account)?;
    match make(client, &token.token) {
        Err(wechat::Error::Refused(refusal)) if action(refusal.errcode) == Action::Refresh => {
            let token = instead_of(&token.token, store, client, account)?;
            Ok(make(client, &token.token))
        }
        result => Ok(result),
    }
}

fn usable(store: &Store, account: &Account) -> Result<Option<Token>, Error> {
    let now = Timestamp::now();
    let kept = store.token(&account.app_id)?;
    // A clock set back must not make a token of the future last for years.
    Ok(kept.filter(|token| token.expires_at > now.after(MARGIN) && token.expires_at <= now.after(LONGEST)))
}

/// WeChat's tokens live two hours; more than that left is a clock that moved.
const LONGEST: Duration = Duration::from_secs(7200 + 300);

fn fetch(store: &mut Store, client: &Client, account: &Account, force: bool) -> Result<Token, Error> {
    let asked = Timestamp::now();
    let (token, life) =
        client.access_token(account.endpoint, &account.app_id, &account.secret, force).map_err(Error::WeChat)?;
    let token = Token { token, fetched_at: asked, expires_at: asked.after(life) };
    store.keep_token(&account.app_id, &token)?;
    log::info!("{}", t!("token-fetched"));
    Ok(token)
}

fn same(a: &Secret, b: &Secret) -> bool {
    a.expose_secret() == b.expose_secret()
}

/// The lock, held until the file is dropped, and the token that another process has kept meanwhile.
///
/// Without the lock WeChat is asked all the same: the lock is there to ask once instead of often. None is to be had
/// where no other process has the database, where the file cannot be opened, and where another process has held it for
/// longer than a request takes: that one is stopped. The stable endpoint gives both the same token; of the classic one
/// the older token ends soon after, and whoever has it is refused and takes the newer one from the database.
fn lock(
    store: &Store,
    client: &Client,
    found: impl Fn(&Store) -> Result<Option<Token>, Error>,
) -> Result<(Option<File>, Option<Token>), Error> {
    let file = if store.is_shared() { lock_file(store.path()) } else { None };
    let held = file.and_then(|file| take(file, client.timeout()));
    // After the lock: another process may have kept a token.
    Ok((held, found(store)?))
}

/// Takes the lock, within that time.
fn take(file: File, within: Duration) -> Option<File> {
    let cause = match file.try_lock() {
        Ok(()) => return Some(file),
        Err(TryLockError::Error(error)) => system(&error),
        Err(TryLockError::WouldBlock) => {
            let (tell, told) = bounded(1);
            // The system does not let go who waits for a lock: this thread waits on, to the end of the process.
            let waiter = std::thread::Builder::new().name("token-lock".into()).spawn(move || {
                let taken = file.lock().map(|()| file);
                let _ = tell.send(taken);
            });
            match waiter.map(|_| told.recv_timeout(within)) {
                Ok(Ok(Ok(file))) => return Some(file),
                Ok(Err(_)) => {
                    log::info!("{}", t!("token-lock-held"));
                    return None;
                }
                Ok(Ok(Err(error))) | Err(error) => system(&error),
            }
        }
    };
    log::info!("{}", t!("token-lock", cause = cause));
    None
}

fn lock_file(database: &Path) -> Option<File> {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push("-token-lock");
    let file = private::file(&database.with_file_name(name));
    file.and_then(|file| private::share(&file, database).map(|()| file))
        .inspect_err(|error| log::info!("{}", t!("token-lock", cause = system(error))))
        .ok()
}
