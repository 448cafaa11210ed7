//! Serves the platform on a port, and reports each request.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use url::{Position, Url};

use super::response::HandledRequest;
use super::scenario::Scenario;
use super::state::Platform;
use super::time::{BEIJING_OFFSET_MS, rfc3339};
use super::{origin, pages};
use crate::http_server::{HttpServer, Request, ServerHandle};
use crate::t;

/// The timeout of the second call of a callback: once to connect, once to be answered.
const SECOND_CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// The number of characters of a path that are logged.
const MAX_LOGGED_PATH_CHARS: usize = 200;

/// A running sandbox. Dropping it stops it.
pub struct Sandbox {
    listening: SandboxInfo,
    _server: ServerHandle,
}

impl Sandbox {
    /// Serves that scenario until the sandbox is dropped.
    ///
    /// Several threads call `on_request`, once for each request.
    ///
    /// With `double_callback`, the sandbox itself calls the address of an authorization once before
    /// the phone is redirected to it, and waits for the response: two calls with one code, in a
    /// known order. Only plain-http addresses of this machine are called.
    ///
    /// # Errors
    ///
    /// Fails if the system cannot start a thread or create a poll.
    pub fn start(
        scenario: Scenario,
        server: HttpServer,
        on_request: impl Fn(RequestLine) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listening = SandboxInfo {
            event: "listening",
            url: format!("http://{}", connectable_addr(server.local_addr())),
            app_id: scenario.app_id.clone(),
            app_secret: scenario.app_secret.clone(),
        };
        let local_ip = server.local_addr().ip().to_canonical();
        let platform = Arc::new(Mutex::new(Platform::new(scenario, now_ms())));
        let handle = server.start(move |request| {
            let started = Instant::now();
            let now = now_ms();
            let handled = if origin::is_allowed_request(&request, local_ip) {
                platform.lock().unwrap_or_else(PoisonError::into_inner).handle_logged(&request, now)
            } else {
                HandledRequest::from_reply(pages::forbidden_host(&request))
            };
            // The lock is released by now: the called server may send requests to the platform.
            if let Some(url) = &handled.second_callback {
                call_callback_again(url);
            }
            if !handled.unlogged {
                on_request(RequestLine::new(&request, &handled, now, started.elapsed()));
            }
            handled.reply
        })?;
        Ok(Self { listening, _server: handle })
    }

    /// Returns the address of the sandbox and the credentials of its account.
    pub fn listening(&self) -> &SandboxInfo {
        &self.listening
    }
}

/// The address of a sandbox and the credentials of its account, which are valid only there.
#[derive(Clone, Debug, Serialize)]
pub struct SandboxInfo {
    /// Always `listening`.
    pub event: &'static str,
    /// The base URL, without a trailing slash.
    pub url: String,
    /// The appid of the account.
    pub app_id: String,
    /// The secret of the account.
    pub app_secret: String,
}

impl fmt::Display for SandboxInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = t!("sandbox-listening", url = self.url, app_id = self.app_id, app_secret = self.app_secret);
        f.write_str(&text)
    }
}

/// The log entry of a request.
///
/// It contains no queries and no bodies, and therefore no secret, token or code.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLine {
    /// RFC 3339, UTC, by the clock of the machine.
    pub time: String,
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The result of an API call or an authorization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// The openid of the person that the request was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether the sandbox has no such call or page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// The fault that the fault plan applied, such as `reset after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The time to produce the response in milliseconds, without the delay of a fault.
    pub ms: u64,
}

impl RequestLine {
    fn new(request: &Request, handled: &HandledRequest, now_ms: i64, elapsed: Duration) -> Self {
        Self {
            time: rfc3339(now_ms),
            method: request.method.clone(),
            path: request.path.chars().take(MAX_LOGGED_PATH_CHARS).collect(),
            errcode: handled.errcode,
            to: handled.openid.clone(),
            unknown: handled.unknown_path,
            fault: handled.fault.clone(),
            ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<4} {}", to_beijing_time(&self.time), self.method, self.path)?;
        if let Some(errcode) = self.errcode {
            write!(f, "  {errcode}")?;
        }
        if let Some(to) = &self.to {
            write!(f, "  {to}")?;
        }
        if self.unknown {
            write!(f, "  {}", t!("sandbox-line-unknown"))?;
        }
        if let Some(fault) = &self.fault {
            write!(f, "  {}", t!("sandbox-line-fault", fault = fault))?;
        }
        write!(f, "  {} ms", self.ms)
    }
}

/// Converts a time in RFC 3339 from UTC to Beijing time, which WeChat and the sandbox's pages use.
fn to_beijing_time(utc: &str) -> String {
    let Ok(time) = humantime::parse_rfc3339(utc) else { return utc.to_owned() };
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    rfc3339(at_ms.saturating_add(BEIJING_OFFSET_MS)).replace('Z', "+08:00")
}

/// Replaces the unspecified address with the loopback address, so that a client can connect to it.
fn connectable_addr(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Calls the address and ignores the result: the phone is redirected in any case.
fn call_callback_again(url: &Url) {
    let _ = send_request(url);
}

fn send_request(url: &Url) -> io::Result<()> {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() != "http" {
        return Ok(());
    }
    let target = (host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(80));
    let Some(addr) = target.to_socket_addrs()?.find(|addr| addr.ip().is_loopback()) else { return Ok(()) };
    let mut stream = TcpStream::connect_timeout(&addr, SECOND_CALL_TIMEOUT)?;
    stream.set_read_timeout(Some(SECOND_CALL_TIMEOUT))?;
    stream.set_write_timeout(Some(SECOND_CALL_TIMEOUT))?;
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: MicroMessenger\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        &url[Position::BeforePath..Position::AfterQuery],
        &url[Position::BeforeHost..Position::AfterPort],
    );
    stream.write_all(head.as_bytes())?;
    let deadline = Instant::now() + SECOND_CALL_TIMEOUT;
    let mut buffer = [0; 4096];
    // A response may never end, and arrive a few bytes at a time.
    while stream.read(&mut buffer)? > 0 && Instant::now() < deadline {}
    Ok(())
}
