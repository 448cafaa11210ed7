//! Decides when a message is retried and when it is given up, by pure functions of its history and
//! the clocks.

use std::time::Duration;

use super::outcome::MessageAction;
use crate::clock::{ClockReading, Timestamp};
use crate::store::{AttemptHistory, ClaimedMessage, MessageState, RetryState};
use crate::wechat::errcode;

/// How long WeChat drops a repeat of a template message: 10 minutes after it received the message,
/// less the time that a request may take. Page:
/// doc/service/api/notify/template/api_sendtemplatemessage (`client_msg_id`).
const DEDUPE_WINDOW: Duration = Duration::from_secs(9 * 60);

/// The delays after `wait` is over; the last one repeats.
const LONG_BACKOFF_STEPS: [Duration; 4] = [minutes(1), minutes(5), minutes(15), minutes(60)];

/// The bounds of the delays before that, which are as long as the message has been failing.
const SHORT_BACKOFF_RANGE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(8));

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// The delay of a message that can be neither sent nor given up now.
const POSTPONE_DELAY: Duration = minutes(1);

/// The input of a decision about a message.
#[derive(Clone, Debug)]
pub struct RetryContext<'a> {
    /// The message with its previous attempts; `attempts` includes the current one.
    pub claimed: &'a ClaimedMessage,
    /// The current time.
    pub now: &'a ClockReading,
    /// The current time by WeChat's clock, once a response gave it.
    pub server_time: Option<Timestamp>,
    /// How long a message is retried with short delays.
    pub wait: Duration,
    /// The maximum number of attempts; 0 for no limit.
    pub max_attempts: u32,
}

/// The decision about a message.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The message's new state.
    pub state: MessageState,
    /// When it is due, if it is queued.
    pub due_at: Timestamp,
    /// It is due within `wait`, so the run waits for it.
    pub within_run: bool,
    /// The retry state for later decisions.
    pub retry_state: RetryState,
    /// Why it is given up, if the last error does not say so.
    pub give_up_reason: Option<GiveUpReason>,
    /// Why it is postponed without an attempt.
    pub postpone_reason: Option<PostponeReason>,
}

impl Decision {
    /// Creates a decision that has no special reason and does not concern the current run.
    pub(super) fn new(state: MessageState, due_at: Timestamp, retry_state: RetryState) -> Self {
        Self { state, due_at, within_run: false, retry_state, give_up_reason: None, postpone_reason: None }
    }
}

/// Why a message is postponed that can be neither sent nor given up now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostponeReason {
    /// The previous part is not sent.
    PreviousPartUnsent,
    /// It has expired by this machine's clock, and no second clock confirms that.
    ExpiryUnconfirmed,
}

/// Why a message is not retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUpReason {
    /// It has expired.
    Expired,
    /// It has had `send.max_attempts` attempts.
    MaxAttempts,
}

/// Decides after an attempt, or after a failed upload for one. `jitter` in 0..1 spreads retries
/// that would coincide. `started_at` is when the attempt started, which matters if it may have
/// arrived.
pub fn decide_after_attempt(
    action: MessageAction,
    context: &RetryContext<'_>,
    started_at: &ClockReading,
    jitter: f64,
) -> Decision {
    let mut retry_state = context.claimed.retry_state.clone();
    let now = context.now.wall;
    let history = &context.claimed.history;
    let may_have_arrived = history.may_have_arrived() || action == MessageAction::RetryIfIdempotent;
    let (failed_at, step) = (retry_state.first_failed_at.unwrap_or(now), retry_state.backoff_step);
    let due_at = match action {
        MessageAction::Sent => return Decision::new(MessageState::Sent, now, retry_state),
        MessageAction::Fail => return give_up_decision(MessageState::Failed, may_have_arrived, now, retry_state, None),
        MessageAction::RetryNow => now,
        MessageAction::RetryAfterQuotaReset => next_quota_reset(now, jitter),
        MessageAction::RetryAfterMinute => now.plus(minutes(1).mul_f64(1.0 + 0.2 * jitter)),
        MessageAction::RetryWithBackoff | MessageAction::RetryIfIdempotent => {
            now.plus(backoff_delay(failed_at, &mut retry_state.backoff_step, now, context.wait, jitter))
        }
    };
    retry_state.first_failed_at = Some(failed_at);
    let within_run =
        matches!(action, MessageAction::RetryNow | MessageAction::RetryWithBackoff | MessageAction::RetryIfIdempotent)
            && retry_state.backoff_step == step;
    let attempts_since_retry = context.claimed.message.attempts - retry_state.attempts_before_retry;
    let attempts_exhausted = context.max_attempts > 0 && attempts_since_retry >= i64::from(context.max_attempts);
    let current_attempt = (action == MessageAction::RetryIfIdempotent).then_some(started_at);
    let unresolved = history.first_unresolved().map(|attempt| &attempt.started).or(current_attempt);
    match unresolved {
        // A repeat outside the dedupe window could arrive twice, and `failed` would claim that
        // nothing arrived.
        Some(first) if !is_retry_idempotent(context, first, due_at) || attempts_exhausted => {
            Decision::new(MessageState::Unknown, due_at, retry_state)
        }
        None if attempts_exhausted => give_up_decision(
            MessageState::Failed,
            may_have_arrived,
            due_at,
            retry_state,
            Some(GiveUpReason::MaxAttempts),
        ),
        _ => Decision { within_run, ..Decision::new(MessageState::Queued, due_at, retry_state) },
    }
}

/// Decides for a message that is not attempted because WeChat refused another one of its class, or
/// because its recipient gets too many messages.
pub fn decide_for_suspended(action: MessageAction, context: &RetryContext<'_>, jitter: f64) -> Decision {
    let (now, retry_state) = (context.now.wall, context.claimed.retry_state.clone());
    let history = &context.claimed.history;
    let due_at = match action {
        MessageAction::Fail => {
            return give_up_decision(MessageState::Failed, history.may_have_arrived(), now, retry_state, None);
        }
        MessageAction::RetryAfterQuotaReset => next_quota_reset(now, jitter),
        _ => now.plus(POSTPONE_DELAY),
    };
    match history.first_unresolved() {
        Some(first) if !is_retry_idempotent(context, &first.started, due_at) => {
            Decision::new(MessageState::Unknown, now, retry_state)
        }
        _ => Decision::new(MessageState::Queued, due_at, retry_state),
    }
}

/// Decides before an attempt; `None` lets it start.
pub fn decide_before_attempt(context: &RetryContext<'_>) -> Option<Decision> {
    let (claimed, now, retry_state) = (context.claimed, context.now.wall, context.claimed.retry_state.clone());
    if claimed.history.first_unresolved().is_some_and(|first| !is_retry_idempotent(context, &first.started, now)) {
        return Some(Decision::new(MessageState::Unknown, now, retry_state));
    }
    match is_expired(context) {
        Some(true) => {
            let may_have_arrived = claimed.history.may_have_arrived();
            Some(give_up_decision(
                MessageState::Expired,
                may_have_arrived,
                now,
                retry_state,
                Some(GiveUpReason::Expired),
            ))
        }
        Some(false) if !claimed.waits_for_previous_part => None,
        expiry @ (Some(false) | None) => {
            let postpone_reason = Some(if expiry.is_none() {
                PostponeReason::ExpiryUnconfirmed
            } else {
                PostponeReason::PreviousPartUnsent
            });
            let due_at = now.plus(POSTPONE_DELAY);
            Some(Decision { postpone_reason, ..Decision::new(MessageState::Queued, due_at, retry_state) })
        }
    }
}

/// Decides for a message whose user was unbound, or bound to another openid.
pub fn decide_for_withdrawn(context: &RetryContext<'_>) -> Decision {
    let may_have_arrived = context.claimed.history.may_have_arrived();
    give_up_decision(
        MessageState::Cancelled,
        may_have_arrived,
        context.now.wall,
        context.claimed.retry_state.clone(),
        None,
    )
}

/// Returns whether WeChat would drop a repeat now if the attempt that started at `first` arrived.
pub fn is_within_dedupe_window(first: &ClockReading, now: &ClockReading) -> bool {
    now.elapsed_since(first).is_some_and(|elapsed| elapsed < DEDUPE_WINDOW)
}

/// Decides for a message that was not delivered: if an attempt may have arrived, its state is
/// unknown.
fn give_up_decision(
    state: MessageState,
    may_have_arrived: bool,
    due_at: Timestamp,
    retry_state: RetryState,
    reason: Option<GiveUpReason>,
) -> Decision {
    let state = if may_have_arrived { MessageState::Unknown } else { state };
    Decision { give_up_reason: reason, ..Decision::new(state, due_at, retry_state) }
}

/// Returns whether WeChat would drop an attempt at `at` if an earlier one arrived.
fn is_retry_idempotent(context: &RetryContext<'_>, first: &ClockReading, at: Timestamp) -> bool {
    let delay = u64::try_from(at.0.saturating_sub(context.now.wall.0)).map_or(Duration::ZERO, Duration::from_millis);
    context.claimed.supports_dedupe()
        && context.now.elapsed_since(first).is_some_and(|elapsed| elapsed + delay < DEDUPE_WINDOW)
}

/// Returns whether a message has expired by this machine's clock and by a second clock: the uptime
/// of the same boot, or WeChat's. `None` if no second clock is available. A message that was never
/// attempted expires only if the sender set the expiry.
fn is_expired(context: &RetryContext<'_>) -> Option<bool> {
    let RetryContext { claimed, now, server_time, .. } = context;
    if now.wall < claimed.message.expires_at {
        return Some(false);
    }
    let tried = !claimed.history.attempts.is_empty();
    if !claimed.expire_strict && !tried && !claimed.any_part_attempted && claimed.retry_state.first_failed_at.is_none()
    {
        return Some(false);
    }
    if !claimed.expire_strict && waits_for_quota_reset(context) {
        return Some(false);
    }
    let since_created = now.uptime_since(&claimed.created);
    let by_uptime = since_created.is_some_and(|up| up >= claimed.expire_after);
    let by_server = server_time.is_some_and(|server_time| server_time >= claimed.message.expires_at);
    if tried && !claimed.expire_strict {
        return Some(by_uptime || was_tried_for(&claimed.history, claimed.expire_after, context));
    }
    let has_second_clock = since_created.is_some() || server_time.is_some();
    has_second_clock.then_some(by_uptime || by_server)
}

/// Returns whether WeChat refused the last attempt because of a daily quota that has been reset
/// since then. A message that was refused soon after midnight reaches its expiry when the quota is
/// reset, but still gets the attempt for which it waited.
fn waits_for_quota_reset(context: &RetryContext<'_>) -> bool {
    let last = context.claimed.history.attempts.last();
    last.is_some_and(|attempt| {
        let is_quota_error =
            attempt.errcode.is_some_and(|errcode| errcode::action(errcode) == errcode::Action::HoldClass);
        is_quota_error && next_beijing_midnight(attempt.started.wall) <= context.now.wall
    })
}

/// Returns whether an attempt is at least `span` old by the uptime or by WeChat's clock.
fn was_tried_for(history: &AttemptHistory, span: Duration, context: &RetryContext<'_>) -> bool {
    let since_retry =
        history.attempts.iter().filter(|attempt| attempt.number > context.claimed.retry_state.attempts_before_retry);
    since_retry.into_iter().any(|attempt| {
        let by_uptime = context.now.uptime_since(&attempt.started);
        let by_server = context.server_time.zip(attempt.server_time).map(|(now, then)| now >= then.plus(span));
        by_uptime.is_some_and(|up| up >= span) || by_server == Some(true)
    })
}

/// Returns the delay until the next attempt: seconds while the message has been failing for less
/// than `wait`, then minutes.
fn backoff_delay(failed_at: Timestamp, step: &mut u32, now: Timestamp, wait: Duration, jitter: f64) -> Duration {
    // A first failure in the future means that the clock was set back.
    let failing_for = u64::try_from(now.0.saturating_sub(failed_at.0)).map_or(wait, Duration::from_millis);
    let (shortest, longest) = SHORT_BACKOFF_RANGE;
    let short_delay = failing_for.clamp(shortest, longest).mul_f64(0.8 + 0.4 * jitter);
    if failing_for + short_delay <= wait {
        return short_delay;
    }
    let index = usize::try_from(*step).unwrap_or(usize::MAX).min(LONG_BACKOFF_STEPS.len() - 1);
    *step = step.saturating_add(1);
    LONG_BACKOFF_STEPS[index].mul_f64(1.0 + 0.2 * jitter)
}

/// Returns a few minutes after the next midnight in Beijing (UTC+8), when WeChat resets its quotas;
/// the exact minute is not documented.
fn next_quota_reset(now: Timestamp, jitter: f64) -> Timestamp {
    next_beijing_midnight(now).plus(minutes(5) + minutes(10).mul_f64(jitter))
}

/// Returns the next midnight in Beijing (UTC+8).
fn next_beijing_midnight(now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400_000;
    const BEIJING: i64 = 8 * 3_600_000;
    Timestamp(((now.0 + BEIJING).div_euclid(DAY) + 1) * DAY - BEIJING)
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
