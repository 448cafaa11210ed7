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

use super::{inherited, stop};

/// The signals that are passed on.
const PASSED: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// Those among them that no other command watches for.
const ALONE: [i32; 3] = [SIGQUIT, SIGUSR1, SIGUSR2];
/// No command runs: they do what they would without us.
static IDLE: AtomicBool = AtomicBool::new(true);

/// While it lives, signals that would end us are heard here, to be passed on to the command that we run. Those
/// that were ignored when we began, as under `nohup`, stay so, for the command too.
pub struct Relay {
    signals: SignalsInfo<WithOrigin>,
    _watched: stop::Watched,
}

/// What a [`Relay`] hears.
pub enum Heard {
    /// Children may have ended.
    Children,
    /// A signal for the command.
    Signal(Passed),
}

/// A signal that is to be passed on.
pub struct Passed(Origin);

impl Relay {
    /// Begins to listen; to be called before the command is started.
    ///
    /// # Errors
    /// The operating system's, where a handler cannot be set.
    pub fn begin() -> io::Result<Self> {
        let watched = stop::Watched::begin()?;
        let heard = || PASSED.into_iter().filter(|signal| !inherited::is_ignored(*signal));
        static HANDLED: Once = Once::new();
        let mut handled = Ok(());
        HANDLED.call_once(|| {
            let mut alone = heard().filter(|signal| ALONE.contains(signal));
            handled = alone.try_for_each(|signal| flag::register_conditional_default(signal, &IDLE).map(drop));
        });
        handled?;
        let signals = SignalsInfo::new(heard().chain([SIGCHLD]))?;
        IDLE.store(false, Ordering::SeqCst);
        Ok(Self { signals, _watched: watched })
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// The operating system's; there is none to be met.
    pub fn hear(&mut self) -> io::Result<Heard> {
        let origin = self.signals.forever().next().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(if origin.signal == SIGCHLD { Heard::Children } else { Heard::Signal(Passed(origin)) })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        IDLE.store(true, Ordering::SeqCst);
    }
}

impl Passed {
    /// Sends it to a child that has not been waited for yet, unless it has it already: a terminal sends its
    /// signals to all of the foreground's process group.
    pub fn pass_on(&self, child: Pid) {
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
