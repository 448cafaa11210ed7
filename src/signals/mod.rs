//! SIGINT, SIGTERM and SIGHUP as events that a command can wait for.
//!
//! [`SignalReceiver`] delivers them through a channel, for a command that selects over several
//! channels. [`Waiter`] needs no thread, for commands that take only milliseconds, such as sending
//! one message. [`SignalForwarder`] forwards signals to a command that wxbox runs.

mod forwarder;
mod handlers;
mod inherited;
mod receiver;
mod waiter;

pub use forwarder::{ForwardedSignal, ForwarderEvent, SignalForwarder};
pub use handlers::{first_signal_at, received_signal, wait_writable};
pub use inherited::{unblock, with_original_mask};
pub use receiver::{ReloadReceiver, SignalReceiver};
pub use waiter::{Notifier, Waiter};

use crate::exit::ExitStatus;

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
