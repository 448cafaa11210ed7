//! How a reply goes out, where a stand-in for a server in trouble must not send it whole and at once.

use std::time::{Duration, Instant};

/// How a reply goes out. No thread waits meanwhile: the loop of the door keeps the time. Pauses are hours at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Whole, as fast as the client takes it.
    #[default]
    Whole,
    /// The head and half of the body, then the end of the connection.
    Half,
    /// A byte at a time, head and all, with this pause after each.
    Drip(Duration),
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing at all: the connection stays until the client leaves it, or for [`super::Limits::idle_time`].
    Never,
}

/// What is left of a pause between the bytes of a [`Manner::Drip`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Drip {
    pause: Duration,
    /// When the next byte may go.
    pub(super) next: Instant,
}

impl Drip {
    /// The first byte may go at once.
    pub(super) fn new(pause: Duration, now: Instant) -> Self {
        Drip { pause, next: now }
    }

    /// One byte went.
    pub(super) fn wait(&mut self, now: Instant) {
        self.next = now + self.pause;
    }
}
