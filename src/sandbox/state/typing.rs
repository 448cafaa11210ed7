//! The phones that display that the account is typing.

use std::collections::HashMap;

/// How long a phone displays that the account is typing. No page documents the duration.
const TYPING_DURATION_MS: i64 = 15_000;

/// The time until which each phone displays that the account is typing (Unix milliseconds), by
/// person index.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct TypingIndicators(HashMap<usize, i64>);

impl TypingIndicators {
    /// Returns whether the phone of that person displays that the account is typing.
    pub(in crate::sandbox) fn is_typing(&self, person: usize, now_ms: i64) -> bool {
        self.0.get(&person).is_some_and(|until| now_ms < *until)
    }

    /// Ends the display, because a message arrived or the account canceled it.
    pub(in crate::sandbox) fn stop(&mut self, person: usize) {
        self.0.remove(&person);
    }

    /// Starts the display on the phone of that person, for a limited time.
    pub(in crate::sandbox) fn start(&mut self, person: usize, now_ms: i64) {
        self.0.insert(person, now_ms + TYPING_DURATION_MS);
    }
}
