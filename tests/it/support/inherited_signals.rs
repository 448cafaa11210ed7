//! The signals that the process of the tests was given as ignored.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

/// Gives the programs that tests start the default of each signal. A shell ignores SIGINT for what it runs in the
/// background, and wxbox leaves an ignored signal ignored. Whatever is handled in this process has its default after `exec`.
pub fn restore_default_signals() {
    static RESTORED: Once = Once::new();
    RESTORED.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true))).unwrap();
        }
    });
}
