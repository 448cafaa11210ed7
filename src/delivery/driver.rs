//! The driver of a run: the threads, channels and clocks around the scheduler.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, unbounded};

use super::scheduler::{MAX_SUBMISSIONS_PER_STEP, Scheduler};
use super::senders::SenderPool;
use super::step::{NextStep, StepAction, StepEvents, StepTime};
use super::thread::spawn_or_run_inline;
use super::token_source::TokenResult;
use super::uploads::Uploader;
use super::{DeliveryOptions, DeliverySource, EventSink, TaggedSubmission};
use crate::access_token;
use crate::clock::{ClockReading, Timestamp};
use crate::secret::Secret;
use crate::store::{Store, WorkerLock};
use crate::wechat::{Client, ServerClock};

/// Performs the actions of the scheduler, and passes it the events.
pub(super) struct Driver<'a> {
    scheduler: Scheduler,
    options: DeliveryOptions,
    client: Client,
    server_clock: ServerClock,
    senders: SenderPool,
    uploader: Uploader,
    tokens: (Sender<TokenResult>, Receiver<TokenResult>),
    /// The submissions, until their channel is closed.
    submissions: Option<Receiver<TaggedSubmission>>,
    /// Receives a value when more messages may be due, until it is closed.
    due_changes: Option<Receiver<()>>,
    stop_requests: Receiver<Instant>,
    events: &'a Arc<EventSink>,
    database: (std::path::PathBuf, std::time::Duration),
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        store: Store,
        worker_lock: WorkerLock,
        client: Client,
        options: DeliveryOptions,
        source: DeliverySource,
        stop_requests: Receiver<Instant>,
        events: &'a Arc<EventSink>,
    ) -> Self {
        let server_clock = client.clock();
        let database = (store.path().to_owned(), store.busy_timeout());
        let (jitter, now) = (Box::new(rand::random::<f64>), read_clocks(&server_clock));
        let scheduler = Scheduler::new(store, worker_lock, options.clone(), &source, database.1, jitter, now);
        let (submissions, due_changes) = match source {
            DeliverySource::Submissions(submissions) => (Some(submissions), None),
            DeliverySource::Continuous(due_changes) => (None, Some(due_changes)),
            DeliverySource::Messages(_) | DeliverySource::Due => (None, None),
        };
        let (uploader, senders) = (Uploader::new(client.clone()), SenderPool::new(client.clone()));
        let tokens = unbounded();
        Self {
            scheduler,
            options,
            client,
            server_clock,
            senders,
            uploader,
            tokens,
            submissions,
            due_changes,
            stop_requests,
            events,
            database,
        }
    }

    /// Runs until nothing is left to do for this run, and closes the database.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        loop {
            let events = self.collect_events();
            let mut next = self.scheduler.step(events, read_clocks(&self.server_clock));
            if matches!(next, NextStep::Abandon) {
                next = self.scheduler.abandon(&self.senders.drain_unstarted());
            }
            self.scheduler.take_actions().into_iter().for_each(|action| self.perform(action));
            match next {
                NextStep::Continue | NextStep::Abandon => {}
                NextStep::Wait(until) => self.wait_for_event(until),
                NextStep::Finish(result) => return result,
            }
        }
    }

    /// Takes the events that have arrived; does not wait.
    fn collect_events(&mut self) -> StepEvents {
        let (submissions, submissions_closed) = self.take_submissions();
        let due_change = self.due_changes.as_ref().map(Receiver::try_recv);
        let due_closed = due_change == Some(Err(TryRecvError::Disconnected));
        if due_closed {
            self.due_changes = None;
        }
        StepEvents {
            sent: self.senders.results().try_iter().collect(),
            uploaded: self.uploader.results().try_iter().collect(),
            token: self.tokens.1.try_recv().ok(),
            submissions,
            submissions_closed,
            due_changed: due_change == Some(Ok(())),
            due_closed,
            stop_at: self.stop_requests.try_recv().ok(),
            max_in_flight: self.senders.max_in_flight(self.options.concurrency),
        }
    }

    /// Returns submissions to queue, while there is capacity for their messages, and whether no
    /// more come.
    fn take_submissions(&mut self) -> (Vec<TaggedSubmission>, bool) {
        let (mut taken, mut capacity) = (Vec::new(), self.scheduler.submission_capacity());
        while taken.len() < MAX_SUBMISSIONS_PER_STEP
            && capacity > 0
            && let Some(submissions) = &self.submissions
        {
            match submissions.try_recv() {
                Ok(tagged) => {
                    capacity = capacity.saturating_sub(tagged.submission.recipients.len());
                    taken.push(tagged);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.submissions = None,
            }
        }
        (taken, self.submissions.is_none())
    }

    fn perform(&mut self, action: StepAction) {
        match action {
            StepAction::Emit(event) => self.events.send(event),
            StepAction::Send { job, in_flight_count } => self.senders.submit(job, in_flight_count),
            StepAction::Upload { upload, bytes, token } => self.uploader.start(upload, bytes, token, self.events),
            StepAction::FetchToken { refused } => self.fetch_token(refused),
        }
    }

    /// Fetches a token on a thread of its own, so that Ctrl-C does not wait for WeChat.
    fn fetch_token(&self, refused: Option<Secret>) {
        let (client, account, results) = (self.client.clone(), self.options.account.clone(), self.tokens.0.clone());
        let (database, busy_timeout) = self.database.clone();
        spawn_or_run_inline("token", move || {
            let store = Store::open(&database).and_then(|store| store.with_busy_timeout(busy_timeout));
            let now = Timestamp::now();
            let result = store.map_err(access_token::Error::from).and_then(|mut store| match &refused {
                Some(refused) => access_token::replace_refused(refused, &mut store, &client, &account, now),
                None => access_token::get(&mut store, &client, &account, now),
            });
            // The run may have ended in the meantime.
            let _ = results.send(result);
        });
    }

    /// Waits until an event arrives or the next step is due.
    fn wait_for_event(&self, until: Option<Instant>) {
        let mut select = Select::new();
        select.recv(self.senders.results());
        select.recv(self.uploader.results());
        select.recv(&self.tokens.1);
        select.recv(&self.stop_requests);
        if let Some(submissions) = self.submissions.as_ref().filter(|_| self.scheduler.submission_capacity() > 0) {
            select.recv(submissions);
        }
        if let Some(due_changes) = &self.due_changes {
            select.recv(due_changes);
        }
        match until {
            Some(until) => drop(select.ready_deadline(until)),
            None => drop(select.ready()),
        }
    }
}

/// Reads all clocks.
fn read_clocks(server_clock: &ServerClock) -> StepTime {
    let instant = Instant::now();
    StepTime { instant, clock: ClockReading::now(), server: server_clock.now(instant) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Outbox, options, text};
    use super::*;
    use crate::wechat::ClientSettings;

    #[test]
    fn submissions_stay_in_their_channel_while_there_is_no_capacity() {
        let (submissions, receiver) = unbounded();
        let submission = TaggedSubmission { submission: text(&["o1"]), correlation_id: None };
        submissions.send(submission).unwrap();
        let outbox = Outbox::without_token();
        let worker_lock = WorkerLock::acquire(outbox.store.path()).unwrap();
        let client = Client::new(&ClientSettings::without_host()).unwrap();
        let events = Arc::new(EventSink::new(unbounded().0, || {}));
        let (source, (_stop, stop_requests)) = (DeliverySource::Submissions(receiver), unbounded());
        let mut driver =
            Driver::new(outbox.open_for_threads(), worker_lock, client, options(), source, stop_requests, &events);
        assert_eq!(driver.scheduler.submission_capacity(), 0, "the run has not begun");
        assert_eq!(driver.take_submissions().0.len(), 0);
        // Nor does the submission end a wait.
        let until = Instant::now() + std::time::Duration::from_millis(10);
        driver.wait_for_event(Some(until));
        assert!(Instant::now() >= until);
    }
}
