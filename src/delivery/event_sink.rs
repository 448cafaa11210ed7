//! The events of a run, and the channel to the command that shows them.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use crate::store::{AttemptOutcome, Message, MessageState};

/// An event of a run.
#[derive(Debug)]
pub enum DeliveryEvent {
    /// The run has finished with a message.
    Settled {
        /// The message as it is stored.
        message: Box<Message>,
        /// The [`TaggedSubmission::correlation_id`](super::TaggedSubmission) of its submission.
        correlation_id: Option<u64>,
        /// The message existed before, with the same key, and nothing was queued.
        duplicate: bool,
    },
    /// An attempt has ended, and its result is committed.
    AttemptEnded {
        /// The kind of the message: `text`, `template`, …
        kind: &'static str,
        /// The outcome of the attempt.
        outcome: AttemptOutcome,
    },
    /// A message no longer exists: its user was removed in the meantime.
    Deleted {
        /// The message's ID.
        id: i64,
        /// Whether an attempt had started.
        attempt_started: bool,
        /// The correlation ID of its submission.
        correlation_id: Option<u64>,
    },
    /// A user was bound when the submission was built and is no longer bound; nothing was queued
    /// for that user.
    NotBound {
        /// The user's name.
        user: String,
        /// The correlation ID of the submission.
        correlation_id: Option<u64>,
    },
    /// This many more messages are queued.
    Queued(usize),
    /// The submission with this correlation ID is committed, with all submissions before it.
    SubmissionCommitted(u64),
    /// The progress of an upload that messages wait for.
    Uploading {
        /// The file's name.
        file_name: String,
        /// The bytes sent so far.
        sent_bytes: u64,
        /// The file's size in bytes.
        total_bytes: u64,
    },
    /// The upload of the file with this name has ended.
    Uploaded(String),
    /// Another process keeps the database locked, and the run waits for it, because the results of
    /// the messages in flight can be stored nowhere else.
    DatabaseLocked {
        /// The database file.
        database: PathBuf,
        /// The number of messages in flight.
        in_flight_count: usize,
    },
    /// An attempt has ended and its result could not be stored: the message must not be sent again
    /// as if it had not been attempted.
    ResultNotSaved {
        /// The message's ID.
        id: i64,
        /// The message's state, which the database does not have.
        state: MessageState,
        /// The correlation ID of its submission.
        correlation_id: Option<u64>,
        /// Why the result could not be stored.
        cause: String,
    },
    /// A failure that may affect all messages; the run retries.
    Retrying(anyhow::Error),
    /// Nothing more can be sent: the account was refused, or WeChat cannot be reached.
    SendingStopped(anyhow::Error),
    /// This many messages of the run stay queued and are not reported one by one.
    LeftQueued(usize),
    /// The run failed; the last event.
    Aborted(anyhow::Error),
    /// The run is over and everything is committed; the last event.
    Finished,
}

/// Sends the events of a run.
pub(super) struct EventSink {
    sender: Sender<DeliveryEvent>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl EventSink {
    /// Returns a sink whose events go to `sender`; `wake` is called after each.
    pub(super) fn new(sender: Sender<DeliveryEvent>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { sender, wake: Box::new(wake) }
    }

    pub(super) fn send(&self, event: DeliveryEvent) {
        // The command may have exited already.
        let _ = self.sender.send(event);
        (self.wake)();
    }
}
