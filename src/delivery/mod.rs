//! Delivery: store ⇄ WeChat. A run takes messages that are queued, sends several at a time, tries again what
//! may be tried again, and tells what came of each.
//!
//! One thread decides (`scheduler`): it alone writes to the database, a turn at a time, so that one wait for the disk
//! covers all attempts that begin together; it is there early, to make the HTTP client meanwhile (`hand`). Others
//! make the requests (`crew`), so that nothing waits for WeChat, and Ctrl-C for nobody. What follows from an answer
//! is in `policy`, when a message is due again in `schedule`. Any number of processes share the work: each marks what
//! it takes, and lives as long as its lock does.

mod content_cache;
mod error;
mod event_sink;
mod feedback;
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
pub use event_sink::DeliveryEvent;
use event_sink::EventSink;
pub use recovery::recover_orphans;
pub use retry::is_within_dedupe_window;
pub use thread::{DeliveryThread, ReadyDeliveryThread};

use crate::access_token::Account;
use crate::store::{self, Message, Store, Submission, WorkerLock};

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
            let sink = Arc::new(EventSink::new(sink, wake));
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
