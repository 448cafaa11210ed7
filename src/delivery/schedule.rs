//! When a message is tried again, and when it is given up: pure, from what is known of it and the clocks.

use std::time::Duration;

use super::policy::Fate;
use crate::store::{Record, State};
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

/// What is known of a message when an attempt has ended, or when it is about to begin.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What was tried before.
    pub record: &'a Record,
    /// The attempts, this one included.
    pub attempts: i64,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Whether WeChat drops a repeat of it.
    pub repeatable: bool,
    /// Now.
    pub now: &'a Moment,
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
    pub record: Record,
    /// Why it is given up, where that is not the last answer.
    pub given_up: Option<GivenUp>,
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

/// Decides after an attempt; `luck` in 0..1 spreads what would come together. `started` is when the attempt
/// began: it counts where it may have arrived.
pub fn after(fate: Fate, facts: &Facts<'_>, started: &Moment, luck: f64) -> Decision {
    let mut record = facts.record.clone();
    let now = facts.now.at;
    let ended = |state, record| Decision { state, due_at: now, soon: false, record, given_up: None };
    match fate {
        Fate::Sent => return ended(State::Sent, record),
        Fate::Failed => return ended(State::Failed, record),
        Fate::Repeat => {
            record.maybe.get_or_insert_with(|| started.clone());
        }
        Fate::AtOnce | Fate::Backoff | Fate::Tomorrow => {}
    }
    let failed_at = *record.failed_at.get_or_insert(now);
    let pauses = record.pauses;
    let due_at = match fate {
        Fate::AtOnce => now,
        Fate::Tomorrow => after_midnight(now, luck),
        _ => now.after(pause(failed_at, &mut record.pauses, now, facts.wait, luck)),
    };
    let soon = fate != Fate::Tomorrow && record.pauses == pauses;
    let tries = facts.attempts - record.forgiven;
    let over = facts.max_attempts > 0 && tries >= i64::from(facts.max_attempts);
    let give_up = |state, given_up, record| Decision { state, due_at, soon: false, record, given_up: Some(given_up) };
    match &record.maybe {
        // Not repeated after the time, nor given up as if nothing could have arrived.
        Some(maybe) if !can_repeat(facts, maybe, due_at) || over => give_up(State::Unknown, GivenUp::Repeat, record),
        None if over => give_up(State::Failed, GivenUp::Attempts, record),
        _ => Decision { state: State::Queued, due_at, soon, record, given_up: None },
    }
}

/// Decides before an attempt: `None` lets it begin.
pub fn before(facts: &Facts<'_>) -> Option<Decision> {
    let give_up = |state, given_up| {
        let (record, due_at) = (facts.record.clone(), facts.now.at);
        Some(Decision { state, due_at, soon: false, record, given_up: Some(given_up) })
    };
    match &facts.record.maybe {
        Some(maybe) if !can_repeat(facts, maybe, facts.now.at) => give_up(State::Unknown, GivenUp::Repeat),
        Some(_) if facts.expires_at <= facts.now.at => give_up(State::Unknown, GivenUp::Expired),
        None if facts.expires_at <= facts.now.at => give_up(State::Expired, GivenUp::Expired),
        _ => None,
    }
}

/// Whether an attempt at `at` is one that WeChat would drop, had an earlier one arrived.
fn can_repeat(facts: &Facts<'_>, maybe: &Moment, at: Timestamp) -> bool {
    let still = u64::try_from(at.0.saturating_sub(facts.now.at.0)).map_or(Duration::ZERO, Duration::from_millis);
    facts.repeatable && facts.now.since(maybe).is_some_and(|passed| passed + still < REPEATABLE)
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
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_412_475_000); // 2026-11-23T05:41:15Z, 13:41:15 in Beijing

    fn ago(seconds: u64) -> Moment {
        Moment { at: NOW.before(Duration::from_secs(seconds)), up: None }
    }

    fn facts<'a>(record: &'a Record, now: &'a Moment) -> Facts<'a> {
        Facts {
            record,
            attempts: 1,
            expires_at: NOW.after(minutes(60)),
            repeatable: true,
            now,
            wait: Duration::from_secs(30),
            max_attempts: 0,
        }
    }

    fn due_in(decision: &Decision) -> i64 {
        (decision.due_at.0 - NOW.0) / 1000
    }

    #[test]
    fn pauses_grow_from_seconds_to_an_hour() {
        let now = ago(0);
        // (failing for, long pauses behind it, due in, long pauses then)
        let cases = [
            (0, 0, 1, 0),
            (1, 0, 1, 0),
            (4, 0, 4, 0),
            (20, 0, 8, 0),
            (29, 0, 66, 1),
            (40, 0, 66, 1),
            (120, 1, 330, 2),
            (500, 2, 990, 3),
            (1500, 3, 3960, 4),
            (9000, 4, 3960, 5),
        ];
        for (failing, pauses, due, then) in cases {
            let record = Record { failed_at: Some(ago(failing).at), pauses, ..Record::default() };
            let decision = after(Fate::Backoff, &facts(&record, &now), &now, 0.5);
            assert_eq!((due_in(&decision), decision.record.pauses), (due, then), "failing for {failing}");
            assert_eq!(decision.state, State::Queued);
        }
        let record = Record { failed_at: Some(NOW.after(minutes(60))), ..Record::default() };
        let decision = after(Fate::Backoff, &facts(&record, &now), &now, 0.0);
        assert_eq!(due_in(&decision), 60, "a clock that was set back");
    }

    #[test]
    fn what_may_have_arrived_is_repeated_only_where_wechat_drops_it() {
        let now = ago(0);
        let none = Record::default();
        let fresh = after(Fate::Repeat, &facts(&none, &now), &ago(10), 0.5);
        assert_eq!((fresh.state, fresh.record.maybe.clone()), (State::Queued, Some(ago(10))));
        let text = after(Fate::Repeat, &Facts { repeatable: false, ..facts(&none, &now) }, &ago(10), 0.5);
        assert_eq!((text.state, text.given_up), (State::Unknown, Some(GivenUp::Repeat)));
        // The next pause would end after the ten minutes; a refusal of the repeat says nothing of the first.
        let late = Record { failed_at: Some(ago(500).at), pauses: 2, maybe: Some(ago(500)), ..Record::default() };
        for fate in [Fate::Repeat, Fate::Backoff, Fate::Tomorrow] {
            assert_eq!(after(fate, &facts(&late, &now), &now, 0.5).state, State::Unknown, "{fate:?}");
        }
        assert_eq!(after(Fate::Sent, &facts(&late, &now), &now, 0.5).state, State::Sent);
        for (seconds, state) in [(500, None), (600, Some(State::Unknown))] {
            let record = Record { maybe: Some(ago(seconds)), ..Record::default() };
            assert_eq!(before(&facts(&record, &now)).map(|it| it.state), state);
        }
        let future = Record { maybe: Some(Moment { at: NOW.after(minutes(60)), up: None }), ..Record::default() };
        assert_eq!(before(&facts(&future, &now)).map(|it| it.state), Some(State::Unknown), "no clock to go by");
    }

    #[test]
    fn a_message_is_given_up_in_time() {
        let now = ago(0);
        let none = Record::default();
        let expired = Facts { expires_at: NOW, ..facts(&none, &now) };
        assert_eq!(before(&expired).map(|it| it.state), Some(State::Expired));
        assert!(before(&facts(&none, &now)).is_none());
        let maybe = Record { maybe: Some(ago(60)), ..Record::default() };
        let expired = Facts { expires_at: NOW, ..facts(&maybe, &now) };
        assert_eq!(before(&expired).map(|it| it.state), Some(State::Unknown));
        for (attempts, forgiven, state) in [(2, 0, State::Queued), (3, 0, State::Failed), (5, 3, State::Queued)] {
            let record = Record { forgiven, ..Record::default() };
            let facts = Facts { attempts, max_attempts: 3, ..facts(&record, &now) };
            assert_eq!(after(Fate::Backoff, &facts, &now, 0.5).state, state, "{attempts} less {forgiven}");
        }
    }

    #[test]
    fn a_day_of_wechat_ends_at_midnight_in_beijing() {
        let (none, now) = (Record::default(), ago(0));
        let decision = after(Fate::Tomorrow, &facts(&none, &now), &now, 0.0);
        assert_eq!(decision.due_at.to_string(), "2026-11-23T16:05:00Z");
        let late = Timestamp(NOW.0 + 3 * 3_600_000);
        assert_eq!(after_midnight(late, 1.0).to_string(), "2026-11-23T16:15:00Z");
        assert_eq!(after_midnight(Timestamp(late.0 + 8 * 3_600_000), 0.0).to_string(), "2026-11-24T16:05:00Z");
    }
}
