//! Passes pushes on to another server of the account's owner, because an account has only one push
//! URL.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use url::Url;

use crate::t;
use crate::wechat::{Cause, request_failure, response_failure, tls_config};

/// The largest answer that is passed back, in bytes.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// The answer of the other server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedAnswer {
    /// Its `Content-Type`.
    pub content_type: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl ForwardedAnswer {
    /// Returns whether the answer has no content for WeChat: it is empty, or `success`.
    pub fn is_empty(&self) -> bool {
        let body = self.body.trim_ascii();
        body.is_empty() || body == b"success"
    }
}

/// Why a push was not passed on, or not answered. It contains no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardError {
    /// The other server cannot be reached, or its response is late or broken.
    Failed(Cause),
    /// The other server responded with this HTTP status.
    Status(u16),
    /// The response is too long.
    TooLong,
}

impl ForwardError {
    /// Returns whether the cause is the same, without regard to times in its text.
    pub fn has_same_cause(&self, other: &Self) -> bool {
        use Cause::{CertificateExpired, CertificateNotYetValid};
        match (self, other) {
            (Self::Failed(CertificateExpired { .. }), Self::Failed(CertificateExpired { .. }))
            | (Self::Failed(CertificateNotYetValid { .. }), Self::Failed(CertificateNotYetValid { .. })) => true,
            _ => self == other,
        }
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => cause.fmt(f),
            Self::Status(status) => f.write_str(&t!("serve-forward-status", status = *status)),
            Self::TooLong => f.write_str(&t!("serve-forward-long")),
        }
    }
}

/// Passes pushes on to one address.
pub struct Forwarder {
    client: Client,
    target: Url,
}

impl Forwarder {
    /// Creates a forwarder to `target`, which also trusts the certificate authorities in `ca_file`.
    /// It follows no redirect, so that a push reaches no other server.
    ///
    /// # Errors
    /// The certificate authorities cannot be read.
    pub fn new(target: Url, ca_file: Option<&PathBuf>) -> anyhow::Result<Self> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls_config(ca_file)?)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("wxbox/", env!("CARGO_PKG_VERSION")));
        if target.scheme() == "http" {
            // A proxy cannot reach a loopback address.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(reqwest::Error::without_url)?;
        Ok(Self { client, target })
    }

    /// Passes a push on unchanged, and returns the answer.
    ///
    /// # Errors
    /// The other server cannot be reached, is too slow, or answers with an error.
    pub fn forward(
        &self,
        query: &str,
        content_type: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<ForwardedAnswer, ForwardError> {
        let mut url = self.target.clone();
        let joined = match url.query() {
            Some(own) => format!("{own}&{query}"),
            None => query.to_owned(),
        };
        url.set_query(Some(&joined));
        let request = self.client.post(url).header(CONTENT_TYPE, content_type).timeout(timeout).body(body);
        let response = request.send().map_err(|error| ForwardError::Failed(request_failure(error)))?;
        if !response.status().is_success() {
            return Err(ForwardError::Status(response.status().as_u16()));
        }
        let header = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = header.unwrap_or("text/plain; charset=utf-8").to_owned();
        let mut body = Vec::new();
        let read = response.take(MAX_ANSWER_BYTES + 1).read_to_end(&mut body);
        read.map_err(|error| ForwardError::Failed(response_failure(error)))?;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > MAX_ANSWER_BYTES {
            return Err(ForwardError::TooLong);
        }
        Ok(ForwardedAnswer { content_type, body })
    }
}
