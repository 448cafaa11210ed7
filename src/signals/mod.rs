//! Ctrl-C and SIGTERM as events that a command can wait for: [`Watch`] as a channel beside others, [`Bell`] without a
//! thread of its own, for a command that is over before such a thread has begun. And [`Relay`]: the signals that a
//! command run by us is to have.

mod bell;
mod relay;

use std::io;

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

pub use bell::{Bell, Ringer};
pub use relay::{Heard, Passed, Relay};

use crate::error::Exit;

/// While it lives, the signals arrive here and do not end the process.
pub struct Watch {
    /// One message a signal.
    pub events: Receiver<Signal>,
    handle: Handle,
}

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The status to leave with.
    pub fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn begin() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let handle = signals.handle();
        let (tell, events) = unbounded();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                let signal = if signal == SIGTERM { Signal::Terminate } else { Signal::Interrupt };
                if tell.send(signal).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { events, handle })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}
