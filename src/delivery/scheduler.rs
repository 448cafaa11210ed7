//! The scheduler of a run, which alone decides, and alone changes its messages. In each step it
//! records all results and starts all attempts that may start, in one transaction, and returns when
//! the next step is due. It has no thread, no socket and no clock: see [`step`](super::step).

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::error::TxError;
use super::lock_wait::{LockDecision, LockWait};
use super::run_state::{EnqueueSummary, Jitter, RunFeedback, RunState, SettledMessage, StartedAttempt, StepTx};
use super::senders::{SendJob, SendResult};
use super::step::{NextStep, StepAction, StepEvents, StepTime};
use super::throttle::{RateLimiter, RunBackoff};
use super::token_source::{TokenSource, TokenStatus};
use super::uploads::UploadResult;
use super::{DeliveryEvent, DeliveryOptions, DeliverySource, TaggedSubmission, recover_orphans};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::store::{self, AttemptOutcome, CachedToken, OutboxTx, ResponseInfo, Store, TxContext, WorkerLock};

/// The maximum number of submissions that are queued in one step; those of a batch have one message
/// each.
pub(super) const MAX_SUBMISSIONS_PER_STEP: usize = 64;

/// How often this run's messages that it cannot claim are checked.
const CLAIMED_ELSEWHERE_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The longest wait while no request is in flight: a missed event delays a run by at most this.
const MAX_IDLE_WAIT: Duration = Duration::from_secs(1);

/// The phase of a run.
pub(super) enum RunPhase {
    /// Nothing is claimed yet.
    Starting,
    /// Messages are sent.
    Sending,
    /// An error ends the run, which waits for requests in flight until then.
    Draining(Instant),
    /// The messages in these ranges of IDs stay queued and are reported.
    Reporting(VecDeque<(i64, i64)>),
}

/// A delivery run as a state machine: events and the time in, actions and the next step out.
pub struct Scheduler {
    pub(super) store: Store,
    pub(super) worker_lock: WorkerLock,
    pub(super) run_state: RunState,
    pub(super) token_source: TokenSource,
    pub(super) rate_limiter: RateLimiter,
    pub(super) run_backoff: RunBackoff,
    pub(super) lock_wait: LockWait,
    pub(super) phase: RunPhase,
    /// The time of the current step.
    pub(super) now: StepTime,
    /// Events that are not recorded yet.
    pub(super) pending: StepEvents,
    /// The actions for the driver after the current step.
    actions: Vec<StepAction>,
    /// Whether submissions may still come.
    expects_submissions: bool,
    /// Whether the run continues with messages that become due.
    pub(super) is_continuous: bool,
    /// Whether nothing more is started, because the source of a continuous run is closed.
    is_ending: bool,
    /// Whether nothing more is sent.
    pub(super) sending_stopped: bool,
    /// Why nothing more is sent: the account was refused, or WeChat cannot be reached.
    pub(super) stop_reason: ResponseInfo,
    /// Set by a stop request: the run waits for requests in flight until then.
    pub(super) shutdown_deadline: Option<Instant>,
    /// Whether [`DeliveryEvent::Retrying`] was sent.
    pub(super) retry_notified: bool,
    /// Results of a step that could not be committed: the message IDs, and whether WeChat accepted
    /// them.
    pub(super) unsaved_results: Vec<(i64, bool)>,
    /// The error that ends the run.
    pub(super) failure: Option<anyhow::Error>,
}

/// The results that a step records and the messages that it starts, in one transaction.
struct TxInput {
    finished: Vec<SendResult>,
    finished_uploads: Vec<UploadResult>,
    submissions: Vec<TaggedSubmission>,
    /// When the token was fetched; without a token nothing is started.
    token_fetched_at: Option<Timestamp>,
    /// Whether new messages are claimed as they are queued, so that no other process takes them
    /// while this one waits for a token.
    may_claim: bool,
    /// The maximum number of attempts to start.
    start_limit: usize,
    /// Whether messages that are not started are left to other processes.
    releases_ready: bool,
}

impl TxInput {
    /// Records all results and starts all attempts that may start.
    fn apply(self, run_state: &mut RunState, tx: &OutboxTx<'_>, now: &StepTime) -> Result<TxResult, TxError> {
        let may_start = self.token_fetched_at.is_some();
        let mut step = StepTx::new(tx, now);
        let mut feedback = Vec::new();
        for finished in self.finished {
            feedback.extend(run_state.on_send_result(&mut step, finished)?);
        }
        for upload in self.finished_uploads {
            feedback.extend(run_state.on_upload_result(&mut step, upload)?);
        }
        if may_start {
            run_state.content_cache.invalidate_if_changed(tx)?;
        }
        let (mut enqueued, mut last_committed) = (EnqueueSummary::default(), None);
        for tagged in &self.submissions {
            run_state.enqueue(tx, tagged, self.may_claim && feedback.is_empty(), &mut enqueued)?;
            last_committed = tagged.correlation_id;
        }
        let mut started = Vec::new();
        // Start no new attempts until this step's feedback is applied.
        if may_start && feedback.iter().all(RunFeedback::allows_new_attempts) {
            run_state.claim(tx, now.instant)?;
            started = run_state.start_attempts(&mut step, self.start_limit, self.token_fetched_at)?;
        }
        if self.releases_ready {
            tx.release(run_state.ready.drain(..).map(|claimed| claimed.message.id))?;
        }
        let StepTx { settled, ended_attempts, .. } = step;
        Ok(TxResult { settled, ended_attempts, enqueued, last_committed, started, feedback })
    }
}

/// The work that remains after the commit of a transaction.
struct TxResult {
    settled: Vec<SettledMessage>,
    ended_attempts: Vec<(&'static str, AttemptOutcome)>,
    enqueued: EnqueueSummary,
    last_committed: Option<u64>,
    started: Vec<StartedAttempt>,
    feedback: Vec<RunFeedback>,
}

impl Scheduler {
    /// Returns a scheduler that takes over the store. It waits for a locked database for
    /// `lock_timeout` if nothing is in flight.
    pub fn new(
        store: Store,
        worker_lock: WorkerLock,
        options: DeliveryOptions,
        source: &DeliverySource,
        lock_timeout: Duration,
        jitter: Jitter,
        now: StepTime,
    ) -> Self {
        let (ids, claims_due) = match source {
            DeliverySource::Submissions(_) => (Vec::new(), false),
            DeliverySource::Messages(ids) => (ids.clone(), false),
            DeliverySource::Due | DeliverySource::Continuous(_) => (Vec::new(), true),
        };
        Self {
            worker_lock,
            token_source: TokenSource::new(options.account.clone()),
            rate_limiter: RateLimiter::new(options.rate, now.instant),
            run_backoff: RunBackoff::new(options.wait, now.instant),
            lock_wait: LockWait::new(lock_timeout),
            phase: RunPhase::Starting,
            now,
            pending: StepEvents::default(),
            actions: Vec::new(),
            expects_submissions: matches!(source, DeliverySource::Submissions(_)),
            is_continuous: matches!(source, DeliverySource::Continuous(_)),
            is_ending: false,
            sending_stopped: !options.deliver,
            stop_reason: ResponseInfo::default(),
            shutdown_deadline: None,
            retry_notified: false,
            unsaved_results: Vec::new(),
            failure: None,
            run_state: RunState::new(options, jitter, ids, claims_due),
            store,
        }
    }

    /// Handles the events and starts the attempts that may start. The driver then performs the
    /// [actions](Self::take_actions).
    pub fn step(&mut self, events: StepEvents, now: StepTime) -> NextStep {
        self.now = now;
        self.pending.sent.extend(events.sent);
        self.pending.uploaded.extend(events.uploaded);
        self.pending.submissions.extend(events.submissions);
        self.pending.max_in_flight = events.max_in_flight;
        self.expects_submissions &= !events.submissions_closed;
        self.is_ending |= self.is_continuous && events.due_closed;
        self.run_state.claims_due |= self.is_continuous && events.due_changed;
        self.shutdown_deadline = events.stop_at.or(self.shutdown_deadline);
        let token_result = events.token.map_or(Ok(()), |result| self.token_source.on_result(result));
        let handled = token_result.or_else(|error| self.on_token_error(error));
        let next = handled.and_then(|()| match self.phase {
            RunPhase::Starting => self.recover_and_count_due(),
            RunPhase::Sending => self.send_step(),
            RunPhase::Draining(until) => self.drain(until),
            RunPhase::Reporting(_) => self.report_some(),
        });
        next.unwrap_or_else(|error| self.fail(error))
    }

    /// Returns the actions for the driver, in their order.
    pub fn take_actions(&mut self) -> Vec<StepAction> {
        std::mem::take(&mut self.actions)
    }

    /// Gives up the requests in flight, except that no byte of `unstarted_ids` was sent.
    pub fn abandon(&mut self, unstarted_ids: &HashSet<i64>) -> NextStep {
        let next = self.abandon_in_flight(unstarted_ids).and_then(|()| self.begin_report());
        next.unwrap_or_else(|error| self.fail(error))
    }

    /// Returns for how many messages submissions may be passed in; 0 if none is wanted now.
    pub fn submission_capacity(&self) -> usize {
        let is_busy = matches!(self.phase, RunPhase::Starting) || !self.pending.submissions.is_empty();
        if self.shutdown_deadline.is_some() || !self.expects_submissions || is_busy {
            return 0;
        }
        match (self.sending_stopped, self.run_state.unclaimed_ids.is_empty()) {
            // Submissions are still queued after sending has stopped.
            (true, _) => self.run_state.capacity() + MAX_SUBMISSIONS_PER_STEP,
            (false, true) => self.run_state.capacity(),
            (false, false) => 0,
        }
    }

    /// Returns the database, which a simulation uses again.
    pub fn into_store(self) -> Store {
        self.store
    }

    pub(super) fn emit(&mut self, event: DeliveryEvent) {
        self.actions.push(StepAction::Emit(event));
    }

    /// Makes messages of dead processes due again, and resets due times that lie in the future
    /// because the clock was set back.
    fn recover_and_count_due(&mut self) -> anyhow::Result<NextStep> {
        if self.run_state.claims_due {
            recover_orphans(&mut self.store, &self.now.clock)?;
            self.store.remove_stale_locks();
            let (app_id, now) = (&self.run_state.options.account.app_id, self.now.clock.wall);
            self.store.reset_future_due_times(app_id, now)?;
            let due_count = self.store.count_due(app_id, now)?;
            self.run_state.claims_due = due_count > 0;
            self.emit(DeliveryEvent::Queued(due_count));
        } else if !self.run_state.unclaimed_ids.is_empty() {
            self.emit(DeliveryEvent::Queued(self.run_state.unclaimed_ids.len()));
        }
        self.phase = RunPhase::Sending;
        Ok(NextStep::Continue)
    }

    /// Runs a step while messages are sent.
    fn send_step(&mut self) -> anyhow::Result<NextStep> {
        let token = self.token_if_needed()?;
        let made_progress = match self.tx_input(token.as_ref()) {
            None => false,
            Some(input) => match self.commit(input)? {
                Some(result) => self.dispatch(result, token.map(|token| token.token))?,
                None => return Ok(NextStep::Wait(Some(self.now.instant + self.lock_wait.poll_interval()))),
            },
        };
        if self.shutdown_deadline.is_some_and(|deadline| self.now.instant >= deadline) {
            return Ok(NextStep::Abandon);
        }
        if made_progress { Ok(NextStep::Continue) } else { self.idle_step() }
    }

    /// Returns the token if a message can be sent and a token is available.
    fn token_if_needed(&mut self) -> anyhow::Result<Option<CachedToken>> {
        if !self.may_start() || self.run_backoff.paused_until(self.now.instant).is_some() || !self.has_work() {
            return Ok(None);
        }
        match self.token_source.token(&self.store, self.now.clock.wall) {
            Ok(TokenStatus::Ready(token)) => Ok(Some(token)),
            Ok(TokenStatus::Pending) => Ok(None),
            Ok(TokenStatus::Needed { refused }) => {
                self.actions.push(StepAction::FetchToken { refused });
                Ok(None)
            }
            Err(error) => self.on_token_error(error).map(|()| None),
        }
    }

    /// Returns whether attempts may start at all.
    fn may_start(&self) -> bool {
        !self.sending_stopped && !self.is_ending && self.shutdown_deadline.is_none()
    }

    fn has_work(&self) -> bool {
        let run_state = &self.run_state;
        let has_due_retry = run_state.retry_timers.has_due(self.now.instant);
        has_due_retry
            || run_state.claims_due
            || run_state.upload_queue.can_start_next()
            || !run_state.ready.is_empty()
            || !run_state.unclaimed_ids.is_empty()
            || self.expects_submissions
            || !self.pending.submissions.is_empty()
    }

    /// Takes the events that have arrived. Returns `None` if there is nothing to record and nothing
    /// to start.
    fn tx_input(&mut self, token: Option<&CachedToken>) -> Option<TxInput> {
        let sender_limit = self.pending.max_in_flight;
        let idle_senders = sender_limit.saturating_sub(self.run_state.in_flight.len());
        let finished = std::mem::take(&mut self.pending.sent);
        let finished_uploads = std::mem::take(&mut self.pending.uploaded);
        let submissions = std::mem::take(&mut self.pending.submissions);
        let start_limit = match token {
            Some(_) => self.rate_limiter.permits(self.now.instant, idle_senders + finished.len()),
            None => 0,
        };
        let RunState { ready, upload_queue, .. } = &self.run_state;
        let nothing_claimable =
            ready.is_empty() && !upload_queue.can_start_next() && !self.run_state.has_claimable(self.now.instant);
        let no_input = finished.is_empty() && finished_uploads.is_empty() && submissions.is_empty();
        let releases_ready = self.is_ending;
        let nothing_to_release = !releases_ready || self.run_state.ready.is_empty();
        let is_idle = no_input && nothing_to_release && (start_limit == 0 || nothing_claimable);
        let token_fetched_at = token.map(|token| token.fetched_at);
        let may_claim = !self.sending_stopped
            && self.shutdown_deadline.is_none()
            && self.run_backoff.paused_until(self.now.instant).is_none();
        let input = TxInput {
            finished,
            finished_uploads,
            submissions,
            token_fetched_at,
            may_claim,
            start_limit,
            releases_ready,
        };
        (!is_idle).then_some(input)
    }

    /// Runs a transaction. Returns `None` if the database is locked and the run waits for it.
    fn commit(&mut self, input: TxInput) -> anyhow::Result<Option<TxResult>> {
        let unsaved_results = input.finished.iter().map(|it| (it.id, it.response.result.is_ok())).collect();
        let durable = input.start_limit > 0 || !input.submissions.is_empty();
        let Self { store, run_state, worker_lock, now, lock_wait, .. } = self;
        let app_id = run_state.options.account.app_id.clone();
        let context =
            TxContext { app_id: &app_id, worker_id: worker_lock.worker_id(), now: &now.clock, server_now: now.server };
        let timeout = lock_wait.poll_interval().min(store.busy_timeout());
        let mut input = Some(input);
        let result = store.transaction_within(context, durable, timeout, |tx| match input.take() {
            Some(input) => input.apply(run_state, tx, now).map(Some),
            None => Ok(None),
        });
        match (result, input) {
            (Err(TxError::Store(store::Error::Busy { .. })), Some(input)) if self.waits_for_lock() => {
                self.pending.sent = input.finished;
                self.pending.uploaded = input.finished_uploads;
                self.pending.submissions = input.submissions;
                Ok(None)
            }
            (result, _) => {
                self.lock_wait.reset();
                result.map_err(|error| {
                    self.unsaved_results = unsaved_results;
                    error.into_anyhow()
                })
            }
        }
    }

    /// Returns whether the run continues to wait for a locked database.
    fn waits_for_lock(&mut self) -> bool {
        let in_flight_count = self.run_state.in_flight.len();
        match self.lock_wait.on_locked(self.now.instant, in_flight_count > 0, self.shutdown_deadline) {
            LockDecision::GiveUp => return false,
            LockDecision::Wait => {}
            LockDecision::Report => {
                let database = self.store.path().to_owned();
                self.emit(DeliveryEvent::DatabaseLocked { database, in_flight_count });
            }
        }
        true
    }

    /// Performs the work after a committed step: sends requests and events, and applies feedback.
    fn dispatch(&mut self, result: TxResult, token: Option<Secret>) -> anyhow::Result<bool> {
        let TxResult { settled, ended_attempts, enqueued, last_committed, started, feedback } = result;
        let EnqueueSummary { count, duplicates, not_bound } = enqueued;
        let may_continue = feedback.iter().all(RunFeedback::allows_new_attempts);
        let made_progress = !(settled.is_empty() && started.is_empty() && feedback.is_empty());
        if count > 0 {
            self.emit(DeliveryEvent::Queued(count));
        }
        if let Some(correlation_id) = last_committed {
            self.emit(DeliveryEvent::SubmissionCommitted(correlation_id));
        }
        self.start_requests(started, token.as_ref());
        for (user, correlation_id) in not_bound {
            self.emit(DeliveryEvent::NotBound { user, correlation_id });
        }
        for (kind, outcome) in ended_attempts {
            self.emit(DeliveryEvent::AttemptEnded { kind, outcome });
        }
        // The reason for the end of a run is reported before the messages that it leaves.
        feedback.into_iter().for_each(|feedback| self.apply_feedback(feedback));
        settled.into_iter().try_for_each(|settled| self.emit_settled(settled))?;
        for (id, correlation_id) in duplicates {
            // The result of this run's own message is reported first.
            if self.run_state.has_unfinished(id) {
                self.run_state.duplicate_waiters.entry(id).or_default().push(correlation_id);
            } else {
                self.emit_duplicate(id, correlation_id)?;
            }
        }
        if let Some(token) = token.filter(|_| may_continue && !self.sending_stopped) {
            self.start_uploads(&token)?;
        }
        Ok(made_progress)
    }

    fn start_requests(&mut self, started: Vec<StartedAttempt>, token: Option<&Secret>) {
        self.rate_limiter.consume(started.len(), self.now.instant);
        let Some(token) = token else { return };
        let in_flight_counts = self.run_state.in_flight.len() + 1 - started.len()..;
        for (in_flight_count, attempt) in in_flight_counts.zip(started) {
            let StartedAttempt { id, openid, client_msg_id, content } = attempt;
            let job = SendJob { id, token: token.clone(), content, openid, client_msg_id };
            self.actions.push(StepAction::Send { job, in_flight_count });
        }
    }

    /// Starts the uploads that messages wait for.
    fn start_uploads(&mut self, token: &Secret) -> anyhow::Result<()> {
        while let Some(upload) = self.run_state.upload_queue.start_next() {
            let bytes = self.store.read_file(&upload.key.sha256)?;
            self.actions.push(StepAction::Upload { upload, bytes, token: token.clone() });
        }
        Ok(())
    }

    /// Returns what the run does after a step without progress.
    fn idle_step(&mut self) -> anyhow::Result<NextStep> {
        if !self.run_state.in_flight.is_empty() {
            return Ok(self.wait());
        }
        if self.shutdown_deadline.is_some() {
            return self.begin_report();
        }
        if self.is_ending {
            // The result of an upload is saved, so that the next run need not repeat it.
            return if self.run_state.upload_queue.has_in_flight() { Ok(self.wait()) } else { self.begin_report() };
        }
        if self.sending_stopped {
            self.release_ready()?;
            return if self.expects_submissions { Ok(self.wait()) } else { self.begin_report() };
        }
        if self.expects_submissions || self.run_state.has_pending() {
            return Ok(self.wait());
        }
        if self.is_continuous {
            // Those processes finish the messages. If they die, the messages become due again.
            self.run_state.claimed_elsewhere.clear();
            return Ok(self.wait());
        }
        self.poll_claimed_elsewhere()
    }

    /// Returns when the next step is due, unless an event arrives earlier.
    pub(super) fn wait(&self) -> NextStep {
        let (run_state, now) = (&self.run_state, self.now.instant);
        let paused_until = self.run_backoff.paused_until(now);
        // Messages that cannot be claimed now are no reason to wake up.
        let can_take = self.may_start() && paused_until.is_none() && self.token_source.has_token();
        // The rate limit also delays messages that are claimed already.
        let permit_at = self.rate_limiter.next_permit_at(now);
        // A retry that is due is no reason to wake up while it cannot start.
        let can_claim = run_state.capacity() > 0 && run_state.in_flight.len() < self.pending.max_in_flight;
        let next_retry_at = if can_claim { run_state.retry_timers.next_due_at() } else { None };
        let next_retry_at = next_retry_at.map(|due_at| permit_at.map_or(due_at, |permit_at| due_at.max(permit_at)));
        let claim_times = if can_take { [permit_at, next_retry_at] } else { [None; 2] };
        let waits_for_input = self.expects_submissions || self.is_continuous && !run_state.has_pending();
        let is_idle = run_state.in_flight.is_empty() && !waits_for_input;
        let wake_times = [
            paused_until,
            self.shutdown_deadline,
            (!run_state.claimed_elsewhere.is_empty()).then(|| now + CLAIMED_ELSEWHERE_POLL_INTERVAL),
            is_idle.then(|| now + MAX_IDLE_WAIT),
        ];
        NextStep::Wait(wake_times.into_iter().chain(claim_times).flatten().min())
    }

    /// Deletes old finished messages.
    pub(super) fn prune(&mut self) -> anyhow::Result<()> {
        let DeliveryOptions { account, retain, .. } = &self.run_state.options;
        let files = if self.run_state.upload_queue.saw_files { self.store.delete_sent_files() } else { Ok(()) };
        let pruned = files.and_then(|()| match self.now.server {
            // Age is measured by WeChat's clock, because this machine's may be wrong.
            Some(server) => self.store.prune_expired(&account.app_id, server, *retain),
            None => Ok(()),
        });
        match pruned {
            // The next run prunes; this run has delivered its messages.
            Err(store::Error::Busy { .. }) => Ok(()),
            done => Ok(done?),
        }
    }
}
