//! Pushes: requests that WeChat makes to the account's server to report events and to pass on
//! messages from users. This module checks their signatures, decrypts and parses them, and has no
//! effects.
//!
//! Page: doc/oplatform/developers/dev/push/encryption.

mod cipher;
mod error;
mod event;
mod xml;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

pub use cipher::{AES_KEY_CHARS, AesKey};
pub use error::PushError;
pub use event::{PushEvent, PushMessage, PushReceipt, ReceiptStatus};

use crate::clock::Timestamp;
use crate::secret::{ExposeSecret as _, Secret};

/// The largest body of a push, in bytes.
pub const MAX_PUSH_BYTES: usize = 64 << 10;

/// The maximum difference between the time of a plain push and the clock, in seconds. The body is
/// not signed, so the signature of one push would otherwise fit any other body forever.
const MAX_PLAIN_AGE_SECONDS: i64 = 600;

/// The longest `timestamp` and `nonce` that are accepted. The signature does not cover where one
/// ends and the other begins.
const MAX_PARAMETER_CHARS: usize = 64;

/// The parameter that marks a request by which `doctor` checks an address.
pub const OWN_CHECK_PARAMETER: &str = "wxbox_doctor";

/// The push settings in WeChat's console.
pub struct PushSettings {
    /// The AppID, which ends each encrypted push.
    pub app_id: String,
    /// The token of the signatures.
    pub token: Secret,
    /// The keys, the current one first; without a key, pushes are plain.
    pub aes_keys: Vec<AesKey>,
}

/// The parameters of a push's URL.
#[derive(Clone, Debug, Default)]
pub struct PushQuery {
    signature: String,
    timestamp: String,
    nonce: String,
    msg_signature: String,
    echostr: Option<String>,
    is_own_check: bool,
}

impl PushQuery {
    /// Returns whether there is a signature, right or wrong, as in each of WeChat's requests.
    pub fn is_signed(&self) -> bool {
        !self.signature.is_empty()
    }

    /// Returns whether the request is a check by wxbox itself, which says nothing about WeChat.
    pub fn is_own_check(&self) -> bool {
        self.is_own_check
    }

    /// Returns the `timestamp` and the `nonce`, which the response repeats.
    pub fn timestamp_and_nonce(&self) -> (&str, &str) {
        (&self.timestamp, &self.nonce)
    }

    /// Parses a query string. Of a repeated parameter, the first value counts.
    pub fn parse(query: &str) -> Self {
        let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Self {
            signature: find("signature").unwrap_or_default(),
            timestamp: find("timestamp").unwrap_or_default(),
            nonce: find("nonce").unwrap_or_default(),
            msg_signature: find("msg_signature").unwrap_or_default(),
            echostr: find("echostr"),
            is_own_check: find(OWN_CHECK_PARAMETER).is_some(),
        }
    }
}

impl PushSettings {
    /// Checks the request by which WeChat verifies the URL of the server. Returns `echostr`, which
    /// is the response.
    ///
    /// # Errors
    ///
    /// [`PushError::WrongSignature`], [`PushError::Malformed`].
    pub fn verify_url<'q>(&self, query: &'q PushQuery) -> Result<&'q str, PushError> {
        self.check_signature(query)?;
        query.echostr.as_deref().ok_or(PushError::Malformed)
    }

    /// Returns the query of a request by which WeChat verifies the URL of the server, for a check
    /// by wxbox itself. `timestamp` is in seconds; `nonce` has letters and digits only.
    pub fn url_check_query(&self, timestamp: i64, nonce: &str, echostr: &str) -> String {
        let timestamp = timestamp.to_string();
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("signature", &self.signature_of(&[&timestamp, nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", nonce)
            .append_pair("echostr", echostr)
            .append_pair(OWN_CHECK_PARAMETER, "1")
            .finish()
    }

    /// Checks, decrypts and parses a push.
    ///
    /// # Errors
    ///
    /// Any [`PushError`].
    pub fn open(&self, query: &PushQuery, body: &[u8], now: Timestamp) -> Result<PushMessage, PushError> {
        self.check_signature(query)?;
        let outer = parse_body(body)?;
        let encrypted = outer.get("Encrypt").and_then(Value::as_str);
        let is_encrypted = !self.aes_keys.is_empty();
        let fields = match (encrypted, is_encrypted) {
            (Some(encrypted), true) => {
                let expected = self.signature_of(&[&query.timestamp, &query.nonce, encrypted]);
                check_digest(&expected, &query.msg_signature)?;
                self.decrypt(encrypted)?
            }
            (None, true) => return Err(PushError::NotEncrypted),
            (Some(_), false) if !outer.contains_key("MsgType") => return Err(PushError::Encrypted),
            (_, false) => {
                let sent_at: i64 = query.timestamp.parse().map_err(|_| PushError::Malformed)?;
                if (now.0 / 1000).abs_diff(sent_at) > MAX_PLAIN_AGE_SECONDS.unsigned_abs() {
                    return Err(PushError::Stale);
                }
                outer
            }
        };
        PushMessage::from_fields(fields, is_encrypted).ok_or(PushError::Malformed)
    }

    /// Parses a push without checking a signature, because the caller vouches for it. An encrypted
    /// one is decrypted, and must be for this account.
    ///
    /// # Errors
    ///
    /// [`PushError::TooLarge`], [`PushError::Malformed`], [`PushError::Encrypted`],
    /// [`PushError::OtherAccount`], [`PushError::Undecryptable`].
    pub fn open_trusted(&self, body: &[u8]) -> Result<PushMessage, PushError> {
        let outer = parse_body(body)?;
        let (fields, is_encrypted) = match outer.get("Encrypt").and_then(Value::as_str) {
            Some(encrypted) if !self.aes_keys.is_empty() => (self.decrypt(encrypted)?, true),
            Some(_) if !outer.contains_key("MsgType") => return Err(PushError::Encrypted),
            _ => (outer, false),
        };
        PushMessage::from_fields(fields, is_encrypted).ok_or(PushError::Malformed)
    }

    /// Encrypts the XML of a reply with the current key, as the response to an encrypted push.
    /// Without a key, returns the XML unchanged. `random` must be new for each reply.
    pub fn seal_reply(&self, xml: &str, timestamp: &str, nonce: &str, random: [u8; 16]) -> String {
        let Some(key) = self.aes_keys.first() else { return xml.to_owned() };
        let encrypted = key.encrypt(xml, &self.app_id, random);
        let signature = self.signature_of(&[timestamp, nonce, &encrypted]);
        format!(
            "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )
    }

    fn decrypt(&self, encrypted: &str) -> Result<Map<String, Value>, PushError> {
        let mut result = Err(PushError::Undecryptable);
        for key in &self.aes_keys {
            result = key.decrypt(encrypted, &self.app_id);
            if result.is_ok() {
                break;
            }
        }
        parse_body(&result?)
    }

    /// Checks the signature that every request of WeChat has.
    fn check_signature(&self, query: &PushQuery) -> Result<(), PushError> {
        let has_form =
            |text: &str| text.len() <= MAX_PARAMETER_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !has_form(&query.timestamp) || !has_form(&query.nonce) {
            return Err(PushError::WrongSignature);
        }
        check_digest(&self.signature_of(&[&query.timestamp, &query.nonce]), &query.signature)
    }

    /// Returns the SHA-1 of the token and these parts, sorted, in hex digits.
    fn signature_of(&self, parts: &[&str]) -> String {
        let mut parts = [parts, &[self.token.expose_secret()]].concat();
        parts.sort_unstable();
        hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes()))
    }
}

fn check_digest(expected: &str, found: &str) -> Result<(), PushError> {
    let is_equal: bool = expected.as_bytes().ct_eq(found.as_bytes()).into();
    if is_equal { Ok(()) } else { Err(PushError::WrongSignature) }
}

fn parse_body(body: &[u8]) -> Result<Map<String, Value>, PushError> {
    if body.len() > MAX_PUSH_BYTES {
        return Err(PushError::TooLarge);
    }
    std::str::from_utf8(body).ok().and_then(xml::parse).ok_or(PushError::Malformed)
}

#[cfg(test)]
mod tests;
