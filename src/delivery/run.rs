//! A delivery run on a thread of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::driver::Driver;
use super::event_sink::EventSink;
use super::{DeliveryEvent, DeliveryOptions, DeliverySource, recovery};
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
    /// No worker lock can be acquired beside the database, or the system refuses a thread.
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

    /// Abandons the run while requests are in flight: records them as possibly delivered, releases
    /// the other claims, and returns all these messages.
    pub fn abandon(&self) -> store::Result<Vec<Message>> {
        recovery::abandon_own_claims(&self.database, &self.worker_id)
    }

    /// Starts no more messages and waits for responses in flight until this deadline.
    pub fn stop(&self, until: Instant) {
        // The run may be over already.
        let _ = self.stop.send(until);
    }
}
