//! An API host, and the errors of requests to it.

use std::sync::OnceLock;

use anyhow::Chain;
use reqwest::blocking::Client as Http;
use url::Url;

use super::connect_failure::{self, ConnectFailure, innermost_cause};
use super::{Cause, Error, ProxyInfo};

/// An API host with the HTTP client and the proxy that reach it.
#[derive(Debug)]
pub struct ApiHost {
    pub(super) url: Url,
    pub(super) http: Http,
    proxy: Option<ProxyInfo>,
    /// The status with which the proxy refuses a tunnel; requested at most once.
    connect_status: OnceLock<Option<u16>>,
}

impl ApiHost {
    pub(super) fn new(url: Url, http: Http, proxy: Option<ProxyInfo>) -> Self {
        Self { url, http, proxy, connect_status: OnceLock::new() }
    }

    /// Returns the host with its port, as users write it.
    pub fn name(&self) -> String {
        let name = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
    }

    /// Returns the HTTP status of the proxy's response to a request for a tunnel to this host.
    fn proxy_connect_status(&self) -> Option<u16> {
        *self.connect_status.get_or_init(|| self.proxy.as_ref()?.connect_status(&self.url))
    }

    /// Converts a transport error. Only a failure to connect proves that no byte was sent.
    pub(super) fn transport_error(&self, error: reqwest::Error) -> Error {
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        let error = error.without_url();
        let (mut cause, failure) = connect_failure::classify(&error).unwrap_or_else(|| self.network_failure(&error));
        if is_timeout {
            cause = Cause::TimedOut;
        }
        if let Some(proxy) = &self.proxy {
            cause = proxy.wrap_cause(cause);
        }
        let host = self.name();
        if is_connect { Error::Connect { host, cause, failure } } else { Error::NoResponse { host, cause } }
    }

    /// Returns the cause of a failure of the network or the proxy, and which of them failed.
    fn network_failure(&self, error: &reqwest::Error) -> (Cause, ConnectFailure) {
        let Some(proxy) = &self.proxy else { return (innermost_cause(error), ConnectFailure::Network) };
        // hyper's own text for this names neither the status nor the proxy.
        let no_tunnel = Chain::new(error).last().is_some_and(|cause| cause.to_string().starts_with("tunnel error"));
        let cause = match no_tunnel.then(|| self.proxy_connect_status()).flatten() {
            Some(status @ 200) => Cause::ProxyHeaderTooLong { status },
            Some(status) => Cause::ProxyStatus { status },
            None if no_tunnel => Cause::ProxyNoTunnel,
            None => innermost_cause(error),
        };
        (cause, ConnectFailure::Proxy(proxy.configured_by))
    }
}
