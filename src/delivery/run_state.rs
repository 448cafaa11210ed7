//! The scheduler's state between two steps, and the methods by which a transaction changes it.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::content_cache::ContentCache;
use super::error::TxError;
use super::outcome::{MessageAction, RunAction};
use super::retry::{self, RetryContext};
use super::settlement::{message_class, update_from_decision, update_keeping_response, update_without_attempt};
use super::step::StepTime;
use super::timers::RetryTimers;
use super::uploads::{MediaRefs, UploadQueue};
use super::{DeliveryError, DeliveryOptions, TaggedSubmission};
use crate::clock::{ClockReading, Timestamp};
use crate::secret::Secret;
use crate::store::{
    AttemptOutcome, AttemptStart, ClaimScope, ClaimedMessage, EnqueueResult, Message, MessageState, MessageUpdate,
    OutboxTx, ResponseInfo,
};
use crate::wechat;
use crate::wechat::message::Content;

/// A message whose request is in flight.
pub(super) struct InFlight {
    pub(super) claimed: ClaimedMessage,
    pub(super) started_at: ClockReading,
    pub(super) content: Arc<Content>,
    /// The media IDs in the request.
    pub(super) media_refs: MediaRefs,
}

/// A message that is about to be sent.
pub(super) struct StartedAttempt {
    pub(super) id: i64,
    pub(super) openid: String,
    pub(super) client_msg_id: Option<String>,
    pub(super) content: Arc<Content>,
}

/// A message that a step has finished with.
pub(super) enum SettledMessage {
    Saved(Box<Message>),
    /// It was cancelled by a user or with the previous part, or it no longer exists.
    Reload(i64),
}

/// The transaction of a step, with the time of the step and the messages that the step has finished
/// with.
pub(super) struct StepTx<'a> {
    pub(super) tx: &'a OutboxTx<'a>,
    pub(super) now: &'a StepTime,
    pub(super) settled: Vec<SettledMessage>,
    /// The attempts that have ended, by the kind of their message.
    pub(super) ended_attempts: Vec<(&'static str, AttemptOutcome)>,
}

impl<'a> StepTx<'a> {
    pub(super) fn new(tx: &'a OutboxTx<'a>, now: &'a StepTime) -> Self {
        Self { tx, now, settled: Vec::new(), ended_attempts: Vec::new() }
    }
}

/// The meaning of a result for the whole run, applied after the transaction.
pub(super) struct RunFeedback {
    pub(super) action: RunAction,
    /// Whether the failure is of WeChat or the network, and not of the message.
    pub(super) is_transient_failure: bool,
    /// The token that the request used.
    pub(super) token: Secret,
    pub(super) error: Option<wechat::Error>,
}

impl RunFeedback {
    /// Returns whether more attempts may start before the feedback is applied.
    pub(super) fn allows_new_attempts(&self) -> bool {
        !matches!(self.action, RunAction::StopRun | RunAction::RefreshToken | RunAction::PauseRun)
    }
}

/// The result of every further message of a class, without a request to WeChat.
pub(super) struct SuspendedClass {
    pub(super) action: MessageAction,
    pub(super) response: ResponseInfo,
}

/// The result of the submissions of a step.
#[derive(Default)]
pub(super) struct EnqueueSummary {
    /// The number of messages queued.
    pub(super) count: usize,
    /// The IDs of existing messages with the same key, and the correlation IDs of the submissions.
    pub(super) duplicates: Vec<(i64, Option<u64>)>,
    /// The users who are no longer bound, and the correlation IDs of the submissions.
    pub(super) not_bound: Vec<(String, Option<u64>)>,
}

/// Returns a random number in 0..1.
pub type Jitter = Box<dyn FnMut() -> f64 + Send>;

pub(super) struct RunState {
    pub(super) options: DeliveryOptions,
    pub(super) jitter: Jitter,
    /// Messages that are claimed and not started.
    pub(super) ready: VecDeque<ClaimedMessage>,
    pub(super) in_flight: BTreeMap<i64, InFlight>,
    /// Messages that this run retries, by time.
    pub(super) retry_timers: RetryTimers,
    /// Ranges of this run's IDs that are not claimed yet, from first to last.
    pub(super) unclaimed_ids: VecDeque<(i64, i64)>,
    /// IDs of this run's messages that it cannot claim, because another process has claimed them, or
    /// they were cancelled or removed. The run polls them until they are settled.
    pub(super) claimed_elsewhere: Vec<i64>,
    /// IDs of messages that this run could not start because they are no longer queued, and that
    /// had no attempt when it claimed them.
    pub(super) never_attempted: HashSet<i64>,
    /// Parts of texts that wait, each with the ID of the previous part.
    pub(super) waiting_parts: HashMap<i64, i64>,
    /// Messages that wait for uploads.
    pub(super) upload_queue: UploadQueue,
    /// Whether this run claims all due messages and there are some.
    pub(super) claims_due: bool,
    pub(super) correlation_ids: HashMap<i64, u64>,
    /// The correlation IDs of duplicate submissions, by the ID of this run's unfinished message
    /// with the same key.
    pub(super) duplicate_waiters: HashMap<i64, Vec<Option<u64>>>,
    pub(super) content_cache: ContentCache,
    /// The message classes that WeChat refuses.
    pub(super) suspended_classes: HashMap<String, SuspendedClass>,
    /// Messages whose token was refused in this run and that were retried immediately.
    pub(super) retried_with_new_token: HashSet<i64>,
    /// Recipients who get too many messages, with the end of the pause and WeChat's response.
    pub(super) throttled_recipients: HashMap<String, (Instant, ResponseInfo)>,
}

/// Returns the key of a message's recipient within a run.
pub(super) fn recipient_key(claimed: &ClaimedMessage) -> String {
    match claimed.user_id {
        Some(id) => id.to_string(),
        None => claimed.message.openid.clone().unwrap_or_default(),
    }
}

impl RunState {
    pub(super) fn new(options: DeliveryOptions, jitter: Jitter, ids: Vec<i64>, claims_due: bool) -> Self {
        Self {
            options,
            jitter,
            ready: VecDeque::new(),
            in_flight: BTreeMap::new(),
            retry_timers: RetryTimers::default(),
            unclaimed_ids: ids.into_iter().map(|id| (id, id)).collect(),
            claimed_elsewhere: Vec::new(),
            never_attempted: HashSet::new(),
            waiting_parts: HashMap::new(),
            upload_queue: UploadQueue::default(),
            claims_due,
            correlation_ids: HashMap::new(),
            duplicate_waiters: HashMap::new(),
            content_cache: ContentCache::default(),
            suspended_classes: HashMap::new(),
            retried_with_new_token: HashSet::new(),
            throttled_recipients: HashMap::new(),
        }
    }

    /// Returns how many more messages may be claimed: a run holds at most twice what it sends at a
    /// time.
    pub(super) fn capacity(&self) -> usize {
        (2 * self.options.concurrency).saturating_sub(self.ready.len() + self.in_flight.len() + self.upload_queue.len())
    }

    /// Returns whether the message is this run's and is not finished.
    pub(super) fn has_unfinished(&self, id: i64) -> bool {
        self.in_flight.contains_key(&id)
            || self.ready.iter().any(|claimed| claimed.message.id == id)
            || self.unclaimed_ids.iter().any(|(first, last)| (*first..=*last).contains(&id))
            || self.retry_timers.contains(id)
            || self.waiting_parts.contains_key(&id)
            || self.claimed_elsewhere.contains(&id)
            || self.upload_queue.contains(id)
    }

    /// Forgets a message in flight whose result could not be stored. The step that failed may have
    /// scheduled it, and claimed it again.
    pub(super) fn forget(&mut self, id: i64) {
        self.in_flight.remove(&id);
        self.retry_timers.cancel(id);
        self.ready.retain(|claimed| claimed.message.id != id);
    }

    /// Returns whether there is a message to claim at this time.
    pub(super) fn has_claimable(&self, now: Instant) -> bool {
        self.claims_due || !self.unclaimed_ids.is_empty() || self.retry_timers.has_due(now)
    }

    /// Returns whether there are messages to claim, to start or to retry, or that wait for uploads.
    pub(super) fn has_pending(&self) -> bool {
        self.claims_due
            || !self.unclaimed_ids.is_empty()
            || !self.ready.is_empty()
            || !self.retry_timers.is_empty()
            || !self.upload_queue.is_empty()
    }

    pub(super) fn retry_context<'a>(&self, claimed: &'a ClaimedMessage, now: &'a StepTime) -> RetryContext<'a> {
        RetryContext {
            claimed,
            now: &now.clock,
            server_time: now.server,
            wait: self.options.wait,
            max_attempts: self.options.max_attempts,
        }
    }

    /// Queues a submission. With `may_claim` its messages are claimed as well, if there is capacity
    /// for all of them and nothing else waits.
    pub(super) fn enqueue(
        &mut self,
        tx: &OutboxTx<'_>,
        tagged: &TaggedSubmission,
        may_claim: bool,
        summary: &mut EnqueueSummary,
    ) -> Result<(), TxError> {
        let submission = &tagged.submission;
        let claim_now = may_claim
            && submission.remaining_parts.is_empty()
            && submission.recipients.len() <= self.capacity()
            && self.unclaimed_ids.is_empty()
            && self.retry_timers.is_empty();
        for enqueued in tx.enqueue(submission, claim_now)? {
            let id = match &enqueued {
                EnqueueResult::NotBound(user) => {
                    summary.not_bound.push((user.clone().unwrap_or_default(), tagged.correlation_id));
                    continue;
                }
                EnqueueResult::Duplicate(id) => {
                    summary.duplicates.push((*id, tagged.correlation_id));
                    continue;
                }
                EnqueueResult::Queued(id) | EnqueueResult::QueuedAfter(id, _) => *id,
                EnqueueResult::Claimed(claimed) => claimed.message.id,
            };
            summary.count += 1;
            if let Some(tag) = tagged.correlation_id {
                self.correlation_ids.insert(id, tag);
            }
            match enqueued {
                EnqueueResult::Claimed(claimed) => {
                    self.content_cache.insert(claimed.payload_id, &submission.payload.json)?;
                    self.ready.push_back(*claimed);
                }
                EnqueueResult::QueuedAfter(id, previous_id) => {
                    self.waiting_parts.insert(id, previous_id);
                }
                _ => match self.unclaimed_ids.back_mut() {
                    Some((_, last)) if *last + 1 == id => *last = id,
                    _ => self.unclaimed_ids.push_back((id, id)),
                },
            }
        }
        Ok(())
    }

    /// Claims messages up to the capacity.
    pub(super) fn claim(&mut self, tx: &OutboxTx<'_>, now: Instant) -> Result<(), TxError> {
        while self.capacity() > 0
            && let Some((id, due_at)) = self.retry_timers.pop_due(now)
        {
            match tx.claim(ClaimScope::Retry(id, due_at), 1)? {
                claims if claims.is_empty() => self.classify_unclaimed(tx, id)?,
                claims => self.ready.extend(claims),
            }
        }
        while self.capacity() > 0
            && let Some((first, last)) = self.unclaimed_ids.pop_front()
        {
            if let Some(rest) = self.claim_range(tx, (first, last))? {
                self.unclaimed_ids.push_front((rest, last));
            }
        }
        if self.claims_due && self.capacity() > 0 {
            let capacity = self.capacity();
            let claims = tx.claim(ClaimScope::Due, capacity)?;
            self.claims_due = claims.len() == capacity;
            for claimed in &claims {
                self.retry_timers.cancel(claimed.message.id);
                self.claimed_elsewhere.retain(|id| *id != claimed.message.id);
            }
            self.ready.extend(claims);
        }
        Ok(())
    }

    /// Claims from a range of this run's IDs. Returns where to continue if the capacity did not
    /// suffice.
    fn claim_range(&mut self, tx: &OutboxTx<'_>, (first, last): (i64, i64)) -> Result<Option<i64>, TxError> {
        let capacity = self.capacity();
        let claims = tx.claim(ClaimScope::Range(first, last), capacity)?;
        let is_full = claims.len() == capacity;
        let mut next = first;
        for claimed in &claims {
            (next..claimed.message.id).try_for_each(|id| self.classify_unclaimed(tx, id))?;
            next = claimed.message.id + 1;
        }
        if !is_full {
            (next..=last).try_for_each(|id| self.classify_unclaimed(tx, id))?;
        }
        self.ready.extend(claims);
        Ok((is_full && next <= last).then_some(next))
    }

    /// Starts up to `start_limit` ready messages; a message that need not be sent is settled
    /// instead. `token_at` is when the token was fetched.
    pub(super) fn start_attempts(
        &mut self,
        step: &mut StepTx<'_>,
        start_limit: usize,
        token_at: Option<Timestamp>,
    ) -> Result<Vec<StartedAttempt>, TxError> {
        let mut attempts = Vec::new();
        while attempts.len() < start_limit
            && let Some(claimed) = self.ready.pop_front()
        {
            let id = claimed.message.id;
            let Some(content) = self.content_cache.load(step.tx, claimed.payload_id)? else {
                self.on_claim_lost(&claimed);
                continue;
            };
            let class = message_class(&content);
            let Some(claimed) = self.settle_without_attempt(step, claimed, &class)? else { continue };
            let Some((mut claimed, resolved, media_refs)) =
                self.upload_queue.resolve_media(step.tx, claimed, &content, class, step.now.clock.wall)?
            else {
                continue;
            };
            let openid = match step.tx.start_attempt(&claimed, token_at)? {
                AttemptStart::Started(openid) => openid,
                AttemptStart::ClaimLost => {
                    self.on_claim_lost(&claimed);
                    continue;
                }
                not_bound @ (AttemptStart::NotBound | AttemptStart::Rebound) => {
                    let decision = retry::decide_for_withdrawn(&self.retry_context(&claimed, step.now));
                    let user = claimed.message.user.clone().unwrap_or_default();
                    let reason = match not_bound {
                        AttemptStart::Rebound => DeliveryError::Rebound { user },
                        _ => DeliveryError::Unbound { user },
                    };
                    let update = update_keeping_response(&claimed, &decision, Some(reason.into()));
                    self.record_update(step, claimed, &update, false)?;
                    continue;
                }
            };
            claimed.message.attempts += 1;
            claimed.message.openid = Some(openid.clone());
            let client_msg_id = claimed.message.client_msg_id.clone();
            attempts.push(StartedAttempt { id, openid, client_msg_id, content: resolved });
            self.in_flight.insert(id, InFlight { claimed, started_at: step.now.clock.clone(), content, media_refs });
        }
        Ok(attempts)
    }

    /// Handles a message that was cancelled, or whose user was removed, since it was claimed.
    fn on_claim_lost(&mut self, claimed: &ClaimedMessage) {
        self.claimed_elsewhere.push(claimed.message.id);
        if claimed.message.attempts == 0 {
            self.never_attempted.insert(claimed.message.id);
        }
    }

    /// Returns the message unless it is finished or postponed without an attempt.
    fn settle_without_attempt(
        &mut self,
        step: &mut StepTx<'_>,
        claimed: ClaimedMessage,
        class: &str,
    ) -> Result<Option<ClaimedMessage>, TxError> {
        if let Some(decision) = retry::decide_before_attempt(&self.retry_context(&claimed, step.now)) {
            let update = update_without_attempt(&claimed, &decision);
            if claimed.waits_for_previous_part && decision.state == MessageState::Queued {
                // This run may still finish it: it is reported then, or at the end.
                let id = claimed.message.id;
                step.tx.record_update(id, &update)?;
                self.waiting_parts.remove(&id);
                if !self.wait_for_previous_part(step.tx, id)? {
                    // Another process sent the previous part since this one was claimed.
                    self.unclaimed_ids.push_back((id, id));
                }
            } else {
                self.record_update(step, claimed, &update, false)?;
            }
            return Ok(None);
        }
        let throttled = match self.throttled_recipients.is_empty() {
            true => None,
            false => {
                self.throttled_recipients.get(&recipient_key(&claimed)).filter(|(until, _)| *until > step.now.instant)
            }
        };
        let suspended =
            self.suspended_classes.get(class).map(|SuspendedClass { action, response }| (*action, response));
        let Some((action, response)) =
            suspended.or(throttled.map(|(_, response)| (MessageAction::RetryAfterMinute, response)))
        else {
            return Ok(Some(claimed));
        };
        let (response, jitter) = (response.clone(), (self.jitter)());
        let decision = retry::decide_for_suspended(action, &self.retry_context(&claimed, step.now), jitter);
        let mut update = update_from_decision(&decision);
        update.response = response;
        self.record_update(step, claimed, &update, false)?;
        Ok(None)
    }

    /// Stores an update. With `within_run` this run retries the message, otherwise the run has
    /// finished with it.
    pub(super) fn record_update(
        &mut self,
        step: &mut StepTx<'_>,
        claimed: ClaimedMessage,
        update: &MessageUpdate,
        within_run: bool,
    ) -> Result<(), TxError> {
        if !step.tx.record_update(claimed.message.id, update)? {
            match update.attempt {
                Some(_) => step.settled.push(SettledMessage::Reload(claimed.message.id)),
                None => self.on_claim_lost(&claimed),
            }
            return Ok(());
        }
        let mut message = claimed.message;
        if within_run {
            let delay_ms = u64::try_from(update.due_at.0.saturating_sub(step.now.clock.wall.0)).unwrap_or(0);
            let fires_at = step.now.instant + Duration::from_millis(delay_ms);
            self.retry_timers.schedule(message.id, fires_at, update.due_at);
            return Ok(());
        }
        self.waiting_parts.remove(&message.id);
        (message.state, message.due_at) = (update.state, update.due_at);
        message.sent_at = (update.state == MessageState::Sent).then_some(step.now.clock.wall);
        let ResponseInfo { msgid, errcode, errmsg, rid, error, .. } = update.response.clone();
        let id = message.id;
        step.settled.push(SettledMessage::Saved(Box::new(Message { msgid, errcode, errmsg, rid, error, ..message })));
        if claimed.remaining_parts > 0 { self.release_next_part(step, id, update.state) } else { Ok(()) }
    }

    /// Handles the state of a message with remaining parts: the next part is due if the message is
    /// sent, and all are cancelled if it never will be. If its state is unknown they wait for a
    /// user's decision.
    fn release_next_part(&mut self, step: &mut StepTx<'_>, id: i64, state: MessageState) -> Result<(), TxError> {
        match state {
            MessageState::Queued | MessageState::Unknown => {}
            MessageState::Sent => {
                if let Some(next) = step.tx.next_part(id)? {
                    self.waiting_parts.remove(&next);
                    match self.ready.iter_mut().find(|claimed| claimed.message.id == next) {
                        // It was claimed because it has expired.
                        Some(claimed) => {
                            (claimed.waits_for_previous_part, claimed.any_part_attempted) = (false, true);
                        }
                        None => self.unclaimed_ids.push_back((next, next)),
                    }
                }
            }
            MessageState::Failed | MessageState::Cancelled | MessageState::Expired => {
                for cancelled_id in step.tx.cancel_remaining_parts(id)? {
                    self.waiting_parts.remove(&cancelled_id);
                    step.settled.push(SettledMessage::Reload(cancelled_id));
                }
            }
        }
        Ok(())
    }

    /// Handles a message that could not be claimed: it waits for the previous part, or another
    /// process has it.
    fn classify_unclaimed(&mut self, tx: &OutboxTx<'_>, id: i64) -> Result<(), TxError> {
        if !self.wait_for_previous_part(tx, id)? {
            self.claimed_elsewhere.push(id);
        }
        Ok(())
    }

    /// Makes a message wait for the previous part. Returns `false` if that part is sent, or if
    /// there is none.
    fn wait_for_previous_part(&mut self, tx: &OutboxTx<'_>, id: i64) -> Result<bool, TxError> {
        let previous_id = tx.unsent_previous_part(id)?;
        self.waiting_parts.extend(previous_id.map(|previous_id| (id, previous_id)));
        Ok(previous_id.is_some())
    }

    /// Handles a message that another process finished: that process also sends the next part.
    pub(super) fn track_next_part_elsewhere(&mut self, id: i64) {
        let next_parts = self.waiting_parts.extract_if(|_, previous_id| *previous_id == id).map(|(next, _)| next);
        self.claimed_elsewhere.extend(next_parts);
    }
}
