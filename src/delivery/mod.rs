//! Delivery between the store and WeChat: a run claims queued messages, sends several at a time,
//! retries what can be retried and reports each result.
//!
//! One thread decides: the `scheduler` alone writes to the database, one transaction per step, so
//! that one fsync covers all attempts that start together. It is a state machine without threads,
//! sockets and clocks (`step`), so that a simulation can play it (`tests/sim`); the `driver` has
//! those. `workers` send the requests, so that neither the driver nor Ctrl-C waits for WeChat.
//! `outcome` says what follows from a response, `retry` when a message is due again. Any number of
//! processes share an outbox: each marks what it claims and holds a file lock while it lives.

mod content_cache;
mod driver;
mod error;
mod event_sink;
mod feedback;
mod options;
pub mod outcome;
mod recovery;
mod results;
mod retry;
mod run_state;
mod scheduler;
mod settlement;
mod shutdown;
mod step;
mod thread;
mod throttle;
mod timers;
mod token_source;
mod uploads;
mod wait;
mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub(crate) use error::DeliveryError;
pub use event_sink::DeliveryEvent;
pub use run_state::Jitter;
pub use scheduler::Scheduler;
pub use step::{NextStep, StepAction, StepEvents, StepTime};
pub use workers::{SendJob, SendResult};

use driver::Driver;
use event_sink::EventSink;
pub use options::{DeliveryOptions, DeliverySource, TaggedSubmission};
pub use recovery::recover_orphans;
pub use retry::is_within_dedupe_window;

use crate::store::{self, Message, Store, WorkerLock};
use crate::t;
use crate::wechat::Client;

/// Bounded, so that a slow consumer applies backpressure instead of growing memory.
const EVENT_BUFFER_SIZE: usize = 128;

/// A delivery run in progress.
pub struct DeliveryRun {
    /// The run's events; [`DeliveryEvent::Finished`] or [`DeliveryEvent::Aborted`] is the last one.
    pub events: Receiver<DeliveryEvent>,
    stop: Sender<Instant>,
    database: PathBuf,
    worker_id: String,
}

impl DeliveryRun {
    /// Starts a run, which takes over the store. `wake` is called after each event.
    ///
    /// # Errors
    ///
    /// Fails if no worker lock can be acquired beside the database, or the system refuses a thread.
    pub fn start(
        store: Store,
        client: Client,
        options: DeliveryOptions,
        source: DeliverySource,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let (sink, events) = bounded(EVENT_BUFFER_SIZE);
        let (stop, stop_requests) = unbounded();
        let worker_lock = WorkerLock::acquire(store.path())?;
        let (database, worker_id) = (store.path().to_owned(), worker_lock.worker_id().to_owned());
        let run = move || {
            let sink = Arc::new(EventSink::new(sink, wake));
            // The driver closes the database before the process exits: the last process to close it
            // checkpoints the log.
            let result = Driver::new(store, worker_lock, client, options, source, stop_requests, &sink).run();
            sink.send(result.map_or_else(DeliveryEvent::Aborted, |()| DeliveryEvent::Finished));
        };
        std::thread::Builder::new().name("delivery".into()).spawn(run).with_context(|| t!("delivery-thread"))?;
        Ok(Self { events, stop, database, worker_id })
    }

    /// Abandons the run while requests are in flight. Marks their messages as possibly delivered
    /// and returns them.
    pub fn abandon(&self) -> store::Result<Vec<Message>> {
        recovery::abandon_own_claims(&self.database, &self.worker_id)
    }

    /// Starts no more messages and waits for responses in flight until this deadline.
    pub fn stop(&self, until: Instant) {
        // The run may be over already.
        let _ = self.stop.send(until);
    }
}
