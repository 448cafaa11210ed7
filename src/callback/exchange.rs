//! The exchange of an OAuth code for a WeChat identity.

use crate::secret::Secret;

/// The WeChat identity that a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthIdentity {
    /// The ID of the person for this account.
    pub openid: String,
    /// The name in WeChat, if the scope includes it.
    pub nickname: Option<String>,
    /// Whether this is the virtual user of a snapshot page, who can never receive a message.
    pub snapshot: bool,
}

/// Why a code could not be exchanged.
#[derive(Debug)]
pub enum ExchangeError {
    /// WeChat refused the code (40029, 40163, 42003, 41008, …). The binding stays pending.
    Code {
        /// The errcode of the response.
        errcode: i64,
    },
    /// WeChat was unreachable or its response invalid. The page asks to reload; the binding stays
    /// pending.
    Unreachable(anyhow::Error),
    /// WeChat refused the account. Another code would not help, so the binding fails with this
    /// error.
    Account(anyhow::Error),
}

/// Exchanges codes with WeChat.
pub trait CodeExchange: Send + Sync {
    /// Returns the identity for `code`, which WeChat accepts once. The call must time out within
    /// seconds, because a phone waits.
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError>;
}
