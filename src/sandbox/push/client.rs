//! Sends the requests of the platform and of phones to the server of the account, which must be on
//! this machine.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client as HttpClient, RequestBuilder};
use reqwest::header::{CONTENT_TYPE, HOST, USER_AGENT};
use reqwest::redirect::Policy;
use url::{Position, Url};

use super::problem::PushProblem;
use super::queued::PushRequest;

/// The time for a complete response.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The name of the platform in its requests.
pub(super) const PLATFORM_USER_AGENT: &str = "Mozilla/4.0";
/// The number of bytes of a response that are read.
const MAX_RESPONSE_BYTES: u64 = 64 << 10;

/// A response of the account's server.
#[derive(Debug)]
pub(super) struct PushResponse {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// The HTTP client of the platform.
#[derive(Debug, Default)]
pub(super) struct PushClient(OnceLock<Option<HttpClient>>);

impl PushClient {
    /// Sends a GET request as this program.
    pub(super) fn get(&self, url: &Url, user_agent: &str) -> Result<PushResponse, PushProblem> {
        self.send(url, |client, url| client.get(url).header(USER_AGENT, user_agent))
    }

    /// Sends a push.
    pub(super) fn post(&self, request: PushRequest) -> Result<PushResponse, PushProblem> {
        self.send(&request.url, |client, url| {
            let request_builder = client.post(url).header(USER_AGENT, PLATFORM_USER_AGENT);
            request_builder.header(CONTENT_TYPE, "text/xml").body(request.body)
        })
    }

    fn send(
        &self,
        url: &Url,
        prepare: impl FnOnce(&HttpClient, Url) -> RequestBuilder,
    ) -> Result<PushResponse, PushProblem> {
        let begun = Instant::now();
        let target = local_target(url)?;
        let client = self.0.get_or_init(build_client).as_ref().ok_or(PushProblem::NoConnection)?;
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let request = prepare(client, target).header(HOST, host);
        let response = request.send().map_err(|error| {
            if error.is_timeout() {
                PushProblem::Timeout
            } else if error.is_connect() {
                PushProblem::NoConnection
            } else {
                PushProblem::NoResponse
            }
        })?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        response.take(MAX_RESPONSE_BYTES).read_to_end(&mut body).map_err(|error| {
            let is_late = error.kind() == ErrorKind::TimedOut || begun.elapsed() >= TIMEOUT;
            if is_late { PushProblem::Timeout } else { PushProblem::NoResponse }
        })?;
        Ok(PushResponse { status, body })
    }
}

/// Returns the URL with the loopback address that its host stands for.
fn local_target(url: &Url) -> Result<Url, PushProblem> {
    let addrs = url.socket_addrs(|| None).map_err(|_| PushProblem::NoConnection)?;
    let addr = addrs.into_iter().find(|addr| addr.ip().to_canonical().is_loopback()).ok_or(PushProblem::NotLocal)?;
    let mut target = url.clone();
    // Neither fails: an http address has a host.
    let _ = target.set_ip_host(addr.ip());
    let _ = target.set_port(Some(addr.port()));
    Ok(target)
}

/// Creates a client that opens a connection for each request and follows no redirect.
fn build_client() -> Option<HttpClient> {
    // Only http is used, but the client needs a TLS configuration.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    HttpClient::builder()
        .tls_backend_preconfigured(tls)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(0)
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .ok()
}
