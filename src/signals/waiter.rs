//! One bell for signals and for the events of other threads.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::{Signal, handlers};

/// Rung by signals, and by threads that have something to tell.
pub struct Waiter {
    receiver: UnixStream,
    notifier: Notifier,
    /// A signal was told: whoever leaves already needs no second one.
    signal_reported: bool,
    _guard: handlers::WatchGuard,
}

/// What a thread rings the bell with.
#[derive(Clone)]
pub struct Notifier {
    sender: Arc<UnixStream>,
    /// It rings already: whoever hears it looks at everything.
    pending: Arc<AtomicBool>,
}

impl Notifier {
    /// Rings, unless it does already.
    pub fn notify(&self) {
        if !self.pending.swap(true, Ordering::SeqCst) {
            // Nobody listens any more where the command has left.
            let _ = (&*self.sender).write(b"!");
        }
    }
}

impl Waiter {
    /// Begins to listen; while it lives, the signals do not end the process.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn new() -> io::Result<Self> {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        let notifier = Notifier { sender: Arc::new(sender), pending: Arc::default() };
        Ok(Self { receiver, notifier, signal_reported: false, _guard: handlers::WatchGuard::new()? })
    }

    /// For a thread that has something to tell.
    pub fn notifier(&self) -> Notifier {
        self.notifier.clone()
    }

    /// Waits until it rings, or until then; the first signal that came, once.
    ///
    /// # Errors
    /// The operating system's.
    pub fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Option<Signal>> {
        let left =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)));
        let mut fds = vec![PollFd::from_borrowed_fd(self.receiver.as_fd(), PollFlags::IN)];
        fds.extend(
            handlers::pipe_fd()
                .filter(|_| !self.signal_reported)
                .map(|note| PollFd::from_borrowed_fd(note, PollFlags::IN)),
        );
        match handlers::poll_fds(&mut fds, left) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        match (&self.receiver).read(&mut [0; 64]) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        // First, so that what comes now rings anew.
        self.notifier.pending.store(false, Ordering::SeqCst);
        let signal = handlers::received_signal().filter(|_| !self.signal_reported);
        self.signal_reported |= signal.is_some();
        Ok(signal)
    }
}
