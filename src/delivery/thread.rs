//! Threads for short tasks.

use crossbeam_channel::bounded;

use crate::{i18n, t};

/// Runs `work` on a thread with this name, or inline if the system refuses a thread.
pub(super) fn spawn_or_run_inline(name: &str, work: impl FnOnce() + Send + 'static) {
    // A failed spawn drops its closure, so `work` is passed through a channel.
    let (sender, receiver) = bounded(1);
    let thread_receiver = receiver.clone();
    let _ = sender.send(work);
    let thread = std::thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(move || thread_receiver.try_iter().for_each(|work| work())) {
        log::info!("{}", t!("delivery-no-thread", count = 0, cause = i18n::io_error_text(&error)));
        receiver.try_iter().for_each(|work| work());
    }
}
