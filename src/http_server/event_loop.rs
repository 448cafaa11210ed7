//! The loop that owns every socket of a door: accepts, pumps, hands requests to the workers, sends replies.
//!
//! When the door is full, a connection whose request is not complete goes; `spare` says which.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::connection::{Connection, DriveResult};
use super::eviction;
use super::eviction::EvictionCandidate;
use super::tls::ServerTls;
use super::{HttpResponse, Limits, RefusalReason, Refusals, Request};

/// The wake-up call of workers and of a stop.
pub(super) const WAKER_TOKEN: Token = Token(0);
const LISTENER_TOKEN: Token = Token(1);
const FIRST_CONNECTION_ID: usize = 2;

/// Connections accepted between two looks at those that are open.
const ACCEPT_BATCH: usize = 64;
/// How long accepting rests when it fails and nothing can be given up.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
/// How long replies in work may take to go out after a stop.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(1500);

/// A request for a worker, with the connection that it came from.
pub(super) struct HandlerJob {
    pub(super) connection_id: usize,
    pub(super) request: Request,
}

/// What the loop hears from outside.
pub(super) enum LoopCommand {
    /// A worker's reply for a connection.
    Response(usize, HttpResponse),
    /// Accept no more, finish what is in work, end.
    Stop,
}

/// What wakes a loop that polls.
#[derive(Debug)]
pub(super) struct LoopWaker {
    waker: Waker,
    /// It was rung, and the loop has not come yet.
    pending: AtomicBool,
}

impl LoopWaker {
    /// A bell that `token` announces. Fails when the system has none to give.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(LoopWaker { waker: Waker::new(registry, token)?, pending: AtomicBool::new(false) })
    }

    /// Wakes the loop, after a note was left for it.
    pub(super) fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // If this fails, the note is found with the next thing that happens.
            let _ = self.waker.wake();
        }
    }

    /// The loop has come, and looks for notes next: it finds those of everybody who rang before.
    pub(super) fn reset(&self) {
        self.pending.swap(false, Ordering::AcqRel);
    }
}

enum AcceptState {
    /// There may be connections to accept.
    Ready,
    /// The listener will say when there are.
    Idle,
    /// The system refused; try again then, or when a connection closes.
    BackingOff(Instant),
}

/// The loop's state.
pub(super) struct EventLoop {
    poll: Poll,
    listener: Option<TcpListener>,
    tls: Option<ServerTls>,
    limits: Limits,
    jobs: Sender<HandlerJob>,
    commands: Receiver<LoopCommand>,
    waker: Arc<LoopWaker>,
    refusals: Refusals,
    connections: BTreeMap<usize, Connection>,
    next_connection_id: usize,
    accept_state: AcceptState,
    scratch: Vec<u8>,
    stop_deadline: Option<Instant>,
}

impl EventLoop {
    /// A loop over `listener`, which must not block. Fails when the system has no poll to give.
    pub(super) fn new(
        poll: Poll,
        mut listener: TcpListener,
        tls: Option<ServerTls>,
        limits: Limits,
        jobs: Sender<HandlerJob>,
        commands: Receiver<LoopCommand>,
        waker: Arc<LoopWaker>,
    ) -> io::Result<Self> {
        poll.registry().register(&mut listener, LISTENER_TOKEN, Interest::READABLE)?;
        Ok(EventLoop {
            poll,
            listener: Some(listener),
            tls,
            limits,
            jobs,
            commands,
            waker,
            refusals: Refusals::new(),
            connections: BTreeMap::new(),
            next_connection_id: FIRST_CONNECTION_ID,
            accept_state: AcceptState::Ready,
            scratch: vec![0; 16 << 10],
            stop_deadline: None,
        })
    }

    /// What is refused before a handler sees it.
    pub(super) fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// Serves until a [`Note::Stop`].
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
    }

    fn is_finished(&self) -> bool {
        self.stop_deadline.is_some_and(|at| self.connections.is_empty() || at <= Instant::now())
    }

    /// How long nothing needs to be done unless something happens; `None` is for ever.
    fn poll_timeout(&self, now: Instant) -> Option<Duration> {
        let accept = match self.accept_state {
            _ if self.listener.is_none() => None,
            AcceptState::Ready => Some(now),
            AcceptState::Idle => None,
            AcceptState::BackingOff(until) => Some(until),
        };
        let timers =
            self.connections.values().flat_map(|link| [link.deadline(&self.limits), link.next_timer()]).flatten();
        timers.chain(accept).chain(self.stop_deadline).min().map(|at| at.saturating_duration_since(now))
    }

    /// Moves a connection as far as it goes.
    fn drive(&mut self, id: usize) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let next = connection.drive(&mut self.scratch);
            connection.refusal().into_iter().for_each(|why| self.refusals.record(why));
            match next {
                DriveResult::Blocked if self.stop_deadline.is_some() && !connection.is_busy() => return self.close(id),
                DriveResult::Blocked => return,
                DriveResult::Closed => return self.close(id),
                DriveResult::Request(request) => match self.jobs.try_send(HandlerJob { connection_id: id, request }) {
                    Ok(()) => return,
                    Err(_) => connection.refuse(RefusalReason::Busy),
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

    /// Takes replies, and the word to stop.
    fn handle_commands(&mut self) {
        self.waker.reset();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                LoopCommand::Response(id, reply) => {
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.respond(reply);
                        self.drive(id);
                    }
                }
                LoopCommand::Stop => {
                    self.listener = None;
                    self.stop_deadline = Some(Instant::now() + DRAIN_TIMEOUT);
                    self.connections.retain(|_, connection| connection.is_busy());
                    self.connections.values_mut().for_each(Connection::close_after_reply);
                }
            }
        }
    }

    /// Moves the connections whose alarm rings.
    fn run_timers(&mut self, now: Instant) {
        let is_due = |link: &Connection| link.next_timer().is_some_and(|at| at <= now);
        let ids: Vec<usize> = self.connections.iter().filter(|(_, link)| is_due(link)).map(|(id, _)| *id).collect();
        for id in ids {
            self.drive(id);
        }
    }

    fn close_expired(&mut self, now: Instant) {
        let late = |link: &Connection| link.deadline(&self.limits).is_some_and(|at| at <= now);
        let ids: Vec<usize> = self.connections.iter().filter(|(_, link)| late(link)).map(|(id, _)| *id).collect();
        for id in ids {
            self.close_with_refusal(id, RefusalReason::Timeout);
        }
    }

    /// Closes a connection; who has begun to ask is refused with that.
    fn close_with_refusal(&mut self, id: usize, why: RefusalReason) {
        if self.connections.get(&id).is_some_and(Connection::has_partial_request) {
            self.refusals.record(why);
        }
        self.close(id);
    }

    /// Accepts what waits, in batches. An error of the system (no more file descriptors, mostly) costs one
    /// dispensable connection; if that does not help, accepting rests.
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

    /// Takes a connection in, if there is room or room can be made.
    fn add_connection(&mut self, socket: TcpStream, peer: SocketAddr) {
        if self.connections.len() >= self.limits.max_connections && !self.evict_one() {
            self.refusals.record(RefusalReason::AtCapacity);
            return;
        }
        // Without it a reply of two segments would wait for the client's delayed acknowledgement.
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

    /// Closes the connection that can best be spared, unless its request turns out to be there by now.
    fn evict_one(&mut self) -> bool {
        loop {
            let candidates: Vec<EvictionCandidate> =
                self.connections.iter().filter_map(|(id, link)| link.eviction_candidate(*id)).collect();
            let Some(id) = eviction::choose_victim(&candidates) else { return false };
            self.drive(id);
            if self.connections.get(&id).is_none_or(|link| link.eviction_candidate(id).is_some()) {
                self.close_with_refusal(id, RefusalReason::AtCapacity);
                return true;
            }
        }
    }
}
