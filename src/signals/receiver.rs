//! Signals through a channel, for a command that selects over several channels.

use std::io;

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::{Handle, Signals};

use super::{Signal, handlers};

/// Receives signals through a channel. While it exists, they do not end the process.
pub struct SignalReceiver {
    /// The signals as they arrive.
    pub events: Receiver<Signal>,
    handle: Handle,
    _guard: handlers::WatchGuard,
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

/// Receives SIGHUP as a request to read the config again.
pub struct ReloadReceiver {
    /// The requests as they arrive.
    pub requests: Receiver<()>,
    handle: Handle,
}

impl ReloadReceiver {
    /// Starts receiving, before the first [`SignalReceiver`] of the process.
    ///
    /// # Errors
    /// A handler cannot be installed, or a thread cannot be started.
    pub fn new() -> io::Result<Self> {
        handlers::reload_on_hangup();
        let mut signals = Signals::new([SIGHUP])?;
        let handle = signals.handle();
        let (sender, requests) = unbounded();
        std::thread::Builder::new().name("reload".into()).spawn(move || {
            for _ in signals.forever() {
                if sender.send(()).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { requests, handle })
    }
}

impl Drop for ReloadReceiver {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl Drop for SignalReceiver {
    fn drop(&mut self) {
        self.handle.close();
    }
}
