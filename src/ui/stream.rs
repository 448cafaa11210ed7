//! The standard streams. A write to them ends after a signal even if the reader does not read.

use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::signals;
use crate::t;

/// The error of a write whose reader did not read, even after a signal arrived.
#[derive(Debug, thiserror::Error)]
#[error("{}", t!("ui-unread"))]
pub(super) struct UnreadOutput;

/// Standard output or standard error, unbuffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StdStream {
    Stdout,
    Stderr,
}

/// Whether each stream was abandoned. All further output is dropped, so that none is missing in
/// between.
static ABANDONED: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

impl StdStream {
    /// Returns the terminal of stderr.
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
        // A pipe that is writable accepts this many bytes without blocking.
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
                // Another process has made the stream non-blocking, or has filled the pipe.
                Err(Errno::INTR | Errno::AGAIN) => {}
                result => return Ok(result?),
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

/// Returns `true` if another process reads `stream`.
pub(super) fn is_pipe(stream: &impl AsFd) -> bool {
    let kind = rustix::fs::fstat(stream).map(|status| rustix::fs::FileType::from_raw_mode(status.st_mode));
    matches!(kind, Ok(rustix::fs::FileType::Fifo | rustix::fs::FileType::Socket))
}

/// Returns `true` if the last reader of a pipe has closed it.
pub(super) fn is_broken(pipe: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(pipe, PollFlags::empty())];
    let is_polled = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok();
    is_polled && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Returns `true` if a write failed because the reader did not read.
pub(super) fn is_unread_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<UnreadOutput>())
}
