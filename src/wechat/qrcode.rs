//! QR codes that people scan to follow the account. Page:
//! doc/service/api/qrcode/qrcodes/api_createqrcode.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::client::Idempotency;
use super::{Client, Result};
use crate::secret::Secret;

impl Client {
    /// Creates a temporary QR code and returns the link to encode. A person who scans it in WeChat
    /// sees the account and a button to follow it.
    ///
    /// `scene` (1 to 64 characters) is the origin that `user/info` then reports. The code is valid
    /// for `lifetime` in whole seconds, at most 30 days.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 48001 and 45009, among others.
    pub fn create_follow_qr(&self, token: &Secret, scene: &str, lifetime: Duration) -> Result<String> {
        let body = json!({
            "action_name": "QR_STR_SCENE",
            // The default is 60 or 30 seconds: the pages disagree.
            "expire_seconds": lifetime.as_secs(),
            "action_info": {"scene": {"scene_str": scene}},
        })
        .to_string();
        let response = self.post_with("/cgi-bin/qrcode/create", token, body.as_bytes(), Idempotency::Safe)?;
        // The link is drawn and printed, so only a URL is accepted.
        let is_link = |link: &&str| {
            let plain = link.bytes().all(|b| b.is_ascii_graphic());
            plain && Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        };
        let link =
            response.get("url").and_then(Value::as_str).filter(is_link).ok_or_else(|| self.missing_field("url"))?;
        Ok(link.to_owned())
    }
}
