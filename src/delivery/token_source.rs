//! The access token of a run: read from the database if it is cached there, otherwise fetched on a
//! thread of its own, so that Ctrl-C does not wait for WeChat.

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

/// How many new tokens may be refused in a row before the account counts as refused.
const MAX_REJECTIONS: u32 = 3;

/// The token and how to get the next one.
pub(super) struct TokenSource {
    account: Account,
    client: Client,
    database: PathBuf,
    busy_timeout: Duration,
    state: TokenState,
    /// The token that WeChat refused: the next one must differ.
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

    /// Returns the token; `None` while it is being fetched, which this call starts if needed.
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

    /// Handles WeChat's refusal of a token. Returns whether a new one is worth fetching.
    pub(super) fn reject(&mut self, token: &Secret) -> bool {
        // Many requests may have used it: only the first refusal counts.
        if matches!(&self.state, TokenState::Cached(cached) if cached.token.expose_secret() == token.expose_secret()) {
            self.state = TokenState::Unknown;
            self.rejected_token = Some(token.clone());
            self.rejection_count += 1;
        }
        self.rejection_count <= MAX_REJECTIONS
    }

    /// Handles WeChat's acceptance of a token.
    pub(super) fn reset_rejections(&mut self) {
        self.rejection_count = 0;
    }

    pub(super) fn results(&self) -> &Receiver<TokenResult> {
        &self.results.1
    }

    /// Takes the result of a fetch, if there is one.
    pub(super) fn poll(&mut self) -> Result<(), access_token::Error> {
        let Ok(result) = self.results.1.try_recv() else { return Ok(()) };
        self.state = TokenState::Unknown;
        let token = result?;
        self.rejected_token = None;
        self.state = TokenState::Cached(token);
        Ok(())
    }

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
            // The run may have ended in the meantime.
            let _ = result_sender.send(result);
        });
        self.state = TokenState::Fetching;
    }
}
