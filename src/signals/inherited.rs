//! The blocked and ignored signals that the process inherited from its parent.
//!
//! Both settings survive the start of a program, and many parents leave some by mistake. A blocked
//! signal would never arrive here.

use std::sync::OnceLock;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// The signals that commands wait for, or that `run` forwards to its command.
const HANDLED_SIGNALS: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGCHLD,
];

/// The signals that were blocked when the process began.
static INITIALLY_BLOCKED: OnceLock<SigSet> = OnceLock::new();
/// The signals that were ignored when the process began, one bit each; the lowest bit is signal 1.
static INITIALLY_IGNORED: OnceLock<u64> = OnceLock::new();

/// Unblocks the signals that commands wait for. It must be called once, before a second thread
/// starts.
pub fn unblock() {
    // The call cannot fail, because the set is valid.
    if let Ok(blocked) = HANDLED_SIGNALS.into_iter().collect::<SigSet>().thread_swap_mask(SigmaskHow::SIG_UNBLOCK) {
        INITIALLY_BLOCKED.get_or_init(|| blocked);
    }
}

/// Runs `spawn`, which starts another program, with the signal mask that the process inherited.
pub fn with_original_mask<T>(spawn: impl FnOnce() -> T) -> T {
    let current = INITIALLY_BLOCKED.get().and_then(|mask| mask.thread_swap_mask(SigmaskHow::SIG_SETMASK).ok());
    let result = spawn();
    if let Some(current) = current {
        // The call cannot fail, because this thread had the mask before.
        let _ = current.thread_set_mask();
    }
    result
}

/// Returns `true` if `signal` was ignored when the process began. Only Linux provides this.
pub(super) fn is_ignored(signal: i32) -> bool {
    let ignored = INITIALLY_IGNORED.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    });
    ignored & (1 << (signal - 1)) != 0
}
