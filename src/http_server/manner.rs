//! How a reply goes out, where a stand-in for a server in trouble must not send it whole and at once.

use std::time::{Duration, Instant};

/// How a reply goes out. No thread waits meanwhile: the loop of the door keeps the time. Pauses are hours at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseMode {
    /// Whole, as fast as the client takes it.
    #[default]
    Normal,
    /// The head and half of the body, then the end of the connection.
    Truncated,
    /// A byte at a time, head and all, with this pause after each.
    Throttled(Duration),
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing at all: the connection stays until the client leaves it, or for [`super::Limits::idle_timeout`].
    NoResponse,
}

/// What is left of a pause between the bytes of a [`Manner::Drip`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Throttle {
    interval: Duration,
    /// When the next byte may go.
    pub(super) next_byte_at: Instant,
}

impl Throttle {
    /// The first byte may go at once.
    pub(super) fn new(pause: Duration, now: Instant) -> Self {
        Throttle { interval: pause, next_byte_at: now }
    }

    /// One byte went.
    pub(super) fn schedule_next(&mut self, now: Instant) {
        self.next_byte_at = now + self.interval;
    }
}
