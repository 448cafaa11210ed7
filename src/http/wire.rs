//! What the bytes of one connection mean: bytes in become requests, replies become bytes out.
//!
//! No socket, no clock and no thread here, so that every stream of bytes can be tried in a test, and so that
//! the bytes may come out of TLS as well. One request at a time: the next one is parsed after the reply to
//! the one before has gone out.

use std::net::SocketAddr;

use super::memory::{Memory, Share};
use super::{Limits, Manner, Reply, Request};

/// Header lines a request may have.
const HEADERS: usize = 64;

/// Where a connection stands; each stage has its own patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Kept alive, and nothing of a next request has come.
    Idle,
    /// A request is not complete yet.
    Reading,
    /// A complete request is with the handler.
    Working,
    /// A reply is on its way.
    Writing,
    /// There will be no reply, and the client does not know it ([`Manner::Never`]).
    Silent,
    /// Everything is said; the connection can be closed.
    Over,
}

enum Phase {
    Head,
    Body { request: Box<Request>, length: usize },
    Work,
    Silent,
    End,
}

/// One connection's state.
pub struct Wire {
    head_bytes: usize,
    body_bytes: usize,
    bodies: Memory,
    /// What the request in hand takes of it.
    share: Option<Share>,
    may_keep: bool,
    peer: SocketAddr,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    phase: Phase,
    /// Of the request in hand: its HTTP/1.x, whether it is HEAD, whether the connection stays after it.
    minor: u8,
    bodiless: bool,
    keep: bool,
    answered: bool,
}

impl Wire {
    /// A fresh connection, within those of the limits that are about bytes.
    pub fn new(limits: &Limits, peer: SocketAddr) -> Self {
        Wire {
            head_bytes: limits.head_bytes,
            body_bytes: limits.body_bytes,
            bodies: limits.bodies.clone(),
            share: None,
            may_keep: !limits.idle_time.is_zero(),
            peer,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            phase: Phase::Head,
            minor: 1,
            bodiless: false,
            keep: false,
            answered: false,
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether bytes should be read now. While a request is in work they stay with the kernel, and so in bounds.
    pub fn wants_bytes(&self) -> bool {
        matches!(self.phase, Phase::Head | Phase::Body { .. })
    }

    /// Takes bytes that came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Goes on as far as the bytes allow: gives a request once it is complete, or has a refusal to send.
    pub fn advance(&mut self) -> Option<Request> {
        if matches!(self.phase, Phase::Head)
            && self.pending().is_empty()
            && let Err(status) = self.head()
        {
            self.refuse(status);
        }
        match std::mem::replace(&mut self.phase, Phase::Work) {
            Phase::Body { mut request, length } if self.input.len() >= length => {
                let rest = self.input.split_off(length);
                request.body = std::mem::replace(&mut self.input, rest);
                Some(*request)
            }
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Answers the request in work.
    pub fn answer(&mut self, reply: Reply) {
        self.share = None;
        let keep = self.keep && self.may_keep;
        let whole = reply.manner() != Manner::Half;
        // Behind an interim response that is not out yet.
        self.output.extend(reply.into_wire(self.minor, self.bodiless, keep));
        self.answered = true;
        self.phase = if keep && whole { Phase::Head } else { Phase::End };
    }

    /// Leaves the request in work without an answer, for good.
    pub fn fall_silent(&mut self) {
        self.share = None;
        self.phase = Phase::Silent;
    }

    /// Answers with a bare status and ends the connection.
    pub fn refuse(&mut self, status: u16) {
        self.may_keep = false;
        self.input = Vec::new();
        self.answer(Reply::bare(status));
    }

    /// Makes the reply to come the last one.
    pub fn close_after_reply(&mut self) {
        self.may_keep = false;
    }

    /// What is to be sent.
    pub fn pending(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Notes that `count` bytes of [`Wire::pending`] went out.
    pub fn wrote(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output = Vec::new();
            self.sent = 0;
        }
    }

    /// Where the connection stands.
    pub fn stage(&self) -> Stage {
        let writing = !self.pending().is_empty();
        match self.phase {
            Phase::Work => Stage::Working,
            Phase::Silent => Stage::Silent,
            Phase::Body { .. } => Stage::Reading,
            _ if writing => Stage::Writing,
            Phase::End => Stage::Over,
            Phase::Head if self.answered && self.input.is_empty() => Stage::Idle,
            Phase::Head => Stage::Reading,
        }
    }

    /// Reads a head, when it is complete: the error is the status to refuse with.
    fn head(&mut self) -> Result<(), u16> {
        (self.minor, self.bodiless) = (1, false);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        // What is over the limit is not looked at, however much came at once.
        let end = match parsed.parse(self.input.get(..self.head_bytes).unwrap_or(&self.input)) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) if self.input.len() < self.head_bytes => return Ok(()),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(431),
            Err(_) => return Err(400),
        };
        let method = parsed.method.unwrap_or_default().to_owned();
        self.minor = parsed.version.unwrap_or(1);
        self.bodiless = method == "HEAD";
        let framing = Framing::read(self.minor, parsed.headers)?;
        if framing.length > self.body_bytes {
            return Err(413);
        }
        if framing.length > self.head_bytes {
            self.share = Some(self.bodies.take(framing.length).ok_or(503_u16)?);
        }
        let (path, query) = target(&method, parsed.path.unwrap_or_default()).ok_or(400_u16)?;
        let headers = parsed
            .headers
            .iter()
            .filter_map(|h| Some((h.name.to_ascii_lowercase(), std::str::from_utf8(h.value).ok()?.to_owned())))
            .collect();
        self.keep = framing.keep;
        if framing.expects && framing.length > 0 {
            self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let request = Request { method, path, query, headers, body: Vec::new(), peer: self.peer };
        self.phase = Phase::Body { request: Box::new(request), length: framing.length };
        self.input.drain(..end);
        if self.share.is_some() {
            // Growing by and by, it would come to twice its share.
            self.input.reserve_exact(framing.length.saturating_sub(self.input.len()));
        }
        Ok(())
    }
}

/// What the headers say about the body and the connection.
struct Framing {
    length: usize,
    keep: bool,
    expects: bool,
}

impl Framing {
    fn read(minor: u8, headers: &[httparse::Header<'_>]) -> Result<Self, u16> {
        let mut length = None;
        let (mut close, mut alive, mut expects, mut hosts) = (false, false, false, 0);
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("transfer-encoding") {
                return Err(411);
            } else if is("content-length") {
                let this = digits(header.value)?;
                // Two lengths are how requests are smuggled past a proxy.
                if length.is_some_and(|other| other != this) {
                    return Err(400);
                }
                length = Some(this);
            } else if is("connection") {
                for word in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    close |= word.eq_ignore_ascii_case(b"close");
                    alive |= word.eq_ignore_ascii_case(b"keep-alive");
                }
            } else if is("expect") {
                if !header.value.trim_ascii().eq_ignore_ascii_case(b"100-continue") {
                    return Err(417);
                }
                expects = minor > 0;
            } else if is("host") {
                hosts += 1;
            }
        }
        if hosts > 1 || (minor > 0 && hosts == 0) {
            return Err(400);
        }
        Ok(Framing { length: length.unwrap_or(0), keep: !close && (minor > 0 || alive), expects })
    }
}

/// A length, as the standard writes it: digits only.
fn digits(value: &[u8]) -> Result<usize, u16> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(400);
    }
    // What does not fit into a number is over any limit.
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(413)
}

/// Path and query of a request target in origin, absolute or asterisk form.
fn target(method: &str, target: &str) -> Option<(String, String)> {
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = if path.starts_with('/') || (path == "*" && method == "OPTIONS") {
        path
    } else {
        let (scheme, rest) = path.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        rest.find('/').map_or("/", |slash| &rest[slash..])
    };
    Some((path.to_owned(), query.to_owned()))
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
