//! Signals that are meant for a command that we run.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, getpgid, getpgrp, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;

use super::{handlers, inherited};

/// The signals that are passed on.
const FORWARDED_SIGNALS: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// Those among them that no other command watches for.
const FORWARD_ONLY_SIGNALS: [i32; 3] = [SIGQUIT, SIGUSR1, SIGUSR2];
/// No command runs: they do what they would without us.
static NO_COMMAND_RUNNING: AtomicBool = AtomicBool::new(true);

/// While it lives, signals that would end us are heard here, to be passed on to the command that we run. Those
/// that were ignored when we began, as under `nohup`, stay so, for the command too.
pub struct SignalForwarder {
    signals: SignalsInfo<WithOrigin>,
    _guard: handlers::WatchGuard,
}

/// What a [`Relay`] hears.
pub enum ForwarderEvent {
    /// Children may have ended.
    ChildExited,
    /// A signal for the command.
    Signal(ForwardedSignal),
}

/// A signal that is to be passed on.
pub struct ForwardedSignal(Origin);

impl SignalForwarder {
    /// Begins to listen; to be called before the command is started.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn new() -> io::Result<Self> {
        let guard = handlers::WatchGuard::new()?;
        let forwarded = || FORWARDED_SIGNALS.into_iter().filter(|signal| !inherited::is_ignored(*signal));
        static HANDLED: Once = Once::new();
        let mut handled = Ok(());
        HANDLED.call_once(|| {
            let mut forward_only = forwarded().filter(|signal| FORWARD_ONLY_SIGNALS.contains(signal));
            handled = forward_only
                .try_for_each(|signal| flag::register_conditional_default(signal, &NO_COMMAND_RUNNING).map(drop));
        });
        handled?;
        let signals = SignalsInfo::new(forwarded().chain([SIGCHLD]))?;
        NO_COMMAND_RUNNING.store(false, Ordering::SeqCst);
        Ok(Self { signals, _guard: guard })
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// The operating system's; there is none to be met.
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
    /// Sends it to a child that has not been waited for yet, unless it has it already: a terminal sends its
    /// signals to all of the foreground's process group.
    pub fn forward_to(&self, child: Pid) {
        // Linux names the kernel as the cause, macOS nothing; neither has a process then.
        let from_terminal = self.0.process.is_none();
        if from_terminal && getpgid(Some(child)).is_ok_and(|group| group == getpgrp()) {
            return;
        }
        if let Some(signal) = rustix::process::Signal::from_named_raw(self.0.signal) {
            // It may not be ours to signal any more, as after sudo.
            let _ = kill_process(child, signal);
        }
    }
}
