//! SIGINT, SIGTERM and SIGHUP as events that a command can wait for.
//!
//! [`SignalReceiver`] delivers them through a channel, for a command that selects over several
//! channels. [`Waiter`] needs no thread, for commands that take only milliseconds, such as sending one
//! message. [`SignalForwarder`] forwards signals to a command that wxbox runs.

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

/// Receives signals through a channel. While it exists, they do not end the process.
pub struct SignalReceiver {
    /// The signals as they arrive.
    pub events: Receiver<Signal>,
    handle: Handle,
    _guard: handlers::WatchGuard,
}

/// A signal that asks the process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal was closed.
    Hangup,
}

impl Signal {
    /// All signals.
    pub const ALL: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Hangup];

    /// Returns the signal whose exit status is `exit`.
    pub fn from_exit(exit: ExitStatus) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.exit_status() == exit)
    }

    /// Returns the exit status of a command that the signal ended.
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::Interrupt => ExitStatus::Interrupted,
            Self::Terminate => ExitStatus::Terminated,
            Self::Hangup => ExitStatus::HungUp,
        }
    }
}

impl SignalReceiver {
    /// Starts receiving signals.
    ///
    /// # Errors
    /// A handler cannot be installed, or a thread cannot be started.
    pub fn new() -> io::Result<Self> {
        let guard = handlers::WatchGuard::new()?;
        let mut signals = Signals::new(handlers::watched_numbers())?;
        let handle = signals.handle();
        let (sender, events) = unbounded();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if sender.send(handlers::signal_from_number(signal)).is_err() {
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
