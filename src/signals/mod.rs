//! Ctrl-C, SIGTERM and SIGHUP as events that a command can wait for: [`SignalReceiver`] as a channel beside others, [`Bell`]
//! without a thread of its own, for a command that is over before such a thread has begun. And [`Relay`]: the signals
//! that a command run by us is to have.

mod forwarder;
mod handlers;
mod inherited;
mod waiter;

use std::io;

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::iterator::{Handle, Signals};

pub use forwarder::{ForwardedSignal, ForwarderEvent, SignalForwarder};
pub use handlers::{first_signal_at, received_signal, wait_writable};
pub use inherited::{unblock, with_original_mask};
pub use waiter::{Notifier, Waiter};

use crate::exit::ExitStatus;

/// While it lives, the signals arrive here and do not end the process.
pub struct SignalReceiver {
    /// One message a signal.
    pub events: Receiver<Signal>,
    handle: Handle,
    _guard: handlers::WatchGuard,
}

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    Hangup,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Hangup];

    /// The one after which a command leaves with that status.
    pub fn from_exit(exit: ExitStatus) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.exit_status() == exit)
    }

    /// The status to leave with.
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::Interrupt => ExitStatus::Interrupted,
            Self::Terminate => ExitStatus::Terminated,
            Self::Hangup => ExitStatus::HungUp,
        }
    }
}

impl SignalReceiver {
    /// Begins to watch.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn new() -> io::Result<Self> {
        let guard = handlers::WatchGuard::new()?;
        let mut signals = Signals::new(handlers::watched_numbers())?;
        let handle = signals.handle();
        let (tell, events) = unbounded();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if tell.send(handlers::signal_from_number(signal)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { events, handle, _guard: guard })
    }
}

impl Drop for SignalReceiver {
    fn drop(&mut self) {
        self.handle.close();
    }
}
