//! One bell for signals and for the events of other threads.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use super::Signal;

/// Rung by signals, and by threads that have something to tell.
pub struct Bell {
    heard: UnixStream,
    ringer: Ringer,
    flags: [(Signal, Arc<AtomicBool>); 2],
    registered: Vec<SigId>,
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
        let flags = [Signal::Interrupt, Signal::Terminate].map(|signal| (signal, Arc::new(AtomicBool::new(false))));
        let mut registered = Vec::new();
        for ((_, flag), number) in flags.iter().zip([SIGINT, SIGTERM]) {
            registered.push(flag::register(number, flag.clone())?);
            registered.push(low_level::pipe::register(number, line.try_clone()?)?);
        }
        let ringer = Ringer { line: Arc::new(line), rung: Arc::default() };
        Ok(Self { heard, ringer, flags, registered })
    }

    /// For a thread that has something to tell.
    pub fn ringer(&self) -> Ringer {
        self.ringer.clone()
    }

    /// Waits until it rings, or until then; the signal that rang, if one did.
    ///
    /// # Errors
    /// The operating system's.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<Option<Signal>> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)));
        self.heard.set_read_timeout(left)?;
        match self.heard.read(&mut [0; 64]) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        // First, so that what comes now rings anew.
        self.ringer.rung.store(false, Ordering::SeqCst);
        Ok(self.flags.iter().find(|(_, flag)| flag.swap(false, Ordering::SeqCst)).map(|(signal, _)| *signal))
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
    }
}
