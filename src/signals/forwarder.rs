//! Signals that are forwarded to the command that `wxbox run` runs.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, getpgid, getpgrp, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;

use super::{Signal, handlers, inherited};

/// The signals that are forwarded.
const FORWARDED_SIGNALS: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// The forwarded signals that no other command handles.
const FORWARD_ONLY_SIGNALS: [i32; 3] = [SIGQUIT, SIGUSR1, SIGUSR2];
/// Whether no command runs. Then these signals have their default effect.
static NO_COMMAND_RUNNING: AtomicBool = AtomicBool::new(true);

/// Receives signals and forwards them to the command that wxbox runs. Signals that were ignored
/// when the process began, as under `nohup`, stay ignored, for the command too.
pub struct SignalForwarder {
    signals: SignalsInfo<WithOrigin>,
    _guard: handlers::WatchGuard,
}

/// An event of a [`SignalForwarder`].
pub enum ForwarderEvent {
    /// A child process may have exited.
    ChildExited,
    /// A signal for the command arrived.
    Signal(ForwardedSignal),
}

/// A signal that must be forwarded.
pub struct ForwardedSignal(Origin);

impl SignalForwarder {
    /// Starts receiving signals. It must be called before the command is started.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        let guard = handlers::WatchGuard::new()?;
        let forwarded = || FORWARDED_SIGNALS.into_iter().filter(|signal| !inherited::is_ignored(*signal));
        static INSTALLED: Once = Once::new();
        let mut installed = Ok(());
        INSTALLED.call_once(|| {
            let mut forward_only = forwarded().filter(|signal| FORWARD_ONLY_SIGNALS.contains(signal));
            installed = forward_only
                .try_for_each(|signal| flag::register_conditional_default(signal, &NO_COMMAND_RUNNING).map(drop));
        });
        installed?;
        let signals = SignalsInfo::new(forwarded().chain([SIGCHLD]))?;
        NO_COMMAND_RUNNING.store(false, Ordering::SeqCst);
        Ok(Self { signals, _guard: guard })
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// The stream of signals has ended, which does not happen in practice.
    pub fn next_event(&mut self) -> io::Result<ForwarderEvent> {
        let origin = self.signals.forever().next().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(if origin.signal == SIGCHLD {
            ForwarderEvent::ChildExited
        } else {
            ForwarderEvent::Signal(ForwardedSignal(origin))
        })
    }
}

impl Drop for SignalForwarder {
    fn drop(&mut self) {
        NO_COMMAND_RUNNING.store(true, Ordering::SeqCst);
    }
}

impl ForwardedSignal {
    /// Returns the signal if it asks the process to stop, and was not typed on the terminal.
    pub fn stop_signal(&self) -> Option<Signal> {
        let is_stop = [SIGHUP, SIGTERM].contains(&self.0.signal) || self.0.signal == SIGINT && self.0.process.is_some();
        is_stop.then(|| handlers::signal_from_number(self.0.signal))
    }

    /// Sends the signal to `child`, which must not have been waited for, unless the child has
    /// received it already: a terminal sends its signals to the whole foreground process group.
    pub fn forward_to(&self, child: Pid) {
        // A signal of the terminal has no sending process, neither on Linux nor on macOS.
        let from_terminal = self.0.process.is_none();
        if from_terminal && getpgid(Some(child)).is_ok_and(|group| group == getpgrp()) {
            return;
        }
        if let Some(signal) = rustix::process::Signal::from_named_raw(self.0.signal) {
            // The child may have changed its user, as sudo does.
            let _ = kill_process(child, signal);
        }
    }
}
