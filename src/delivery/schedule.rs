//! When a message is tried again, and when it is given up: pure, from what is known of it and the clocks.

use std::time::Duration;

use super::policy::Fate;
use crate::store::{Backoff, Held, History, State};
use crate::time::{Moment, Timestamp};

/// How long WeChat drops a repeat of a template message: 10 minutes from when it had it, less what our own
/// request may take. Page: doc/service/api/notify/template/api_sendtemplatemessage (`client_msg_id`).
const REPEATABLE: Duration = Duration::from_secs(9 * 60);

/// The pauses after `wait` is over; the last goes on.
const LONG: [Duration; 4] = [minutes(1), minutes(5), minutes(15), minutes(60)];

/// The pauses before: as long as it has been failing, within these.
const SHORT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(8));

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// How long a message is put off that can neither be sent nor given up now.
const POSTPONED_FOR: Duration = minutes(1);

/// What is known of a message when an attempt has ended, or when it is about to begin.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The message, with what was tried before this attempt; it is counted in `attempts`.
    pub held: &'a Held,
    /// Now.
    pub now: &'a Moment,
    /// Now, by WeChat's clock, once an answer has told it.
    pub server: Option<Timestamp>,
    /// How long it is tried in seconds.
    pub wait: Duration,
    /// How many attempts it gets; 0 = no limit.
    pub max_attempts: u32,
}

/// What is decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Where it stands.
    pub state: State,
    /// When it is due, where it is queued.
    pub due_at: Timestamp,
    /// It is due within `wait`, so whoever tried it waits for that.
    pub soon: bool,
    /// For the decisions to come.
    pub backoff: Backoff,
    /// Why it is given up, where that is not the last answer.
    pub given_up: Option<GivenUp>,
    /// Why it is put off without an attempt.
    pub put_off: Option<PutOff>,
}

/// Why a message is put off that can neither be sent nor given up now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOff {
    /// The part before it is not sent.
    Part,
    /// Its time is over by this machine's clock, and no second clock tells.
    Clock,
}

/// Why a message is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// Its time is over.
    Expired,
    /// `send.max_attempts`.
    Attempts,
    /// An attempt may have arrived, and a repeat could arrive too.
    Repeat,
}

/// Decides after an attempt, or after a file that could not be uploaded for it; `luck` in 0..1 spreads what would come
/// together. `started` is when the attempt began: it counts where it may have arrived.
pub fn after(fate: Fate, facts: &Facts<'_>, started: &Moment, luck: f64) -> Decision {
    let mut backoff = facts.held.backoff.clone();
    let now = facts.now.at;
    let history = &facts.held.history;
    let may_have_arrived = history.may_have_arrived() || fate == Fate::Repeat;
    match fate {
        Fate::Sent => return ended(State::Sent, now, backoff, None),
        Fate::Failed => return given_up(State::Failed, may_have_arrived, now, backoff, None),
        Fate::AtOnce | Fate::Backoff | Fate::Minute | Fate::Tomorrow | Fate::Repeat => {}
    }
    let failed_at = *backoff.failed_at.get_or_insert(now);
    let pauses = backoff.pauses;
    let due_at = match fate {
        Fate::AtOnce => now,
        Fate::Tomorrow => after_midnight(now, luck),
        Fate::Minute => now.after(minutes(1).mul_f64(1.0 + 0.2 * luck)),
        _ => now.after(pause(failed_at, &mut backoff.pauses, now, facts.wait, luck)),
    };
    let soon = matches!(fate, Fate::AtOnce | Fate::Backoff | Fate::Repeat) && backoff.pauses == pauses;
    let tries = facts.held.message.attempts - backoff.retried_after;
    let over = facts.max_attempts > 0 && tries >= i64::from(facts.max_attempts);
    let this = (fate == Fate::Repeat).then_some(started);
    let unresolved = history.unresolved().map(|it| &it.started).or(this);
    match unresolved {
        // Not repeated after the time, nor given up as if nothing could have arrived.
        Some(first) if !can_repeat(facts, first, due_at) || over => {
            ended(State::Unknown, due_at, backoff, Some(GivenUp::Repeat))
        }
        None if over => given_up(State::Failed, may_have_arrived, due_at, backoff, Some(GivenUp::Attempts)),
        _ => Decision { state: State::Queued, due_at, soon, backoff, given_up: None, put_off: None },
    }
}

/// Decides for a message that is not tried, since WeChat refused another one of its kind.
pub fn held_back(fate: Fate, facts: &Facts<'_>, luck: f64) -> Decision {
    let (now, backoff) = (facts.now.at, facts.held.backoff.clone());
    let history = &facts.held.history;
    let due_at = match fate {
        Fate::Failed => return given_up(State::Failed, history.may_have_arrived(), now, backoff, None),
        Fate::Tomorrow => after_midnight(now, luck),
        _ => now.after(POSTPONED_FOR),
    };
    match history.unresolved() {
        Some(first) if !can_repeat(facts, &first.started, due_at) => {
            ended(State::Unknown, now, backoff, Some(GivenUp::Repeat))
        }
        _ => Decision { state: State::Queued, due_at, soon: false, backoff, given_up: None, put_off: None },
    }
}

/// Decides before an attempt: `None` lets it begin.
pub fn before(facts: &Facts<'_>) -> Option<Decision> {
    let (held, now, backoff) = (facts.held, facts.now.at, facts.held.backoff.clone());
    if held.history.unresolved().is_some_and(|first| !can_repeat(facts, &first.started, now)) {
        return Some(ended(State::Unknown, now, backoff, Some(GivenUp::Repeat)));
    }
    match is_over(facts) {
        Some(true) => {
            let may_have_arrived = held.history.may_have_arrived();
            Some(given_up(State::Expired, may_have_arrived, now, backoff, Some(GivenUp::Expired)))
        }
        Some(false) if !held.waits => None,
        over @ (Some(false) | None) => {
            let put_off = Some(if over.is_none() { PutOff::Clock } else { PutOff::Part });
            let due_at = now.after(POSTPONED_FOR);
            Some(Decision { state: State::Queued, due_at, soon: false, backoff, given_up: None, put_off })
        }
    }
}

/// Decides for a message that a person is no longer to get: the person was unbound, or bound to another openid.
pub fn withdrawn(facts: &Facts<'_>) -> Decision {
    let may_have_arrived = facts.held.history.may_have_arrived();
    given_up(State::Cancelled, may_have_arrived, facts.now.at, facts.held.backoff.clone(), None)
}

/// Whether a repeat now is one that WeChat would drop, had the attempt that began at `first` arrived.
pub fn is_repeat_dropped(first: &Moment, now: &Moment) -> bool {
    now.since(first).is_some_and(|passed| passed < REPEATABLE)
}

/// The end of a message that was not delivered; what may have arrived is unknown, whatever else happened to it.
fn given_up(
    state: State,
    may_have_arrived: bool,
    due_at: Timestamp,
    backoff: Backoff,
    why: Option<GivenUp>,
) -> Decision {
    ended(if may_have_arrived { State::Unknown } else { state }, due_at, backoff, why)
}

fn ended(state: State, due_at: Timestamp, backoff: Backoff, given_up: Option<GivenUp>) -> Decision {
    Decision { state, due_at, soon: false, backoff, given_up, put_off: None }
}

/// Whether an attempt at `at` is one that WeChat would drop, had an earlier one arrived.
fn can_repeat(facts: &Facts<'_>, first: &Moment, at: Timestamp) -> bool {
    let still = u64::try_from(at.0.saturating_sub(facts.now.at.0)).map_or(Duration::ZERO, Duration::from_millis);
    facts.held.is_repeatable() && facts.now.since(first).is_some_and(|passed| passed + still < REPEATABLE)
}

/// Whether the time of a message is over: by our clock, and by a second witness that agrees. That is the uptime of the
/// same boot, or WeChat's clock. `None` where our clock says so and there is no witness. What was not tried once ends
/// only where the sender asked for that.
fn is_over(facts: &Facts<'_>) -> Option<bool> {
    let Facts { held, now, server, .. } = facts;
    if now.at < held.message.expires_at {
        return Some(false);
    }
    let tried = !held.history.attempts.is_empty();
    if !held.expire_strict && !tried && !held.text_tried && held.backoff.failed_at.is_none() {
        return Some(false);
    }
    let since_created = now.up_since(&held.created);
    let by_uptime = since_created.is_some_and(|up| up >= held.expire_after);
    let by_server = server.is_some_and(|server| server >= held.message.expires_at);
    if tried && !held.expire_strict {
        return Some(by_uptime || was_tried_for(&held.history, held.expire_after, facts));
    }
    let has_witness = since_created.is_some() || server.is_some();
    has_witness.then_some(by_uptime || by_server)
}

/// Whether it was tried for so long, by a witness of the time of an attempt and of now.
fn was_tried_for(history: &History, span: Duration, facts: &Facts<'_>) -> bool {
    let since_retry = history.attempts.iter().filter(|it| it.n > facts.held.backoff.retried_after);
    since_retry.into_iter().any(|attempt| {
        let by_uptime = facts.now.up_since(&attempt.started);
        let by_server = facts.server.zip(attempt.server_at).map(|(now, then)| now >= then.after(span));
        by_uptime.is_some_and(|up| up >= span) || by_server == Some(true)
    })
}

/// How long until the next attempt: seconds while it has been failing for less than `wait`, then minutes.
fn pause(failed_at: Timestamp, pauses: &mut u32, now: Timestamp, wait: Duration, luck: f64) -> Duration {
    // A first failure that is still to come is a clock that was set back.
    let failing = u64::try_from(now.0.saturating_sub(failed_at.0)).map_or(wait, Duration::from_millis);
    let (least, most) = SHORT;
    let short = failing.clamp(least, most).mul_f64(0.8 + 0.4 * luck);
    if failing + short <= wait {
        return short;
    }
    let step = usize::try_from(*pauses).unwrap_or(usize::MAX).min(LONG.len() - 1);
    *pauses = pauses.saturating_add(1);
    LONG[step].mul_f64(1.0 + 0.2 * luck)
}

/// A few minutes after the next midnight in Beijing (UTC+8), when WeChat counts anew; to the minute it is
/// not documented.
fn after_midnight(now: Timestamp, luck: f64) -> Timestamp {
    const DAY: i64 = 86_400_000;
    const BEIJING: i64 = 8 * 3_600_000;
    let midnight = ((now.0 + BEIJING).div_euclid(DAY) + 1) * DAY - BEIJING;
    Timestamp(midnight).after(minutes(5) + minutes(10).mul_f64(luck))
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
