//! One valid access token for all processes that use a database.
//!
//! The token is cached in the store. If there is no valid token, or WeChat refused it, the caller
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

/// Returns a token to use instead of `refused`. If a normal request returns the refused token
/// again, one refresh is forced.
pub fn replace_refused(
    refused: &Secret,
    store: &mut Store,
    client: &Client,
    account: &Account,
    now: Timestamp,
) -> Result<CachedToken, Error> {
    let load_other =
        |store: &Store| Ok(load_unexpired(store, account, now)?.filter(|token| !secrets_equal(&token.token, refused)));
    let (_lock, token) = lock_and_recheck(store, client, load_other)?;
    if let Some(token) = token {
        return Ok(token);
    }
    let token = fetch(store, client, account, (false, now))?;
    if secrets_equal(&token.token, refused) && account.endpoint == Endpoint::Stable {
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

/// Makes a call with a valid token. If WeChat refuses the token, the call is repeated once with
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
            let token = replace_refused(&token.token, store, client, account, Timestamp::now())?;
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
/// is refused once and takes the newer token from the database.
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use reqwest::blocking::Request;

    use super::*;
    use crate::wechat::{ApiError, ApiHost, ClientSettings, HttpResponse, Transport};

    /// WeChat's tokens, and the requests for them.
    #[derive(Debug, Default)]
    struct TokenApi {
        tokens: Mutex<VecDeque<&'static str>>,
        requests: Mutex<Vec<&'static str>>,
    }

    impl Transport for TokenApi {
        fn exchange(&self, _: &ApiHost, request: Request) -> Result<HttpResponse, wechat::Error> {
            let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let kind = match request.url().path() {
                "/cgi-bin/token" => "classic",
                _ if body.contains(r#""force_refresh":true"#) => "forced",
                _ => "stable",
            };
            self.requests.lock().unwrap().push(kind);
            let token = self.tokens.lock().unwrap().pop_front().unwrap();
            let body = format!(r#"{{"access_token":"{token}","expires_in":7200}}"#);
            Ok(HttpResponse { status: 200, date: None, body: body.into() })
        }

        fn now(&self) -> Instant {
            Instant::now()
        }
    }

    struct TestSession {
        session: ApiSession,
        api: Arc<TokenApi>,
        _dir: tempfile::TempDir,
    }

    /// Returns a session for which WeChat has these tokens.
    fn session(endpoint: Endpoint, tokens: &[&'static str]) -> TestSession {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let settings = ClientSettings {
            api_base: vec!["https://api.test".parse().unwrap()],
            timeout: Duration::from_millis(1),
            ..ClientSettings::without_host()
        };
        let api = Arc::new(TokenApi { tokens: Mutex::new(tokens.iter().copied().collect()), ..TokenApi::default() });
        let client = Client::new(&settings).unwrap().with_transport(api.clone());
        let account = Account { app_id: "wx1".to_owned(), secret: "s".to_owned().into(), endpoint };
        TestSession { session: ApiSession { store, client, account }, api, _dir: dir }
    }

    impl TestSession {
        /// Caches a token that is valid for this many seconds.
        fn cache(&mut self, token: &str, seconds: u64) {
            let now = Timestamp::now();
            let expires_at = now.plus(Duration::from_secs(seconds));
            let token = CachedToken { token: token.to_owned().into(), fetched_at: now, expires_at };
            self.session.store.save_token("wx1", &token).unwrap();
        }

        fn cached(&self) -> Option<String> {
            let found = cached(&self.session.store, &self.session.account, Timestamp::now()).unwrap();
            found.map(|token| token.token.expose_secret().to_owned())
        }

        /// Returns the kinds of the requests for tokens.
        fn requests(&self) -> Vec<&'static str> {
            std::mem::take(&mut *self.api.requests.lock().unwrap())
        }

        fn replace(&mut self, refused: &str) -> String {
            let ApiSession { store, client, account } = &mut self.session;
            let token = replace_refused(&refused.to_owned().into(), store, client, account, Timestamp::now()).unwrap();
            token.token.expose_secret().to_owned()
        }

        fn get(&mut self) -> String {
            let ApiSession { store, client, account } = &mut self.session;
            get(store, client, account, Timestamp::now()).unwrap().token.expose_secret().to_owned()
        }
    }

    #[test]
    fn a_cached_token_is_used_while_it_can_be_valid() {
        // A call may take a minute; WeChat's tokens are valid for two hours.
        for (seconds, is_valid) in [(30, false), (90, true), (7200, true), (9000, false)] {
            let mut session = session(Endpoint::Stable, &["B"]);
            session.cache("A", seconds);
            assert_eq!(session.cached().is_some(), is_valid, "{seconds}");
            assert_eq!(session.get(), if is_valid { "A" } else { "B" }, "{seconds}");
            assert_eq!(session.get(), if is_valid { "A" } else { "B" }, "{seconds}");
            assert_eq!(session.requests().len(), usize::from(!is_valid), "{seconds}");
        }
    }

    #[test]
    fn a_token_is_used_until_a_minute_before_it_expires() {
        let mut session = session(Endpoint::Stable, &[]);
        session.cache("A", 3600);
        let ApiSession { store, account, .. } = &session.session;
        let expires_at = store.token("wx1").unwrap().unwrap().expires_at;
        for (rest, is_valid) in [(61, true), (60, false), (0, false), (7500, true), (7501, false)] {
            let now = expires_at.minus(Duration::from_secs(rest));
            assert_eq!(cached(store, account, now).unwrap().is_some(), is_valid, "{rest}");
        }
    }

    #[test]
    fn a_refused_token_is_replaced_by_another() {
        // (endpoint, cached token, WeChat's tokens, the token in place of A, the requests)
        let cases: [(_, _, &[&str], _, &[&str]); 5] = [
            (Endpoint::Stable, "A", &["B"], "B", &["stable"]),
            (Endpoint::Stable, "A", &["A", "B"], "B", &["stable", "forced"]),
            (Endpoint::Stable, "C", &[], "C", &[]),
            (Endpoint::Classic, "A", &["B"], "B", &["classic"]),
            // WeChat's other endpoint cannot be forced.
            (Endpoint::Classic, "A", &["A"], "A", &["classic"]),
        ];
        for (endpoint, cached, tokens, expected, requests) in cases {
            let mut session = session(endpoint, tokens);
            session.cache(cached, 3600);
            assert_eq!(session.replace("A"), expected, "{endpoint:?} {tokens:?}");
            assert_eq!(session.requests(), requests, "{endpoint:?} {tokens:?}");
            assert_eq!(session.cached().as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_refresh_ignores_the_cached_token() {
        let mut session = session(Endpoint::Stable, &["B"]);
        session.cache("A", 3600);
        let ApiSession { store, client, account } = &mut session.session;
        assert_eq!(refresh(store, client, account, Timestamp::now()).unwrap().token.expose_secret(), "B");
        assert_eq!(session.cached().as_deref(), Some("B"));
    }

    #[test]
    fn a_call_is_repeated_once_and_only_for_a_refused_token() {
        // (errcode with token A, errcode with token B, tokens of the calls, result)
        for (with_a, with_b, expected_calls, expected) in [
            (0, 0, "A", Ok(())),
            (40001, 0, "AB", Ok(())),
            (40001, 42001, "AB", Err(42001)),
            (45009, 0, "A", Err(45009)),
            (-1, 0, "A", Err(-1)),
        ] {
            let mut session = session(Endpoint::Stable, &["B"]);
            session.cache("A", 3600);
            let calls = RefCell::new(String::new());
            let result = session.session.call(|_, token| {
                calls.borrow_mut().push_str(token.expose_secret());
                match if token.expose_secret() == "A" { with_a } else { with_b } {
                    0 => Ok(()),
                    errcode => {
                        let errmsg = String::new();
                        Err(wechat::Error::Api(ApiError { api: "/x", errcode, errmsg, rid: None, remedy: None }))
                    }
                }
            });
            let result = result.unwrap().map_err(|error| error.api_error().unwrap().errcode);
            assert_eq!((calls.into_inner().as_str(), result), (expected_calls, expected));
            assert_eq!(session.requests().len(), expected_calls.len() - 1);
        }
    }

    /// So that only one of several processes requests a token.
    #[test]
    fn the_lock_is_held_from_the_second_check_on() {
        let session = session(Endpoint::Stable, &[]);
        let ApiSession { store, client, .. } = &session.session;
        let is_locked = || matches!(open_lock_file(store.path()).unwrap().try_lock(), Err(TryLockError::WouldBlock));
        let checks = RefCell::new(Vec::new());
        let check = |_: &Store| {
            checks.borrow_mut().push(is_locked());
            Ok(None)
        };
        let (_lock, _) = lock_and_recheck(store, client, check).unwrap();
        assert_eq!((checks.into_inner(), is_locked()), (vec![true], true));
    }

    /// A process that is stopped keeps its lock.
    #[test]
    fn a_token_is_fetched_without_the_lock_if_that_is_held_for_long() {
        let mut session = session(Endpoint::Stable, &["A"]);
        let lock = open_lock_file(session.session.store.path()).unwrap();
        lock.lock().unwrap();
        assert_eq!(session.get(), "A");
    }
}
