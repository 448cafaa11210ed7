//! Serves the platform on a port, and reports each request.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::push::delivery::PushDelivery;
use super::push::line::PushLine;
use super::response::HandledRequest;
use super::scenario::Scenario;
use super::state::Platform;
use super::time::{machine_now_ms, rfc3339, to_beijing_time};
use super::{origin, pages};
use crate::http_server::{HttpServer, Request, ServerHandle};
use crate::t;

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
    /// Several threads call `on_line`, once for each request and each attempt to push.
    ///
    /// With `double_callback`, the sandbox itself calls the address of an authorization once before
    /// the phone is redirected to it, and waits for the response: two calls with one code, in a
    /// known order. Only plain-http addresses of this machine are called.
    ///
    /// # Errors
    ///
    /// The system cannot start a thread or create a poll.
    pub fn start(
        scenario: Scenario,
        server: HttpServer,
        on_line: impl Fn(LogLine) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listening = SandboxInfo {
            event: "listening",
            url: format!("http://{}", connectable_addr(server.local_addr())),
            app_id: scenario.app_id.clone(),
            app_secret: scenario.app_secret.clone(),
        };
        let local_ip = server.local_addr().ip().to_canonical();
        let platform = Arc::new(Mutex::new(Platform::new(scenario, machine_now_ms())));
        let on_line = Arc::new(on_line);
        let on_push = Arc::clone(&on_line);
        let delivery = PushDelivery::start(Arc::clone(&platform), move |line| on_push(LogLine::Push(line)))?;
        let handle = server.start(move |request| {
            let started = Instant::now();
            let now = machine_now_ms();
            let lock = || platform.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut handled, pushes) = if origin::is_allowed_request(&request, local_ip) {
                let mut platform = lock();
                (platform.handle_logged(&request, now), platform.pushes.take_queued())
            } else {
                (HandledRequest::from_reply(pages::forbidden_host(&request)), Vec::new())
            };
            // The lock is released by now: the called server may send requests to the platform.
            if let Some(url) = &handled.second_callback {
                delivery.call_as_phone(url);
            }
            if let Some(settings) = handled.push_settings.take() {
                match delivery.check(&settings) {
                    Ok(()) => lock().pushes.set_settings(Some(settings)),
                    Err(problem) => handled.reply = pages::push_check_failed(&request, problem),
                }
            }
            pushes.into_iter().for_each(|push| delivery.submit(push));
            if !handled.unlogged {
                on_line(LogLine::Request(RequestLine::new(&request, &handled, now, started.elapsed())));
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

/// A line of the sandbox's log.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum LogLine {
    /// A request to the sandbox.
    Request(RequestLine),
    /// An attempt of the sandbox to push.
    Push(PushLine),
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(line) => line.fmt(f),
            Self::Push(line) => line.fmt(f),
        }
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

/// Replaces the unspecified address with the loopback address, so that a client can connect to it.
fn connectable_addr(mut addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    addr
}
