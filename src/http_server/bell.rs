//! The wake-up call of a loop: one for as many notes as wait for it, since each is a call of the system.

use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token, Waker};

/// What wakes a loop that polls.
#[derive(Debug)]
pub(super) struct LoopWaker {
    waker: Waker,
    /// It was rung, and the loop has not come yet.
    pending: AtomicBool,
}

impl LoopWaker {
    /// A bell that `token` announces. Fails when the system has none to give.
    pub(super) fn new(registry: &Registry, token: Token) -> std::io::Result<Self> {
        Ok(LoopWaker { waker: Waker::new(registry, token)?, pending: AtomicBool::new(false) })
    }

    /// Wakes the loop, after a note was left for it.
    pub(super) fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // If this fails, the note is found with the next thing that happens.
            let _ = self.waker.wake();
        }
    }

    /// The loop has come, and looks for notes next: it finds those of everybody who rang before.
    pub(super) fn reset(&self) {
        self.pending.swap(false, Ordering::AcqRel);
    }
}
