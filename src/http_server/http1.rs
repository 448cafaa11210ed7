//! What the bytes of one connection mean: bytes in become requests, replies become bytes out.
//!
//! No socket, no clock and no thread here, so that every stream of bytes can be tried in a test, and so that
//! the bytes may come out of TLS as well. One request at a time: the next one is parsed after the reply to
//! the one before has gone out.

use std::net::SocketAddr;

use super::budget::{MemoryBudget, Reservation};
use super::chunked::{ChunkedDecoder, DecodeProgress};
use super::framing::{Framing, MAX_HEADERS, parse_target};
use super::{HttpResponse, Limits, RefusalReason, Request, ResponseMode};

/// A head is looked at with each of its bytes only so far; what is longer, when a line of it ends. Else one that comes
/// byte by byte would be read thousands of times.
const EAGER_PARSE_BYTES: usize = 8 << 10;

/// Where a connection stands; each stage has its own patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Kept alive, and nothing of a next request has come.
    Idle,
    /// A request is not complete yet.
    Reading,
    /// A complete request is with the handler.
    Working,
    /// A reply is on its way.
    Writing,
    /// There will be no reply, and the client does not know it ([`Manner::Never`]).
    NoResponse,
    /// Everything is said; the connection can be closed.
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

/// One connection's state.
pub struct Http1Connection {
    head_bytes: usize,
    body_bytes: usize,
    body_budget: MemoryBudget,
    /// What the request in hand takes of it.
    reservation: Option<Reservation>,
    keep_alive_allowed: bool,
    peer: SocketAddr,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    parse_state: ParseState,
    /// Of the request in hand: its HTTP/1.x, whether it is HEAD, whether the connection stays after it.
    http_minor: u8,
    is_head: bool,
    keep_alive: bool,
    has_responded: bool,
    /// So much of a head has been looked at.
    scanned_bytes: usize,
    refusal: Option<RefusalReason>,
}

impl Http1Connection {
    /// A fresh connection, within those of the limits that are about bytes.
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
            refusal: None,
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether bytes should be read now. While a request is in work they stay with the kernel, and so in bounds.
    pub fn wants_input(&self) -> bool {
        matches!(self.parse_state, ParseState::Head | ParseState::Body { .. } | ParseState::ChunkedBody { .. })
    }

    /// Takes bytes that came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Goes on as far as the bytes allow: gives a request once it is complete, or has a refusal to send.
    pub fn advance(&mut self) -> Option<Request> {
        if matches!(self.parse_state, ParseState::Head)
            && self.pending_output().is_empty()
            && let Err(why) = self.parse_head()
        {
            self.refuse(why);
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
                    Err(why) => {
                        self.refuse(why);
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

    /// Answers the request in work.
    pub fn respond(&mut self, reply: HttpResponse) {
        self.reservation = None;
        let keep_alive = self.keep_alive && self.keep_alive_allowed;
        let whole = reply.mode() != ResponseMode::Truncated;
        // Behind an interim response that is not out yet.
        self.output.extend(reply.encode(self.http_minor, self.is_head, keep_alive));
        self.has_responded = true;
        self.parse_state = if keep_alive && whole { ParseState::Head } else { ParseState::Done };
    }

    /// Leaves the request in work without an answer, for good.
    pub fn never_respond(&mut self) {
        self.reservation = None;
        self.parse_state = ParseState::NoResponse;
    }

    /// Reads on in a body that comes in chunks; whether it is whole.
    fn decode_chunks(&mut self, chunks: &mut ChunkedDecoder, body: &mut Vec<u8>) -> Result<bool, RefusalReason> {
        loop {
            let room = if self.reservation.is_some() { self.body_bytes } else { self.head_bytes };
            match chunks.decode(&mut self.input, body, room, self.body_bytes)? {
                DecodeProgress::Complete => return Ok(true),
                DecodeProgress::NeedsInput => return Ok(false),
                // Nobody knows how long it becomes.
                DecodeProgress::NeedsRoom => {
                    self.reservation =
                        Some(self.body_budget.reserve(self.body_bytes).ok_or(RefusalReason::BodyBudgetExhausted)?)
                }
            }
        }
    }

    /// Answers with a bare status and ends the connection.
    pub fn refuse(&mut self, why: RefusalReason) {
        self.refusal = Some(why);
        self.keep_alive_allowed = false;
        self.input = Vec::new();
        self.respond(HttpResponse::status_only(why.status().unwrap_or(400)));
    }

    /// Why a request was refused since the last call.
    pub(super) fn refusal(&mut self) -> Option<RefusalReason> {
        self.refusal.take()
    }

    /// Makes the reply to come the last one.
    pub fn close_after_reply(&mut self) {
        self.keep_alive_allowed = false;
    }

    /// What is to be sent.
    pub fn pending_output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Notes that `count` bytes of [`Http1Connection::pending`] went out.
    pub fn mark_sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output = Vec::new();
            self.sent = 0;
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> ConnectionState {
        let writing = !self.pending_output().is_empty();
        match self.parse_state {
            ParseState::Working => ConnectionState::Working,
            ParseState::NoResponse => ConnectionState::NoResponse,
            ParseState::Body { .. } | ParseState::ChunkedBody { .. } => ConnectionState::Reading,
            _ if writing => ConnectionState::Writing,
            ParseState::Done => ConnectionState::Done,
            ParseState::Head if self.has_responded && self.input.is_empty() => ConnectionState::Idle,
            ParseState::Head => ConnectionState::Reading,
        }
    }

    /// Reads a head, when it is complete.
    fn parse_head(&mut self) -> Result<(), RefusalReason> {
        (self.http_minor, self.is_head) = (1, false);
        // What is over the limit is not looked at, however much came at once.
        let bytes = self.input.get(..self.head_bytes).unwrap_or(&self.input);
        let is_full = bytes.len() == self.head_bytes;
        let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let scan_end = if is_full { bytes.len() } else { lines.max(bytes.len().min(EAGER_PARSE_BYTES)) };
        if std::mem::replace(&mut self.scanned_bytes, scan_end) == scan_end {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let end = match parsed.parse(&bytes[..scan_end]) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) if !is_full => return Ok(()),
            Ok(httparse::Status::Partial) => return Err(RefusalReason::HeadTooLarge),
            Err(httparse::Error::TooManyHeaders) => return Err(RefusalReason::TooManyHeaders),
            // How a handshake begins.
            Err(_) if bytes.starts_with(&[0x16, 3]) => return Err(RefusalReason::TlsToHttp),
            Err(_) => return Err(RefusalReason::NotHttp),
        };
        self.scanned_bytes = 0;
        let method = parsed.method.unwrap_or_default().to_owned();
        self.http_minor = parsed.version.unwrap_or(1);
        self.is_head = method == "HEAD";
        let framing = Framing::parse(self.http_minor, parsed.headers)?;
        let length = framing.content_length.unwrap_or(0);
        if length > self.body_bytes {
            return Err(RefusalReason::BodyTooLarge);
        }
        if length > self.head_bytes {
            self.reservation = Some(self.body_budget.reserve(length).ok_or(RefusalReason::BodyBudgetExhausted)?);
        }
        let (path, query) = parse_target(&method, parsed.path.unwrap_or_default()).ok_or(RefusalReason::NotHttp)?;
        let headers = parsed
            .headers
            .iter()
            .filter_map(|h| Some((h.name.to_ascii_lowercase(), std::str::from_utf8(h.value).ok()?.to_owned())))
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
            // Growing by and by, it would come to twice its share.
            self.input.reserve_exact(length.saturating_sub(self.input.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
