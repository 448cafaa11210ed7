//! The handlers of the signals that ask the process to stop.
//!
//! While a [`WatchGuard`] exists, the handlers record the signals, and a command can wait for them.
//! At any other time a signal ends the process, as it does by default. A write to a stream whose
//! reader does not read waits, too: see [`wait_writable`].

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

/// The signals with their numbers.
const STOP_SIGNALS: [(i32, Signal); 3] =
    [(SIGHUP, Signal::Hangup), (SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate)];

/// Whether SIGHUP asks a service to read its config again instead of to stop.
static HANGUP_RELOADS: AtomicBool = AtomicBool::new(false);

/// The time after a signal for which output still waits for its reader.
const UNREAD_OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);

/// Whether each signal has arrived, in the order of [`STOP_SIGNALS`].
static RECEIVED_FLAGS: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
/// Whether no guard exists. Then a signal ends the process.
static NO_WATCHER: AtomicBool = AtomicBool::new(true);
/// Becomes readable when a signal arrives. It is emptied when the next guard is created, not
/// before.
static SIGNAL_PIPE: OnceLock<UnixStream> = OnceLock::new();
static WATCH_STATE: Mutex<WatchState> = Mutex::new(WatchState { watchers: 0, first_signal_at: None });

struct WatchState {
    watchers: usize,
    /// When the first signal was noticed while a guard existed.
    first_signal_at: Option<Instant>,
}

fn lock_state() -> std::sync::MutexGuard<'static, WatchState> {
    WATCH_STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While a guard exists, signals are recorded and do not end the process.
pub(super) struct WatchGuard;

impl WatchGuard {
    /// Starts recording signals. Those that were ignored when the process began stay ignored.
    pub(super) fn new() -> io::Result<Self> {
        let mut state = lock_state();
        let pipe = match SIGNAL_PIPE.get() {
            Some(pipe) => pipe,
            None => {
                let pipe = install_handlers()?;
                SIGNAL_PIPE.get_or_init(|| pipe)
            }
        };
        // Earlier signals were for a previous guard.
        state.first_signal_at = None;
        while let Ok(1..) = (&*pipe).read(&mut [0; 64]) {}
        RECEIVED_FLAGS.iter().for_each(|received| received.store(false, Ordering::SeqCst));
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

/// Installs the handlers and returns the pipe that they write to. They stay installed, because
/// removing one would leave its signal without any effect.
fn install_handlers() -> io::Result<UnixStream> {
    let (receiver, sender) = UnixStream::pair()?;
    receiver.set_nonblocking(true)?;
    let is_watched = |number: i32| watched_numbers().any(|watched| watched == number);
    for ((number, _), received) in
        STOP_SIGNALS.iter().zip(&RECEIVED_FLAGS).filter(|((number, _), _)| is_watched(*number))
    {
        flag::register_conditional_default(*number, &NO_WATCHER)?;
        flag::register(*number, received)?;
        flag::register_usize(*number, termination::signal_flag(), usize::try_from(*number).unwrap_or_default())?;
        low_level::pipe::register(*number, sender.try_clone()?)?;
    }
    Ok(receiver)
}

/// Makes SIGHUP a request to read the config again, in a process that has not installed its
/// handlers yet.
pub(super) fn reload_on_hangup() {
    HANGUP_RELOADS.store(true, Ordering::SeqCst);
}

/// Returns the numbers of the signals that ask the process to stop and are not ignored.
pub(super) fn watched_numbers() -> impl Iterator<Item = i32> {
    let reloads = HANGUP_RELOADS.load(Ordering::SeqCst);
    let numbers = STOP_SIGNALS.into_iter().map(|(number, _)| number);
    let is_unwatched = move |number: &i32| inherited::is_ignored(*number) || reloads && *number == SIGHUP;
    numbers.filter(move |number| !is_unwatched(number))
}

/// Returns the signal with this number.
pub(super) fn signal_from_number(number: i32) -> Signal {
    STOP_SIGNALS.iter().find(|(candidate, _)| *candidate == number).map_or(Signal::Terminate, |(_, signal)| *signal)
}

/// Returns the signal that has arrived since the guard was created, if any.
pub fn received_signal() -> Option<Signal> {
    let (_, (_, signal)) =
        RECEIVED_FLAGS.iter().zip(STOP_SIGNALS).find(|(received, _)| received.load(Ordering::SeqCst))?;
    lock_state().first_signal_at.get_or_insert_with(Instant::now);
    Some(signal)
}

/// Returns a pipe that becomes readable when a signal arrives. It must be polled, not read.
pub(super) fn pipe_fd() -> Option<BorrowedFd<'static>> {
    SIGNAL_PIPE.get().map(AsFd::as_fd)
}

/// Returns when the first signal was noticed.
pub fn first_signal_at() -> Option<Instant> {
    lock_state().first_signal_at
}

/// Waits until `stream` accepts bytes. Returns `false` if a signal has arrived and the reader did
/// not read within half a second.
///
/// # Errors
/// The poll fails.
pub fn wait_writable(stream: BorrowedFd<'_>) -> io::Result<bool> {
    loop {
        let remaining = first_signal_at().map(|since| UNREAD_OUTPUT_TIMEOUT.saturating_sub(since.elapsed()));
        let signal_pipe = pipe_fd().filter(|_| remaining.is_none() && !NO_WATCHER.load(Ordering::SeqCst));
        let mut fds: Vec<PollFd<'_>> = vec![PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
        fds.extend(signal_pipe.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN)));
        match poll_fds(&mut fds, remaining) {
            // A closed stream is ready, too: the write then returns the error.
            Ok(_) if !fds[0].revents().is_empty() => return Ok(true),
            Ok(_) if remaining.is_some_and(|remaining| remaining.is_zero()) => return Ok(false),
            Ok(_) if signal_pipe.is_some() => drop(received_signal()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Polls `fds`. Without a timeout the call waits indefinitely.
pub(super) fn poll_fds(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    poll(fds, timeout.as_ref())
}
