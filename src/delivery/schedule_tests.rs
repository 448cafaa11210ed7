//! When messages are tried again and given up, case by case.

use super::*;
use crate::store::{Attempt, AttemptOutcome, Message};

const NOW: Timestamp = Timestamp(1_795_412_475_000); // 2026-11-23T05:41:15Z, 13:41:15 in Beijing
const HOUR: u64 = 3600;

fn ago(seconds: u64) -> Moment {
    Moment { at: NOW.before(Duration::from_secs(seconds)), up: None }
}

/// A template to a person that expires in an hour.
fn template() -> Held {
    Held {
        message: Message {
            id: 1,
            user: Some("luffy".into()),
            openid: None,
            kind: "template".into(),
            body: None,
            state: State::Queued,
            attempts: 1,
            msgid: None,
            errcode: None,
            errmsg: None,
            rid: None,
            error: None,
            key: None,
            client_msg_id: Some("f".repeat(32)),
            created_at: ago(0).at,
            due_at: NOW,
            expires_at: NOW.after(minutes(60)),
            sent_at: None,
            after_id: None,
        },
        user_id: Some(1),
        content_id: 1,
        fallback_id: None,
        created: ago(0),
        expire_after: minutes(60),
        expire_strict: false,
        backoff: Backoff::default(),
        history: History::default(),
        text_tried: false,
        waits: false,
        parts_left: 0,
    }
}

fn attempt(started: Moment, outcome: AttemptOutcome) -> Attempt {
    Attempt {
        n: 1,
        openid: Some("o1".into()),
        token_at: None,
        ended_at: Some(started.at),
        started,
        server_at: None,
        host: None,
        outcome: Some(outcome),
        errcode: None,
        errmsg: None,
        rid: None,
    }
}

/// The same that failed first so many seconds ago.
fn failing(seconds: u64, pauses: u32) -> Held {
    let backoff = Backoff { failed_at: Some(ago(seconds).at), pauses, ..Backoff::default() };
    Held { backoff, ..template() }
}

/// The same whose only attempt began so many seconds ago.
fn tried(seconds: u64, outcome: AttemptOutcome) -> Held {
    let history = History { attempts: vec![attempt(ago(seconds), outcome)], repeat_after: 0 };
    Held { history, ..template() }
}

/// The same that was queued as long ago as it may be tried.
fn over(held: Held) -> Held {
    let created = ago(HOUR);
    let message = Message { created_at: created.at, expires_at: NOW, ..held.message };
    Held { message, created, ..held }
}

fn facts<'a>(held: &'a Held, now: &'a Moment) -> Facts<'a> {
    Facts { held, now, server: None, wait: Duration::from_secs(30), max_attempts: 0 }
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
    for (seconds, pauses, due, then) in cases {
        let held = failing(seconds, pauses);
        let decision = after(Fate::Backoff, &facts(&held, &now), &now, 0.5);
        assert_eq!((due_in(&decision), decision.backoff.pauses), (due, then), "failing for {seconds}");
        assert_eq!(decision.state, State::Queued);
    }
    let backoff = Backoff { failed_at: Some(NOW.after(minutes(60))), ..Backoff::default() };
    let held = Held { backoff, ..template() };
    let decision = after(Fate::Backoff, &facts(&held, &now), &now, 0.0);
    assert_eq!(due_in(&decision), 60, "a clock that was set back");
}

#[test]
fn what_may_have_arrived_is_repeated_only_where_wechat_drops_it() {
    let now = ago(0);
    let fresh = template();
    assert_eq!(after(Fate::Repeat, &facts(&fresh, &now), &ago(10), 0.5).state, State::Queued);
    let mut text = template();
    text.message.client_msg_id = None;
    let decision = after(Fate::Repeat, &facts(&text, &now), &ago(10), 0.5);
    assert_eq!((decision.state, decision.given_up), (State::Unknown, Some(GivenUp::Repeat)));
    // The next pause would end after the ten minutes.
    let mut late = tried(500, AttemptOutcome::Ambiguous);
    late.backoff = Backoff { failed_at: Some(ago(500).at), pauses: 2, retried_after: 0 };
    for fate in [Fate::Repeat, Fate::Backoff, Fate::Tomorrow] {
        assert_eq!(after(fate, &facts(&late, &now), &now, 0.5).state, State::Unknown, "{fate:?}");
    }
    assert_eq!(after(Fate::Sent, &facts(&late, &now), &now, 0.5).state, State::Sent);
    for (seconds, state) in [(500, None), (600, Some(State::Unknown))] {
        let held = tried(seconds, AttemptOutcome::Ambiguous);
        assert_eq!(before(&facts(&held, &now)).map(|it| it.state), state);
    }
    let mut future = tried(0, AttemptOutcome::Ambiguous);
    future.history.attempts[0].started.at = NOW.after(minutes(60));
    assert_eq!(before(&facts(&future, &now)).map(|it| it.state), Some(State::Unknown), "no clock to go by");
}

/// A later refusal, a limit of attempts, an end of time, another message's refusal or an unbound person do not make of
/// what may have arrived something that did not.
#[test]
fn what_may_have_arrived_stays_unknown() {
    let now = ago(0);
    for (held, end) in [
        (tried(60, AttemptOutcome::Refused), [State::Failed, State::Failed, State::Failed, State::Cancelled]),
        (tried(60, AttemptOutcome::NotSent), [State::Failed, State::Failed, State::Failed, State::Cancelled]),
        (tried(60, AttemptOutcome::Ambiguous), [State::Unknown; 4]),
    ] {
        let facts = Facts { max_attempts: 1, ..facts(&held, &now) };
        let found = [
            after(Fate::Failed, &facts, &now, 0.5).state,
            after(Fate::Backoff, &facts, &now, 0.5).state,
            held_back(Fate::Failed, &facts, 0.5).state,
            withdrawn(&facts).state,
        ];
        assert_eq!(found, end, "{:?}", held.history);
    }
    // A person agreed to a repeat: it is tried again, and is not failed either.
    let mut agreed = tried(6000, AttemptOutcome::Ambiguous);
    agreed.history.repeat_after = 1;
    let facts = facts(&agreed, &now);
    assert!(before(&facts).is_none());
    assert_eq!(after(Fate::Backoff, &facts, &now, 0.5).state, State::Queued);
    assert_eq!(after(Fate::Failed, &facts, &now, 0.5).state, State::Unknown);
}

#[test]
fn another_messages_refusal_is_not_an_attempt_of_this_one() {
    let now = ago(0);
    let mut fresh = template();
    fresh.message.attempts = 0;
    let limited = Facts { max_attempts: 1, ..facts(&fresh, &now) };
    let decision = held_back(Fate::Tomorrow, &limited, 0.0);
    assert_eq!((decision.state, decision.due_at.to_string().as_str()), (State::Queued, "2026-11-23T16:05:00Z"));
    let maybe = tried(60, AttemptOutcome::Ambiguous);
    assert_eq!(held_back(Fate::Tomorrow, &facts(&maybe, &now), 0.0).state, State::Unknown, "midnight is too late");
}

#[test]
fn attempts_are_counted_from_the_last_retry_by_a_person() {
    let now = ago(0);
    for (attempts, retried_after, state) in [(2, 0, State::Queued), (3, 0, State::Failed), (5, 3, State::Queued)] {
        let mut held = Held { backoff: Backoff { retried_after, ..Backoff::default() }, ..template() };
        held.message.attempts = attempts;
        let facts = Facts { max_attempts: 3, ..facts(&held, &now) };
        assert_eq!(after(Fate::Backoff, &facts, &now, 0.5).state, state, "{attempts} less {retried_after}");
    }
}

/// Both clocks at a time that is so many seconds before now, in that boot.
fn up(seconds: i64, boot: &str) -> Moment {
    let up = format!("{boot}:{}", 10_000_000 - seconds * 1000).parse().ok();
    Moment { at: Timestamp(NOW.0 - seconds * 1000), up }
}

#[test]
fn a_message_expires_where_two_clocks_agree() {
    let hour = i64::try_from(HOUR).unwrap();
    let with = |mut held: Held, created: Moment, started: Option<Moment>| {
        held.created = created;
        if let Some(started) = started {
            held.history.attempts = vec![attempt(started, AttemptOutcome::NotSent)];
        }
        held
    };
    let base = || over(template());
    let strict = || Held { expire_strict: true, ..base() };
    let now = up(0, "a");
    let server = Some(NOW);
    // What our clock said when the message was queued is in every case an hour ago or more.
    let cases = [
        ("not tried once", with(base(), up(hour, "a"), None), server, None),
        ("tried for an hour", with(base(), up(hour, "a"), Some(up(hour, "a"))), None, Some(State::Expired)),
        ("the clock leapt a second ago", with(base(), up(1, "a"), Some(up(1, "a"))), None, None),
        ("the clock leapt, WeChat's does not say since when", with(base(), up(1, "a"), Some(up(1, "a"))), server, None),
        ("another boot, no witness", with(base(), up(hour, "b"), Some(up(hour, "b"))), None, None),
        ("asked for, not tried", with(strict(), up(hour, "a"), None), None, Some(State::Expired)),
        ("asked for, WeChat agrees", with(strict(), up(hour, "b"), None), server, Some(State::Expired)),
        ("asked for, no witness", with(strict(), up(hour, "b"), None), None, Some(State::Queued)),
        ("asked for, the clock leapt", with(strict(), up(1, "a"), None), None, None),
    ];
    for (case, held, server, state) in cases {
        let facts = Facts { server, ..facts(&held, &now) };
        assert_eq!(before(&facts).map(|it| it.state), state, "{case}");
    }
    let mut answered = with(base(), up(hour, "b"), Some(up(hour, "b")));
    answered.history.attempts[0].server_at = Some(NOW.before(Duration::from_secs(HOUR)));
    let decision = before(&Facts { server, ..facts(&answered, &now) });
    assert_eq!(decision.map(|it| it.state), Some(State::Expired), "WeChat's clock at both ends");
    let mut part = with(base(), up(hour, "a"), None);
    (part.text_tried, part.waits) = (true, true);
    assert_eq!(before(&facts(&part, &now)).map(|it| it.state), Some(State::Expired), "a part of a text that was tried");
    let mut early = with(base(), up(1, "a"), None);
    (early.text_tried, early.waits) = (true, true);
    let decision = before(&facts(&early, &now)).unwrap();
    assert_eq!((decision.state, due_in(&decision)), (State::Queued, 60), "it waits for the part before it");
    let maybe = over(tried(60, AttemptOutcome::Ambiguous));
    let maybe = Held { created: up(hour, "a"), ..maybe };
    assert_eq!(before(&facts(&maybe, &now)).map(|it| it.state), Some(State::Unknown));
}

#[test]
fn a_day_of_wechat_ends_at_midnight_in_beijing() {
    let (held, now) = (template(), ago(0));
    let decision = after(Fate::Tomorrow, &facts(&held, &now), &now, 0.0);
    assert_eq!(decision.due_at.to_string(), "2026-11-23T16:05:00Z");
    let late = Timestamp(NOW.0 + 3 * 3_600_000);
    assert_eq!(after_midnight(late, 1.0).to_string(), "2026-11-23T16:15:00Z");
    assert_eq!(after_midnight(Timestamp(late.0 + 8 * 3_600_000), 0.0).to_string(), "2026-11-24T16:05:00Z");
}
