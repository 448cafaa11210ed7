//! A push that is ready to be sent.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::cipher::sign;
use super::event::{PushEvent, PushHeader};
use super::settings::{PushMode, PushSettings};
use super::xml::XmlWriter;
use crate::sandbox::faults::PushFault;
use crate::sandbox::ids;

/// A push, with the settings at the time of its event.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct QueuedPush {
    pub(in crate::sandbox) settings: Arc<PushSettings>,
    pub(in crate::sandbox) app_id: String,
    pub(in crate::sandbox) original_id: String,
    /// The name of the event, or the type of the message.
    pub(in crate::sandbox) name: &'static str,
    /// The person that the push is about.
    pub(in crate::sandbox) openid: String,
    /// The openid in `FromUserName`.
    sender: String,
    /// The elements of the message.
    elements: String,
    /// Whether the person waits for a reply, and is notified if none comes.
    pub(in crate::sandbox) expects_reply: bool,
    /// The time between the event and the first attempt.
    pub(in crate::sandbox) delay: Duration,
    /// The time between the beginnings of two attempts.
    pub(in crate::sandbox) retry_after: Duration,
    pub(in crate::sandbox) fault: Option<PushFault>,
    /// The faults, as the log shows them.
    pub(in crate::sandbox) fault_text: Option<String>,
}

/// The HTTP request of a push.
#[derive(Debug)]
pub(in crate::sandbox) struct PushRequest {
    pub(in crate::sandbox) url: Url,
    pub(in crate::sandbox) body: String,
}

impl QueuedPush {
    /// Creates a push without a fault or a delay.
    pub(in crate::sandbox) fn new(settings: Arc<PushSettings>, event: &PushEvent, header: PushHeader<'_>) -> Self {
        Self {
            settings,
            app_id: header.app_id.to_owned(),
            original_id: header.original_id.to_owned(),
            name: event.name(),
            openid: header.openid.to_owned(),
            sender: event.sender(header).to_owned(),
            elements: event.to_xml(header),
            expects_reply: event.expects_reply(),
            delay: Duration::ZERO,
            retry_after: Duration::ZERO,
            fault: None,
            fault_text: None,
        }
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
        let mut plain = XmlWriter::default();
        plain.raw(&self.elements);
        let Some(key) = self.settings.encryption_key() else {
            let url = self.settings.signed_url(now_s, nonce, &[("openid", &self.sender)]);
            return PushRequest { url, body: plain.document() };
        };
        let encrypted = key.encrypt(random, &plain.document(), &self.app_id);
        let signature = sign(&[&self.settings.token, &now_s.to_string(), nonce, &encrypted]);
        let params = [("openid", self.sender.as_str()), ("encrypt_type", "aes"), ("msg_signature", &signature)];
        let mut body = XmlWriter::default();
        match self.settings.mode {
            PushMode::Compatible => body.raw(&self.elements),
            PushMode::Plain | PushMode::Safe => body.text("ToUserName", &self.original_id),
        };
        let body = body.text("Encrypt", &encrypted).document();
        PushRequest { url: self.settings.signed_url(now_s, nonce, &params), body }
    }
}
