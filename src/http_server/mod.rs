//! An HTTP/1.1 server for untrusted clients, used by `serve`, the OAuth callback and the sandbox.
//!
//! The server accepts connections, reads requests and checks them within limits on the number of
//! connections, the bytes of a request and the time until it is complete. A handler sees complete,
//! bounded requests only, and answers each with an [`HttpResponse`].
//!
//! One thread owns all sockets (`event_loop`), so a thousand idle connections cost a thousand small
//! records and no thread. `http1` interprets the bytes of a connection without doing I/O, `stream`
//! reads and writes them, through TLS if the server has a certificate, and `connection` joins both.
//! Handlers run on a few threads of their own (`server`).
//!
//! tiny_http encodes the responses. Its server is not used: it cannot take over an accepted
//! connection, and it limits neither the length of a line, nor the time, nor the number of threads.

mod budget;
mod chunked;
mod connection;
mod event_loop;
mod eviction;
mod framing;
mod http1;
mod rejection;
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
pub use rejection::{HttpRejection, HttpRejections};
pub use response::{HttpResponse, ResponseMode};
pub use server::{HttpServer, ServerHandle};
pub use tls::{ServerTls, TlsConfigError};

/// The limits of a server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The maximum number of open connections. The server accepts fewer if the process may open
    /// only few files: at most half of them, and never those that the rest of the process needs.
    pub max_connections: usize,
    /// The maximum size of a request line with its headers, in bytes.
    pub head_bytes: usize,
    /// The maximum size of a body, in bytes.
    pub body_bytes: usize,
    /// The memory for all bodies that are longer than `head_bytes`. A body that does not fit is
    /// rejected with status 503.
    pub body_budget: MemoryBudget,
    /// The time for a complete request, including the TLS handshake. It starts when the connection
    /// is accepted, or with the first byte of a further request.
    pub head_timeout: Duration,
    /// The time that a kept-alive connection may be idle, and that [`ResponseMode::NoResponse`]
    /// keeps a connection open. If it is zero, each response closes its connection.
    pub idle_timeout: Duration,
    /// The time for the client to receive a response.
    pub write_timeout: Duration,
    /// The number of threads that call the handler.
    pub handler_threads: usize,
}

/// nginx forwards up to 4 × 8 KiB by default; the rest is for headers that proxies add.
const MAX_HEAD_BYTES: usize = 40 << 10;

impl Limits {
    /// Returns the limits for the public OAuth callback: small requests, one per connection.
    pub fn callback() -> Self {
        Limits {
            max_connections: 512,
            head_bytes: MAX_HEAD_BYTES,
            body_bytes: 4 << 10,
            body_budget: MemoryBudget::new(0),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::ZERO,
            write_timeout: Duration::from_secs(10),
            handler_threads: 4,
        }
    }

    /// Returns the limits for `serve`: pushes of WeChat, and phones. Some of the threads wait for
    /// the database or another server.
    pub fn serve() -> Self {
        Limits {
            max_connections: 512,
            head_bytes: MAX_HEAD_BYTES,
            body_bytes: 64 << 10,
            body_budget: MemoryBudget::new(8 << 20),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(10),
            handler_threads: 32,
        }
    }

    /// Returns the limits for the local sandbox: uploads and kept-alive connections.
    pub fn sandbox() -> Self {
        Limits {
            max_connections: 512,
            head_bytes: MAX_HEAD_BYTES,
            body_bytes: 16 << 20,
            body_budget: MemoryBudget::new(256 << 20),
            head_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(30),
            handler_threads: 4,
        }
    }
}

/// A complete request.
#[derive(Clone)]
pub struct Request {
    /// The method as the client sent it, such as `GET`.
    pub method: String,
    /// The percent-encoded path without the query, such as `/callback/`.
    pub path: String,
    /// The percent-encoded text after the first `?`, or an empty string.
    pub query: String,
    /// The header names in lower case with their values. Values that are not UTF-8 are left out.
    pub headers: Vec<(String, String)>,
    /// The complete body.
    pub body: Vec<u8>,
    /// The address of the client, or of the reverse proxy in front of the server.
    pub peer: SocketAddr,
}

impl Request {
    /// Returns the first value of the header `name`, which must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the first value of the query parameter `name`, percent-decoded.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for Request {
    /// Shows the method and the path only, because the rest may hold codes and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}
