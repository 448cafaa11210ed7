//! The access token of a run: read from the database where one is kept, else asked for on a thread of its own,
//! so that Ctrl-C need not wait for WeChat.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::thread::spawn_or_run_inline;
use crate::access_token;
use crate::access_token::Account;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{CachedToken, Store};
use crate::wechat::Client;

type TokenResult = Result<CachedToken, access_token::Error>;

/// How often a new token may be refused in a row before the account is taken to be.
const MAX_REJECTIONS: u32 = 3;

/// Where the token comes from, and how it stands.
pub(super) struct TokenSource {
    account: Account,
    client: Client,
    database: PathBuf,
    busy_timeout: Duration,
    state: TokenState,
    /// The token that WeChat would not take: the next must be another.
    rejected_token: Option<Secret>,
    rejection_count: u32,
    results: (Sender<TokenResult>, Receiver<TokenResult>),
}

enum TokenState {
    Unknown,
    Cached(CachedToken),
    Fetching,
}

impl TokenSource {
    pub(super) fn new(account: Account, client: Client, store: &Store) -> Self {
        let (database, busy_timeout, state) = (store.path().to_owned(), store.busy_timeout(), TokenState::Unknown);
        Self {
            account,
            client,
            database,
            busy_timeout,
            state,
            rejected_token: None,
            rejection_count: 0,
            results: unbounded(),
        }
    }

    /// The token; `None` while it is asked for, which begins here where it has not.
    pub(super) fn token(&mut self, store: &Store) -> Result<Option<CachedToken>, access_token::Error> {
        if matches!(self.state, TokenState::Unknown) {
            let cached = if self.rejected_token.is_none() { access_token::cached(store, &self.account)? } else { None };
            match cached {
                Some(token) => self.state = TokenState::Cached(token),
                None => self.fetch_in_background(),
            }
        }
        Ok(match &self.state {
            TokenState::Cached(token) => Some(token.clone()),
            TokenState::Unknown | TokenState::Fetching => None,
        })
    }

    /// WeChat refused this token; whether a new one is worth asking for.
    pub(super) fn reject(&mut self, token: &Secret) -> bool {
        // Many requests were under way with it: only the first says something new.
        if matches!(&self.state, TokenState::Cached(cached) if cached.token.expose_secret() == token.expose_secret()) {
            self.state = TokenState::Unknown;
            self.rejected_token = Some(token.clone());
            self.rejection_count += 1;
        }
        self.rejection_count <= MAX_REJECTIONS
    }

    /// WeChat took a token.
    pub(super) fn reset_rejections(&mut self) {
        self.rejection_count = 0;
    }

    /// Hears of answers to what was asked.
    pub(super) fn results(&self) -> &Receiver<TokenResult> {
        &self.results.1
    }

    /// Takes the answer, where there is one.
    pub(super) fn poll(&mut self) -> Result<(), access_token::Error> {
        let Ok(result) = self.results.1.try_recv() else { return Ok(()) };
        self.state = TokenState::Unknown;
        let token = result?;
        self.rejected_token = None;
        self.state = TokenState::Cached(token);
        Ok(())
    }

    /// Whether there is a token.
    pub(super) fn has_token(&self) -> bool {
        matches!(self.state, TokenState::Cached(_))
    }

    fn fetch_in_background(&mut self) {
        let (client, account, database) = (self.client.clone(), self.account.clone(), self.database.clone());
        let (rejected_token, result_sender, busy_timeout) =
            (self.rejected_token.clone(), self.results.0.clone(), self.busy_timeout);
        spawn_or_run_inline("token", move || {
            let store = Store::open(&database).and_then(|store| store.with_busy_timeout(busy_timeout));
            let result = store.map_err(access_token::Error::from).and_then(|mut store| match &rejected_token {
                Some(rejected_token) => access_token::replace_rejected(rejected_token, &mut store, &client, &account),
                None => access_token::get(&mut store, &client, &account),
            });
            // Nobody listens where the run has ended meanwhile.
            let _ = result_sender.send(result);
        });
        self.state = TokenState::Fetching;
    }
}
