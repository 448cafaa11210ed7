//! The event loop, which owns all sockets of a server: it accepts connections, drives them, passes
//! requests to the handler threads and sends their responses.
//!
//! When the server is at capacity, the loop closes a connection whose request is incomplete;
//! `eviction` chooses which one.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use super::connection::{Connection, DriveResult};
use super::eviction::{self, EvictionCandidate};
use super::{HttpRejection, HttpRejections, HttpResponse, Limits, Request, ServerTls};

const WAKER_TOKEN: Token = Token(0);
const LISTENER_TOKEN: Token = Token(1);
const FIRST_CONNECTION_ID: usize = 2;

/// The number of connections that are accepted before the open ones are served again.
const ACCEPT_BATCH: usize = 64;
/// The pause after a failed accept if no connection can be evicted.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// A request for a handler thread, with the connection that it came from.
pub(super) struct HandlerJob {
    pub(super) connection_id: usize,
    pub(super) request: Request,
}

/// A message from another thread to the loop.
pub(super) enum LoopCommand {
    /// A handler's response for a connection.
    Response(usize, HttpResponse),
    /// Accept no more connections, finish pending requests, then end: at this time at the latest.
    /// Further stops change nothing.
    Stop(Instant),
}

/// Sends commands to the loop from another thread.
#[derive(Clone)]
pub(super) struct LoopHandle {
    commands: Sender<LoopCommand>,
    waker: Arc<LoopWaker>,
}

impl LoopHandle {
    /// Sends `command` and wakes the loop. Returns `false` if the loop has ended.
    pub(super) fn send(&self, command: LoopCommand) -> bool {
        let is_sent = self.commands.send(command).is_ok();
        self.waker.wake();
        is_sent
    }
}

/// Wakes the loop from its poll. Each wake-up is a system call, so one wake-up serves all waiting
/// commands.
struct LoopWaker {
    waker: Waker,
    /// The loop was woken and has not yet read its commands.
    pending: AtomicBool,
}

impl LoopWaker {
    /// Wakes the loop after a command was sent.
    fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // If this fails, the loop finds the command at its next event.
            let _ = self.waker.wake();
        }
    }

    /// Allows the next wake-up. The loop must read its commands afterwards: it then finds those of
    /// all threads that called `wake` before.
    fn reset(&self) {
        self.pending.swap(false, Ordering::AcqRel);
    }
}

enum AcceptState {
    /// There may be connections to accept.
    Ready,
    /// The listener announces the next connection.
    Idle,
    /// Accepting failed. The loop retries at this time, or when a connection closes.
    BackingOff(Instant),
}

/// The state of the loop.
pub(super) struct EventLoop {
    poll: Poll,
    listener: Option<TcpListener>,
    tls: Option<ServerTls>,
    limits: Limits,
    jobs: Sender<HandlerJob>,
    commands: Receiver<LoopCommand>,
    waker: Arc<LoopWaker>,
    rejections: HttpRejections,
    connections: BTreeMap<usize, Connection>,
    next_connection_id: usize,
    accept_state: AcceptState,
    scratch: Vec<u8>,
    stop_deadline: Option<Instant>,
}

impl EventLoop {
    /// Creates a loop that serves `listener`, which must not block, and returns it with the queue
    /// of its requests and a handle for the threads that answer them.
    pub(super) fn new(
        mut listener: TcpListener,
        tls: Option<ServerTls>,
        limits: Limits,
    ) -> io::Result<(Self, Receiver<HandlerJob>, LoopHandle)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER_TOKEN)?;
        let waker = Arc::new(LoopWaker { waker, pending: AtomicBool::new(false) });
        poll.registry().register(&mut listener, LISTENER_TOKEN, Interest::READABLE)?;
        // The queue is shorter than the number of connections, so that one is left to answer
        // "busy".
        let (jobs, job_receiver) = bounded((limits.max_connections * 3 / 4).max(1));
        let (command_sender, commands) = unbounded();
        let handle = LoopHandle { commands: command_sender, waker: Arc::clone(&waker) };
        let event_loop = EventLoop {
            poll,
            listener: Some(listener),
            tls,
            limits,
            jobs,
            commands,
            waker,
            rejections: HttpRejections::new(),
            connections: BTreeMap::new(),
            next_connection_id: FIRST_CONNECTION_ID,
            accept_state: AcceptState::Ready,
            scratch: vec![0; 16 << 10],
            stop_deadline: None,
        };
        Ok((event_loop, job_receiver, handle))
    }

    /// Returns the rejections of this server. Clones share them.
    pub(super) fn rejections(&self) -> HttpRejections {
        self.rejections.clone()
    }

    /// Serves until [`LoopCommand::Stop`] is received and pending responses are sent. Requests that
    /// are still unanswered at its deadline get the status 503.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(512);
        while !self.is_finished() {
            let timeout = self.poll_timeout(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != ErrorKind::Interrupted
            {
                return;
            }
            for event in &events {
                match event.token() {
                    WAKER_TOKEN => {}
                    LISTENER_TOKEN => self.accept_state = AcceptState::Ready,
                    Token(id) => self.drive(id),
                }
            }
            self.handle_commands();
            self.run_timers(Instant::now());
            self.close_expired(Instant::now());
            self.accept_pending();
        }
        for id in self.select(Connection::is_unanswered) {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.respond(HttpResponse::status_only(503).with_header("Retry-After", "5"));
                self.drive(id);
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.stop_deadline.is_some_and(|at| self.connections.is_empty() || at <= Instant::now())
    }

    /// Returns the time until the next timer, or `None` if there is none.
    fn poll_timeout(&self, now: Instant) -> Option<Duration> {
        let accept = match self.accept_state {
            _ if self.listener.is_none() => None,
            AcceptState::Ready => Some(now),
            AcceptState::Idle => None,
            AcceptState::BackingOff(until) => Some(until),
        };
        let timers =
            self.connections.values().flat_map(|open| [open.deadline(&self.limits), open.next_timer()]).flatten();
        timers.chain(accept).chain(self.stop_deadline).min().map(|at| at.saturating_duration_since(now))
    }

    /// Drives a connection until it blocks, waits for its handler, or closes.
    fn drive(&mut self, id: usize) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let result = connection.drive(&mut self.scratch);
            connection.take_rejection().into_iter().for_each(|reason| self.rejections.record(reason));
            match result {
                DriveResult::Blocked if self.stop_deadline.is_some() && !connection.is_busy() => return self.close(id),
                DriveResult::Blocked => return,
                DriveResult::Closed => return self.close(id),
                DriveResult::Request(request) => match self.jobs.try_send(HandlerJob { connection_id: id, request }) {
                    Ok(()) => return,
                    Err(_) => connection.reject(HttpRejection::Busy),
                },
            }
        }
    }

    fn close(&mut self, id: usize) {
        self.connections.remove(&id);
        if matches!(self.accept_state, AcceptState::BackingOff(_)) {
            self.accept_state = AcceptState::Ready;
        }
    }

    /// Handles the commands of other threads.
    fn handle_commands(&mut self) {
        self.waker.reset();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                LoopCommand::Response(id, response) => {
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.respond(response);
                        self.drive(id);
                    }
                }
                LoopCommand::Stop(deadline) if self.stop_deadline.is_none() => self.begin_stop(deadline),
                LoopCommand::Stop(_) => {}
            }
        }
    }

    /// Takes the requests that have arrived by now, then closes the listener and all connections
    /// without a complete request.
    fn begin_stop(&mut self, deadline: Instant) {
        self.accept_state = AcceptState::Ready;
        self.accept_pending();
        self.listener = None;
        self.stop_deadline = Some(deadline);
        self.connections.values_mut().for_each(Connection::close_after_response);
        self.select(|_| true).into_iter().for_each(|id| self.drive(id));
    }

    /// Drives the connections whose timer has expired.
    fn run_timers(&mut self, now: Instant) {
        for id in self.select(|connection| connection.next_timer().is_some_and(|at| at <= now)) {
            self.drive(id);
        }
    }

    /// Closes the connections whose deadline has passed.
    fn close_expired(&mut self, now: Instant) {
        for id in self.select(|connection| connection.deadline(&self.limits).is_some_and(|at| at <= now)) {
            self.close_with_rejection(id, HttpRejection::Timeout);
        }
    }

    fn select(&self, predicate: impl Fn(&Connection) -> bool) -> Vec<usize> {
        self.connections.iter().filter(|(_, connection)| predicate(connection)).map(|(id, _)| *id).collect()
    }

    /// Closes a connection, and records `reason` if it had begun to send a request.
    fn close_with_rejection(&mut self, id: usize, reason: HttpRejection) {
        if self.connections.get(&id).is_some_and(Connection::has_partial_request) {
            self.rejections.record(reason);
        }
        self.close(id);
    }

    /// Accepts waiting connections in batches. If accepting fails, mostly because the process is
    /// out of file descriptors, one connection is evicted; if it fails again, accepting pauses.
    fn accept_pending(&mut self) {
        if matches!(self.accept_state, AcceptState::BackingOff(until) if until <= Instant::now()) {
            self.accept_state = AcceptState::Ready;
        }
        let mut failed = false;
        for _ in 0..ACCEPT_BATCH {
            if !matches!(self.accept_state, AcceptState::Ready) {
                return;
            }
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((socket, peer)) => {
                    failed = false;
                    self.add_connection(socket, peer);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => self.accept_state = AcceptState::Idle,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
                    _ if !failed && self.evict_one() => failed = true,
                    _ => self.accept_state = AcceptState::BackingOff(Instant::now() + ACCEPT_BACKOFF),
                },
            }
        }
    }

    /// Adds a connection if the server is below its capacity or can evict another one.
    fn add_connection(&mut self, socket: TcpStream, peer: SocketAddr) {
        if self.connections.len() >= self.limits.max_connections && !self.evict_one() {
            self.rejections.record(HttpRejection::AtCapacity);
            return;
        }
        // Otherwise a response of two segments waits for the client's delayed acknowledgement.
        let _ = socket.set_nodelay(true);
        let id = self.next_connection_id;
        self.next_connection_id += 1;
        let Ok(mut connection) = Connection::new(socket, self.tls.as_ref(), peer, &self.limits, Instant::now()) else {
            return;
        };
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(connection.socket(), Token(id), interest).is_ok() {
            self.connections.insert(id, connection);
            self.drive(id);
        }
    }

    /// Closes one connection and returns `true`, or returns `false` if all are busy. If the request
    /// of the chosen connection has arrived by now, another one is chosen.
    fn evict_one(&mut self) -> bool {
        loop {
            let candidates: Vec<EvictionCandidate> =
                self.connections.iter().filter_map(|(id, connection)| connection.eviction_candidate(*id)).collect();
            let Some(id) = eviction::choose_evicted(&candidates) else { return false };
            self.drive(id);
            if self.connections.get(&id).is_none_or(|connection| connection.eviction_candidate(id).is_some()) {
                self.close_with_rejection(id, HttpRejection::AtCapacity);
                return true;
            }
        }
    }
}
