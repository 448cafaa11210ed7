//! Threads of a run, where the system may give none.

use crossbeam_channel::bounded;

use crate::{i18n, t};

/// Does `work` on a thread of that name; where the system gives none, here and now: slower, and done all the same.
pub(super) fn spawn_or_run_inline(name: &str, work: impl FnOnce() + Send + 'static) {
    // A failed start takes what it was given with it: the work is handed over beside it.
    let (sender, receiver) = bounded(1);
    let thread_receiver = receiver.clone();
    let _ = sender.send(work);
    let thread = std::thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(move || thread_receiver.try_iter().for_each(|work| work())) {
        log::info!("{}", t!("delivery-no-thread", count = 0, cause = i18n::io_error_text(&error)));
        receiver.try_iter().for_each(|work| work());
    }
}
