//! The scheduler: the one thread that decides and writes. In each step it records all results and
//! starts all attempts that may start, in one transaction; then it waits for the next event.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Select, TryRecvError};

use super::error::TxError;
use super::run_state::{EnqueueSummary, RunFeedback, RunState, SettledMessage, StartedAttempt, StepTx};
use super::throttle::{RateLimiter, RunBackoff};
use super::token_source::TokenSource;
use super::uploads::{UploadResult, Uploader};
use super::wait::{CLAIMED_ELSEWHERE_POLL_INTERVAL, LockWait, MAX_IDLE_WAIT, NextStep, SHUTDOWN_POLL_INTERVAL};
use super::workers::{SendJob, SendResult, WorkerPool};
use super::{DeliveryEvent, DeliveryOptions, DeliverySource, EventSink, TaggedSubmission, recover_orphans};
use crate::clock::{ClockReading, Timestamp};
use crate::secret::Secret;
use crate::store::{self, CachedToken, OutboxTx, ResponseInfo, Store, TxContext, WorkerLock};
use crate::wechat::{Client, ServerClock};

/// The most submissions that are queued in one step; those of a batch have one message each.
const MAX_SUBMISSIONS_PER_STEP: usize = 64;

/// Runs until nothing is left to do for this run, and closes the database.
pub(super) fn run_scheduler(
    store: Store,
    worker_lock: WorkerLock,
    client: Client,
    options: DeliveryOptions,
    source: DeliverySource,
    stop_requests: Receiver<Instant>,
    events: &Arc<EventSink>,
) -> anyhow::Result<()> {
    let server_clock = client.clock();
    let token_source = TokenSource::new(options.account.clone(), client.clone(), &store);
    let (rate_limiter, run_backoff) = (RateLimiter::new(options.rate), RunBackoff::new(options.wait));
    let (submissions, ids, claims_due) = match source {
        DeliverySource::Submissions(submissions) => (Some(submissions), Vec::new(), false),
        DeliverySource::Messages(ids) => (None, ids, false),
        DeliverySource::Due => (None, Vec::new(), true),
    };
    let sending_stopped = !options.deliver;
    let run_state = RunState::new(options, ids, claims_due);
    let (uploader, workers) = (Uploader::new(client.clone()), WorkerPool::new(client));
    let mut scheduler = Scheduler {
        store,
        worker_lock,
        run_state,
        workers,
        uploader,
        token_source,
        rate_limiter,
        run_backoff,
        pending_submissions: submissions,
        stop_requests,
        events,
        sending_stopped,
        stop_reason: ResponseInfo::default(),
        shutdown_deadline: None,
        retry_notified: false,
        server_clock,
        unsaved_results: Vec::new(),
    };
    let result = scheduler
        .recover_and_count_due()
        .and_then(|()| scheduler.run_loop())
        .and_then(|()| scheduler.report_remaining());
    result.map_err(|error| scheduler.report_unsaved(error)).and_then(|()| scheduler.prune())
}

pub(super) struct Scheduler<'a> {
    pub(super) store: Store,
    pub(super) worker_lock: WorkerLock,
    pub(super) run_state: RunState,
    pub(super) workers: WorkerPool,
    pub(super) uploader: Uploader,
    pub(super) token_source: TokenSource,
    pub(super) rate_limiter: RateLimiter,
    pub(super) run_backoff: RunBackoff,
    pub(super) pending_submissions: Option<Receiver<TaggedSubmission>>,
    pub(super) stop_requests: Receiver<Instant>,
    pub(super) events: &'a Arc<EventSink>,
    /// Nothing more is sent.
    pub(super) sending_stopped: bool,
    /// Why: the account was refused, or WeChat cannot be reached.
    pub(super) stop_reason: ResponseInfo,
    /// Set by a stop request: requests in flight may take until then.
    pub(super) shutdown_deadline: Option<Instant>,
    /// Whether [`DeliveryEvent::Retrying`] was sent.
    pub(super) retry_notified: bool,
    pub(super) server_clock: ServerClock,
    /// Results of a step that could not be committed: the message IDs, and whether WeChat accepted
    /// them.
    pub(super) unsaved_results: Vec<(i64, bool)>,
}

/// What a step starts from.
struct StepInput {
    begun_at: Instant,
    finished: Vec<SendResult>,
    finished_uploads: Vec<UploadResult>,
    submissions: Vec<TaggedSubmission>,
    /// When the token was fetched; without a token nothing is claimed.
    token_fetched_at: Option<Timestamp>,
    /// The maximum number of attempts to start.
    start_limit: usize,
}

impl StepInput {
    /// Records all results and starts all attempts that may start.
    fn apply(self, run_state: &mut RunState, tx: &OutboxTx<'_>, now: &ClockReading) -> Result<StepResult, TxError> {
        let may_claim = self.token_fetched_at.is_some();
        // `now` is stale if the step waited for the lock.
        let may_start = may_claim && !tx.has_waited();
        let mut step = StepTx { tx, now, settled: Vec::new() };
        let mut feedback = Vec::new();
        for finished in self.finished {
            feedback.extend(run_state.on_send_result(&mut step, finished)?);
        }
        for upload in self.finished_uploads {
            feedback.extend(run_state.on_upload_result(&mut step, upload)?);
        }
        if may_claim {
            run_state.content_cache.invalidate_if_changed(tx)?;
        }
        let (mut enqueued, mut accepted) = (EnqueueSummary::default(), None);
        for tagged in &self.submissions {
            run_state.enqueue(tx, tagged, may_start && feedback.is_empty(), &mut enqueued)?;
            accepted = tagged.correlation_id;
        }
        let mut started = Vec::new();
        // Start no new attempts until this step's feedback is applied.
        if may_start && feedback.iter().all(RunFeedback::allows_new_attempts) {
            run_state.claim(tx, self.begun_at)?;
            started = run_state.start_attempts(&mut step, self.start_limit, self.token_fetched_at)?;
        }
        Ok(StepResult { settled: step.settled, enqueued, accepted, started, feedback, has_waited: tx.has_waited() })
    }
}

/// What a step leaves to do after its commit.
struct StepResult {
    settled: Vec<SettledMessage>,
    enqueued: EnqueueSummary,
    accepted: Option<u64>,
    started: Vec<StartedAttempt>,
    feedback: Vec<RunFeedback>,
    /// Whether the step waited for another process that kept the database locked.
    has_waited: bool,
}

impl Scheduler<'_> {
    /// Makes messages of dead processes due again, and resets due times that lie in the future
    /// because the clock was set back.
    fn recover_and_count_due(&mut self) -> anyhow::Result<()> {
        if self.run_state.claims_due {
            recover_orphans(&mut self.store)?;
            self.store.remove_stale_locks();
            let (app_id, now) = (&self.run_state.options.account.app_id, ClockReading::now().wall);
            self.store.reset_future_due_times(app_id, now)?;
            let due_count = self.store.count_due(app_id, now)?;
            self.run_state.claims_due = due_count > 0;
            self.events.send(DeliveryEvent::Queued(due_count));
        } else if !self.run_state.unclaimed_ids.is_empty() {
            self.events.send(DeliveryEvent::Queued(self.run_state.unclaimed_ids.len()));
        }
        Ok(())
    }

    /// Deletes old finished messages.
    fn prune(&mut self) -> anyhow::Result<()> {
        let DeliveryOptions { account, retain, .. } = &self.run_state.options;
        let files = if self.run_state.upload_queue.saw_files { self.store.delete_sent_files() } else { Ok(()) };
        let pruned = files.and_then(|()| match self.server_clock.now() {
            // Age is measured by WeChat's clock, because this machine's may be wrong.
            Some(server) => self.store.prune_expired(&account.app_id, server, *retain),
            None => Ok(()),
        });
        match pruned {
            // The next run prunes; this run has done what it was asked for.
            Err(store::Error::Busy { .. }) => Ok(()),
            done => Ok(done?),
        }
    }

    fn run_loop(&mut self) -> anyhow::Result<()> {
        loop {
            self.poll_inputs()?;
            let token = self.token_if_needed()?;
            let made_progress = self.step(token.as_ref())?;
            if self.shutdown_deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return self.abandon_in_flight();
            }
            if !made_progress {
                match self.next_step()? {
                    NextStep::Finish => return Ok(()),
                    NextStep::Wait => self.wait_for_event(),
                    NextStep::Continue => {}
                }
            }
        }
    }

    /// Handles stop requests and fetched tokens.
    fn poll_inputs(&mut self) -> anyhow::Result<()> {
        if let Ok(deadline) = self.stop_requests.try_recv() {
            self.shutdown_deadline = Some(deadline);
        }
        match self.token_source.poll() {
            Ok(()) => Ok(()),
            Err(error) => self.on_token_error(error),
        }
    }

    /// Returns the token if something is to be sent and there is one.
    fn token_if_needed(&mut self) -> anyhow::Result<Option<CachedToken>> {
        if self.sending_stopped
            || self.shutdown_deadline.is_some()
            || self.run_backoff.paused_until().is_some()
            || !self.has_work()
        {
            return Ok(None);
        }
        match self.token_source.token(&self.store) {
            Ok(token) => Ok(token),
            Err(error) => self.on_token_error(error).map(|()| None),
        }
    }

    fn has_work(&self) -> bool {
        let run_state = &self.run_state;
        let has_due_retry = run_state.retry_timers.has_due(Instant::now());
        has_due_retry
            || run_state.claims_due
            || run_state.upload_queue.can_start_next()
            || !run_state.ready.is_empty()
            || !run_state.unclaimed_ids.is_empty()
            || self.pending_submissions.is_some()
    }

    /// Runs one scheduling step. Returns `true` if it made progress.
    fn step(&mut self, token: Option<&CachedToken>) -> anyhow::Result<bool> {
        self.run_state.server_time = self.server_clock.now();
        let Some(input) = self.step_input(token) else { return Ok(false) };
        let unsaved_results = input.finished.iter().map(|it| (it.id, it.delivered.result.is_ok())).collect();
        let step_result = self.commit_step(input).map_err(|error| {
            self.unsaved_results = unsaved_results;
            error.into_anyhow()
        })?;
        let has_waited = step_result.has_waited;
        let made_progress = self.dispatch(step_result, token.map(|token| &token.token))?;
        Ok(made_progress || has_waited)
    }

    /// Takes what arrived since the last step. Returns `None` if there is nothing to do.
    fn step_input(&mut self, token: Option<&CachedToken>) -> Option<StepInput> {
        let begun_at = Instant::now();
        let worker_limit = self.workers.max_in_flight(self.run_state.options.concurrency);
        let idle_workers = worker_limit.saturating_sub(self.run_state.in_flight.len());
        let finished: Vec<_> = self.workers.results().try_iter().collect();
        let finished_uploads: Vec<_> = self.uploader.results().try_iter().collect();
        let submissions = self.pending_submissions();
        let start_limit = match token {
            Some(_) => self.rate_limiter.permits(begun_at, idle_workers + finished.len()),
            None => 0,
        };
        let RunState { ready, upload_queue, .. } = &self.run_state;
        let nothing_claimable =
            ready.is_empty() && !upload_queue.can_start_next() && !self.run_state.has_claimable(begun_at);
        let no_input = finished.is_empty() && finished_uploads.is_empty() && submissions.is_empty();
        let is_idle = no_input && (start_limit == 0 || nothing_claimable);
        let token_fetched_at = token.map(|token| token.fetched_at);
        (!is_idle).then_some(StepInput {
            begun_at,
            finished,
            finished_uploads,
            submissions,
            token_fetched_at,
            start_limit,
        })
    }

    /// Runs a step in one transaction.
    fn commit_step(&mut self, input: StepInput) -> Result<StepResult, TxError> {
        let now = ClockReading::now();
        let durable = input.start_limit > 0 || !input.submissions.is_empty();
        let Scheduler { store, run_state, worker_lock, events, stop_requests, shutdown_deadline, .. } = self;
        let app_id = run_state.options.account.app_id.clone();
        let tx_context = TxContext {
            app_id: &app_id,
            worker_id: worker_lock.worker_id(),
            now: &now,
            server_now: run_state.server_time,
        };
        let busy_timeout = store.busy_timeout();
        let mut lock_wait = LockWait {
            events,
            database: store.path().to_owned(),
            in_flight_count: run_state.in_flight.len(),
            idle_timeout: busy_timeout,
            stop_requests,
            shutdown_deadline,
            started_at: input.begun_at,
            is_reported: false,
        };
        store.transaction_with_wait(
            tx_context,
            durable,
            busy_timeout.min(SHUTDOWN_POLL_INTERVAL),
            || lock_wait.keep_waiting(),
            |tx| input.apply(run_state, tx, &now),
        )
    }

    /// Does what follows from a committed step: sends requests and events, and applies feedback.
    fn dispatch(&mut self, step_result: StepResult, token: Option<&Secret>) -> anyhow::Result<bool> {
        let StepResult { settled, enqueued, accepted, started, feedback, .. } = step_result;
        let EnqueueSummary { count, duplicates, not_bound } = enqueued;
        let may_continue = feedback.iter().all(RunFeedback::allows_new_attempts);
        let made_progress = !(settled.is_empty() && started.is_empty() && feedback.is_empty())
            || count + duplicates.len() + not_bound.len() > 0;
        if count > 0 {
            self.events.send(DeliveryEvent::Queued(count));
        }
        if let Some(correlation_id) = accepted {
            self.events.send(DeliveryEvent::Accepted(correlation_id));
        }
        self.rate_limiter.consume(started.len());
        if let Some(token) = token {
            let mut in_flight_count = self.run_state.in_flight.len() - started.len();
            for StartedAttempt { id, openid, client_msg_id, content } in started {
                in_flight_count += 1;
                let token = token.clone();
                self.workers.submit(SendJob { id, token, content, openid, client_msg_id }, in_flight_count);
            }
        }
        for (user, correlation_id) in not_bound {
            self.events.send(DeliveryEvent::NotBound { user, correlation_id });
        }
        for (id, correlation_id) in duplicates {
            // The result of this run's own message is not known yet.
            if self.run_state.has_unfinished(id) {
                self.run_state.duplicate_waiters.entry(id).or_default().push(correlation_id);
            } else {
                self.emit_duplicate(id, correlation_id)?;
            }
        }
        // The reason for the end of a run is reported before the messages that it leaves.
        feedback.into_iter().for_each(|feedback| self.apply_feedback(feedback));
        settled.into_iter().try_for_each(|settled| self.emit_settled(settled))?;
        if let Some(token) = token.filter(|_| may_continue && !self.sending_stopped) {
            self.start_uploads(token)?;
        }
        Ok(made_progress)
    }

    /// Starts the uploads that messages wait for.
    fn start_uploads(&mut self, token: &Secret) -> anyhow::Result<()> {
        while let Some(upload) = self.run_state.upload_queue.start_next() {
            let bytes = self.store.read_file(&upload.key.sha256)?;
            self.uploader.start(upload, bytes, token.clone(), self.events);
        }
        Ok(())
    }

    /// Returns submissions to queue, while there is capacity for their messages.
    fn pending_submissions(&mut self) -> Vec<TaggedSubmission> {
        let mut taken = Vec::new();
        let mut capacity = self.run_state.capacity();
        // If nothing is sent any more they are still queued.
        capacity += if self.sending_stopped { MAX_SUBMISSIONS_PER_STEP } else { 0 };
        while self.shutdown_deadline.is_none()
            && taken.len() < MAX_SUBMISSIONS_PER_STEP
            && capacity > 0
            && (self.sending_stopped || self.run_state.unclaimed_ids.is_empty())
            && let Some(submissions) = &self.pending_submissions
        {
            match submissions.try_recv() {
                Ok(tagged) => {
                    capacity = capacity.saturating_sub(tagged.submission.recipients.len());
                    taken.push(tagged);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.pending_submissions = None,
            }
        }
        taken
    }

    /// Returns what the run does after a step without progress.
    fn next_step(&mut self) -> anyhow::Result<NextStep> {
        if !self.run_state.in_flight.is_empty() {
            return Ok(NextStep::Wait);
        }
        if self.shutdown_deadline.is_some() {
            return Ok(NextStep::Finish);
        }
        if self.sending_stopped {
            self.release_ready()?;
            return Ok(if self.pending_submissions.is_none() { NextStep::Finish } else { NextStep::Wait });
        }
        let run_state = &self.run_state;
        let nothing_to_claim =
            !run_state.claims_due && run_state.unclaimed_ids.is_empty() && self.pending_submissions.is_none();
        let is_idle = nothing_to_claim
            && run_state.ready.is_empty()
            && run_state.retry_timers.is_empty()
            && run_state.upload_queue.is_empty();
        if is_idle { self.poll_claimed_elsewhere() } else { Ok(NextStep::Wait) }
    }

    /// Waits until an event arrives or something is due.
    fn wait_for_event(&mut self) {
        let run_state = &self.run_state;
        let paused_until = self.run_backoff.paused_until();
        // Messages that cannot be claimed now are no reason to wake up.
        let can_take = !self.sending_stopped
            && self.shutdown_deadline.is_none()
            && paused_until.is_none()
            && self.token_source.has_token();
        // Claimed messages wait for the rate limit as well.
        let next_retry_at = if run_state.capacity() > 0 { run_state.retry_timers.next_due_at() } else { None };
        let claim_times = if can_take { [self.rate_limiter.next_permit_at(), next_retry_at] } else { [None; 2] };
        let is_idle = run_state.in_flight.is_empty() && self.pending_submissions.is_none();
        let wake_times = [
            paused_until,
            self.shutdown_deadline,
            (!run_state.claimed_elsewhere.is_empty()).then(|| Instant::now() + CLAIMED_ELSEWHERE_POLL_INTERVAL),
            is_idle.then(|| Instant::now() + MAX_IDLE_WAIT),
        ];
        let mut select = Select::new();
        select.recv(self.workers.results());
        select.recv(self.uploader.results());
        select.recv(self.token_source.results());
        select.recv(&self.stop_requests);
        let wants_submissions = self.shutdown_deadline.is_none()
            && (self.sending_stopped || run_state.capacity() > 0 && run_state.unclaimed_ids.is_empty());
        if let Some(submissions) = self.pending_submissions.as_ref().filter(|_| wants_submissions) {
            select.recv(submissions);
        }
        match wake_times.into_iter().chain(claim_times).flatten().min() {
            Some(next) => drop(select.ready_deadline(next)),
            None => drop(select.ready()),
        }
    }
}
