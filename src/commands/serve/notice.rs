//! Notices: messages from the threads of the service to the command, which prints them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::serve::ServeEvent;

/// The maximum number of notices that wait to be printed: some megabytes.
const MAX_NOTICES: usize = 10_000;

/// A message to print.
pub(super) enum Notice {
    /// An event of the account.
    Event(ServeEvent),
    /// A problem.
    Warning(String),
    /// Delivery works again.
    Recovered,
}

/// Passes notices to the command, without waiting. If the reader of the output is too slow, surplus
/// notices are dropped and counted.
#[derive(Clone)]
pub(super) struct NoticeSender {
    sender: Sender<Notice>,
    lost: Arc<AtomicU64>,
}

impl NoticeSender {
    /// Returns a sender, and the receiver for the command.
    pub(super) fn new() -> (Self, Receiver<Notice>) {
        let (sender, receiver) = bounded(MAX_NOTICES);
        (Self { sender, lost: Arc::default() }, receiver)
    }

    pub(super) fn send(&self, notice: Notice) {
        // The channel has no reader after the command has ended.
        if let Err(TrySendError::Full(_)) = self.sender.try_send(notice) {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Returns the number of notices that were dropped since the last call.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::SeqCst)
    }
}
