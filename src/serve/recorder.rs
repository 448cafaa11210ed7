//! Records events in the database on a thread of its own: events that arrive together share one
//! commit, and a locked database makes each of them wait only for a limited time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::clock::Timestamp;
use crate::store::{self, EventResult, NewEvent, Store};
use crate::t;

/// How long an event waits for a locked database. WeChat waits 5 s for the response.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(4);

/// How long one attempt to record events waits for the lock. Then the events that arrived meanwhile
/// join it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(200);

/// The most events in one transaction.
const MAX_BATCH: usize = 256;

/// Why an event was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The database was locked all the time.
    Locked,
    /// The database cannot be written.
    Failed,
}

/// A problem of the recorder, which is reported once until an event is recorded again.
#[derive(Clone, Debug)]
pub struct RecorderProblem {
    /// The error of the database.
    pub cause: String,
}

struct RecordJob {
    event: NewEvent,
    deadline: Instant,
    result: Sender<Result<EventResult, RecordError>>,
}

/// Records events of one account. It ends when it is dropped.
pub struct EventRecorder {
    jobs: Sender<RecordJob>,
}

impl EventRecorder {
    /// Starts the thread. `on_problem` is called with the first problem since the last success.
    ///
    /// # Errors
    ///
    /// The database cannot be opened, or the system refuses a thread.
    pub fn start(
        database: PathBuf,
        app_id: String,
        on_problem: impl Fn(RecorderProblem) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let store = Store::open(&database)?.with_busy_timeout(ATTEMPT_TIMEOUT)?;
        let (sender, jobs) = unbounded();
        let worker = RecorderThread { store, app_id, jobs, is_failing: false };
        std::thread::Builder::new()
            .name("events".into())
            .spawn(move || worker.run(on_problem))
            .with_context(|| t!("delivery-thread"))?;
        Ok(Self { jobs: sender })
    }

    /// Records an event and returns what came of it. Waits for a locked database for at most
    /// [`LOCK_TIMEOUT`].
    ///
    /// # Errors
    ///
    /// Nothing is recorded, and WeChat is to repeat the event.
    pub fn record(&self, event: NewEvent) -> Result<EventResult, RecordError> {
        let (result, receiver) = bounded(1);
        let job = RecordJob { event, deadline: Instant::now() + LOCK_TIMEOUT, result };
        self.jobs.send(job).map_err(|_| RecordError::Failed)?;
        receiver.recv().unwrap_or(Err(RecordError::Failed))
    }
}

struct RecorderThread {
    store: Store,
    app_id: String,
    jobs: Receiver<RecordJob>,
    /// A problem was reported, and nothing was recorded since.
    is_failing: bool,
}

impl RecorderThread {
    fn run(mut self, on_problem: impl Fn(RecorderProblem)) {
        let mut waiting: Vec<RecordJob> = Vec::new();
        loop {
            if waiting.is_empty() {
                match self.jobs.recv() {
                    Ok(job) => waiting.push(job),
                    Err(_) => return,
                }
            }
            waiting.extend(self.jobs.try_iter().take(MAX_BATCH.saturating_sub(waiting.len())));
            let events: Vec<NewEvent> = waiting.iter().map(|job| job.event.clone()).collect();
            match self.store.record_events(&self.app_id, &events, Timestamp::now()) {
                Ok(results) => {
                    self.is_failing = false;
                    for (job, result) in waiting.drain(..).zip(results) {
                        // The handler waits for it.
                        let _ = job.result.send(Ok(result));
                    }
                }
                Err(error) => {
                    let rejected = match &error {
                        store::Error::Busy { .. } => {
                            let now = Instant::now();
                            waiting.extract_if(.., |job| job.deadline <= now).collect::<Vec<_>>()
                        }
                        _ => std::mem::take(&mut waiting),
                    };
                    let reason = match &error {
                        store::Error::Busy { .. } => RecordError::Locked,
                        _ => RecordError::Failed,
                    };
                    if !rejected.is_empty() && !std::mem::replace(&mut self.is_failing, true) {
                        on_problem(RecorderProblem { cause: error.to_string() });
                    }
                    for job in rejected {
                        let _ = job.result.send(Err(reason));
                    }
                }
            }
        }
    }
}
