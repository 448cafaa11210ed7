//! Records events in the database on a thread of its own: events that arrive together share one
//! commit, and each of them waits only for a limited time for a locked database. The thread also
//! writes the numbers of rejected pushes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, RecvError, Sender, at, bounded, never, select, unbounded};

use super::push_rejection_counter::{PushRejectionChange, PushRejectionCounter};
use crate::clock::Timestamp;
use crate::store::{self, EventResult, NewEvent, Store};
use crate::t;
use crate::wechat::push::PushError;

/// The longest time that an event may wait for a locked database. WeChat waits 5 s for the
/// response.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(4);

/// How long one attempt to record events waits for the lock. Events that arrive in this time join
/// the next attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(200);

/// The interval between probes of the database while events cannot be recorded and none arrives.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum number of events in one transaction.
const MAX_BATCH: usize = 256;

/// An event was not recorded, because the database stayed locked or cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecorded;

struct RecordJob {
    event: NewEvent,
    deadline: Instant,
    result: Sender<Result<EventResult, NotRecorded>>,
}

/// Records events of one account. It ends when it is dropped.
pub struct EventRecorder {
    jobs: Sender<RecordJob>,
    is_failing: Arc<AtomicBool>,
    rejections: Arc<PushRejectionCounter>,
}

impl EventRecorder {
    /// Starts the thread. `on_problem` is called with the first error of the database since the last
    /// success.
    ///
    /// # Errors
    ///
    /// The database cannot be opened, or the system refuses a thread.
    pub fn start(
        database: PathBuf,
        app_id: String,
        on_problem: impl Fn(String) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let store = Store::open(&database)?.with_busy_timeout(ATTEMPT_TIMEOUT)?;
        let (sender, jobs) = unbounded();
        let is_failing = Arc::new(AtomicBool::new(false));
        let (rejections, changed) = PushRejectionCounter::new();
        let rejections = Arc::new(rejections);
        // Rejections of another process, perhaps with another config, say nothing about this one.
        rejections.clear();
        let thread = RecorderThread {
            store,
            app_id,
            jobs,
            is_failing: Arc::clone(&is_failing),
            rejections: Arc::clone(&rejections),
            rejections_changed: changed,
            next_probe_at: None,
            on_problem,
        };
        std::thread::Builder::new()
            .name("events".into())
            .spawn(move || thread.run())
            .with_context(|| t!("delivery-thread"))?;
        Ok(Self { jobs: sender, is_failing, rejections })
    }

    /// Counts a rejected push, for `doctor`.
    pub fn count_rejection(&self, error: PushError) {
        self.rejections.count(error, Timestamp::now());
    }

    /// Sets the numbers of rejected pushes to zero, because the settings match now.
    pub fn clear_rejections(&self) {
        self.rejections.clear();
    }

    /// Records an event and returns the result. Waits for a locked database for `timeout`, and for
    /// the attempt after it. A `timeout` above [`LOCK_TIMEOUT`] is too long for WeChat.
    ///
    /// # Errors
    ///
    /// The event is not recorded, so WeChat has to repeat it.
    pub fn record(&self, event: NewEvent, timeout: Duration) -> Result<EventResult, NotRecorded> {
        let (result, receiver) = bounded(1);
        let job = RecordJob { event, deadline: Instant::now() + timeout, result };
        let received = self.jobs.send(job).is_ok().then(|| receiver.recv().ok()).flatten();
        received.unwrap_or_else(|| {
            // The thread has panicked, which the panic hook has reported.
            self.is_failing.store(true, Ordering::SeqCst);
            Err(NotRecorded)
        })
    }

    /// Returns whether the last attempt to write events to the database failed.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::SeqCst)
    }
}

struct RecorderThread<F> {
    store: Store,
    app_id: String,
    jobs: Receiver<RecordJob>,
    is_failing: Arc<AtomicBool>,
    rejections: Arc<PushRejectionCounter>,
    rejections_changed: Receiver<()>,
    /// The time of the next probe, while the database cannot be written.
    next_probe_at: Option<Instant>,
    on_problem: F,
}

impl<F: Fn(String)> RecorderThread<F> {
    fn run(mut self) {
        let mut waiting: Vec<RecordJob> = Vec::new();
        loop {
            if waiting.is_empty() {
                match self.next_job() {
                    Ok(Some(job)) => waiting.push(job),
                    Ok(None) if self.next_probe_at.is_some_and(|at| at <= Instant::now()) => self.probe(),
                    Ok(None) => {}
                    Err(RecvError) => return,
                }
            }
            self.write_rejections();
            waiting.extend(self.jobs.try_iter().take(MAX_BATCH.saturating_sub(waiting.len())));
            if !waiting.is_empty() {
                waiting = self.record_batch(waiting);
            }
        }
    }

    /// Waits for an event; while the database fails, only until the next probe. Also returns when
    /// numbers of rejected pushes have to be written.
    fn next_job(&mut self) -> Result<Option<RecordJob>, RecvError> {
        self.next_probe_at = match self.is_failing.load(Ordering::SeqCst) {
            true => self.next_probe_at.or_else(|| Some(Instant::now() + PROBE_INTERVAL)),
            false => None,
        };
        let wake_up = self.next_probe_at.into_iter().chain(self.rejections.write_due_at()).min().map_or_else(never, at);
        select! {
            recv(self.jobs) -> job => job.map(Some),
            recv(self.rejections_changed) -> _ => Ok(None),
            recv(wake_up) -> _ => Ok(None),
        }
    }

    /// Writes the numbers of rejected pushes, if they are due. If that fails they are lost, because
    /// the next rejected push counts as well.
    fn write_rejections(&mut self) {
        let Some(PushRejectionChange { is_cleared, rejected }) = self.rejections.take_due(Instant::now()) else {
            return;
        };
        let cleared = if is_cleared { self.store.clear_rejected_pushes(&self.app_id) } else { Ok(()) };
        let added = if rejected.is_empty() { Ok(()) } else { self.store.add_rejected_pushes(&self.app_id, &rejected) };
        for error in [cleared, added].into_iter().filter_map(Result::err) {
            log::info!("{error}");
        }
    }

    /// Checks whether the database can be written again. Otherwise the failure would last until the
    /// next event, which may never arrive if a proxy in front of wxbox checks its health.
    fn probe(&mut self) {
        self.next_probe_at = None;
        if self.store.record_events(&self.app_id, &[], Timestamp::now()).is_ok() {
            self.is_failing.store(false, Ordering::SeqCst);
        }
    }

    /// Records events in one transaction and answers them. Returns those that still wait for the
    /// lock.
    fn record_batch(&mut self, jobs: Vec<RecordJob>) -> Vec<RecordJob> {
        let events: Vec<NewEvent> = jobs.iter().map(|job| job.event.clone()).collect();
        let error = match self.store.record_events(&self.app_id, &events, Timestamp::now()) {
            Ok(results) => {
                self.is_failing.store(false, Ordering::SeqCst);
                self.rejections.forget_pending();
                for (job, result) in jobs.into_iter().zip(results) {
                    // The handler waits for this result.
                    let _ = job.result.send(Ok(result));
                }
                return Vec::new();
            }
            Err(error) => error,
        };
        if matches!(error, store::Error::Busy { .. }) {
            let now = Instant::now();
            let (late, waiting) = jobs.into_iter().partition(|job| job.deadline <= now);
            self.reject(late, &error);
            return waiting;
        }
        if jobs.len() > 1 {
            // An event that cannot be recorded must not prevent the others from being recorded.
            return jobs.into_iter().flat_map(|job| self.record_batch(vec![job])).collect();
        }
        self.reject(jobs, &error);
        Vec::new()
    }

    fn reject(&self, jobs: Vec<RecordJob>, error: &store::Error) {
        if !jobs.is_empty() && !self.is_failing.swap(true, Ordering::SeqCst) {
            (self.on_problem)(error.to_string());
        }
        for job in jobs {
            let _ = job.result.send(Err(NotRecorded));
        }
    }
}
