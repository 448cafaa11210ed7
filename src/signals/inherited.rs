//! The signals that whoever started this process had blocked or ignored. Both outlast the start of a program, and
//! many leave some behind by mistake: a blocked signal would never be heard here.

use std::sync::OnceLock;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// What a command here waits for, or passes on to the command that `run` runs.
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
/// The signals that are ignored since before the first handler was set, a bit each, the lowest for signal 1.
static INITIALLY_IGNORED: OnceLock<u64> = OnceLock::new();

/// Unblocks the signals that commands wait for. To be called once, before there is a second thread.
pub fn unblock() {
    // Neither call can fail: the set is a known one.
    if let Ok(blocked) = HANDLED_SIGNALS.into_iter().collect::<SigSet>().thread_swap_mask(SigmaskHow::SIG_UNBLOCK) {
        INITIALLY_BLOCKED.get_or_init(|| blocked);
    }
}

/// Starts another program, which takes over what this thread blocks: what the process itself was given.
pub fn with_original_mask<T>(spawn: impl FnOnce() -> T) -> T {
    let ours = INITIALLY_BLOCKED.get().and_then(|given| given.thread_swap_mask(SigmaskHow::SIG_SETMASK).ok());
    let started = spawn();
    if let Some(ours) = ours {
        // It is a mask that this thread had.
        let _ = ours.thread_set_mask();
    }
    started
}

/// Whether the process was begun with that signal ignored. Only Linux tells.
pub(super) fn is_ignored(signal: i32) -> bool {
    let ignored = INITIALLY_IGNORED.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    });
    ignored & (1 << (signal - 1)) != 0
}
