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

use super::event_loop::{EventLoop, HandlerJob, LoopCommand, LoopWaker, WAKER_TOKEN};
use super::{HttpResponse, Limits, Refusals, Request, ServerTls};

/// How long [`Running::stop`] waits for a handler that does not come back, after the loop has ended.
const HANDLER_STOP_TIMEOUT: Duration = Duration::from_millis(250);

/// Connections that may wait to be accepted.
const LISTEN_BACKLOG: i32 = 4096;

/// Files that are not connections of the door: the database twice, the client's connections, signals, the terminal.
const RESERVED_FDS: u64 = 28;

/// A port that is taken and not yet served.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<ServerTls>,
    limits: Limits,
}

impl HttpServer {
    /// Takes the port. Fails as binding does: in use, not permitted, no such address.
    pub fn bind(addr: impl ToSocketAddrs, limits: Limits) -> io::Result<HttpServer> {
        let mut last = ErrorKind::AddrNotAvailable.into();
        let listener = addr.to_socket_addrs()?.find_map(|addr| bind_listener(addr).map_err(|error| last = error).ok());
        let listener = listener.ok_or(last)?;
        let addr = listener.local_addr()?;
        Ok(HttpServer { listener, addr, tls: None, limits })
    }

    /// Speaks HTTPS, where `tls` is there.
    pub fn with_tls(mut self, tls: Option<ServerTls>) -> Self {
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
    pub fn start(self, handler: impl Fn(Request) -> HttpResponse + Send + Sync + 'static) -> io::Result<ServerHandle> {
        self.listener.set_nonblocking(true)?;
        let mut limits = self.limits;
        limits.max_connections = limits.max_connections.min(max_connections_for_fds()).max(1);
        let poll = Poll::new()?;
        let waker = Arc::new(LoopWaker::new(poll.registry(), WAKER_TOKEN)?);
        // Fewer than the connections, so that there is a place left to hear "not now".
        let (jobs, job_receiver) = bounded((limits.max_connections * 3 / 4).max(1));
        let (commands, command_receiver) = unbounded();
        let workers = limits.workers.max(1);
        let listener = mio::net::TcpListener::from_std(self.listener);
        let event_loop = EventLoop::new(poll, listener, self.tls, limits, jobs, command_receiver, Arc::clone(&waker))?;
        let refusals = event_loop.refusals();

        // Before the loop: if a thread cannot be had, dropping `serve` ends the workers that were started.
        let handler: Arc<Handler> = Arc::new(handler);
        let (alive, workers_ended) = bounded(0);
        let mut worker_threads = Vec::with_capacity(workers);
        for _ in 0..workers {
            let worker = Worker {
                jobs: job_receiver.clone(),
                commands: commands.clone(),
                waker: Arc::clone(&waker),
                handler: Arc::clone(&handler),
                _alive: alive.clone(),
            };
            worker_threads.push(Builder::new().name("http-worker".into()).spawn(move || worker.run())?);
        }
        let loop_thread = Builder::new().name("http-loop".into()).spawn(move || event_loop.run())?;
        Ok(ServerHandle {
            addr: self.addr,
            refusals,
            commands,
            waker,
            loop_thread: Some(loop_thread),
            worker_threads,
            workers_ended,
        })
    }
}

/// A listener on that address; one on `::` takes IPv4, too.
fn bind_listener(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.ip() == Ipv6Addr::UNSPECIFIED {
        // The system's default (net.ipv6.bindv6only) may be another. Where it cannot be changed, IPv6 is served.
        let _ = socket.set_only_v6(false);
    }
    // A port whose last connections linger can be taken again.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    // With the usual 128, a flood overruns the queue, and then everybody's connection takes a second or three.
    socket.listen(LISTEN_BACKLOG)?;
    Ok(socket.into())
}

/// A door that is being served; dropping it stops it.
pub struct ServerHandle {
    addr: SocketAddr,
    refusals: Refusals,
    commands: Sender<LoopCommand>,
    waker: Arc<LoopWaker>,
    loop_thread: Option<JoinHandle<()>>,
    worker_threads: Vec<JoinHandle<()>>,
    /// Disconnected once the last worker has ended.
    workers_ended: Receiver<()>,
}

impl ServerHandle {
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

impl Drop for ServerHandle {
    fn drop(&mut self) {
        let _ = self.commands.send(LoopCommand::Stop);
        self.waker.wake();
        if let Some(main) = self.loop_thread.take() {
            let _ = main.join();
        }
        // The loop held the only sender of jobs, so the workers find no more work.
        let _ = self.workers_ended.recv_timeout(HANDLER_STOP_TIMEOUT);
        for thread in self.worker_threads.drain(..).filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
}

type Handler = dyn Fn(Request) -> HttpResponse + Send + Sync;

struct Worker {
    jobs: Receiver<HandlerJob>,
    commands: Sender<LoopCommand>,
    waker: Arc<LoopWaker>,
    handler: Arc<Handler>,
    _alive: Sender<()>,
}

impl Worker {
    fn run(self) {
        for HandlerJob { connection_id, request } in &self.jobs {
            let reply = catch_unwind(AssertUnwindSafe(|| (self.handler)(request)))
                .unwrap_or_else(|_| HttpResponse::status_only(500));
            if self.commands.send(LoopCommand::Response(connection_id, reply)).is_err() {
                return;
            }
            self.waker.wake();
        }
    }
}

/// Half of the files that the process may open, and always leaves the rest some.
fn max_connections_for_fds() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let share = |files: u64| (files / 2).min(files.saturating_sub(RESERVED_FDS));
    limit.map_or(usize::MAX, |files| usize::try_from(share(files)).unwrap_or(usize::MAX))
}
