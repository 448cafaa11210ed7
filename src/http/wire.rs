//! What the bytes of one connection mean: bytes in become requests, replies become bytes out.
//!
//! No socket, no clock and no thread here, so that every stream of bytes can be tried in a test, and so that
//! the bytes may come out of TLS as well. One request at a time: the next one is parsed after the reply to
//! the one before has gone out.

use std::net::SocketAddr;

use super::chunks::{Came, Chunks};
use super::framing::{Framing, HEADERS, target};
use super::memory::{Memory, Share};
use super::{Limits, Manner, Refused, Reply, Request};

/// A head is looked at with each of its bytes only so far; what is longer, when a line of it ends. Else one that comes
/// byte by byte would be read thousands of times.
const EAGER: usize = 8 << 10;

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
    Chunks { request: Box<Request>, chunks: Chunks },
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
    /// So much of a head has been looked at.
    looked: usize,
    refused: Option<Refused>,
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
            looked: 0,
            refused: None,
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether bytes should be read now. While a request is in work they stay with the kernel, and so in bounds.
    pub fn wants_bytes(&self) -> bool {
        matches!(self.phase, Phase::Head | Phase::Body { .. } | Phase::Chunks { .. })
    }

    /// Takes bytes that came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Goes on as far as the bytes allow: gives a request once it is complete, or has a refusal to send.
    pub fn advance(&mut self) -> Option<Request> {
        if matches!(self.phase, Phase::Head)
            && self.pending().is_empty()
            && let Err(why) = self.head()
        {
            self.refuse(why);
        }
        match std::mem::replace(&mut self.phase, Phase::Work) {
            Phase::Body { mut request, length } if self.input.len() >= length => {
                let rest = self.input.split_off(length);
                request.body = std::mem::replace(&mut self.input, rest);
                Some(*request)
            }
            Phase::Chunks { mut request, mut chunks } => match self.chunks(&mut chunks, &mut request.body) {
                Ok(true) => Some(*request),
                Ok(false) => {
                    self.phase = Phase::Chunks { request, chunks };
                    None
                }
                Err(why) => {
                    self.refuse(why);
                    None
                }
            },
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

    /// Reads on in a body that comes in chunks; whether it is whole.
    fn chunks(&mut self, chunks: &mut Chunks, body: &mut Vec<u8>) -> Result<bool, Refused> {
        loop {
            let room = if self.share.is_some() { self.body_bytes } else { self.head_bytes };
            match chunks.read(&mut self.input, body, room, self.body_bytes)? {
                Came::Whole => return Ok(true),
                Came::Short => return Ok(false),
                // Nobody knows how long it becomes.
                Came::Full => self.share = Some(self.bodies.take(self.body_bytes).ok_or(Refused::Memory)?),
            }
        }
    }

    /// Answers with a bare status and ends the connection.
    pub fn refuse(&mut self, why: Refused) {
        self.refused = Some(why);
        self.may_keep = false;
        self.input = Vec::new();
        self.answer(Reply::bare(why.status().unwrap_or(400)));
    }

    /// Why a request was refused since the last call.
    pub(super) fn refused(&mut self) -> Option<Refused> {
        self.refused.take()
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
            Phase::Body { .. } | Phase::Chunks { .. } => Stage::Reading,
            _ if writing => Stage::Writing,
            Phase::End => Stage::Over,
            Phase::Head if self.answered && self.input.is_empty() => Stage::Idle,
            Phase::Head => Stage::Reading,
        }
    }

    /// Reads a head, when it is complete.
    fn head(&mut self) -> Result<(), Refused> {
        (self.minor, self.bodiless) = (1, false);
        // What is over the limit is not looked at, however much came at once.
        let bytes = self.input.get(..self.head_bytes).unwrap_or(&self.input);
        let is_full = bytes.len() == self.head_bytes;
        let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let look = if is_full { bytes.len() } else { lines.max(bytes.len().min(EAGER)) };
        if std::mem::replace(&mut self.looked, look) == look {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let end = match parsed.parse(&bytes[..look]) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) if !is_full => return Ok(()),
            Ok(httparse::Status::Partial) => return Err(Refused::HeadTooLarge),
            Err(httparse::Error::TooManyHeaders) => return Err(Refused::TooManyLines),
            // How a handshake begins.
            Err(_) if bytes.starts_with(&[0x16, 3]) => return Err(Refused::TlsToHttp),
            Err(_) => return Err(Refused::NotHttp),
        };
        self.looked = 0;
        let method = parsed.method.unwrap_or_default().to_owned();
        self.minor = parsed.version.unwrap_or(1);
        self.bodiless = method == "HEAD";
        let framing = Framing::read(self.minor, parsed.headers)?;
        let length = framing.length.unwrap_or(0);
        if length > self.body_bytes {
            return Err(Refused::BodyTooLarge);
        }
        if length > self.head_bytes {
            self.share = Some(self.bodies.take(length).ok_or(Refused::Memory)?);
        }
        let (path, query) = target(&method, parsed.path.unwrap_or_default()).ok_or(Refused::NotHttp)?;
        let headers = parsed
            .headers
            .iter()
            .filter_map(|h| Some((h.name.to_ascii_lowercase(), std::str::from_utf8(h.value).ok()?.to_owned())))
            .collect();
        self.keep = framing.keep;
        if framing.expects && framing.length != Some(0) {
            self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let request = Box::new(Request { method, path, query, headers, body: Vec::new(), peer: self.peer });
        self.phase = match framing.length {
            Some(length) => Phase::Body { request, length },
            None => Phase::Chunks { request, chunks: Chunks::default() },
        };
        self.input.drain(..end);
        if self.share.is_some() {
            // Growing by and by, it would come to twice its share.
            self.input.reserve_exact(length.saturating_sub(self.input.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
