//! Whether a signal has asked this process to stop, for waits that cannot receive from a channel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// The number of the signal; 0 if there was none.
static REQUESTED_SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Returns the number of the signal that asked the process to stop.
pub fn requested_signal() -> Option<i32> {
    i32::try_from(REQUESTED_SIGNAL.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
}

/// Returns the flag that the signal handlers set to the number of the signal.
pub fn signal_flag() -> Arc<AtomicUsize> {
    Arc::clone(&REQUESTED_SIGNAL)
}
