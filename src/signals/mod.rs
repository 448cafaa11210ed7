//! Ctrl-C, SIGTERM and SIGHUP as events that a command can wait for: [`Watch`] as a channel beside others, [`Bell`]
//! without a thread of its own, for a command that is over before such a thread has begun. And [`Relay`]: the signals
//! that a command run by us is to have.

mod bell;
mod inherited;
mod relay;
mod stop;

use std::io;

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::iterator::{Handle, Signals};

pub use bell::{Bell, Ringer};
pub use inherited::{unblock, with_given_mask};
pub use relay::{Heard, Passed, Relay};
pub use stop::{came, since, writable};

use crate::error::Exit;

/// While it lives, the signals arrive here and do not end the process.
pub struct Watch {
    /// One message a signal.
    pub events: Receiver<Signal>,
    handle: Handle,
    _watched: stop::Watched,
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
    pub fn of_exit(exit: Exit) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.exit() == exit)
    }

    /// The status to leave with.
    pub fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
            Self::Hangup => Exit::HungUp,
        }
    }
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn begin() -> io::Result<Self> {
        let watched = stop::Watched::begin()?;
        let mut signals = Signals::new(stop::numbers())?;
        let handle = signals.handle();
        let (tell, events) = unbounded();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if tell.send(stop::of(signal)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { events, handle, _watched: watched })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}
