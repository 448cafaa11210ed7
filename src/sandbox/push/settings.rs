//! The push settings of the account (接口配置): where the platform sends pushes, and in which form.

use std::fmt;

use url::Url;

use super::cipher::{PushKey, sign};
use crate::variant_names::variant_names;

/// The form of the pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum PushMode {
    /// 明文: the message as it is.
    Plain,
    /// 兼容: the message as it is, and encrypted.
    Compatible,
    /// 安全: only the encrypted message.
    Safe,
}

variant_names!(PushMode { Plain = "plain", Compatible = "compatible", Safe = "safe" });

/// The reason why push settings are invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum PushSettingsError {
    /// The URL is not an http address.
    Url,
    /// The token is not 3 to 32 letters and digits.
    Token,
    /// The EncodingAESKey is not 43 letters and digits.
    AesKey,
    /// There is no such mode.
    Mode,
    /// The mode encrypts, and there is no EncodingAESKey.
    MissingAesKey,
}

/// Push settings whose values have the shapes that the console accepts.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct PushSettings {
    /// An http address.
    pub(in crate::sandbox) url: Url,
    pub(in crate::sandbox) token: String,
    /// The EncodingAESKey as entered; empty if there is none.
    pub(in crate::sandbox) aes_key: String,
    pub(in crate::sandbox) mode: PushMode,
    key: Option<PushKey>,
}

impl PushSettings {
    /// Checks settings as they were entered. Without a mode it is safe mode if there is a key.
    pub(in crate::sandbox) fn new(
        url: &str,
        token: &str,
        aes_key: &str,
        mode: &str,
    ) -> Result<Self, PushSettingsError> {
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let url = url.ok_or(PushSettingsError::Url)?;
        if !(3..=32).contains(&token.len()) || !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(PushSettingsError::Token);
        }
        let key = match aes_key {
            "" => None,
            text => Some(PushKey::parse(text).ok_or(PushSettingsError::AesKey)?),
        };
        let mode = match mode {
            "" if key.is_some() => PushMode::Safe,
            "" => PushMode::Plain,
            name => PushMode::from_name(name).ok_or(PushSettingsError::Mode)?,
        };
        if mode != PushMode::Plain && key.is_none() {
            return Err(PushSettingsError::MissingAesKey);
        }
        Ok(Self { url, token: token.to_owned(), aes_key: aes_key.to_owned(), mode, key })
    }

    /// Returns the key if the mode encrypts.
    pub(in crate::sandbox) fn encryption_key(&self) -> Option<&PushKey> {
        self.key.as_ref().filter(|_| self.mode != PushMode::Plain)
    }

    /// Returns the address of a request, with a signature and these further parameters.
    pub(in crate::sandbox) fn signed_url(&self, timestamp: i64, nonce: &str, params: &[(&str, &str)]) -> Url {
        let timestamp = timestamp.to_string();
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("signature", &sign(&[&self.token, &timestamp, nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", nonce)
            .extend_pairs(params);
        url
    }
}

impl fmt::Debug for PushSettings {
    /// Shows neither the token nor the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSettings").field("mode", &self.mode).finish_non_exhaustive()
    }
}
