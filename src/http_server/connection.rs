//! A connection: a transport stream and the HTTP/1 state of its bytes. Reads and writes never
//! block.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::eviction::EvictionCandidate;
use super::http1::{ConnectionState, Http1Connection};
use super::stream::TransportStream;
use super::tls::ServerTls;
use super::{HttpRejection, HttpResponse, Limits, Request, ResponseMode};

/// The time for a client to close the connection after the last response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// The bytes that the client may send in that time, in addition to a body.
const MAX_LINGER_BYTES: usize = 256 << 10;
/// The maximum size of a TLS handshake, including an unrequested certificate chain.
const MAX_HANDSHAKE_BYTES: usize = 32 << 10;
/// The maximum ratio of TLS bytes to request bytes: a client may send a record for every few bytes.
const TLS_OVERHEAD_FACTOR: usize = 4;

/// The next action of the loop for a connection.
pub(super) enum DriveResult {
    /// Wait until the socket is ready again.
    Blocked,
    /// Pass this request to a handler thread.
    Request(Request),
    /// Close the connection: it is finished or broken.
    Closed,
}

/// The state of a response in [`ResponseMode::Throttled`].
#[derive(Clone, Copy, Debug)]
struct Throttle {
    interval: Duration,
    /// When the next byte may be sent.
    next_byte_at: Instant,
}

/// A connection of the server.
pub(super) struct Connection {
    stream: TransportStream,
    http: Http1Connection,
    state: ConnectionState,
    state_since: Instant,
    /// The maximum number of bytes that TLS may read for one request.
    request_bytes: usize,
    /// The number of bytes that are still read and discarded after the last response. Closing a
    /// socket with unread bytes resets the connection, and the client could lose the response.
    linger_bytes: usize,
    /// A delayed response and the time when it may be sent.
    delayed: Option<(Instant, HttpResponse)>,
    /// Set while a throttled response is sent.
    throttle: Option<Throttle>,
    /// Whether the connection ends with a reset.
    reset: bool,
    /// The TLS failure that ended the connection.
    rejection: Option<HttpRejection>,
}

impl Connection {
    /// Creates the state of an accepted connection. A TLS handshake counts as a part of the first
    /// request: it shares its timeout and can be evicted, too.
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
        Ok(Connection {
            stream,
            http,
            state: ConnectionState::Reading,
            request_bytes,
            state_since: now,
            linger_bytes,
            delayed: None,
            throttle: None,
            reset: false,
            rejection: None,
        })
    }

    /// Returns the socket, to register it with the poll.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        self.stream.socket()
    }

    /// Writes, parses and reads until the socket blocks or a request is complete. The limits bound
    /// the work of a call to one request and one response.
    pub(super) fn drive(&mut self, scratch: &mut [u8]) -> DriveResult {
        let result = self.drive_inner(scratch);
        let state = self.http.state();
        if state != self.state {
            self.state = state;
            self.state_since = Instant::now();
        }
        result
    }

    fn drive_inner(&mut self, scratch: &mut [u8]) -> DriveResult {
        if let Some((_, response)) = self.delayed.take_if(|(due, _)| *due <= Instant::now()) {
            self.start_response(response);
        }
        if self.reset {
            return DriveResult::Closed;
        }
        loop {
            if let Some(result) = self.write() {
                return result;
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
                    self.rejection = tls_rejection(&error);
                    if let Some(result) = on_io_error(&error) {
                        return result;
                    }
                }
            }
        }
    }

    /// Writes the pending output. Returns `None` if all of it was written.
    fn write(&mut self) -> Option<DriveResult> {
        while !self.http.pending_output().is_empty() {
            let mut bytes = self.http.pending_output();
            if let Some(throttle) = &self.throttle {
                if throttle.next_byte_at > Instant::now() {
                    return Some(DriveResult::Blocked);
                }
                bytes = &bytes[..1];
            }
            let written = self.stream.write(bytes);
            // This applies even if nothing was written, so that the next attempt waits, too.
            if let Some(throttle) = &mut self.throttle {
                throttle.next_byte_at = Instant::now() + throttle.interval;
            }
            match written {
                Ok(0) => return Some(DriveResult::Closed),
                Ok(count) => self.http.mark_sent(count),
                Err(error) => {
                    if let Some(result) = on_io_error(&error) {
                        return Some(result);
                    }
                }
            }
        }
        self.throttle = None;
        None
    }

    /// Reads and discards input, to notice when the client closes the connection.
    fn discard_input(&mut self, scratch: &mut [u8]) -> DriveResult {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return DriveResult::Closed,
                Ok(_) => {}
                Err(error) => {
                    if let Some(result) = on_io_error(&error) {
                        return result;
                    }
                }
            }
        }
    }

    /// Closes the write side, then reads and discards a bounded amount of input.
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
                    if let Some(result) = on_io_error(&error) {
                        return result;
                    }
                }
            }
        }
    }

    /// Sends the handler's response, after its delay.
    pub(super) fn respond(&mut self, response: HttpResponse) {
        match response.delay() {
            Duration::ZERO => self.start_response(response),
            delay => self.delayed = Some((self.state_since + delay, response)),
        }
    }

    /// Starts to send a response in its mode.
    fn start_response(&mut self, response: HttpResponse) {
        match response.mode() {
            ResponseMode::Reset => {
                self.reset = true;
                reset_on_close(self.stream.socket());
            }
            ResponseMode::NoResponse => self.http.never_respond(),
            ResponseMode::Throttled(interval) => {
                self.throttle = Some(Throttle { interval, next_byte_at: Instant::now() });
                self.http.respond(response);
            }
            ResponseMode::Normal | ResponseMode::Truncated => self.http.respond(response),
        }
    }

    /// Returns the time of the next action that the poll does not announce.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let delayed = self.delayed.as_ref().map(|(due, _)| *due);
        delayed.or_else(|| {
            self.throttle.filter(|_| !self.http.pending_output().is_empty()).map(|throttle| throttle.next_byte_at)
        })
    }

    /// Responds with the status of `reason` and ends the connection.
    pub(super) fn reject(&mut self, reason: HttpRejection) {
        self.http.reject(reason);
    }

    /// Returns why a request was rejected since the last call.
    pub(super) fn take_rejection(&mut self) -> Option<HttpRejection> {
        self.rejection.take().or_else(|| self.http.take_rejection())
    }

    /// Returns `true` if a part of a request has arrived.
    pub(super) fn has_partial_request(&self) -> bool {
        self.state == ConnectionState::Reading && self.stream.has_received()
    }

    /// Closes the connection after the next response.
    pub(super) fn close_after_response(&mut self) {
        self.http.close_after_response();
    }

    /// Returns `true` while a response is produced or sent.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, ConnectionState::Working | ConnectionState::Writing)
    }

    /// Returns `true` while a handler has a request and has not answered it.
    pub(super) fn is_unanswered(&self) -> bool {
        self.state == ConnectionState::Working && self.delayed.is_none()
    }

    /// Returns the current deadline, or `None` while the handler runs or a response is throttled by
    /// its mode.
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

    /// Describes the connection for the eviction policy, or returns `None` if it is busy.
    pub(super) fn eviction_candidate(&self, id: usize) -> Option<EvictionCandidate> {
        (!self.is_busy()).then(|| EvictionCandidate {
            id,
            peer: self.http.peer(),
            waiting_since: self.state_since,
            is_done: self.state == ConnectionState::Done,
        })
    }
}

/// Returns the rejection reason for a TLS error.
fn tls_rejection(error: &io::Error) -> Option<HttpRejection> {
    HttpRejection::from_tls_error(error.get_ref()?.downcast_ref()?)
}

/// Makes closing the socket send a reset.
fn reset_on_close(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// Returns the result for a socket error, or `None` if the call can be repeated.
fn on_io_error(error: &io::Error) -> Option<DriveResult> {
    match error.kind() {
        ErrorKind::WouldBlock => Some(DriveResult::Blocked),
        ErrorKind::Interrupted => None,
        _ => Some(DriveResult::Closed),
    }
}
