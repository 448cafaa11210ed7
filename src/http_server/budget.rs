//! The memory for request bodies, shared by all connections of a server: one body may be large, but
//! not all of them together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that connections reserve and release. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<AtomicUsize>);

impl MemoryBudget {
    /// Creates a budget of `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Reserves `bytes`, or returns `None` if fewer are left.
    pub(super) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let subtract = |available: usize| available.checked_sub(bytes);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, subtract).ok()?;
        Some(Reservation { budget: self.clone(), bytes })
    }
}

/// A part of a [`MemoryBudget`], released on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: MemoryBudget,
    bytes: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::SeqCst);
    }
}
