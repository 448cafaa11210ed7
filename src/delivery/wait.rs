//! What a run does between two turns: it is over, it waits for an event, or it goes on at once.

use std::time::{Duration, Instant};

use crossbeam_channel::Select;

use super::scheduler::Scheduler;

/// How often is looked at what other processes have of this run's messages.
const CLAIMED_ELSEWHERE_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest wait while no request is under way: nothing that is missed holds a run up for good.
const MAX_IDLE_WAIT: Duration = Duration::from_secs(1);

/// What a run does after a turn in which nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Nothing is left that it could do.
    Finish,
    /// It waits for an event.
    Wait,
    /// It has another turn at once: it has got something to do.
    Continue,
}

impl Scheduler<'_> {
    /// What this run does next, where nothing came of a turn.
    pub(super) fn next_step(&mut self) -> anyhow::Result<NextStep> {
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

    /// Waits until something happens, or is due.
    pub(super) fn wait_for_event(&mut self) {
        let run_state = &self.run_state;
        let paused_until = self.run_backoff.paused_until();
        // What is due while nothing can be taken is no reason to wake.
        let can_take = !self.sending_stopped
            && self.shutdown_deadline.is_none()
            && paused_until.is_none()
            && self.token_source.has_token();
        // What is taken already waits for the pace as well.
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
        let wants_parcels = self.shutdown_deadline.is_none()
            && (self.sending_stopped || run_state.capacity() > 0 && run_state.unclaimed_ids.is_empty());
        if let Some(submissions) = self.pending_submissions.as_ref().filter(|_| wants_parcels) {
            select.recv(submissions);
        }
        match wake_times.into_iter().chain(claim_times).flatten().min() {
            Some(next) => drop(select.ready_deadline(next)),
            None => drop(select.ready()),
        }
    }
}
