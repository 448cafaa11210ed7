//! The platform behind a port: a door, a lock, a line for each request.

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
use super::time::rfc3339;
use super::{origin, pages};
use crate::http_server::{HttpServer, Request, ServerHandle};
use crate::t;

/// How long the second call of a callback may take, each to connect and to be answered.
const SECOND_CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// Characters of a path that are logged.
const MAX_LOGGED_PATH_CHARS: usize = 200;

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    listening: Listening,
    _server: ServerHandle,
}

impl Sandbox {
    /// Serves that world at the door until it is dropped; `on_request` hears of each request, from several
    /// threads.
    ///
    /// With `double_callback`, the sandbox itself calls the address of an authorisation once before the
    /// phone is sent there, and waits for the answer: two calls with one code, in a known order. Only
    /// addresses of this machine with plain http are called.
    ///
    /// # Errors
    /// When the system gives no thread or no poll.
    pub fn start(
        world: Scenario,
        door: HttpServer,
        on_request: impl Fn(RequestLine) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listening = Listening {
            event: "listening",
            url: format!("http://{}", connectable_addr(door.local_addr())),
            app_id: world.app_id.clone(),
            app_secret: world.app_secret.clone(),
        };
        let own = door.local_addr().ip().to_canonical();
        let platform = Arc::new(Mutex::new(Platform::new(world, now_ms())));
        let running = door.start(move |request| {
            let begun = Instant::now();
            let now = now_ms();
            let handled = match origin::is_allowed_request(&request, own) {
                true => platform.lock().unwrap_or_else(PoisonError::into_inner).handle_logged(&request, now),
                false => HandledRequest::from_reply(pages::forbidden_host(&request)),
            };
            // The lock is free again: whoever is called may well ask the platform something.
            if let Some(url) = &handled.second_callback {
                call_callback_again(url);
            }
            if !handled.unlogged {
                on_request(RequestLine::new(&request, &handled, now, begun.elapsed()));
            }
            handled.reply
        })?;
        Ok(Self { listening, _server: running })
    }

    /// Where it is and whose account it plays.
    pub fn listening(&self) -> &Listening {
        &self.listening
    }
}

/// Where a sandbox is, and the credentials of its account, which are good for nothing else.
#[derive(Clone, Debug, Serialize)]
pub struct Listening {
    /// Always `listening`.
    pub event: &'static str,
    /// The base of every address, without a slash at the end.
    pub url: String,
    /// The account's appid.
    pub app_id: String,
    /// The account's secret.
    pub app_secret: String,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = t!("sandbox-listening", url = self.url, app_id = self.app_id, app_secret = self.app_secret);
        f.write_str(&text)
    }
}

/// What there is to say about a request. Queries and bodies are not part of it, so no secret, token or
/// code is.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLine {
    /// RFC 3339, UTC, by the clock of the machine.
    pub time: String,
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// What an API call or an authorisation came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// The openid that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The sandbox has no such call or page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// What the fault plan made of it, such as `reset after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// How long the answer took to be made, in milliseconds; a fault that delays it does not count.
    pub ms: u64,
}

impl RequestLine {
    fn new(request: &Request, handled: &HandledRequest, now_ms: i64, took: Duration) -> Self {
        Self {
            time: rfc3339(now_ms),
            method: request.method.clone(),
            path: request.path.chars().take(MAX_LOGGED_PATH_CHARS).collect(),
            errcode: handled.errcode,
            to: handled.openid.clone(),
            unknown: handled.unknown_path,
            fault: handled.fault.clone(),
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<4} {}", to_china_time(&self.time), self.method, self.path)?;
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

/// A time in RFC 3339, UTC, as it is in China, which is how WeChat and the sandbox's pages count.
fn to_china_time(utc: &str) -> String {
    let Ok(time) = humantime::parse_rfc3339(utc) else { return utc.to_owned() };
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    rfc3339(at_ms.saturating_add(8 * 3_600_000)).replace('Z', "+08:00")
}

/// An address that can be connected to, for one that listens everywhere.
fn connectable_addr(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Whatever comes of it, the phone goes on: this is a call that nobody looks at.
fn call_callback_again(url: &Url) {
    let _ = send_request(url);
}

fn send_request(url: &Url) -> io::Result<()> {
    let host = url.host_str().unwrap_or_default();
    if url.scheme() != "http" {
        return Ok(());
    }
    let place = (host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(80));
    let Some(addr) = place.to_socket_addrs()?.find(|addr| addr.ip().is_loopback()) else { return Ok(()) };
    let mut stream = TcpStream::connect_timeout(&addr, SECOND_CALL_TIMEOUT)?;
    stream.set_read_timeout(Some(SECOND_CALL_TIMEOUT))?;
    stream.set_write_timeout(Some(SECOND_CALL_TIMEOUT))?;
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: MicroMessenger\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        &url[Position::BeforePath..Position::AfterQuery],
        &url[Position::BeforeHost..Position::AfterPort],
    );
    stream.write_all(head.as_bytes())?;
    let (end, mut part) = (Instant::now() + SECOND_CALL_TIMEOUT, [0; 4096]);
    // An answer may go on for ever, a few bytes at a time.
    while stream.read(&mut part)? > 0 && Instant::now() < end {}
    Ok(())
}
