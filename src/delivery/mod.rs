//! Delivery: store ⇄ WeChat. A run takes messages that are queued, sends several at a time, tries again what
//! may be tried again, and tells what came of each.
//!
//! One thread decides (`scheduler`): it alone writes to the database, a turn at a time, so that one wait for the disk
//! covers all attempts that begin together; it is there early, to make the HTTP client meanwhile (`hand`). Others
//! make the requests (`crew`), so that nothing waits for WeChat, and Ctrl-C for nobody. What follows from an answer
//! is in `policy`, when a message is due again in `schedule`. Any number of processes share the work: each marks what
//! it takes, and lives as long as its lock does.

mod error;
mod feedback;
mod message_parts;
pub mod outcome;
mod recovery;
mod results;
mod retry;
mod run_state;
mod scheduler;
mod settlement;
mod shutdown;
mod thread;
mod throttle;
mod timers;
mod token_source;
mod uploads;
mod wait;
mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use error::DeliveryError;
pub use recovery::recover_orphans;
pub use retry::is_within_dedupe_window;
pub use thread::{DeliveryThread, ReadyDeliveryThread};

use crate::access_token::Account;
use crate::store::{self, Message, MessageState, Store, Submission, WorkerLock};

/// How a run goes about it.
#[derive(Clone, Debug)]
pub struct DeliveryOptions {
    /// The account.
    pub account: Account,
    /// Requests at a time.
    pub concurrency: usize,
    /// Messages a second; 0 = no limit of ours.
    pub rate: u32,
    /// How long a message is tried, from its first failure, before it is left for later.
    pub wait: Duration,
    /// Attempts for one message; 0 = until it expires.
    pub max_attempts: u32,
    /// After this, what is finished is removed.
    pub retain: Duration,
    /// Whether anything is sent; else it is only queued.
    pub deliver: bool,
}

/// What a run is to deliver.
pub enum DeliverySource {
    /// Parcels as they come, until the other end is dropped: each is queued, then delivered.
    Submissions(Receiver<TaggedSubmission>),
    /// These messages, which are queued already.
    Messages(Vec<i64>),
    /// Whatever is due.
    Due,
}

/// A parcel, and what its sender knows it by.
pub struct TaggedSubmission {
    /// What is sent to whom.
    pub submission: Submission,
    /// Comes back with the messages of it.
    pub correlation_id: Option<u64>,
}

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

/// What goes wrong inside a turn.
#[derive(Debug, thiserror::Error)]
enum TxError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Content(#[from] serde_json::Error),
}

impl TxError {
    /// What went wrong itself, which knows its remedy.
    fn into_anyhow(self) -> anyhow::Error {
        match self {
            Self::Store(error) => error.into(),
            Self::Content(error) => error.into(),
        }
    }
}

/// A reader that is slow holds delivery up, not memory.
const EVENT_BUFFER_SIZE: usize = 128;

/// A run under way.
pub struct DeliveryRun {
    /// What it tells, to its end.
    pub events: Receiver<DeliveryEvent>,
    stop: Sender<Instant>,
    database: PathBuf,
    worker_id: String,
}

/// Where a run tells its events.
struct EventSink {
    sender: Sender<DeliveryEvent>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl EventSink {
    fn send(&self, event: DeliveryEvent) {
        self.send_without_wake(event);
        (self.wake)();
    }

    /// The same for what can wait until somebody looks: waking who listens would take a processor from the request.
    fn send_without_wake(&self, event: DeliveryEvent) {
        // Nobody listens any more where the command has left.
        let _ = self.sender.send(event);
    }
}

impl DeliveryRun {
    /// Delivers that work. The run owns the store; what it leaves is in the database. `ring` is called for each
    /// event.
    ///
    /// # Errors
    /// The database's where no lock can be had beside it.
    pub fn start(
        store: Store,
        thread: ReadyDeliveryThread,
        options: DeliveryOptions,
        source: DeliverySource,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let (sink, events) = bounded(EVENT_BUFFER_SIZE);
        let (stop, stop_requests) = unbounded();
        let worker_lock = WorkerLock::acquire(store.path())?;
        let (database, worker_id) = (store.path().to_owned(), worker_lock.worker_id().to_owned());
        thread.run(move |client| {
            let sink = Arc::new(EventSink { sender: sink, wake: Box::new(wake) });
            let (result, store, workers) =
                scheduler::run_scheduler(store, worker_lock, client, options, source, stop_requests, &sink);
            // Before the process leaves: the last one to close the database moves the log into the file.
            drop(store);
            // Closing these would only be in its way, and nothing is lost with them.
            std::mem::forget(workers);
            sink.send(result.map_or_else(DeliveryEvent::Aborted, |()| DeliveryEvent::Finished));
        });
        Ok(Self { events, stop, database, worker_id })
    }

    /// Leaves without the run, which hangs on an answer: what it was at may have arrived. The messages as they
    /// stand now.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn abandon(&self) -> store::Result<Vec<Message>> {
        recovery::abandon_own_claims(&self.database, &self.worker_id)
    }

    /// Begins no further message, and waits until then for the answers under way.
    pub fn stop(&self, until: Instant) {
        // A run that is over needs no stopping.
        let _ = self.stop.send(until);
    }
}
