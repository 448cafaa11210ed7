//! The front door: what stands between the Internet and the handlers of the listener and the sandbox.
//!
//! Connections are accepted, read and checked here, within limits on their number, their bytes and the
//! time until a request is complete; a handler only ever sees whole, bounded requests. There is one way
//! to answer: a [`Reply`].
//!
//! One thread owns every socket (`serve`), so a thousand idle connections cost a thousand small records
//! and no thread. What the bytes of one connection mean is in `wire`, which knows no socket; `stream` has
//! the bytes, out of TLS where the door speaks it; `link` joins the two. Handlers run on a few threads of
//! their own (`door`).
//!
//! tiny_http writes the replies. Its server is not used: it takes no connection that somebody else
//! accepted, and by itself it limits neither the length of a line, nor the time, nor the threads.

mod budget;
mod chunked;
mod connection;
mod event_loop;
mod eviction;
mod framing;
mod http1;
mod refusal;
mod response;
mod server;
mod stream;
mod tls;

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use budget::MemoryBudget;
pub use http1::{ConnectionState, Http1Connection};
pub use refusal::{RefusalReason, Refusals};
pub use response::{HttpResponse, ResponseMode};
pub use server::{HttpServer, ServerHandle};
pub use tls::{ServerTls, TlsConfigError};

/// What a door bears before it says no.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections. The door takes fewer where the process may open few files: half of them, and always leaves
    /// it some.
    pub max_connections: usize,
    /// Bytes of a request line and its headers.
    pub head_bytes: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Bytes of all bodies at a time that are longer than a head may be; a further one is refused (503).
    pub body_budget: MemoryBudget,
    /// From the accepted connection, or from the first byte on a kept-alive one, until the request is complete; the
    /// handshake of TLS is within it.
    pub head_timeout: Duration,
    /// How long a kept-alive connection may be silent, and [`Manner::Never`] holds one; zero: every reply closes its
    /// connection.
    pub idle_timeout: Duration,
    /// From the reply until the client has taken all of it.
    pub write_timeout: Duration,
    /// Threads that call the handler.
    pub workers: usize,
}

/// What nginx passes on by default, four times 8 KiB, and what a proxy adds.
const MAX_HEAD_BYTES: usize = 40 << 10;

impl Limits {
    /// For the OAuth callback, open to everybody: small requests, one a connection.
    pub fn callback() -> Self {
        Limits {
            max_connections: 512,
            head_bytes: MAX_HEAD_BYTES,
            body_bytes: 4 << 10,
            body_budget: MemoryBudget::new(0),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::ZERO,
            write_timeout: Duration::from_secs(10),
            workers: 4,
        }
    }

    /// For the sandbox on the own machine: uploads, and connections that stay.
    pub fn sandbox() -> Self {
        Limits {
            max_connections: 512,
            head_bytes: MAX_HEAD_BYTES,
            body_bytes: 16 << 20,
            body_budget: MemoryBudget::new(256 << 20),
            head_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(30),
            workers: 4,
        }
    }
}

/// A complete request.
#[derive(Clone)]
pub struct Request {
    /// The method in capitals, as it came: `GET`.
    pub method: String,
    /// The path, still percent-encoded, without the query: `/callback/`.
    pub path: String,
    /// What stood behind the first `?`, still percent-encoded; empty without one.
    pub query: String,
    /// Header names in lower case, with their values; a value that is not UTF-8 is left out.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
    /// Who is at the other end of the connection (a reverse proxy, where there is one).
    pub peer: SocketAddr,
}

impl Request {
    /// The first value of the header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the query parameter `name`, percent-decoded.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for Request {
    /// Method and path only: queries, headers and bodies carry codes and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}
