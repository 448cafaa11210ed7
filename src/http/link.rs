//! One connection: its bytes, and what they mean. Neither reading nor writing ever blocks.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::manner::Drip;
use super::spare::Spare;
use super::stream::Stream;
use super::tls::Tls;
use super::wire::{Stage, Wire};
use super::{Limits, Manner, Refused, Reply, Request};

/// How long a client may take to hear that all is said.
const LINGER_TIME: Duration = Duration::from_secs(2);
/// What it may send meanwhile, beyond a body's limit.
const LINGER_BYTES: usize = 256 << 10;
/// What a handshake may take, with a chain of certificates that nobody asked for.
const HANDSHAKE_BYTES: usize = 32 << 10;
/// By what TLS may swell a request: a record for every few bytes, and no more.
const SWELL: usize = 4;

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
    stream: Stream,
    wire: Wire,
    stage: Stage,
    since: Instant,
    /// Bytes of the socket's that a request may take.
    request: usize,
    /// Bytes still to be thrown away after the last reply: closing with unread bytes would reset the
    /// connection, and the client could lose the reply.
    linger: usize,
    /// A reply that is ready, and when it may go out.
    held: Option<(Instant, Reply)>,
    /// The reply that goes out drips.
    drip: Option<Drip>,
    /// The connection ends with a reset.
    reset: bool,
    /// Why it ends without a request.
    refused: Option<Refused>,
}

impl Link {
    /// A connection just accepted. A handshake of TLS is a part of its first request: it has the same time, and is as
    /// dispensable. Fails where TLS cannot begin.
    pub(super) fn new(
        socket: TcpStream,
        tls: Option<&Tls>,
        peer: SocketAddr,
        limits: &Limits,
        now: Instant,
    ) -> io::Result<Self> {
        let wire = Wire::new(limits, peer);
        let linger = limits.body_bytes.saturating_add(LINGER_BYTES);
        let request = SWELL.saturating_mul(limits.head_bytes.saturating_add(limits.body_bytes));
        let stream = Stream::new(socket, tls, request.saturating_add(HANDSHAKE_BYTES))?;
        let stage = Stage::Reading;
        Ok(Link {
            stream,
            wire,
            stage,
            request,
            since: now,
            linger,
            held: None,
            drip: None,
            reset: false,
            refused: None,
        })
    }

    /// The socket, to register it.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        self.stream.socket()
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
        if let Some((_, reply)) = self.held.take_if(|(due, _)| *due <= Instant::now()) {
            self.begin(reply);
        }
        if self.reset {
            return Next::Close;
        }
        loop {
            if let Some(next) = self.write() {
                return next;
            }
            if let Some(request) = self.wire.advance() {
                self.stream.permit(self.request);
                return Next::Hand(request);
            }
            if !self.wire.pending().is_empty() {
                continue;
            }
            match self.wire.stage() {
                Stage::Over => return self.drain(scratch),
                Stage::Silent => return self.ignore(scratch),
                _ => {}
            }
            if !self.wire.wants_bytes() {
                return Next::Wait;
            }
            match self.stream.read(scratch) {
                Ok(0) => return Next::Close,
                Ok(count) => self.wire.feed(&scratch[..count]),
                Err(error) => {
                    self.refused = tls_refused(&error);
                    if let Some(next) = settle(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Writes what is pending: all of it, unless there is something else to do now.
    fn write(&mut self) -> Option<Next> {
        while !self.wire.pending().is_empty() {
            let mut bytes = self.wire.pending();
            if let Some(drip) = &self.drip {
                if drip.next > Instant::now() {
                    return Some(Next::Wait);
                }
                bytes = &bytes[..1];
            }
            let written = self.stream.write(bytes);
            // Also where nothing could be written, so that it is tried again then and not at once.
            if let Some(drip) = &mut self.drip {
                drip.wait(Instant::now());
            }
            match written {
                Ok(0) => return Some(Next::Close),
                Ok(count) => self.wire.wrote(count),
                Err(error) => {
                    if let Some(next) = settle(&error) {
                        return Some(next);
                    }
                }
            }
        }
        self.drip = None;
        None
    }

    /// Hears whether the client leaves; whatever it says is thrown away.
    fn ignore(&mut self, scratch: &mut [u8]) -> Next {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Next::Close,
                Ok(_) => {}
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
        if self.stage != Stage::Over {
            self.stream.permit(self.linger.saturating_mul(SWELL));
            if self.stream.finish().is_err() {
                return Next::Close;
            }
        }
        loop {
            match self.stream.read(scratch) {
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
        match reply.delay() {
            Duration::ZERO => self.begin(reply),
            delay => self.held = Some((self.since + delay, reply)),
        }
    }

    /// Begins to send a reply in its manner.
    fn begin(&mut self, reply: Reply) {
        match reply.manner() {
            Manner::Reset => {
                self.reset = true;
                linger_no_time(self.stream.socket());
            }
            Manner::Never => self.wire.fall_silent(),
            Manner::Drip(pause) => {
                self.drip = Some(Drip::new(pause, Instant::now()));
                self.wire.answer(reply);
            }
            Manner::Whole | Manner::Half => self.wire.answer(reply),
        }
    }

    /// When it has something to do that no readiness announces.
    pub(super) fn alarm(&self) -> Option<Instant> {
        let held = self.held.as_ref().map(|(due, _)| *due);
        held.or_else(|| self.drip.filter(|_| !self.wire.pending().is_empty()).map(|drip| drip.next))
    }

    /// Answers with a bare status and ends the connection.
    pub(super) fn refuse(&mut self, why: Refused) {
        self.wire.refuse(why);
    }

    /// Why a request was refused since the last call.
    pub(super) fn refused(&mut self) -> Option<Refused> {
        self.refused.take().or_else(|| self.wire.refused())
    }

    /// Whether a request has begun to come, and is not complete.
    pub(super) fn has_begun(&self) -> bool {
        self.stage == Stage::Reading && self.stream.has_heard()
    }

    /// Makes the reply to come the last one.
    pub(super) fn close_after_reply(&mut self) {
        self.wire.close_after_reply();
    }

    /// Whether a reply is being made or sent.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Working | Stage::Writing)
    }

    /// When patience ends; never while the handler works, nor while it is us who are slow.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let patience = match self.stage {
            Stage::Idle | Stage::Silent => limits.idle_time,
            Stage::Reading => limits.head_time,
            Stage::Writing if self.drip.is_some() => return None,
            Stage::Writing => limits.write_time,
            Stage::Over => LINGER_TIME,
            Stage::Working => return None,
        };
        Some(self.since + patience)
    }

    /// The connection as one that could be given up for a new one; a busy one could not.
    pub(super) fn spare(&self, id: usize) -> Option<Spare> {
        let (peer, since, is_over) = (self.wire.peer(), self.since, self.stage == Stage::Over);
        (!self.is_busy()).then_some(Spare { id, peer, since, is_over })
    }
}

/// What TLS has against a connection.
fn tls_refused(error: &io::Error) -> Option<Refused> {
    Refused::of_tls(error.get_ref()?.downcast_ref()?)
}

/// Makes closing the socket a reset.
fn linger_no_time(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// What an error of a socket means: wait for readiness, give up, or (none) try again.
fn settle(error: &io::Error) -> Option<Next> {
    match error.kind() {
        ErrorKind::WouldBlock => Some(Next::Wait),
        ErrorKind::Interrupted => None,
        _ => Some(Next::Close),
    }
}
