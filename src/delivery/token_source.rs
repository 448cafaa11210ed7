//! The access token of a run: read from the database if it is cached there, otherwise fetched by
//! the driver, so that Ctrl-C does not wait for WeChat.

use crate::access_token;
use crate::access_token::Account;
use crate::clock::Timestamp;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{CachedToken, Store};

/// The result of a token fetch.
pub type TokenResult = Result<CachedToken, access_token::Error>;

/// The number of new tokens that WeChat may refuse in a row before the account counts as refused.
const MAX_REFUSALS: u32 = 3;

/// The token and whether another one is needed.
pub(super) struct TokenSource {
    account: Account,
    state: TokenState,
    /// The token that WeChat refused: the next one must differ.
    refused_token: Option<Secret>,
    refusal_count: u32,
}

enum TokenState {
    Unknown,
    Cached(CachedToken),
    Fetching,
}

/// The status of the token.
pub(super) enum TokenStatus {
    Ready(CachedToken),
    /// It is being fetched.
    Pending,
    /// It must be fetched now; it must not be `refused`.
    Needed {
        refused: Option<Secret>,
    },
}

impl TokenSource {
    pub(super) fn new(account: Account) -> Self {
        Self { account, state: TokenState::Unknown, refused_token: None, refusal_count: 0 }
    }

    /// Returns the token, or the action that is needed to get it.
    pub(super) fn token(&mut self, store: &Store, now: Timestamp) -> Result<TokenStatus, access_token::Error> {
        if matches!(self.state, TokenState::Unknown) {
            let cached =
                if self.refused_token.is_none() { access_token::cached(store, &self.account, now)? } else { None };
            let Some(token) = cached else {
                self.state = TokenState::Fetching;
                return Ok(TokenStatus::Needed { refused: self.refused_token.clone() });
            };
            self.state = TokenState::Cached(token);
        }
        Ok(match &self.state {
            TokenState::Cached(token) => TokenStatus::Ready(token.clone()),
            TokenState::Unknown | TokenState::Fetching => TokenStatus::Pending,
        })
    }

    /// Handles WeChat's refusal of a token. Returns whether a new one should be fetched.
    pub(super) fn record_refusal(&mut self, token: &Secret) -> bool {
        // Many requests may have used it: only the first refusal counts.
        if matches!(&self.state, TokenState::Cached(cached) if cached.token.expose_secret() == token.expose_secret()) {
            self.state = TokenState::Unknown;
            self.refused_token = Some(token.clone());
            self.refusal_count += 1;
        }
        self.refusal_count <= MAX_REFUSALS
    }

    /// Handles WeChat's acceptance of a token.
    pub(super) fn reset_refusals(&mut self) {
        self.refusal_count = 0;
    }

    /// Takes the result of a fetch.
    pub(super) fn on_result(&mut self, result: TokenResult) -> Result<(), access_token::Error> {
        self.state = TokenState::Unknown;
        let token = result?;
        self.refused_token = None;
        self.state = TokenState::Cached(token);
        Ok(())
    }

    pub(super) fn has_token(&self) -> bool {
        matches!(self.state, TokenState::Cached(_))
    }
}
