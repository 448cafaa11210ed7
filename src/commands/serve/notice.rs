//! What the threads of the service tell the command, which prints it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::serve::ServeEvent;

/// The most notices that wait to be printed: some megabytes.
const MAX_NOTICES: usize = 10_000;

/// Something to print.
pub(super) enum Notice {
    /// An event of the account.
    Event(ServeEvent),
    /// A problem.
    Warning(String),
    /// The problem of the delivery is over.
    Recovered,
}

/// Passes notices to the command. It never waits: if the output has a reader that does not read, what
/// does not fit is counted and lost.
#[derive(Clone)]
pub(super) struct NoticeSender {
    sender: Sender<Notice>,
    lost: Arc<AtomicU64>,
}

impl NoticeSender {
    /// Returns a sender and the command's side.
    pub(super) fn new() -> (Self, Receiver<Notice>) {
        let (sender, receiver) = bounded(MAX_NOTICES);
        (Self { sender, lost: Arc::default() }, receiver)
    }

    /// Passes a notice on.
    pub(super) fn send(&self, notice: Notice) {
        // After the end of the command, the channel has no reader.
        if let Err(TrySendError::Full(_)) = self.sender.try_send(notice) {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Returns the number of notices that were lost since the last call.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::SeqCst)
    }
}
