//! Threads of a run, where the system may give none.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{t, words};

/// Does `work` on a thread of that name; where the system gives none, here and now: slower, and done all the same.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    let work = Arc::new(Mutex::new(Some(work)));
    let theirs = work.clone();
    let take = |work: &Mutex<Option<_>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let thread = std::thread::Builder::new().name(name.to_owned());
    let spawned = thread.spawn(move || theirs.lock().unwrap_or_else(PoisonError::into_inner).take().map(|work| work()));
    if let Err(error) = spawned {
        log::info!("{}", t!("delivery-no-thread", count = 0, cause = words::system(&error)));
        if let Some(work) = take(&work) {
            work();
        }
    }
}
