//! Cases of retries and of giving up.

use super::*;
use crate::store::{Attempt, AttemptOutcome, Message};

const NOW: Timestamp = Timestamp(1_795_412_475_000); // 2026-11-23T05:41:15Z, 13:41:15 in Beijing
const HOUR: u64 = 3600;

fn seconds_ago(seconds: u64) -> ClockReading {
    ClockReading { wall: NOW.minus(Duration::from_secs(seconds)), uptime: None }
}

/// Returns a template message to a user that expires in an hour.
fn template_message() -> ClaimedMessage {
    ClaimedMessage {
        message: Message {
            id: 1,
            user: Some("luffy".into()),
            openid: None,
            kind: "template".into(),
            payload: None,
            state: MessageState::Queued,
            attempts: 1,
            msgid: None,
            errcode: None,
            errmsg: None,
            rid: None,
            error: None,
            key: None,
            client_msg_id: Some("f".repeat(32)),
            created_at: seconds_ago(0).wall,
            due_at: NOW,
            expires_at: NOW.plus(minutes(60)),
            sent_at: None,
            updated_at: seconds_ago(0).wall,
            previous_part_id: None,
            receipt: None,
            follows: None,
        },
        user_id: Some(1),
        payload_id: 1,
        fallback_id: None,
        created: seconds_ago(0),
        expire_after: minutes(60),
        expire_strict: false,
        retry_state: RetryState::default(),
        history: AttemptHistory::default(),
        any_part_attempted: false,
        waits_for_previous_part: false,
        remaining_parts: 0,
    }
}

fn attempt(started: ClockReading, outcome: AttemptOutcome) -> Attempt {
    Attempt {
        number: 1,
        openid: Some("o1".into()),
        token_fetched_at: None,
        ended_at: Some(started.wall),
        started,
        server_time: None,
        host: None,
        outcome: Some(outcome),
        errcode: None,
        errmsg: None,
        rid: None,
    }
}

/// Returns a message that first failed this many seconds ago.
fn failing_message(seconds: u64, pauses: u32) -> ClaimedMessage {
    let retry_state =
        RetryState { first_failed_at: Some(seconds_ago(seconds).wall), backoff_step: pauses, ..RetryState::default() };
    ClaimedMessage { retry_state, ..template_message() }
}

/// Returns a message whose only attempt started this many seconds ago.
fn attempted_message(seconds: u64, outcome: AttemptOutcome) -> ClaimedMessage {
    let history = AttemptHistory { attempts: vec![attempt(seconds_ago(seconds), outcome)], resolved_attempts: 0 };
    ClaimedMessage { history, ..template_message() }
}

/// Returns the message after its time to expire has passed.
fn expired_message(held: ClaimedMessage) -> ClaimedMessage {
    let created = seconds_ago(HOUR);
    let message = Message { created_at: created.wall, expires_at: NOW, ..held.message };
    ClaimedMessage { message, created, ..held }
}

fn retry_context<'a>(claimed: &'a ClaimedMessage, now: &'a ClockReading) -> RetryContext<'a> {
    RetryContext { claimed, now, server_time: None, wait: Duration::from_secs(30), max_attempts: 0 }
}

fn due_in(decision: &Decision) -> i64 {
    (decision.due_at.0 - NOW.0) / 1000
}

#[test]
fn pauses_grow_from_seconds_to_an_hour() {
    let now = seconds_ago(0);
    // (failing for, backoff step, due in, next backoff step)
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
        let held = failing_message(seconds, pauses);
        let decision = decide_after_attempt(MessageAction::RetryWithBackoff, &retry_context(&held, &now), &now, 0.5);
        assert_eq!((due_in(&decision), decision.retry_state.backoff_step), (due, then), "failing for {seconds}");
        assert_eq!(decision.state, MessageState::Queued);
    }
    let retry_state = RetryState { first_failed_at: Some(NOW.plus(minutes(60))), ..RetryState::default() };
    let held = ClaimedMessage { retry_state, ..template_message() };
    let decision = decide_after_attempt(MessageAction::RetryWithBackoff, &retry_context(&held, &now), &now, 0.0);
    assert_eq!(due_in(&decision), 60, "a clock that was set back");
}

#[test]
fn what_may_have_arrived_is_repeated_only_where_wechat_drops_it() {
    let now = seconds_ago(0);
    let fresh = template_message();
    assert_eq!(
        decide_after_attempt(MessageAction::RetryIfIdempotent, &retry_context(&fresh, &now), &seconds_ago(10), 0.5)
            .state,
        MessageState::Queued
    );
    let mut text = template_message();
    text.message.client_msg_id = None;
    let decision =
        decide_after_attempt(MessageAction::RetryIfIdempotent, &retry_context(&text, &now), &seconds_ago(10), 0.5);
    assert_eq!((decision.state, decision.give_up_reason), (MessageState::Unknown, None));
    // The next delay would end after the ten minutes.
    let mut late = attempted_message(500, AttemptOutcome::Ambiguous);
    late.retry_state =
        RetryState { first_failed_at: Some(seconds_ago(500).wall), backoff_step: 2, attempts_before_retry: 0 };
    for action in
        [MessageAction::RetryIfIdempotent, MessageAction::RetryWithBackoff, MessageAction::RetryAfterQuotaReset]
    {
        assert_eq!(
            decide_after_attempt(action, &retry_context(&late, &now), &now, 0.5).state,
            MessageState::Unknown,
            "{action:?}"
        );
    }
    assert_eq!(
        decide_after_attempt(MessageAction::Sent, &retry_context(&late, &now), &now, 0.5).state,
        MessageState::Sent
    );
    for (seconds, state) in [(539, None), (540, Some(MessageState::Unknown))] {
        let held = attempted_message(seconds, AttemptOutcome::Ambiguous);
        assert_eq!(decide_before_attempt(&retry_context(&held, &now)).map(|it| it.state), state);
    }
    let mut future = attempted_message(0, AttemptOutcome::Ambiguous);
    future.history.attempts[0].started.wall = NOW.plus(minutes(60));
    assert_eq!(
        decide_before_attempt(&retry_context(&future, &now)).map(|it| it.state),
        Some(MessageState::Unknown),
        "no clock to go by"
    );
}

/// A later refusal, the attempt limit, the expiry, another message's refusal or an unbound user
/// does not turn a message that may have arrived into one that did not.
#[test]
fn what_may_have_arrived_stays_unknown() {
    let now = seconds_ago(0);
    for (held, end) in [
        (
            attempted_message(60, AttemptOutcome::Refused),
            [MessageState::Failed, MessageState::Failed, MessageState::Failed, MessageState::Cancelled],
        ),
        (
            attempted_message(60, AttemptOutcome::NotSent),
            [MessageState::Failed, MessageState::Failed, MessageState::Failed, MessageState::Cancelled],
        ),
        (attempted_message(60, AttemptOutcome::Ambiguous), [MessageState::Unknown; 4]),
    ] {
        let facts = RetryContext { max_attempts: 1, ..retry_context(&held, &now) };
        let found = [
            decide_after_attempt(MessageAction::Fail, &facts, &now, 0.5).state,
            decide_after_attempt(MessageAction::RetryWithBackoff, &facts, &now, 0.5).state,
            decide_for_suspended(MessageAction::Fail, &facts, 0.5).state,
            decide_for_withdrawn(&facts).state,
        ];
        assert_eq!(found, end, "{:?}", held.history);
    }
    // A user agreed to a repeat: the message is retried, and does not fail.
    let mut agreed = attempted_message(6000, AttemptOutcome::Ambiguous);
    agreed.history.resolved_attempts = 1;
    let facts = retry_context(&agreed, &now);
    assert!(decide_before_attempt(&facts).is_none());
    assert_eq!(decide_after_attempt(MessageAction::RetryWithBackoff, &facts, &now, 0.5).state, MessageState::Queued);
    assert_eq!(decide_after_attempt(MessageAction::Fail, &facts, &now, 0.5).state, MessageState::Unknown);
}

#[test]
fn another_messages_refusal_is_not_an_attempt_of_this_one() {
    let now = seconds_ago(0);
    let mut fresh = template_message();
    fresh.message.attempts = 0;
    let limited = RetryContext { max_attempts: 1, ..retry_context(&fresh, &now) };
    let decision = decide_for_suspended(MessageAction::RetryAfterQuotaReset, &limited, 0.0);
    assert_eq!((decision.state, decision.due_at.to_string().as_str()), (MessageState::Queued, "2026-11-23T16:05:00Z"));
    let maybe = attempted_message(60, AttemptOutcome::Ambiguous);
    assert_eq!(
        decide_for_suspended(MessageAction::RetryAfterQuotaReset, &retry_context(&maybe, &now), 0.0).state,
        MessageState::Unknown,
        "midnight is too late"
    );
    let decision = decide_for_suspended(MessageAction::RetryAfterMinute, &retry_context(&maybe, &now), 0.5);
    assert_eq!((decision.state, due_in(&decision)), (MessageState::Queued, 60));
}

#[test]
fn attempts_are_counted_from_the_last_retry_by_a_person() {
    let now = seconds_ago(0);
    for (attempts, retried_after, state) in
        [(2, 0, MessageState::Queued), (3, 0, MessageState::Failed), (5, 3, MessageState::Queued)]
    {
        let mut held = ClaimedMessage {
            retry_state: RetryState { attempts_before_retry: retried_after, ..RetryState::default() },
            ..template_message()
        };
        held.message.attempts = attempts;
        let facts = RetryContext { max_attempts: 3, ..retry_context(&held, &now) };
        assert_eq!(
            decide_after_attempt(MessageAction::RetryWithBackoff, &facts, &now, 0.5).state,
            state,
            "{attempts} less {retried_after}"
        );
    }
}

/// Returns both clocks at this many seconds before now, in that boot.
fn reading_in_boot(seconds: i64, boot: &str) -> ClockReading {
    let up = format!("{boot}:{}", 10_000_000 - seconds * 1000).parse().ok();
    ClockReading { wall: Timestamp(NOW.0 - seconds * 1000), uptime: up }
}

#[test]
fn a_message_expires_where_two_clocks_agree() {
    let hour = i64::try_from(HOUR).unwrap();
    let with = |mut held: ClaimedMessage, created: ClockReading, started: Option<ClockReading>| {
        held.created = created;
        if let Some(started) = started {
            held.history.attempts = vec![attempt(started, AttemptOutcome::NotSent)];
        }
        held
    };
    let base = || expired_message(template_message());
    let strict = || ClaimedMessage { expire_strict: true, ..base() };
    let now = reading_in_boot(0, "a");
    let server = Some(NOW);
    // By this machine's clock, each message was queued at least an hour ago.
    let cases = [
        ("not tried once", with(base(), reading_in_boot(hour, "a"), None), server, None),
        (
            "tried for an hour",
            with(base(), reading_in_boot(hour, "a"), Some(reading_in_boot(hour, "a"))),
            None,
            Some(MessageState::Expired),
        ),
        (
            "the clock leapt a second ago",
            with(base(), reading_in_boot(1, "a"), Some(reading_in_boot(1, "a"))),
            None,
            None,
        ),
        (
            "the clock leapt, WeChat's does not say since when",
            with(base(), reading_in_boot(1, "a"), Some(reading_in_boot(1, "a"))),
            server,
            None,
        ),
        (
            "another boot, no witness",
            with(base(), reading_in_boot(hour, "b"), Some(reading_in_boot(hour, "b"))),
            None,
            None,
        ),
        ("asked for, not tried", with(strict(), reading_in_boot(hour, "a"), None), None, Some(MessageState::Expired)),
        (
            "asked for, WeChat agrees",
            with(strict(), reading_in_boot(hour, "b"), None),
            server,
            Some(MessageState::Expired),
        ),
        (
            "asked for, tried, WeChat agrees",
            with(strict(), reading_in_boot(hour, "b"), Some(reading_in_boot(1, "b"))),
            server,
            Some(MessageState::Expired),
        ),
        ("asked for, no witness", with(strict(), reading_in_boot(hour, "b"), None), None, Some(MessageState::Queued)),
        ("asked for, the clock leapt", with(strict(), reading_in_boot(1, "a"), None), None, None),
    ];
    for (case, held, server, state) in cases {
        let facts = RetryContext { server_time: server, ..retry_context(&held, &now) };
        assert_eq!(decide_before_attempt(&facts).map(|it| it.state), state, "{case}");
    }
    let mut answered = with(base(), reading_in_boot(hour, "b"), Some(reading_in_boot(hour, "b")));
    answered.history.attempts[0].server_time = Some(NOW.minus(Duration::from_secs(HOUR)));
    let decision = decide_before_attempt(&RetryContext { server_time: server, ..retry_context(&answered, &now) });
    assert_eq!(decision.map(|it| it.state), Some(MessageState::Expired), "WeChat's clock at both ends");
    let mut part = with(base(), reading_in_boot(hour, "a"), None);
    (part.any_part_attempted, part.waits_for_previous_part) = (true, true);
    assert_eq!(
        decide_before_attempt(&retry_context(&part, &now)).map(|it| it.state),
        Some(MessageState::Expired),
        "a part of a text that was tried"
    );
    let mut early = with(base(), reading_in_boot(1, "a"), None);
    (early.any_part_attempted, early.waits_for_previous_part) = (true, true);
    let decision = decide_before_attempt(&retry_context(&early, &now)).unwrap();
    assert_eq!((decision.state, due_in(&decision)), (MessageState::Queued, 60), "it waits for the previous part");
    let maybe = expired_message(attempted_message(60, AttemptOutcome::Ambiguous));
    let maybe = ClaimedMessage { created: reading_in_boot(hour, "a"), ..maybe };
    assert_eq!(decide_before_attempt(&retry_context(&maybe, &now)).map(|it| it.state), Some(MessageState::Unknown));
}

#[test]
fn a_day_of_wechat_ends_at_midnight_in_beijing() {
    let (held, now) = (template_message(), seconds_ago(0));
    let decision = decide_after_attempt(MessageAction::RetryAfterQuotaReset, &retry_context(&held, &now), &now, 0.0);
    assert_eq!(decision.due_at.to_string(), "2026-11-23T16:05:00Z");
    let late = Timestamp(NOW.0 + 3 * 3_600_000);
    assert_eq!(next_quota_reset(late, 1.0).to_string(), "2026-11-23T16:15:00Z");
    assert_eq!(next_quota_reset(Timestamp(late.0 + 8 * 3_600_000), 0.0).to_string(), "2026-11-24T16:05:00Z");
}

#[test]
fn a_message_that_a_quota_held_for_a_day_gets_one_more_attempt() {
    let (hour, day) = (i64::try_from(HOUR).unwrap(), 86_400);
    let now = reading_in_boot(0, "a");
    // It is 13:41 in Beijing.
    for (errcode, seconds, expected) in [
        (45009, day, None),
        (45009, 14 * hour, None),
        (45009, 13 * hour, Some(MessageState::Expired)),
        (-1, day, Some(MessageState::Expired)),
    ] {
        let started = reading_in_boot(seconds, "a");
        let mut held = expired_message(template_message());
        held.created = started.clone();
        held.history.attempts = vec![Attempt { errcode: Some(errcode), ..attempt(started, AttemptOutcome::Refused) }];
        let decided = |held: &ClaimedMessage| decide_before_attempt(&retry_context(held, &now)).map(|it| it.state);
        assert_eq!(decided(&held), expected, "{errcode} {seconds}");
        held.expire_strict = true;
        assert_eq!(decided(&held), Some(MessageState::Expired), "{errcode} {seconds}, asked for");
    }
}

/// Delays vary by a fifth, so that messages that failed together are not retried together, and are
/// not shorter than what WeChat asks for.
#[test]
fn delays_vary_by_a_fifth() {
    let now = seconds_ago(0);
    let due = |action, failing_for, jitter| {
        let held = failing_message(failing_for, 0);
        due_in(&decide_after_attempt(action, &retry_context(&held, &now), &now, jitter))
    };
    for (action, failing_for, expected) in [
        (MessageAction::RetryNow, 0, [0, 0, 0]),
        (MessageAction::RetryWithBackoff, 5, [4, 5, 6]),
        (MessageAction::RetryWithBackoff, 40, [60, 66, 72]),
        (MessageAction::RetryAfterMinute, 0, [60, 66, 72]),
    ] {
        assert_eq!([0.0, 0.5, 1.0].map(|jitter| due(action, failing_for, jitter)), expected, "{action:?}");
    }
}

#[test]
fn a_message_expires_when_its_time_has_passed() {
    let now = reading_in_boot(0, "a");
    for (expires_in, expected) in [(1, None), (0, Some(MessageState::Expired)), (-1, Some(MessageState::Expired))] {
        let mut held = ClaimedMessage { expire_strict: true, ..template_message() };
        held.created = reading_in_boot(2 * i64::try_from(HOUR).unwrap(), "a");
        held.message.expires_at = Timestamp(NOW.0 + expires_in * 1000);
        let facts = RetryContext { server_time: Some(NOW), ..retry_context(&held, &now) };
        assert_eq!(decide_before_attempt(&facts).map(|it| it.state), expected, "in {expires_in} s");
    }
}

/// It drops a repeat within ten minutes, less the time that a request may take.
#[test]
fn wechat_drops_a_repeat_within_nine_minutes() {
    let now = seconds_ago(0);
    for (seconds, expected) in [(0, true), (539, true), (540, false), (6000, false)] {
        assert_eq!(is_within_dedupe_window(&seconds_ago(seconds), &now), expected, "{seconds}");
    }
    assert!(!is_within_dedupe_window(&reading_in_boot(1, "b"), &reading_in_boot(0, "a")), "another boot");
}
