//! The events of a run, and the channel to the command that shows them.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use crate::store::{Message, MessageState};

/// What a run tells while it works.
#[derive(Debug)]
pub enum DeliveryEvent {
    /// A message as this run leaves it.
    Settled {
        /// As it stands.
        message: Box<Message>,
        /// The [`TaggedSubmission::tag`] of its parcel.
        correlation_id: Option<u64>,
        /// It was there before, with the same key: nothing was queued.
        duplicate: bool,
    },
    /// A message is no longer there: the person was removed meanwhile.
    Deleted {
        /// Its id.
        id: i64,
        /// Whether an attempt had begun.
        attempt_started: bool,
        /// The [`TaggedSubmission::tag`] of its parcel.
        correlation_id: Option<u64>,
    },
    /// Somebody was bound when the parcel was made, and no longer is: nothing was queued for them.
    NotBound {
        /// Their name.
        user: String,
        /// The [`TaggedSubmission::tag`] of the parcel.
        correlation_id: Option<u64>,
    },
    /// So many messages are queued, all told.
    Queued(usize),
    /// The parcel of that tag is in the database, with all that came before it.
    Accepted(u64),
    /// So many bytes of a file that messages wait for have left.
    Uploading {
        /// Its name.
        file_name: String,
        /// So far.
        sent_bytes: u64,
        /// Of so many.
        total_bytes: u64,
    },
    /// WeChat has answered to that file, or cannot be reached.
    Uploaded(String),
    /// Another process keeps the database locked, and it is waited for: of so many messages under way what comes of
    /// them has no other place.
    DatabaseLocked {
        /// The database file.
        database: PathBuf,
        /// Messages under way.
        in_flight_count: usize,
    },
    /// An attempt has ended and the database would not take its outcome: the message must not be sent again as if nothing
    /// had happened.
    ResultNotSaved {
        /// Its id.
        id: i64,
        /// What is known of it, though the database does not say so.
        state: MessageState,
        /// The [`TaggedSubmission::tag`] of its parcel.
        correlation_id: Option<u64>,
        /// Why it could not be written down.
        cause: String,
    },
    /// Nothing goes through just now; it is tried again.
    Retrying(anyhow::Error),
    /// Nothing more can be sent: the account was refused, or WeChat cannot be reached.
    SendingStopped(anyhow::Error),
    /// So many messages of this run are left queued, and not told one by one.
    LeftQueued(usize),
    /// The run could not go on; the last event.
    Aborted(anyhow::Error),
    /// The run is over, and all of it in the database; the last event.
    Finished,
}

/// Where a run tells its events.
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
        self.send_without_wake(event);
        (self.wake)();
    }

    /// The same for what can wait until somebody looks: waking who listens would take a processor from the request.
    pub(super) fn send_without_wake(&self, event: DeliveryEvent) {
        // Nobody listens any more where the command has left.
        let _ = self.sender.send(event);
    }
}
