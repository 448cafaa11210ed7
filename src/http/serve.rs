//! The loop that owns every socket of a door: accepts, pumps, hands requests to the workers, sends replies.
//!
//! When the door is full, a connection whose request is not complete goes; `spare` says which.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::bell::Bell;
use super::link::{Link, Next};
use super::spare::{self, Spare};
use super::tls::Tls;
use super::{Limits, Refusals, Refused, Reply, Request};

/// The wake-up call of workers and of a stop.
pub(super) const WAKER: Token = Token(0);
const LISTENER: Token = Token(1);
const FIRST_LINK: usize = 2;

/// Connections accepted between two looks at those that are open.
const BATCH: usize = 64;
/// How long accepting rests when it fails and nothing can be given up.
const REST: Duration = Duration::from_millis(100);
/// How long replies in work may take to go out after a stop.
const GRACE: Duration = Duration::from_millis(1500);

/// A request for a worker, with the connection that it came from.
pub(super) struct Job {
    pub(super) link: usize,
    pub(super) request: Request,
}

/// What the loop hears from outside.
pub(super) enum Note {
    /// A worker's reply for a connection.
    Reply(usize, Reply),
    /// Accept no more, finish what is in work, end.
    Stop,
}

enum Accepting {
    /// There may be connections to accept.
    Ready,
    /// The listener will say when there are.
    Waiting,
    /// The system refused; try again then, or when a connection closes.
    Resting(Instant),
}

/// The loop's state.
pub(super) struct Serve {
    poll: Poll,
    listener: Option<TcpListener>,
    tls: Option<Tls>,
    limits: Limits,
    jobs: Sender<Job>,
    notes: Receiver<Note>,
    bell: Arc<Bell>,
    refusals: Refusals,
    links: BTreeMap<usize, Link>,
    next_link: usize,
    accepting: Accepting,
    scratch: Vec<u8>,
    stop_at: Option<Instant>,
}

impl Serve {
    /// A loop over `listener`, which must not block. Fails when the system has no poll to give.
    pub(super) fn new(
        poll: Poll,
        mut listener: TcpListener,
        tls: Option<Tls>,
        limits: Limits,
        jobs: Sender<Job>,
        notes: Receiver<Note>,
        bell: Arc<Bell>,
    ) -> io::Result<Self> {
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Serve {
            poll,
            listener: Some(listener),
            tls,
            limits,
            jobs,
            notes,
            bell,
            refusals: Refusals::none(),
            links: BTreeMap::new(),
            next_link: FIRST_LINK,
            accepting: Accepting::Ready,
            scratch: vec![0; 16 << 10],
            stop_at: None,
        })
    }

    /// What is refused before a handler sees it.
    pub(super) fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// Serves until a [`Note::Stop`].
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(512);
        while !self.is_over() {
            let patience = self.patience(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, patience)
                && error.kind() != ErrorKind::Interrupted
            {
                return;
            }
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.accepting = Accepting::Ready,
                    Token(link) => self.pump(link),
                }
            }
            self.hear();
            self.wake(Instant::now());
            self.expire(Instant::now());
            self.accept();
        }
    }

    fn is_over(&self) -> bool {
        self.stop_at.is_some_and(|at| self.links.is_empty() || at <= Instant::now())
    }

    /// How long nothing needs to be done unless something happens; `None` is for ever.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let accept = match self.accepting {
            _ if self.listener.is_none() => None,
            Accepting::Ready => Some(now),
            Accepting::Waiting => None,
            Accepting::Resting(until) => Some(until),
        };
        let links = self.links.values().flat_map(|link| [link.deadline(&self.limits), link.alarm()]).flatten();
        links.chain(accept).chain(self.stop_at).min().map(|at| at.saturating_duration_since(now))
    }

    /// Moves a connection as far as it goes.
    fn pump(&mut self, id: usize) {
        loop {
            let Some(link) = self.links.get_mut(&id) else { return };
            let next = link.pump(&mut self.scratch);
            link.refused().into_iter().for_each(|why| self.refusals.note(why));
            match next {
                Next::Wait if self.stop_at.is_some() && !link.is_busy() => return self.close(id),
                Next::Wait => return,
                Next::Close => return self.close(id),
                Next::Hand(request) => match self.jobs.try_send(Job { link: id, request }) {
                    Ok(()) => return,
                    Err(_) => link.refuse(Refused::Busy),
                },
            }
        }
    }

    fn close(&mut self, id: usize) {
        self.links.remove(&id);
        if matches!(self.accepting, Accepting::Resting(_)) {
            self.accepting = Accepting::Ready;
        }
    }

    /// Takes replies, and the word to stop.
    fn hear(&mut self) {
        self.bell.heard();
        while let Ok(note) = self.notes.try_recv() {
            match note {
                Note::Reply(id, reply) => {
                    if let Some(link) = self.links.get_mut(&id) {
                        link.answer(reply);
                        self.pump(id);
                    }
                }
                Note::Stop => {
                    self.listener = None;
                    self.stop_at = Some(Instant::now() + GRACE);
                    self.links.retain(|_, link| link.is_busy());
                    self.links.values_mut().for_each(Link::close_after_reply);
                }
            }
        }
    }

    /// Moves the connections whose alarm rings.
    fn wake(&mut self, now: Instant) {
        let rings = |link: &Link| link.alarm().is_some_and(|at| at <= now);
        let ids: Vec<usize> = self.links.iter().filter(|(_, link)| rings(link)).map(|(id, _)| *id).collect();
        for id in ids {
            self.pump(id);
        }
    }

    fn expire(&mut self, now: Instant) {
        let late = |link: &Link| link.deadline(&self.limits).is_some_and(|at| at <= now);
        let ids: Vec<usize> = self.links.iter().filter(|(_, link)| late(link)).map(|(id, _)| *id).collect();
        for id in ids {
            self.turn_out(id, Refused::Slow);
        }
    }

    /// Closes a connection; who has begun to ask is refused with that.
    fn turn_out(&mut self, id: usize, why: Refused) {
        if self.links.get(&id).is_some_and(Link::has_begun) {
            self.refusals.note(why);
        }
        self.close(id);
    }

    /// Accepts what waits, in batches. An error of the system (no more file descriptors, mostly) costs one
    /// dispensable connection; if that does not help, accepting rests.
    fn accept(&mut self) {
        if matches!(self.accepting, Accepting::Resting(until) if until <= Instant::now()) {
            self.accepting = Accepting::Ready;
        }
        let mut failed = false;
        for _ in 0..BATCH {
            if !matches!(self.accepting, Accepting::Ready) {
                return;
            }
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((socket, peer)) => {
                    failed = false;
                    self.admit(socket, peer);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => self.accepting = Accepting::Waiting,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
                    _ if !failed && self.give_one_up() => failed = true,
                    _ => self.accepting = Accepting::Resting(Instant::now() + REST),
                },
            }
        }
    }

    /// Takes a connection in, if there is room or room can be made.
    fn admit(&mut self, socket: TcpStream, peer: SocketAddr) {
        if self.links.len() >= self.limits.connections && !self.give_one_up() {
            self.refusals.note(Refused::Full);
            return;
        }
        // Without it a reply of two segments would wait for the client's delayed acknowledgement.
        let _ = socket.set_nodelay(true);
        let id = self.next_link;
        self.next_link += 1;
        let Ok(mut link) = Link::new(socket, self.tls.as_ref(), peer, &self.limits, Instant::now()) else { return };
        let interest = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(link.socket(), Token(id), interest).is_ok() {
            self.links.insert(id, link);
            self.pump(id);
        }
    }

    /// Closes the connection that can best be spared, unless its request turns out to be there by now.
    fn give_one_up(&mut self) -> bool {
        loop {
            let spares: Vec<Spare> = self.links.iter().filter_map(|(id, link)| link.spare(*id)).collect();
            let Some(id) = spare::best(&spares) else { return false };
            self.pump(id);
            if self.links.get(&id).is_none_or(|link| link.spare(id).is_some()) {
                self.turn_out(id, Refused::Full);
                return true;
            }
        }
    }
}
