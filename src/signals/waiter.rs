//! Waits for signals and for other threads together, without a thread of its own.
//!
//! The signal handlers and [`Notifier`] both write to a pipe, so one poll waits for all of them. A
//! command that sends one message therefore starts no thread for signals, as it would with
//! [`super::SignalReceiver`].

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::{Signal, handlers};

/// Waits until a signal arrives or another thread calls [`Notifier::notify`].
pub struct Waiter {
    receiver: UnixStream,
    notifier: Notifier,
    /// A signal was returned. A command that is already stopping needs no second one.
    signal_reported: bool,
    _guard: handlers::WatchGuard,
}

/// Wakes a [`Waiter`] from another thread.
#[derive(Clone)]
pub struct Notifier {
    sender: Arc<UnixStream>,
    /// The waiter was notified and has not returned yet. It then handles all events together.
    pending: Arc<AtomicBool>,
}

impl Notifier {
    /// Wakes the waiter, unless a wake-up is pending.
    pub fn notify(&self) {
        if !self.pending.swap(true, Ordering::SeqCst) {
            // The write fails if the waiter no longer exists.
            let _ = (&*self.sender).write(b"!");
        }
    }
}

impl Waiter {
    /// Creates a waiter. While it exists, signals do not end the process.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        let notifier = Notifier { sender: Arc::new(sender), pending: Arc::default() };
        Ok(Self { receiver, notifier, signal_reported: false, _guard: handlers::WatchGuard::new()? })
    }

    /// Returns a notifier for another thread.
    pub fn notifier(&self) -> Notifier {
        self.notifier.clone()
    }

    /// Waits for a signal or a notification, at most until `deadline`. Returns the first signal,
    /// once.
    ///
    /// # Errors
    /// The poll fails.
    pub fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Option<Signal>> {
        let timeout =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)));
        let mut fds = vec![PollFd::from_borrowed_fd(self.receiver.as_fd(), PollFlags::IN)];
        let signal_pipe = handlers::pipe_fd().filter(|_| !self.signal_reported);
        fds.extend(signal_pipe.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN)));
        match handlers::poll_fds(&mut fds, timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        match (&self.receiver).read(&mut [0; 64]) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        // Reset the flag before the caller reads its events, so that a later event notifies again.
        self.notifier.pending.store(false, Ordering::SeqCst);
        let signal = handlers::received_signal().filter(|_| !self.signal_reported);
        self.signal_reported |= signal.is_some();
        Ok(signal)
    }
}
