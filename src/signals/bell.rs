//! One bell for signals and for the events of other threads.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::{Signal, stop};

/// Rung by signals, and by threads that have something to tell.
pub struct Bell {
    heard: UnixStream,
    ringer: Ringer,
    /// A signal was told: whoever leaves already needs no second one.
    told: bool,
    _watched: stop::Watched,
}

/// What a thread rings the bell with.
#[derive(Clone)]
pub struct Ringer {
    line: Arc<UnixStream>,
    /// It rings already: whoever hears it looks at everything.
    rung: Arc<AtomicBool>,
}

impl Ringer {
    /// Rings, unless it does already.
    pub fn ring(&self) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            // Nobody listens any more where the command has left.
            let _ = (&*self.line).write(b"!");
        }
    }
}

impl Bell {
    /// Begins to listen; while it lives, the signals do not end the process.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn begin() -> io::Result<Self> {
        let (heard, line) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        let ringer = Ringer { line: Arc::new(line), rung: Arc::default() };
        Ok(Self { heard, ringer, told: false, _watched: stop::Watched::begin()? })
    }

    /// For a thread that has something to tell.
    pub fn ringer(&self) -> Ringer {
        self.ringer.clone()
    }

    /// Waits until it rings, or until then; the first signal that came, once.
    ///
    /// # Errors
    /// The operating system's.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<Option<Signal>> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)));
        let mut wanted = vec![PollFd::from_borrowed_fd(self.heard.as_fd(), PollFlags::IN)];
        wanted.extend(stop::note().filter(|_| !self.told).map(|note| PollFd::from_borrowed_fd(note, PollFlags::IN)));
        match stop::wait(&mut wanted, left) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        match (&self.heard).read(&mut [0; 64]) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        // First, so that what comes now rings anew.
        self.ringer.rung.store(false, Ordering::SeqCst);
        let signal = stop::came().filter(|_| !self.told);
        self.told |= signal.is_some();
        Ok(signal)
    }
}
