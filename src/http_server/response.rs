//! Responses: a status, headers and a complete body. Every response also has the common headers.

use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tiny_http::{HTTPVersion, Header, Response, StatusCode};

/// Allows inline styles and images only: no scripts, no external images, no frames.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";

/// How a response is sent. The sandbox uses the modes to simulate a server in trouble. No thread
/// waits for a delay; the event loop has a timer for it. Intervals are hours at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseMode {
    /// Completely, as fast as the client reads it.
    #[default]
    Normal,
    /// The head and half of the body; then the connection is closed.
    Truncated,
    /// One byte at a time, including the head, with this interval between two bytes.
    Throttled(Duration),
    /// Not at all: the connection is reset.
    Reset,
    /// Not at all: the connection stays open until the client closes it, or for
    /// [`super::Limits::idle_timeout`].
    NoResponse,
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    mode: ResponseMode,
}

impl HttpResponse {
    /// Creates a response with a body of the given `Content-Type`.
    pub fn bytes(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        HttpResponse {
            status,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
            mode: ResponseMode::Normal,
        }
        .with_header("Server", "wxbox")
        .with_header("Content-Type", content_type)
        .with_header("Cache-Control", "no-store")
        .with_header("Referrer-Policy", "no-referrer")
        .with_header("X-Content-Type-Options", "nosniff")
    }

    /// Creates an HTML page that may load nothing. A handler that needs more sets
    /// `Content-Security-Policy` itself.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        HttpResponse::bytes(status, "text/html; charset=utf-8", body.into())
            .with_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    }

    /// Creates a JSON response.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        HttpResponse::bytes(status, "application/json; charset=utf-8", body.into())
    }

    /// Creates a plain-text response.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        HttpResponse::bytes(status, "text/plain; charset=utf-8", body.into())
    }

    /// Creates a redirect (302) to `location`, and percent-encodes the bytes that a URL cannot
    /// hold.
    pub fn redirect(location: &str) -> Self {
        const INVALID: &AsciiSet = &CONTROLS.add(b' ');
        let encoded = utf8_percent_encode(location, INVALID).to_string();
        HttpResponse::text(302, "").with_header("Location", &encoded)
    }

    /// Creates a response with a status and its reason phrase, for requests that are rejected.
    pub fn status_only(status: u16) -> Self {
        HttpResponse::text(status, format!("{status} {}\n", StatusCode(status).default_reason_phrase()))
    }

    /// Sets a header and replaces one of the same name. Bytes that would break the head are
    /// dropped.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let value: String = value.chars().filter(|c| matches!(c, ' '..='~')).collect();
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Sends the response at least `delay` after the request was complete. A delay is hours at
    /// most.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets how the response is sent.
    pub fn with_mode(mut self, mode: ResponseMode) -> Self {
        self.mode = mode;
        self
    }

    /// Returns the minimum delay after the request.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Returns how the response is sent.
    pub fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the value of the header `name`, which is compared without regard to case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Encodes the response. `http_minor` is the minor version of the client's HTTP/1.x, `is_head`
    /// omits the body, and `keep_alive` tells whether the connection stays open.
    pub(super) fn encode(self, http_minor: u8, is_head: bool, keep_alive: bool) -> Vec<u8> {
        let headers = self
            .headers
            .iter()
            .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok())
            .collect();
        let length = self.body.len();
        let response = Response::new(StatusCode(self.status), headers, self.body.as_slice(), Some(length), None)
            .with_chunked_threshold(usize::MAX);
        let mut bytes = Vec::with_capacity(512 + length);
        // Writing to memory cannot fail.
        let _ = response.raw_print(&mut bytes, HTTPVersion(1, http_minor), &[], is_head, None);
        // tiny_http manages `Connection` itself and drops it from the given headers.
        let connection_header = match (keep_alive, http_minor) {
            (false, _) => "Connection: close\r\n",
            (true, 0) => "Connection: keep-alive\r\n",
            (true, _) => "",
        };
        if let Some(line) = bytes.windows(2).position(|pair| pair == b"\r\n") {
            bytes.splice(line + 2..line + 2, connection_header.bytes());
        }
        if self.mode == ResponseMode::Truncated && !is_head {
            bytes.truncate(bytes.len().saturating_sub(length.div_ceil(2)));
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(response: HttpResponse, http_minor: u8, is_head: bool, keep_alive: bool) -> String {
        String::from_utf8(response.encode(http_minor, is_head, keep_alive)).unwrap()
    }

    #[test]
    fn html_page_has_security_headers() {
        let text = encoded(HttpResponse::html(200, "<p>"), 1, false, true);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        for line in ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff"] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
        }
        assert!(text.contains("Content-Security-Policy: default-src 'none'"), "{text}");
        assert!(text.contains("Content-Length: 3\r\n") && text.ends_with("\r\n\r\n<p>"), "{text}");
        assert!(!text.contains("Connection:"), "{text}");
        assert!(HttpResponse::json(200, "{}").header_value("content-security-policy").is_none());
    }

    #[test]
    fn connection_header_depends_on_version_and_keep_alive() {
        assert!(encoded(HttpResponse::status_only(400), 1, false, false).contains("\r\nConnection: close\r\n"));
        assert!(encoded(HttpResponse::status_only(400), 0, false, true).contains("\r\nConnection: keep-alive\r\n"));
    }

    #[test]
    fn head_response_has_content_length_and_no_body() {
        let text = encoded(HttpResponse::text(200, "body"), 1, true, true);
        assert!(text.contains("Content-Length: 4\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    }

    #[test]
    fn large_body_is_not_chunked() {
        let text = encoded(HttpResponse::text(200, "x".repeat(100_000)), 1, false, true);
        assert!(text.contains("Content-Length: 100000\r\n") && !text.contains("chunked"));
    }

    #[test]
    fn header_value_cannot_add_header() {
        let text = encoded(HttpResponse::redirect("/x\r\nSet-Cookie: a=b 绑"), 1, false, true);
        assert!(text.contains("Location: /x%0D%0ASet-Cookie:%20a=b%20%E7%BB%91\r\n"), "{text}");
        let text = encoded(HttpResponse::text(200, "").with_header("X-A", "1\r\nX-B: 2"), 1, false, true);
        assert!(text.contains("X-A: 1X-B: 2\r\n"), "{text}");
    }

    #[test]
    fn repeated_header_replaces_first_value() {
        let response = HttpResponse::html(200, "").with_header("content-security-policy", "default-src 'self'");
        assert_eq!(response.header_value("Content-Security-Policy"), Some("default-src 'self'"));
    }
}
