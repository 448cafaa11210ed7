//! One connection: a socket, and what its bytes mean.
//!
//! The socket never blocks. TLS would stand here, between the socket and the [`Wire`].

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::wire::{Stage, Wire};
use super::{Limits, Reply, Request};

/// How long a client may take to hear that all is said.
const LINGER_TIME: Duration = Duration::from_secs(2);
/// What it may send meanwhile, beyond a body's limit.
const LINGER_BYTES: usize = 256 << 10;

/// What is to be done with a connection after it moved.
pub(super) enum Next {
    /// Nothing until its socket is ready again.
    Wait,
    /// Its request goes to the handler.
    Hand(Request),
    /// It is finished or broken.
    Close,
}

/// One connection.
pub(super) struct Link {
    socket: TcpStream,
    wire: Wire,
    stage: Stage,
    since: Instant,
    /// Bytes still to be thrown away after the last reply: closing with unread bytes would reset the
    /// connection, and the client could lose the reply.
    linger: usize,
}

impl Link {
    /// A connection just accepted.
    pub(super) fn new(socket: TcpStream, peer: SocketAddr, limits: &Limits, now: Instant) -> Self {
        let wire = Wire::new(limits.head_bytes, limits.body_bytes, !limits.idle_time.is_zero(), peer);
        let linger = limits.body_bytes.saturating_add(LINGER_BYTES);
        Link { socket, wire, stage: Stage::Reading, since: now, linger }
    }

    /// The socket, to register it.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Writes, parses and reads until the socket is exhausted or a request is complete. After each pass the
    /// work is bounded by the limits: one request, one reply.
    pub(super) fn pump(&mut self, scratch: &mut [u8]) -> Next {
        let next = self.go(scratch);
        let stage = self.wire.stage();
        if stage != self.stage {
            self.stage = stage;
            self.since = Instant::now();
        }
        next
    }

    fn go(&mut self, scratch: &mut [u8]) -> Next {
        loop {
            while !self.wire.pending().is_empty() {
                match self.socket.write(self.wire.pending()) {
                    Ok(0) => return Next::Close,
                    Ok(count) => self.wire.wrote(count),
                    Err(error) => match settle(&error) {
                        Some(next) => return next,
                        None => continue,
                    },
                }
            }
            if let Some(request) = self.wire.advance() {
                return Next::Hand(request);
            }
            if !self.wire.pending().is_empty() {
                continue;
            }
            if self.wire.stage() == Stage::Over {
                return self.drain(scratch);
            }
            if !self.wire.wants_bytes() {
                return Next::Wait;
            }
            match self.socket.read(scratch) {
                Ok(0) => return Next::Close,
                Ok(count) => self.wire.feed(&scratch[..count]),
                Err(error) => {
                    if let Some(next) = settle(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Says that no more is coming, and throws away what the client still sends.
    fn drain(&mut self, scratch: &mut [u8]) -> Next {
        if self.stage != Stage::Over && self.socket.shutdown(Shutdown::Write).is_err() {
            return Next::Close;
        }
        loop {
            match self.socket.read(scratch) {
                Ok(count) if count > 0 && count < self.linger => self.linger -= count,
                Ok(_) => return Next::Close,
                Err(error) => {
                    if let Some(next) = settle(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Takes the handler's reply.
    pub(super) fn answer(&mut self, reply: Reply) {
        self.wire.answer(reply);
    }

    /// Answers with a bare status and ends the connection.
    pub(super) fn refuse(&mut self, status: u16) {
        self.wire.refuse(status);
    }

    /// Makes the reply to come the last one.
    pub(super) fn close_after_reply(&mut self) {
        self.wire.close_after_reply();
    }

    /// Whether a reply is being made or sent.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Working | Stage::Writing)
    }

    /// When patience ends; never while the handler works.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let patience = match self.stage {
            Stage::Idle => limits.idle_time,
            Stage::Reading => limits.head_time,
            Stage::Writing => limits.write_time,
            Stage::Over => LINGER_TIME,
            Stage::Working => return None,
        };
        Some(self.since + patience)
    }

    /// How readily the connection is given up for a new one, lowest first; busy ones are not.
    pub(super) fn dispensable(&self) -> Option<(bool, Instant)> {
        (!self.is_busy()).then_some((self.stage != Stage::Over, self.since))
    }
}

/// What an error of a socket means: wait for readiness, give up, or (none) try again.
fn settle(error: &io::Error) -> Option<Next> {
    match error.kind() {
        ErrorKind::WouldBlock => Some(Next::Wait),
        ErrorKind::Interrupted => None,
        _ => Some(Next::Close),
    }
}
