//! The front door: what stands between the Internet and the handlers of the listener and the sandbox.
//!
//! Connections are accepted, read and checked here, within limits on their number, their bytes and the
//! time until a request is complete; a handler only ever sees whole, bounded requests. There is one way
//! to answer: a [`Reply`].

use std::borrow::Cow;
use std::net::SocketAddr;

/// A complete request.
#[derive(Clone, Debug)]
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
