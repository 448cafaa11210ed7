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
use crate::stop;

/// Each signal with its number.
const STOPS: [(i32, Signal); 3] = [(SIGHUP, Signal::Hangup), (SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate)];

/// How long after a signal the output still waits for its reader.
const UNREAD: Duration = Duration::from_millis(500);

/// Which signals have arrived, in the order of [`STOPS`].
static CAME: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
/// Nobody watches: a signal ends the process.
static UNWATCHED: AtomicBool = AtomicBool::new(true);
/// It can be read once a signal has come. Nobody reads it until the next command begins to watch.
static NOTE: OnceLock<UnixStream> = OnceLock::new();
static WATCH: Mutex<State> = Mutex::new(State { watchers: 0, since: None });

struct State {
    watchers: usize,
    /// When the signal was noticed that came while somebody watched.
    since: Option<Instant>,
}

fn state() -> std::sync::MutexGuard<'static, State> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While one of these lives, the signals are noted and do not end the process.
pub(super) struct Watched;

impl Watched {
    /// Begins to note signals. Those that were ignored when the process began stay so.
    pub(super) fn begin() -> io::Result<Self> {
        let mut state = state();
        let note = match NOTE.get() {
            Some(note) => note,
            None => {
                let note = handle()?;
                NOTE.get_or_init(|| note)
            }
        };
        // What came before was for somebody else.
        state.since = None;
        while let Ok(1..) = (&*note).read(&mut [0; 64]) {}
        CAME.iter().for_each(|came| came.store(false, Ordering::SeqCst));
        stop::flag().store(0, Ordering::SeqCst);
        UNWATCHED.store(false, Ordering::SeqCst);
        state.watchers += 1;
        Ok(Self)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = state();
        state.watchers -= 1;
        if state.watchers == 0 {
            UNWATCHED.store(true, Ordering::SeqCst);
        }
    }
}

/// Sets the handlers, once and for all: one that is taken away would leave the signal without effect.
fn handle() -> io::Result<UnixStream> {
    let (note, line) = UnixStream::pair()?;
    note.set_nonblocking(true)?;
    for ((number, _), came) in STOPS.iter().zip(&CAME).filter(|((number, _), _)| !inherited::is_ignored(*number)) {
        flag::register_conditional_default(*number, &UNWATCHED)?;
        flag::register(*number, came)?;
        flag::register_usize(*number, stop::flag(), usize::try_from(*number).unwrap_or_default())?;
        low_level::pipe::register(*number, line.try_clone()?)?;
    }
    Ok(note)
}

/// Those that are not ignored, by their numbers.
pub(super) fn numbers() -> impl Iterator<Item = i32> {
    STOPS.into_iter().map(|(number, _)| number).filter(|number| !inherited::is_ignored(*number))
}

/// The signal of that number.
pub(super) fn of(number: i32) -> Signal {
    STOPS.iter().find(|(it, _)| *it == number).map_or(Signal::Terminate, |(_, signal)| *signal)
}

/// The signal that has come since a command began to watch, if one has.
pub fn came() -> Option<Signal> {
    let (_, (_, signal)) = CAME.iter().zip(STOPS).find(|(came, _)| came.load(Ordering::SeqCst))?;
    state().since.get_or_insert_with(Instant::now);
    Some(signal)
}

/// What can be read once a signal has come; to be polled, not to be read.
pub(super) fn note() -> Option<BorrowedFd<'static>> {
    NOTE.get().map(AsFd::as_fd)
}

/// When the signal came that was watched for, as nearly as it was noticed.
pub fn since() -> Option<Instant> {
    state().since
}

/// Waits until that stream takes some bytes. `false`: a signal has come, and its reader did not read soon after.
///
/// # Errors
/// The operating system's.
pub fn writable(stream: BorrowedFd<'_>) -> io::Result<bool> {
    loop {
        let left = since().map(|since| UNREAD.saturating_sub(since.elapsed()));
        let stop = note().filter(|_| left.is_none() && !UNWATCHED.load(Ordering::SeqCst));
        let mut wanted: Vec<PollFd<'_>> = vec![PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
        wanted.extend(stop.map(|stop| PollFd::from_borrowed_fd(stop, PollFlags::IN)));
        match wait(&mut wanted, left) {
            // Also where it is closed: the write tells.
            Ok(_) if !wanted[0].revents().is_empty() => return Ok(true),
            Ok(_) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
            Ok(_) if stop.is_some() => drop(came()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Polls; no time is for ever.
pub(super) fn wait(wanted: &mut [PollFd<'_>], time: Option<Duration>) -> rustix::io::Result<usize> {
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    poll(wanted, time.as_ref())
}
