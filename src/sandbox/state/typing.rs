//! The phones that show that the account is typing.

use std::collections::HashMap;

/// How long a phone shows it. No page says.
const TYPING_DURATION_MS: i64 = 15_000;

/// On whose phones it is shown, by their places, and until when (Unix ms).
#[derive(Debug, Default)]
pub(in crate::sandbox) struct TypingIndicators(HashMap<usize, i64>);

impl TypingIndicators {
    /// Whether the phone at that place shows it.
    pub(in crate::sandbox) fn is_typing(&self, place: usize, now_ms: i64) -> bool {
        self.0.get(&place).is_some_and(|until| now_ms < *until)
    }

    /// It is over: a message came, or it was called off.
    pub(in crate::sandbox) fn stop(&mut self, place: usize) {
        self.0.remove(&place);
    }

    /// Shows it on the phone of that person for a while.
    pub(in crate::sandbox) fn start(&mut self, index: usize, now_ms: i64) {
        self.0.insert(index, now_ms + TYPING_DURATION_MS);
    }
}
