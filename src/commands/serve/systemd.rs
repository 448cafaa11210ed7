//! Notifies systemd of the state of the service, if systemd started the process.

use std::time::Instant;

use crossbeam_channel::{Receiver, never, tick};
use sd_notify::NotifyState;

/// Reports that the service answers requests.
pub(super) fn notify_ready() {
    notify(&[NotifyState::Ready]);
}

/// Reports that the service reads the config again; [`notify_ready`] follows.
pub(super) fn notify_reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
}

/// Reports that the service stops.
pub(super) fn notify_stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Reports that the service is alive.
pub(super) fn notify_alive() {
    notify(&[NotifyState::Watchdog]);
}

/// Returns a channel with a message whenever [`notify_alive`] is due: twice per period of the
/// watchdog, as systemd recommends.
pub(super) fn watchdog_ticks() -> Receiver<Instant> {
    sd_notify::watchdog_enabled().map_or_else(never, |period| tick(period / 2))
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::info!("{error}");
    }
}
