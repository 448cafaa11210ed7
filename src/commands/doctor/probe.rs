//! A request of the doctor to an address of this machine, as a phone or WeChat would send it.

use std::error::Error as _;
use std::io::{self, Read as _};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use reqwest::blocking::Client;
use url::{Host, Url};

use super::check::{Check, CheckName};
use crate::context::AppContext;
use crate::i18n::{error_text, io_error_text};
use crate::net;
use crate::t;
use crate::wechat::{find_tls_error, tls_config};

/// The timeout of the request.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// The maximum number of bytes that are read of a response: the page of another server may be
/// endless.
const MAX_BODY_BYTES: u64 = 64 << 10;

/// A response.
pub(super) struct ProbeResponse {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Whether the host resolves to an address of this machine.
    pub(super) is_local: bool,
}

/// Why there is no response. No error contains the query of the address.
pub(super) enum ProbeError {
    /// The host cannot be resolved.
    UnknownHost { cause: String },
    /// The TLS handshake failed.
    Tls { cause: String },
    /// There is no connection, or no response in time.
    Unreachable { cause: String, is_local: bool },
    /// The configuration allows no request; another check reports that.
    NoClient,
}

/// The fixes that are suggested for each [`ProbeError`].
pub(super) struct ProbeFixes {
    pub(super) unknown_host: String,
    pub(super) tls: String,
    /// The host is this machine.
    pub(super) unreachable_here: String,
    /// The host may be this machine, behind a router that does not lead back to it.
    pub(super) unreachable_elsewhere: String,
}

impl ProbeError {
    /// Returns the finding about `url`; `None` if another check reports it.
    pub(super) fn into_check(self, name: CheckName, url: &Url, fixes: ProbeFixes) -> Option<Check> {
        let detail = |cause: String| t!("doctor-callback-failed", uri = url.as_str(), cause = cause);
        Some(match self {
            Self::UnknownHost { cause } => {
                let detail = t!("doctor-names-failed", name = url.host_str().unwrap_or_default(), cause = cause);
                Check::failure(name, detail, fixes.unknown_host)
            }
            Self::Tls { cause } => Check::failure(name, detail(cause), fixes.tls),
            Self::Unreachable { cause, is_local: true } => Check::failure(name, detail(cause), fixes.unreachable_here),
            Self::Unreachable { cause, is_local: false } => {
                let detail = t!("doctor-callback-far", uri = url.as_str(), cause = cause);
                Check::warning(name, detail, fixes.unreachable_elsewhere)
            }
            Self::NoClient => return None,
        })
    }
}

/// Sends a GET request and follows no redirect.
pub(super) fn send(app: &AppContext, url: Url) -> Result<ProbeResponse, ProbeError> {
    let ips = resolve(&url).map_err(|error| ProbeError::UnknownHost { cause: io_error_text(&error) })?;
    let is_local = ips.iter().any(|ip| net::is_local_address(*ip));
    let client = http_client(app).map_err(|_| ProbeError::NoClient)?;
    match client.get(url).send() {
        Ok(response) => {
            let status = response.status().as_u16();
            let mut body = Vec::new();
            // The bytes that arrived before an error still tell which server responded.
            let _ = response.take(MAX_BODY_BYTES).read_to_end(&mut body);
            Ok(ProbeResponse { status, body, is_local })
        }
        Err(error) => {
            let cause = root_cause(&error);
            Err(match find_tls_error(&error).is_some() {
                true => ProbeError::Tls { cause },
                false => ProbeError::Unreachable { cause, is_local },
            })
        }
    }
}

fn resolve(url: &Url) -> io::Result<Vec<IpAddr>> {
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![ip.into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![ip.into()]),
        Some(Host::Domain(name)) => Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Builds the client. It uses no proxy, because WeChat and phones do not use it either.
fn http_client(app: &AppContext) -> anyhow::Result<Client> {
    let ca_file = app.config.network.ca_file.as_ref().map(|setting| &setting.value);
    let client = Client::builder()
        .tls_backend_preconfigured(tls_config(ca_file)?)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PROBE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT);
    Ok(client.build()?)
}

/// Returns the innermost cause, which is the most specific. The outer errors would print the URL
/// with the nonce.
fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return t!("wechat-timed-out");
    }
    let mut cause = None;
    let mut source = error.source();
    while let Some(inner) = source {
        cause = Some(error_text(inner));
        source = inner.source();
    }
    cause.unwrap_or_else(|| t!("doctor-callback-broken"))
}
