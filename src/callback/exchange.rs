//! Whom a code stands for, which WeChat is asked.

use crate::secret::Secret;

/// Whom a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthIdentity {
    /// WeChat's id of this person towards the account.
    pub openid: String,
    /// The name in WeChat, where the scope gives it.
    pub nickname: Option<String>,
    /// A virtual person of a snapshot page, who can never receive a message.
    pub snapshot: bool,
}

/// Why a code gave no person.
#[derive(Debug)]
pub enum ExchangeError {
    /// WeChat refused the code (40029, 40163, 42003, 41008, …); the wait goes on.
    Code {
        /// WeChat's number for it.
        errcode: i64,
    },
    /// WeChat was not reached or not understood: the phone is told to reload, the wait goes on.
    Unreachable(anyhow::Error),
    /// WeChat refused the account itself; no other code will do better, so the wait ends with this error.
    Account(anyhow::Error),
}

/// Asks WeChat whom a code stands for.
pub trait CodeExchange: Send + Sync {
    /// The person behind `code`, which WeChat takes once. Should give up after some seconds: a phone waits.
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError>;
}
