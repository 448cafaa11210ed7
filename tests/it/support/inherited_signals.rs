//! The signals that the test process inherited as ignored.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

/// Restores the default action of each signal for the programs that tests start. A shell ignores
/// SIGINT for its background jobs, `perf record` SIGUSR2, and wxbox leaves an ignored signal
/// ignored. Signals that this process handles get their default action at `exec`.
pub fn restore_default_signals() {
    static RESTORED: Once = Once::new();
    RESTORED.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2] {
            flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}
