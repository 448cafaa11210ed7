//! The access tokens and their validity.
//!
//! Each of the two endpoints has a pool of its own and never invalidates the tokens of the other.
//! All times are Unix milliseconds.

use serde_json::{Value, json};

use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::{ids, time};

const LIFETIME_MS: i64 = 7_200_000;
const OVERLAP_MS: i64 = 300_000;
const FORCE_COOLDOWN_MS: i64 = 30_000;
const MAX_FORCED_PER_DAY: u32 = 20;

#[derive(Debug)]
struct Token {
    text: String,
    expires_ms: i64,
    /// The time from which a newer token permanently replaces this one.
    superseded_ms: i64,
}

impl Token {
    fn issue(now_ms: i64) -> Self {
        Self { text: ids::token(), expires_ms: now_ms + LIFETIME_MS, superseded_ms: i64::MAX }
    }

    fn check(&self, now_ms: i64) -> Result<(), ApiError> {
        if now_ms >= self.superseded_ms {
            Err(api_error(40001))
        } else if now_ms >= self.expires_ms {
            Err(api_error(42001))
        } else {
            Ok(())
        }
    }
}

/// The current token and the one before it.
#[derive(Debug, Default)]
struct TokenPool {
    current: Option<Token>,
    previous: Option<Token>,
}

impl TokenPool {
    /// Issues a new token. The old one works until `old_until_ms`, or until it expires.
    fn replace(&mut self, now_ms: i64, old_until_ms: i64) -> &Token {
        if let Some(mut old) = self.current.take() {
            old.superseded_ms = old_until_ms;
            self.previous = Some(old);
        }
        self.current.insert(Token::issue(now_ms))
    }

    fn find(&self, text: &str) -> Option<&Token> {
        [&self.current, &self.previous].into_iter().flatten().find(|token| token.text == text)
    }
}

/// The pools of both endpoints.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Tokens {
    classic: TokenPool,
    stable: TokenPool,
    forced_ms: Option<i64>,
    forced_day: (i64, u32),
}

impl Tokens {
    /// Checks that `text` is a valid access token at `now_ms`.
    pub(in crate::sandbox) fn check(&self, text: &str, now_ms: i64) -> Result<(), ApiError> {
        if text.is_empty() {
            return Err(api_error(41001));
        }
        match self.classic.find(text).or_else(|| self.stable.find(text)) {
            Some(token) => token.check(now_ms),
            None => Err(api_error(40001)),
        }
    }

    /// Invalidates every token issued so far, as if another program had requested new ones.
    pub(in crate::sandbox) fn revoke(&mut self) {
        self.classic = TokenPool::default();
        self.stable = TokenPool::default();
    }

    pub(in crate::sandbox) fn issue_classic(&mut self, now_ms: i64) -> Value {
        token_response(self.classic.replace(now_ms, now_ms + OVERLAP_MS), now_ms)
    }

    pub(in crate::sandbox) fn get_stable(&mut self, now_ms: i64) -> Value {
        match &self.stable.current {
            Some(token) if token.expires_ms - now_ms >= OVERLAP_MS => token_response(token, now_ms),
            // The old token stays valid until it expires.
            _ => token_response(self.stable.replace(now_ms, i64::MAX), now_ms),
        }
    }

    pub(in crate::sandbox) fn force_refresh(&mut self, now_ms: i64) -> ApiResult {
        if self.forced_ms.is_some_and(|last| now_ms - last < FORCE_COOLDOWN_MS) {
            return Ok(self.get_stable(now_ms));
        }
        let today = time::beijing_day(now_ms);
        let (day, used) = self.forced_day;
        let used = if day == today { used } else { 0 };
        if used >= MAX_FORCED_PER_DAY {
            return Err(api_error(45009));
        }
        self.forced_day = (today, used + 1);
        self.forced_ms = Some(now_ms);
        if let Some(previous) = &mut self.stable.previous {
            previous.superseded_ms = now_ms;
        }
        let token = self.stable.replace(now_ms, now_ms);
        Ok(token_response(token, now_ms))
    }
}

fn token_response(token: &Token, now_ms: i64) -> Value {
    json!({"access_token": token.text, "expires_in": (token.expires_ms - now_ms) / 1000})
}
