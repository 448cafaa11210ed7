//! One connection: its bytes, and what they mean. Neither reading nor writing ever blocks.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::eviction::EvictionCandidate;
use super::http1::{ConnectionState, Http1Connection};
use super::stream::TransportStream;
use super::tls::ServerTls;
use super::{HttpResponse, Limits, RefusalReason, Request, ResponseMode};

/// How long a client may take to hear that all is said.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// What it may send meanwhile, beyond a body's limit.
const MAX_LINGER_BYTES: usize = 256 << 10;
/// What a handshake may take, with a chain of certificates that nobody asked for.
const MAX_HANDSHAKE_BYTES: usize = 32 << 10;
/// By what TLS may swell a request: a record for every few bytes, and no more.
const TLS_OVERHEAD_FACTOR: usize = 4;

/// What is to be done with a connection after it moved.
pub(super) enum DriveResult {
    /// Nothing until its socket is ready again.
    Blocked,
    /// Its request goes to the handler.
    Request(Request),
    /// It is finished or broken.
    Closed,
}

/// What is left of a pause between the bytes of a [`Manner::Drip`].
#[derive(Clone, Copy, Debug)]
struct Throttle {
    interval: Duration,
    /// When the next byte may go.
    next_byte_at: Instant,
}

impl Throttle {
    /// The first byte may go at once.
    fn new(pause: Duration, now: Instant) -> Self {
        Throttle { interval: pause, next_byte_at: now }
    }

    /// One byte went.
    fn schedule_next(&mut self, now: Instant) {
        self.next_byte_at = now + self.interval;
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TransportStream,
    http: Http1Connection,
    state: ConnectionState,
    state_since: Instant,
    /// Bytes of the socket's that a request may take.
    request_bytes: usize,
    /// Bytes still to be thrown away after the last reply: closing with unread bytes would reset the
    /// connection, and the client could lose the reply.
    linger_bytes: usize,
    /// A reply that is ready, and when it may go out.
    delayed: Option<(Instant, HttpResponse)>,
    /// The reply that goes out drips.
    throttle: Option<Throttle>,
    /// The connection ends with a reset.
    reset: bool,
    /// Why it ends without a request.
    refusal: Option<RefusalReason>,
}

impl Connection {
    /// A connection just accepted. A handshake of TLS is a part of its first request: it has the same time, and is as
    /// dispensable. Fails where TLS cannot begin.
    pub(super) fn new(
        socket: TcpStream,
        tls: Option<&ServerTls>,
        peer: SocketAddr,
        limits: &Limits,
        now: Instant,
    ) -> io::Result<Self> {
        let http = Http1Connection::new(limits, peer);
        let linger_bytes = limits.body_bytes.saturating_add(MAX_LINGER_BYTES);
        let request_bytes = TLS_OVERHEAD_FACTOR.saturating_mul(limits.head_bytes.saturating_add(limits.body_bytes));
        let stream = TransportStream::new(socket, tls, request_bytes.saturating_add(MAX_HANDSHAKE_BYTES))?;
        let state = ConnectionState::Reading;
        Ok(Connection {
            stream,
            http,
            state,
            request_bytes,
            state_since: now,
            linger_bytes,
            delayed: None,
            throttle: None,
            reset: false,
            refusal: None,
        })
    }

    /// The socket, to register it.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        self.stream.socket()
    }

    /// Writes, parses and reads until the socket is exhausted or a request is complete. After each pass the
    /// work is bounded by the limits: one request, one reply.
    pub(super) fn drive(&mut self, scratch: &mut [u8]) -> DriveResult {
        let next = self.drive_inner(scratch);
        let state = self.http.state();
        if state != self.state {
            self.state = state;
            self.state_since = Instant::now();
        }
        next
    }

    fn drive_inner(&mut self, scratch: &mut [u8]) -> DriveResult {
        if let Some((_, reply)) = self.delayed.take_if(|(due, _)| *due <= Instant::now()) {
            self.start_response(reply);
        }
        if self.reset {
            return DriveResult::Closed;
        }
        loop {
            if let Some(next) = self.write() {
                return next;
            }
            if let Some(request) = self.http.advance() {
                self.stream.extend_read_budget(self.request_bytes);
                return DriveResult::Request(request);
            }
            if !self.http.pending_output().is_empty() {
                continue;
            }
            match self.http.state() {
                ConnectionState::Done => return self.drain(scratch),
                ConnectionState::NoResponse => return self.discard_input(scratch),
                _ => {}
            }
            if !self.http.wants_input() {
                return DriveResult::Blocked;
            }
            match self.stream.read(scratch) {
                Ok(0) => return DriveResult::Closed,
                Ok(count) => self.http.feed(&scratch[..count]),
                Err(error) => {
                    self.refusal = tls_refusal(&error);
                    if let Some(next) = on_io_error(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Writes what is pending: all of it, unless there is something else to do now.
    fn write(&mut self) -> Option<DriveResult> {
        while !self.http.pending_output().is_empty() {
            let mut bytes = self.http.pending_output();
            if let Some(drip) = &self.throttle {
                if drip.next_byte_at > Instant::now() {
                    return Some(DriveResult::Blocked);
                }
                bytes = &bytes[..1];
            }
            let written = self.stream.write(bytes);
            // Also where nothing could be written, so that it is tried again then and not at once.
            if let Some(drip) = &mut self.throttle {
                drip.schedule_next(Instant::now());
            }
            match written {
                Ok(0) => return Some(DriveResult::Closed),
                Ok(count) => self.http.mark_sent(count),
                Err(error) => {
                    if let Some(next) = on_io_error(&error) {
                        return Some(next);
                    }
                }
            }
        }
        self.throttle = None;
        None
    }

    /// Hears whether the client leaves; whatever it says is thrown away.
    fn discard_input(&mut self, scratch: &mut [u8]) -> DriveResult {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return DriveResult::Closed,
                Ok(_) => {}
                Err(error) => {
                    if let Some(next) = on_io_error(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Says that no more is coming, and throws away what the client still sends.
    fn drain(&mut self, scratch: &mut [u8]) -> DriveResult {
        if self.state != ConnectionState::Done {
            self.stream.extend_read_budget(self.linger_bytes.saturating_mul(TLS_OVERHEAD_FACTOR));
            if self.stream.shutdown_write().is_err() {
                return DriveResult::Closed;
            }
        }
        loop {
            match self.stream.read(scratch) {
                Ok(count) if count > 0 && count < self.linger_bytes => self.linger_bytes -= count,
                Ok(_) => return DriveResult::Closed,
                Err(error) => {
                    if let Some(next) = on_io_error(&error) {
                        return next;
                    }
                }
            }
        }
    }

    /// Takes the handler's reply.
    pub(super) fn respond(&mut self, reply: HttpResponse) {
        match reply.delay() {
            Duration::ZERO => self.start_response(reply),
            delay => self.delayed = Some((self.state_since + delay, reply)),
        }
    }

    /// Begins to send a reply in its manner.
    fn start_response(&mut self, reply: HttpResponse) {
        match reply.mode() {
            ResponseMode::Reset => {
                self.reset = true;
                reset_on_close(self.stream.socket());
            }
            ResponseMode::NoResponse => self.http.never_respond(),
            ResponseMode::Throttled(pause) => {
                self.throttle = Some(Throttle::new(pause, Instant::now()));
                self.http.respond(reply);
            }
            ResponseMode::Normal | ResponseMode::Truncated => self.http.respond(reply),
        }
    }

    /// When it has something to do that no readiness announces.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let delayed = self.delayed.as_ref().map(|(due, _)| *due);
        delayed
            .or_else(|| self.throttle.filter(|_| !self.http.pending_output().is_empty()).map(|drip| drip.next_byte_at))
    }

    /// Answers with a bare status and ends the connection.
    pub(super) fn refuse(&mut self, why: RefusalReason) {
        self.http.refuse(why);
    }

    /// Why a request was refused since the last call.
    pub(super) fn refusal(&mut self) -> Option<RefusalReason> {
        self.refusal.take().or_else(|| self.http.refusal())
    }

    /// Whether a request has begun to come, and is not complete.
    pub(super) fn has_partial_request(&self) -> bool {
        self.state == ConnectionState::Reading && self.stream.has_received()
    }

    /// Makes the reply to come the last one.
    pub(super) fn close_after_reply(&mut self) {
        self.http.close_after_reply();
    }

    /// Whether a reply is being made or sent.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, ConnectionState::Working | ConnectionState::Writing)
    }

    /// When patience ends; never while the handler works, nor while it is us who are slow.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let timeout = match self.state {
            ConnectionState::Idle | ConnectionState::NoResponse => limits.idle_timeout,
            ConnectionState::Reading => limits.head_timeout,
            ConnectionState::Writing if self.throttle.is_some() => return None,
            ConnectionState::Writing => limits.write_timeout,
            ConnectionState::Done => LINGER_TIMEOUT,
            ConnectionState::Working => return None,
        };
        Some(self.state_since + timeout)
    }

    /// The connection as one that could be given up for a new one; a busy one could not.
    pub(super) fn eviction_candidate(&self, id: usize) -> Option<EvictionCandidate> {
        let (peer, since, is_over) = (self.http.peer(), self.state_since, self.state == ConnectionState::Done);
        (!self.is_busy()).then_some(EvictionCandidate { id, peer, waiting_since: since, is_done: is_over })
    }
}

/// What TLS has against a connection.
fn tls_refusal(error: &io::Error) -> Option<RefusalReason> {
    RefusalReason::from_tls_error(error.get_ref()?.downcast_ref()?)
}

/// Makes closing the socket a reset.
fn reset_on_close(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// What an error of a socket means: wait for readiness, give up, or (none) try again.
fn on_io_error(error: &io::Error) -> Option<DriveResult> {
    match error.kind() {
        ErrorKind::WouldBlock => Some(DriveResult::Blocked),
        ErrorKind::Interrupted => None,
        _ => Some(DriveResult::Closed),
    }
}
