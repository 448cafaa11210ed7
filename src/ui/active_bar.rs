//! The progress bar that is currently drawn on stderr. Other output on stderr must suspend it.

use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

use super::stream::StdStream;

static ACTIVE_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Sets the active bar.
pub(super) fn set_active_bar(bar: Option<&ProgressBar>) {
    *ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// Runs `print` with the active bar hidden, if there is one. `print` must not call this function.
pub(super) fn suspend_for<T>(print: impl FnOnce() -> T) -> T {
    let active = ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match active {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// Clears the active bar from the terminal in any state, such as a panic, without waiting for a
/// lock.
pub(super) fn clear_active_bar() {
    if ACTIVE_BAR.try_lock().is_ok_and(|active| active.is_some()) {
        let _ = StdStream::terminal().clear_line();
    }
}
