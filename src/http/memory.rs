//! Memory for bodies, shared by all connections of a door: each may be large, all of them at once may not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many bytes, of which shares are taken and given back; clones share them.
#[derive(Clone, Debug)]
pub struct Memory(Arc<AtomicUsize>);

impl Memory {
    /// That many bytes.
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// A share of it, where so much is left.
    pub(super) fn take(&self, bytes: usize) -> Option<Share> {
        let less = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok()?;
        Some(Share { of: self.clone(), bytes })
    }
}

/// A part of a [`Memory`], until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Memory,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.0.fetch_add(self.bytes, Ordering::SeqCst);
    }
}
