//! Opening and closing: the port, the loop's thread, the threads that call the handler.

use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use mio::Poll;
use socket2::{Domain, Protocol, Socket, Type};

use super::bell::Bell;
use super::serve::{Job, Note, Serve, WAKER};
use super::{Limits, Refusals, Reply, Request, Tls};

/// How long [`Running::stop`] waits for a handler that does not come back, after the loop has ended.
const GRACE: Duration = Duration::from_millis(250);

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Files that are not connections of the door: the database twice, the client's connections, signals, the terminal.
const OTHERS: u64 = 28;

/// A port that is taken and not yet served.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<Tls>,
    limits: Limits,
}

impl Door {
    /// Takes the port. Fails as binding does: in use, not permitted, no such address.
    pub fn bind(addr: impl ToSocketAddrs, limits: Limits) -> io::Result<Door> {
        let mut last = ErrorKind::AddrNotAvailable.into();
        let listener = addr.to_socket_addrs()?.find_map(|addr| listen(addr).map_err(|error| last = error).ok());
        let listener = listener.ok_or(last)?;
        let addr = listener.local_addr()?;
        Ok(Door { listener, addr, tls: None, limits })
    }

    /// Speaks HTTPS, where `tls` is there.
    pub fn speaking(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// The address that was taken, with its real port where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts to serve. The handler may be called by several threads at once; if it panics where panics unwind (not in
    /// the program itself, which ends), that request is answered 500.
    ///
    /// # Errors
    /// The system's, where it gives no thread or no poll.
    pub fn open(self, handler: impl Fn(Request) -> Reply + Send + Sync + 'static) -> io::Result<Running> {
        self.listener.set_nonblocking(true)?;
        let mut limits = self.limits;
        limits.connections = limits.connections.min(share_of_files()).max(1);
        let poll = Poll::new()?;
        let bell = Arc::new(Bell::new(poll.registry(), WAKER)?);
        // Fewer than the connections, so that there is a place left to hear "not now".
        let (jobs, work) = bounded((limits.connections * 3 / 4).max(1));
        let (notes, heard) = unbounded();
        let workers = limits.workers.max(1);
        let listener = mio::net::TcpListener::from_std(self.listener);
        let serve = Serve::new(poll, listener, self.tls, limits, jobs, heard, Arc::clone(&bell))?;
        let refusals = serve.refusals();

        // Before the loop: if a thread cannot be had, dropping `serve` ends the workers that were started.
        let handler: Arc<Handler> = Arc::new(handler);
        let (alive, ended) = bounded(0);
        let mut threads = Vec::with_capacity(workers);
        for _ in 0..workers {
            let worker = Worker {
                work: work.clone(),
                notes: notes.clone(),
                bell: Arc::clone(&bell),
                handler: Arc::clone(&handler),
                _alive: alive.clone(),
            };
            threads.push(Builder::new().name("door-worker".into()).spawn(move || worker.run())?);
        }
        let main = Builder::new().name("door-loop".into()).spawn(move || serve.run())?;
        Ok(Running { addr: self.addr, refusals, notes, bell, main: Some(main), threads, ended })
    }
}

/// A listener on that address; one on `::` takes IPv4, too.
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.ip() == Ipv6Addr::UNSPECIFIED {
        // The system's default (net.ipv6.bindv6only) may be another. Where it cannot be changed, IPv6 is served.
        let _ = socket.set_only_v6(false);
    }
    // A port whose last connections linger can be taken again.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    // With the usual 128, a flood overruns the queue, and then everybody's connection takes a second or three.
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A door that is being served; dropping it stops it.
pub struct Running {
    addr: SocketAddr,
    refusals: Refusals,
    notes: Sender<Note>,
    bell: Arc<Bell>,
    main: Option<JoinHandle<()>>,
    threads: Vec<JoinHandle<()>>,
    /// Disconnected once the last worker has ended.
    ended: Receiver<()>,
}

impl Running {
    /// The address that is served.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// What was refused before the handler saw it.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Refuses new connections, lets replies that are ready or in work go out, for two seconds at most, and
    /// ends the threads. A handler that hangs longer than that is left behind.
    pub fn stop(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.notes.send(Note::Stop);
        self.bell.ring();
        if let Some(main) = self.main.take() {
            let _ = main.join();
        }
        // The loop held the only sender of jobs, so the workers find no more work.
        let _ = self.ended.recv_timeout(GRACE);
        for thread in self.threads.drain(..).filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
}

type Handler = dyn Fn(Request) -> Reply + Send + Sync;

struct Worker {
    work: Receiver<Job>,
    notes: Sender<Note>,
    bell: Arc<Bell>,
    handler: Arc<Handler>,
    _alive: Sender<()>,
}

impl Worker {
    fn run(self) {
        for Job { link, request } in &self.work {
            let reply = catch_unwind(AssertUnwindSafe(|| (self.handler)(request))).unwrap_or_else(|_| Reply::bare(500));
            if self.notes.send(Note::Reply(link, reply)).is_err() {
                return;
            }
            self.bell.ring();
        }
    }
}

/// Half of the files that the process may open, and always leaves the rest some.
fn share_of_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let share = |files: u64| (files / 2).min(files.saturating_sub(OTHERS));
    limit.map_or(usize::MAX, |files| usize::try_from(share(files)).unwrap_or(usize::MAX))
}
