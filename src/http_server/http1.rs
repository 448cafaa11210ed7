//! The HTTP/1 state of a connection: it turns input bytes into requests, and responses into output.
//!
//! The state machine does no I/O and knows neither clocks nor threads, so that tests can feed it
//! any stream of bytes, and the bytes may come from TLS. It handles one request at a time: the next
//! one is parsed after the response to the previous one was sent.

use std::net::SocketAddr;

use super::budget::{MemoryBudget, Reservation};
use super::chunked::{ChunkedDecoder, DecodeProgress};
use super::framing::{Framing, MAX_HEADERS, parse_target};
use super::{HttpRejection, HttpResponse, Limits, Request, ResponseMode};

/// Up to this size, a head is parsed whenever bytes arrive; a longer one only at the end of a line.
/// Otherwise a head that arrives byte by byte would be parsed thousands of times.
const EAGER_PARSE_BYTES: usize = 8 << 10;

/// The state of a connection. Each has a timeout of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// The connection is kept alive, and nothing of the next request has arrived.
    Idle,
    /// A request is incomplete.
    Reading,
    /// A handler processes a request.
    Working,
    /// A response is being sent.
    Writing,
    /// The client will get no response ([`ResponseMode::NoResponse`]).
    NoResponse,
    /// The last response was sent; the connection can be closed.
    Done,
}

enum ParseState {
    Head,
    Body { request: Box<Request>, length: usize },
    ChunkedBody { request: Box<Request>, chunks: ChunkedDecoder },
    Working,
    NoResponse,
    Done,
}

/// The HTTP/1 state of one connection.
pub struct Http1Connection {
    head_bytes: usize,
    body_bytes: usize,
    body_budget: MemoryBudget,
    /// The part of the budget that the current request uses.
    reservation: Option<Reservation>,
    keep_alive_allowed: bool,
    peer: SocketAddr,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    parse_state: ParseState,
    /// The minor HTTP version of the current request.
    http_minor: u8,
    is_head: bool,
    keep_alive: bool,
    has_responded: bool,
    /// The length of the head that was parsed last.
    scanned_bytes: usize,
    rejection: Option<HttpRejection>,
}

impl Http1Connection {
    /// Creates the state of a new connection. Of the limits, it enforces those on bytes.
    pub fn new(limits: &Limits, peer: SocketAddr) -> Self {
        Http1Connection {
            head_bytes: limits.head_bytes,
            body_bytes: limits.body_bytes,
            body_budget: limits.body_budget.clone(),
            reservation: None,
            keep_alive_allowed: !limits.idle_timeout.is_zero(),
            peer,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            parse_state: ParseState::Head,
            http_minor: 1,
            is_head: false,
            keep_alive: false,
            has_responded: false,
            scanned_bytes: 0,
            rejection: None,
        }
    }

    /// Returns the address of the client.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Returns `true` if input should be read now. While a request is processed, further input
    /// stays in the kernel's buffer, which bounds it.
    pub fn wants_input(&self) -> bool {
        matches!(self.parse_state, ParseState::Head | ParseState::Body { .. } | ParseState::ChunkedBody { .. })
    }

    /// Adds input.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Parses the input. Returns a request once it is complete; a malformed request is rejected,
    /// which adds output.
    pub fn advance(&mut self) -> Option<Request> {
        if matches!(self.parse_state, ParseState::Head)
            && self.pending_output().is_empty()
            && let Err(reason) = self.parse_head()
        {
            self.reject(reason);
        }
        match std::mem::replace(&mut self.parse_state, ParseState::Working) {
            ParseState::Body { mut request, length } if self.input.len() >= length => {
                let rest = self.input.split_off(length);
                request.body = std::mem::replace(&mut self.input, rest);
                Some(*request)
            }
            ParseState::ChunkedBody { mut request, mut chunks } => {
                match self.decode_chunks(&mut chunks, &mut request.body) {
                    Ok(true) => Some(*request),
                    Ok(false) => {
                        self.parse_state = ParseState::ChunkedBody { request, chunks };
                        None
                    }
                    Err(reason) => {
                        self.reject(reason);
                        None
                    }
                }
            }
            other => {
                self.parse_state = other;
                None
            }
        }
    }

    /// Responds to the current request.
    pub fn respond(&mut self, response: HttpResponse) {
        self.reservation = None;
        let keep_alive = self.keep_alive && self.keep_alive_allowed;
        let is_complete = response.mode() != ResponseMode::Truncated;
        // An interim response may still be unsent.
        self.output.extend(response.encode(self.http_minor, self.is_head, keep_alive));
        self.has_responded = true;
        self.parse_state = if keep_alive && is_complete { ParseState::Head } else { ParseState::Done };
    }

    /// Never responds to the current request.
    pub(super) fn never_respond(&mut self) {
        self.reservation = None;
        self.parse_state = ParseState::NoResponse;
    }

    /// Decodes a chunked body. Returns `true` when it is complete.
    fn decode_chunks(&mut self, chunks: &mut ChunkedDecoder, body: &mut Vec<u8>) -> Result<bool, HttpRejection> {
        loop {
            let capacity = if self.reservation.is_some() { self.body_bytes } else { self.head_bytes };
            match chunks.decode(&mut self.input, body, capacity, self.body_bytes)? {
                DecodeProgress::Complete => return Ok(true),
                DecodeProgress::NeedsInput => return Ok(false),
                // The final length is unknown, so the maximum is reserved.
                DecodeProgress::NeedsCapacity => {
                    self.reservation =
                        Some(self.body_budget.reserve(self.body_bytes).ok_or(HttpRejection::BodyBudgetExhausted)?)
                }
            }
        }
    }

    /// Responds with the status of `reason` and ends the connection.
    pub(super) fn reject(&mut self, reason: HttpRejection) {
        self.rejection = Some(reason);
        self.keep_alive_allowed = false;
        self.input = Vec::new();
        self.respond(HttpResponse::status_only(reason.status().unwrap_or(400)));
    }

    /// Returns why a request was rejected since the last call.
    pub(super) fn take_rejection(&mut self) -> Option<HttpRejection> {
        self.rejection.take()
    }

    /// Closes the connection after the next response.
    pub(super) fn close_after_response(&mut self) {
        self.keep_alive_allowed = false;
    }

    /// Returns the output that must be sent.
    pub fn pending_output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Removes the first `count` bytes of [`Http1Connection::pending_output`], which were sent.
    pub fn mark_sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output = Vec::new();
            self.sent = 0;
        }
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> ConnectionState {
        let is_writing = !self.pending_output().is_empty();
        match self.parse_state {
            ParseState::Working => ConnectionState::Working,
            ParseState::NoResponse => ConnectionState::NoResponse,
            ParseState::Body { .. } | ParseState::ChunkedBody { .. } => ConnectionState::Reading,
            _ if is_writing => ConnectionState::Writing,
            ParseState::Done => ConnectionState::Done,
            ParseState::Head if self.has_responded && self.input.is_empty() => ConnectionState::Idle,
            ParseState::Head => ConnectionState::Reading,
        }
    }

    /// Parses a head if it is complete.
    fn parse_head(&mut self) -> Result<(), HttpRejection> {
        (self.http_minor, self.is_head) = (1, false);
        // Bytes beyond the limit are not parsed, however many arrived together.
        let bytes = self.input.get(..self.head_bytes).unwrap_or(&self.input);
        let is_full = bytes.len() == self.head_bytes;
        let lines_end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let scan_end = if is_full { bytes.len() } else { lines_end.max(bytes.len().min(EAGER_PARSE_BYTES)) };
        if std::mem::replace(&mut self.scanned_bytes, scan_end) == scan_end {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let end = match parsed.parse(&bytes[..scan_end]) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) if !is_full => return Ok(()),
            Ok(httparse::Status::Partial) => return Err(HttpRejection::HeadTooLarge),
            Err(httparse::Error::TooManyHeaders) => return Err(HttpRejection::TooManyHeaders),
            // A TLS handshake starts with these bytes.
            Err(_) if bytes.starts_with(&[0x16, 3]) => return Err(HttpRejection::TlsToHttp),
            Err(_) => return Err(HttpRejection::NotHttp),
        };
        self.scanned_bytes = 0;
        let method = parsed.method.unwrap_or_default().to_owned();
        self.http_minor = parsed.version.unwrap_or(1);
        self.is_head = method == "HEAD";
        let framing = Framing::parse(self.http_minor, parsed.headers)?;
        let length = framing.content_length.unwrap_or(0);
        if length > self.body_bytes {
            return Err(HttpRejection::BodyTooLarge);
        }
        if length > self.head_bytes {
            self.reservation = Some(self.body_budget.reserve(length).ok_or(HttpRejection::BodyBudgetExhausted)?);
        }
        let (path, query) = parse_target(&method, parsed.path.unwrap_or_default()).ok_or(HttpRejection::NotHttp)?;
        let headers = parsed
            .headers
            .iter()
            .filter_map(|header| {
                Some((header.name.to_ascii_lowercase(), std::str::from_utf8(header.value).ok()?.to_owned()))
            })
            .collect();
        self.keep_alive = framing.keep_alive;
        if framing.expect_continue && framing.content_length != Some(0) {
            self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let request = Box::new(Request { method, path, query, headers, body: Vec::new(), peer: self.peer });
        self.parse_state = match framing.content_length {
            Some(length) => ParseState::Body { request, length },
            None => ParseState::ChunkedBody { request, chunks: ChunkedDecoder::default() },
        };
        self.input.drain(..end);
        if self.reservation.is_some() {
            // A vector that grows step by step would take up to twice the reserved memory.
            self.input.reserve_exact(length.saturating_sub(self.input.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
