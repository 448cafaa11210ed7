//! The standard streams, for a process that must be able to leave though nobody reads what it writes.

use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use rustix::io::Errno;

use crate::signals;
use crate::t;

/// What a reader that does not read is given up for: a signal came, and it still did not read.
#[derive(Debug, thiserror::Error)]
#[error("{}", t!("ui-unread"))]
pub(super) struct UnreadOutput;

/// Standard output or standard error, without a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StdStream {
    Stdout,
    Stderr,
}

/// Which of them has been given up: what would follow is dropped, rather than leave a hole.
static ABANDONED: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

impl StdStream {
    /// The terminal that stderr is.
    pub(super) fn terminal() -> Term {
        Term::read_write_pair(io::stdin(), Self::Stderr)
    }

    fn abandoned_flag(self) -> &'static AtomicBool {
        &ABANDONED[self as usize]
    }

    fn fd(self) -> BorrowedFd<'static> {
        static STREAMS: std::sync::LazyLock<(io::Stdout, io::Stderr)> =
            std::sync::LazyLock::new(|| (io::stdout(), io::stderr()));
        match self {
            Self::Stdout => STREAMS.0.as_fd(),
            Self::Stderr => STREAMS.1.as_fd(),
        }
    }
}

impl Write for StdStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A pipe that takes any bytes takes so many without a wait.
        let piece = &bytes[..bytes.len().min(rustix::pipe::PIPE_BUF)];
        loop {
            if self.abandoned_flag().load(Ordering::Relaxed) {
                return Err(io::Error::other(UnreadOutput));
            }
            if !signals::wait_writable(self.fd())? {
                self.abandoned_flag().store(true, Ordering::Relaxed);
                continue;
            }
            match rustix::io::write(self.fd(), piece) {
                // Somebody else made it a stream that does not wait, or was quicker.
                Err(Errno::INTR | Errno::AGAIN) => {}
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsRawFd for StdStream {
    fn as_raw_fd(&self) -> RawFd {
        self.fd().as_raw_fd()
    }
}

/// Whether another process reads what is written there.
pub(super) fn is_pipe(stream: &impl AsFd) -> bool {
    let kind = rustix::fs::fstat(stream).map(|found| rustix::fs::FileType::from_raw_mode(found.st_mode));
    matches!(kind, Ok(rustix::fs::FileType::Fifo | rustix::fs::FileType::Socket))
}

/// Whether it failed since nobody reads.
pub(super) fn is_unread_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<UnreadOutput>())
}
