//! The signals that ask this process to stop. While a command watches for them they are noted here, for whoever
//! waits; at any other time they end the process, as they would had nobody ever watched.
//!
//! A write to a stream whose reader does not read is such a wait: see [`writable`].

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::{Signal, inherited};
use crate::termination;

/// Each signal with its number.
const STOP_SIGNALS: [(i32, Signal); 3] =
    [(SIGHUP, Signal::Hangup), (SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate)];

/// How long after a signal the output still waits for its reader.
const UNREAD_OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);

/// Which signals have arrived, in the order of [`STOP_SIGNALS`].
static RECEIVED_FLAGS: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
/// Nobody watches: a signal ends the process.
static NO_WATCHER: AtomicBool = AtomicBool::new(true);
/// It can be read once a signal has come. Nobody reads it until the next command begins to watch.
static SIGNAL_PIPE: OnceLock<UnixStream> = OnceLock::new();
static WATCH_STATE: Mutex<WatchState> = Mutex::new(WatchState { watchers: 0, first_signal_at: None });

struct WatchState {
    watchers: usize,
    /// When the signal was noticed that came while somebody watched.
    first_signal_at: Option<Instant>,
}

fn lock_state() -> std::sync::MutexGuard<'static, WatchState> {
    WATCH_STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While one of these lives, the signals are noted and do not end the process.
pub(super) struct WatchGuard;

impl WatchGuard {
    /// Begins to note signals. Those that were ignored when the process began stay so.
    pub(super) fn new() -> io::Result<Self> {
        let mut state = lock_state();
        let note = match SIGNAL_PIPE.get() {
            Some(note) => note,
            None => {
                let note = install_handlers()?;
                SIGNAL_PIPE.get_or_init(|| note)
            }
        };
        // What came before was for somebody else.
        state.first_signal_at = None;
        while let Ok(1..) = (&*note).read(&mut [0; 64]) {}
        RECEIVED_FLAGS.iter().for_each(|came| came.store(false, Ordering::SeqCst));
        termination::signal_flag().store(0, Ordering::SeqCst);
        NO_WATCHER.store(false, Ordering::SeqCst);
        state.watchers += 1;
        Ok(Self)
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        let mut state = lock_state();
        state.watchers -= 1;
        if state.watchers == 0 {
            NO_WATCHER.store(true, Ordering::SeqCst);
        }
    }
}

/// Sets the handlers, once and for all: one that is taken away would leave the signal without effect.
fn install_handlers() -> io::Result<UnixStream> {
    let (note, line) = UnixStream::pair()?;
    note.set_nonblocking(true)?;
    for ((number, _), came) in
        STOP_SIGNALS.iter().zip(&RECEIVED_FLAGS).filter(|((number, _), _)| !inherited::is_ignored(*number))
    {
        flag::register_conditional_default(*number, &NO_WATCHER)?;
        flag::register(*number, came)?;
        flag::register_usize(*number, termination::signal_flag(), usize::try_from(*number).unwrap_or_default())?;
        low_level::pipe::register(*number, line.try_clone()?)?;
    }
    Ok(note)
}

/// Those that are not ignored, by their numbers.
pub(super) fn watched_numbers() -> impl Iterator<Item = i32> {
    STOP_SIGNALS.into_iter().map(|(number, _)| number).filter(|number| !inherited::is_ignored(*number))
}

/// The signal of that number.
pub(super) fn signal_from_number(number: i32) -> Signal {
    STOP_SIGNALS.iter().find(|(it, _)| *it == number).map_or(Signal::Terminate, |(_, signal)| *signal)
}

/// The signal that has come since a command began to watch, if one has.
pub fn received_signal() -> Option<Signal> {
    let (_, (_, signal)) = RECEIVED_FLAGS.iter().zip(STOP_SIGNALS).find(|(came, _)| came.load(Ordering::SeqCst))?;
    lock_state().first_signal_at.get_or_insert_with(Instant::now);
    Some(signal)
}

/// What can be read once a signal has come; to be polled, not to be read.
pub(super) fn pipe_fd() -> Option<BorrowedFd<'static>> {
    SIGNAL_PIPE.get().map(AsFd::as_fd)
}

/// When the signal came that was watched for, as nearly as it was noticed.
pub fn first_signal_at() -> Option<Instant> {
    lock_state().first_signal_at
}

/// Waits until that stream takes some bytes. `false`: a signal has come, and its reader did not read soon after.
///
/// # Errors
/// The operating system's.
pub fn wait_writable(stream: BorrowedFd<'_>) -> io::Result<bool> {
    loop {
        let left = first_signal_at().map(|since| UNREAD_OUTPUT_TIMEOUT.saturating_sub(since.elapsed()));
        let stop = pipe_fd().filter(|_| left.is_none() && !NO_WATCHER.load(Ordering::SeqCst));
        let mut fds: Vec<PollFd<'_>> = vec![PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
        fds.extend(stop.map(|stop| PollFd::from_borrowed_fd(stop, PollFlags::IN)));
        match poll_fds(&mut fds, left) {
            // Also where it is closed: the write tells.
            Ok(_) if !fds[0].revents().is_empty() => return Ok(true),
            Ok(_) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
            Ok(_) if stop.is_some() => drop(received_signal()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Polls; no time is for ever.
pub(super) fn poll_fds(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    poll(fds, timeout.as_ref())
}
