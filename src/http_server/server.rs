//! Starting and stopping a server: the port, the thread of the event loop, and the handler threads
//! that call the handler.

use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use socket2::{Domain, Protocol, Socket, Type};

use super::event_loop::{EventLoop, HandlerJob, LoopCommand, LoopHandle};
use super::{HttpRejections, HttpResponse, Limits, Request, ServerTls};

/// The time for pending requests to be answered after [`ServerHandle::stop`].
const DRAIN_TIMEOUT: Duration = Duration::from_millis(1500);

/// The time for handlers to return after [`ServerHandle::stop_within`] has asked them to.
const HURRY_TIMEOUT: Duration = Duration::from_millis(500);

/// The time that [`ServerHandle::stop`] waits for a handler after the loop has ended.
const HANDLER_STOP_TIMEOUT: Duration = Duration::from_millis(250);

/// The number of connections that may wait to be accepted. With the usual 128, a flood overruns the
/// queue, and each connection then takes one to three seconds.
const LISTEN_BACKLOG: i32 = 4096;

/// The number of file descriptors for anything but connections of the server: the database twice,
/// the connections of the HTTP client, signals, the terminal.
const RESERVED_FDS: u64 = 28;

/// A server that is bound to a port and not started yet.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<ServerTls>,
    limits: Limits,
}

impl HttpServer {
    /// Binds to the first usable address of `addr`.
    ///
    /// # Errors
    /// The last address cannot be bound: in use, not permitted, or no address of this machine.
    pub fn bind(addr: impl ToSocketAddrs, limits: Limits) -> io::Result<HttpServer> {
        let mut last = ErrorKind::AddrNotAvailable.into();
        let listener = addr.to_socket_addrs()?.find_map(|addr| bind_listener(addr).map_err(|error| last = error).ok());
        let listener = listener.ok_or(last)?;
        let addr = listener.local_addr()?;
        Ok(HttpServer { listener, addr, tls: None, limits })
    }

    /// Serves HTTPS if `tls` is present.
    pub fn with_tls(mut self, tls: Option<ServerTls>) -> Self {
        self.tls = tls;
        self
    }

    /// Returns the bound address, with the actual port if port 0 was requested.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts serving. Several threads may call `handler` concurrently. If it panics, its request
    /// is answered with status 500; the release build aborts instead.
    ///
    /// # Errors
    /// The operating system cannot provide a thread or a poll.
    pub fn start(self, handler: impl Fn(Request) -> HttpResponse + Send + Sync + 'static) -> io::Result<ServerHandle> {
        self.listener.set_nonblocking(true)?;
        let mut limits = self.limits;
        limits.max_connections = limits.max_connections.min(max_connections_for_fds()).max(1);
        let thread_count = limits.handler_threads.max(1);
        let listener = mio::net::TcpListener::from_std(self.listener);
        let (event_loop, jobs, loop_handle) = EventLoop::new(listener, self.tls, limits)?;
        let rejections = event_loop.rejections();

        // The handler threads start before the loop: if a thread cannot be started, dropping
        // `event_loop` ends the others.
        let handler: Arc<Handler> = Arc::new(handler);
        let (alive, handlers_ended) = bounded(0);
        let mut handler_threads = Vec::with_capacity(thread_count);
        for _ in 0..thread_count {
            let thread = HandlerThread {
                jobs: jobs.clone(),
                loop_handle: loop_handle.clone(),
                handler: Arc::clone(&handler),
                _alive: alive.clone(),
            };
            handler_threads.push(Builder::new().name("http-handler".into()).spawn(move || thread.run())?);
        }
        let (loop_alive, loop_ended) = bounded(0);
        let loop_thread = Builder::new().name("http-loop".into()).spawn(move || {
            let _alive: Sender<()> = loop_alive;
            event_loop.run();
        })?;
        Ok(ServerHandle {
            addr: self.addr,
            rejections,
            loop_handle,
            loop_thread: Some(loop_thread),
            loop_ended,
            handler_threads,
            handlers_ended,
        })
    }
}

/// Binds a listener to `addr`. A listener on `::` accepts IPv4, too.
fn bind_listener(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.ip() == Ipv6Addr::UNSPECIFIED {
        // The system's default (net.ipv6.bindv6only) may differ. If it cannot be changed, IPv6
        // alone is served.
        let _ = socket.set_only_v6(false);
    }
    // Otherwise the port cannot be bound while connections of a previous process linger.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    Ok(socket.into())
}

/// A running server. Dropping the handle stops it.
pub struct ServerHandle {
    addr: SocketAddr,
    rejections: HttpRejections,
    loop_handle: LoopHandle,
    loop_thread: Option<JoinHandle<()>>,
    /// Disconnected when the thread of the loop has ended.
    loop_ended: Receiver<()>,
    handler_threads: Vec<JoinHandle<()>>,
    /// Disconnected when the last handler thread has ended.
    handlers_ended: Receiver<()>,
}

impl ServerHandle {
    /// Returns the address that is served.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the requests that were rejected before the handler saw them.
    pub fn rejections(&self) -> &HttpRejections {
        &self.rejections
    }

    /// Refuses new connections, waits up to two seconds until the requests that have arrived are
    /// answered, and ends the threads. A handler that takes longer keeps its thread, and its
    /// request gets the status 503. Idle connections are closed immediately.
    pub fn stop(self) {}

    /// Stops with another time limit, which is exceeded by less than a second. If requests are still
    /// pending then, `hurry` is called, which has to make their handlers return.
    pub fn stop_within(self, timeout: Duration, hurry: impl FnOnce()) {
        self.loop_handle.send(LoopCommand::Stop(Instant::now() + timeout + HURRY_TIMEOUT));
        if self.loop_ended.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
            hurry();
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        // A loop that was told to stop keeps its deadline.
        self.loop_handle.send(LoopCommand::Stop(Instant::now() + DRAIN_TIMEOUT));
        if let Some(thread) = self.loop_thread.take() {
            let _ = thread.join();
        }
        // The loop held the only sender of jobs, so the handler threads end.
        let _ = self.handlers_ended.recv_timeout(HANDLER_STOP_TIMEOUT);
        for thread in self.handler_threads.drain(..).filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
}

type Handler = dyn Fn(Request) -> HttpResponse + Send + Sync;

struct HandlerThread {
    jobs: Receiver<HandlerJob>,
    loop_handle: LoopHandle,
    handler: Arc<Handler>,
    _alive: Sender<()>,
}

impl HandlerThread {
    fn run(self) {
        for HandlerJob { connection_id, request } in &self.jobs {
            let response = catch_unwind(AssertUnwindSafe(|| (self.handler)(request)))
                .unwrap_or_else(|_| HttpResponse::status_only(500));
            if !self.loop_handle.send(LoopCommand::Response(connection_id, response)) {
                return;
            }
        }
    }
}

/// Returns the number of connections that the limit on open files allows: half of the files, and
/// never those that the rest of the process needs.
fn max_connections_for_fds() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let share = |files: u64| (files / 2).min(files.saturating_sub(RESERVED_FDS));
    limit.map_or(usize::MAX, |files| usize::try_from(share(files)).unwrap_or(usize::MAX))
}
