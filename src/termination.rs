//! Whether a signal has asked this process to end, for a wait that can hear no channel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// The number of the signal; 0 before there was one.
static REQUESTED_SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// The number of the signal that asked for it, once one has come to who listens to signals.
pub fn requested_signal() -> Option<i32> {
    i32::try_from(REQUESTED_SIGNAL.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
}

/// What a signal's handler sets to its number.
pub fn signal_flag() -> Arc<AtomicUsize> {
    Arc::clone(&REQUESTED_SIGNAL)
}
