//! A push that is ready to be sent.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::cipher::sign;
use super::event::{PushEvent, PushHeader};
use super::settings::{PushMode, PushSettings};
use super::xml::XmlWriter;
use crate::sandbox::faults::{Effect, PushFault};
use crate::sandbox::ids;

/// A push, with the settings at the time of its event.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct QueuedPush {
    pub(in crate::sandbox) settings: Arc<PushSettings>,
    pub(in crate::sandbox) header: PushHeader,
    pub(in crate::sandbox) event: PushEvent,
    /// The time between the event and the first attempt.
    pub(in crate::sandbox) delay: Duration,
    /// The time between the beginnings of two attempts.
    pub(in crate::sandbox) retry_after: Duration,
    /// The faults that apply to the push, and that the log shows.
    pub(in crate::sandbox) faults: Vec<Effect>,
}

/// The HTTP request of a push.
#[derive(Debug)]
pub(in crate::sandbox) struct PushRequest {
    pub(in crate::sandbox) url: Url,
    pub(in crate::sandbox) body: String,
}

impl QueuedPush {
    /// Returns the fault in how it is sent.
    pub(in crate::sandbox) fn push_fault(&self) -> Option<PushFault> {
        self.faults.iter().find_map(|fault| if let Effect::Push(fault) = fault { Some(*fault) } else { None })
    }

    /// Returns the request of an attempt at `now_s` (Unix seconds).
    ///
    /// Each attempt has a signature of its own. Its time is that of the machine even if the
    /// sandbox's clock was set forward, since a server may reject another one.
    pub(in crate::sandbox) fn to_request(&self, now_s: i64) -> PushRequest {
        self.to_request_with(now_s, &ids::decimal_nonce(), ids::push_random())
    }

    /// Returns the request with this nonce and these bytes before the encrypted message.
    pub(in crate::sandbox) fn to_request_with(&self, now_s: i64, nonce: &str, random: [u8; 16]) -> PushRequest {
        let elements = self.event.to_xml(&self.header);
        let sender = self.event.sender(&self.header);
        let mut plain = XmlWriter::default();
        plain.raw(&elements);
        let Some(key) = self.settings.encryption_key() else {
            let url = self.settings.signed_url(now_s, nonce, &[("openid", sender)]);
            return PushRequest { url, body: plain.document() };
        };
        let encrypted = key.encrypt(random, &plain.document(), &self.header.app_id);
        let signature = sign(&[&self.settings.token, &now_s.to_string(), nonce, &encrypted]);
        let params = [("openid", sender), ("encrypt_type", "aes"), ("msg_signature", &signature)];
        let mut body = XmlWriter::default();
        match self.settings.mode {
            PushMode::Compatible => body.raw(&elements),
            PushMode::Plain | PushMode::Safe => body.text("ToUserName", &self.header.original_id),
        };
        let body = body.text("Encrypt", &encrypted).document();
        PushRequest { url: self.settings.signed_url(now_s, nonce, &params), body }
    }
}
