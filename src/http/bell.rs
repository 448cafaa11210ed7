//! The wake-up call of a loop: one for as many notes as wait for it, since each is a call of the system.

use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token, Waker};

/// What wakes a loop that polls.
#[derive(Debug)]
pub(super) struct Bell {
    waker: Waker,
    /// It was rung, and the loop has not come yet.
    rung: AtomicBool,
}

impl Bell {
    /// A bell that `token` announces. Fails when the system has none to give.
    pub(super) fn new(registry: &Registry, token: Token) -> std::io::Result<Self> {
        Ok(Bell { waker: Waker::new(registry, token)?, rung: AtomicBool::new(false) })
    }

    /// Wakes the loop, after a note was left for it.
    pub(super) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // If this fails, the note is found with the next thing that happens.
            let _ = self.waker.wake();
        }
    }

    /// The loop has come, and looks for notes next: it finds those of everybody who rang before.
    pub(super) fn heard(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}
