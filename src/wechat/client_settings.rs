//! The settings that a [`Client`](super::Client) is created with.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::secret::Secret;

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The API hosts in the order in which they are tried.
    pub api_base: Vec<Url>,
    /// The timeout for a whole call.
    pub timeout: Duration,
    /// The URL of a proxy; it may hold credentials.
    pub proxy: Option<Secret>,
    /// A PEM file with certificate authorities to trust in addition.
    pub ca_file: Option<PathBuf>,
    /// Where the AppSecret came from, for the hint when WeChat rejects it.
    pub secret_source: Option<SecretSource>,
}

#[cfg(test)]
impl ClientSettings {
    /// Returns settings without a host, with which a client reaches nothing.
    pub(crate) fn without_host() -> Self {
        let timeout = Duration::from_secs(1);
        Self { api_base: Vec::new(), timeout, proxy: None, ca_file: None, secret_source: None }
    }
}

/// Where an AppSecret came from.
#[derive(Clone, Debug)]
pub struct SecretSource {
    /// A file with its line, or a variable.
    pub place: String,
    /// Whether the value has the form of an AppSecret.
    pub is_well_formed: bool,
}
