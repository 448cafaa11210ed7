//! The outbox as its users see it: what a claim returns, what a retry warns of, what is deleted.

use std::time::Duration;

use tempfile::TempDir;

use super::transaction::MessageUpdate;
use super::*;
use crate::clock::ClockReading;
use crate::files::sibling_path;
use crate::store::{NewUser, OutboxCounts, User};

const APP_ID: &str = "wx1";
const SECOND: Duration = Duration::from_secs(1);
/// The expiry of messages, and for how long finished ones are kept.
const HOUR: Duration = Duration::from_secs(3600);

/// Returns the clocks this many seconds after the start.
fn at(second: u64) -> ClockReading {
    ClockReading { wall: time(second), uptime: format!("a:{}", 1000 * second).parse().ok() }
}

fn time(second: u64) -> Timestamp {
    Timestamp(1_795_412_475_000).plus(SECOND * u32::try_from(second).unwrap())
}

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("wxbox.db")).unwrap();
    (dir, store)
}

fn text(openid: &str) -> Submission {
    Submission::text_to(&[openid])
}

/// A text in this many parts.
fn parts(count: usize) -> Submission {
    text("o1").in_parts(count)
}

/// A template message to a user.
fn template(user: &User) -> Submission {
    let recipient = NewRecipient {
        user_id: Some(user.id),
        user: Some(user.username.clone()),
        openid: user.binding.as_ref().unwrap().openid.clone(),
        client_msg_id: Some("f".repeat(32)),
    };
    let payload = Payload { kind: "template", json: "{}".to_owned() };
    Submission { payload, recipients: vec![recipient], ..text("") }
}

fn add_user(store: &mut Store) -> User {
    let uid = "a".repeat(32);
    let new = NewUser { username: "nami", uid: &uid, binding: Some((APP_ID, "o1")), ..NewUser::default() };
    store.add_user(&new, time(0)).unwrap()
}

/// Runs `work` in a transaction of the worker "me".
fn tx<T>(store: &mut Store, second: u64, work: impl FnOnce(&OutboxTx<'_>) -> Result<T>) -> T {
    tx_with_server_time(store, second, None, work)
}

fn tx_with_server_time<T>(
    store: &mut Store,
    second: u64,
    server_second: Option<u64>,
    work: impl FnOnce(&OutboxTx<'_>) -> Result<T>,
) -> T {
    let now = at(second);
    let context = TxContext { app_id: APP_ID, worker_id: "me", now: &now, server_now: server_second.map(time) };
    store.transaction(context, false, work).unwrap()
}

fn queue(store: &mut Store, second: u64, submission: &Submission) -> Vec<i64> {
    let results = tx(store, second, |tx| tx.enqueue(submission, false));
    let id = |result: EnqueueResult| match result {
        EnqueueResult::Queued(id) | EnqueueResult::QueuedAfter(id, _) => id,
        other => panic!("{other:?}"),
    };
    results.into_iter().map(id).collect()
}

fn update(state: MessageState, attempt: Option<(i64, AttemptOutcome)>) -> MessageUpdate {
    MessageUpdate {
        attempt,
        state,
        due_at: time(0),
        response: ResponseInfo::default(),
        retry_state: RetryState::default(),
        switch_to_fallback: None,
    }
}

/// Makes an attempt, which leaves the message in this state.
fn attempt(store: &mut Store, second: u64, id: i64, outcome: AttemptOutcome, state: MessageState) {
    tx(store, second, |tx| {
        let claimed = tx.claim(ClaimScope::Range(id, id), 1)?.remove(0);
        let started = tx.start_attempt(&claimed, None)?;
        assert!(matches!(started, AttemptStart::Started(_)), "{started:?}");
        tx.record_update(id, &update(state, Some((claimed.message.attempts + 1, outcome))))
    });
}

/// Stores an update of a message without an attempt. Returns `false` if it cannot be claimed.
fn claim_and_record(tx: &OutboxTx<'_>, id: i64, update: &MessageUpdate) -> Result<bool> {
    tx.claim(ClaimScope::Range(id, id), 1)?;
    tx.record_update(id, update)
}

/// Queues a message and leaves it in this state after an attempt.
fn finished(store: &mut Store, second: u64, outcome: AttemptOutcome, state: MessageState) -> i64 {
    let id = queue(store, second, &text("o1"))[0];
    attempt(store, second, id, outcome, state);
    id
}

fn state(store: &Store, id: i64) -> Option<MessageState> {
    store.message(APP_ID, id).unwrap().map(|message| message.state)
}

#[test]
fn a_claim_returns_the_stored_retry_state() {
    let (_dir, mut store) = open();
    let id = queue(&mut store, 0, &text("o1"))[0];
    let retry_state = RetryState { first_failed_at: Some(time(3)), backoff_step: 2, attempts_before_retry: 0 };
    attempt(&mut store, 3, id, AttemptOutcome::Refused, MessageState::Queued);
    let claimed = tx(&mut store, 4, |tx| {
        claim_and_record(
            tx,
            id,
            &MessageUpdate { retry_state: retry_state.clone(), ..update(MessageState::Queued, None) },
        )?;
        tx.claim(ClaimScope::Due, 9)
    });
    let [claimed] = &claimed[..] else { panic!("{claimed:?}") };
    assert_eq!(format!("{:?}", claimed.retry_state), format!("{retry_state:?}"));
    assert_eq!((claimed.expire_after, claimed.expire_strict, claimed.remaining_parts), (HOUR, false, 0));
    assert_eq!((claimed.history.attempts.len(), claimed.created.clone()), (1, at(0)));
    assert_eq!(store.attempts(id).unwrap(), claimed.history.attempts);
    // After a retry by a user only later attempts count.
    tx(&mut store, 5, |tx| tx.release([id]));
    store.retry(APP_ID, id, HOUR, time(6), |_| true).unwrap();
    let claimed = tx(&mut store, 7, |tx| tx.claim(ClaimScope::Due, 9)).remove(0);
    let expected = RetryState { attempts_before_retry: 1, ..RetryState::default() };
    assert_eq!(format!("{:?}", claimed.retry_state), format!("{expected:?}"));
    assert_eq!((claimed.history.resolved_attempts, claimed.message.expires_at), (1, time(6).plus(HOUR)));
}

#[test]
fn an_update_says_whether_the_message_still_waits_for_it() {
    let (_dir, mut store) = open();
    let ids = queue(&mut store, 0, &parts(3));
    let remaining =
        |id| store.conn.query_row("SELECT remaining_parts FROM messages WHERE id = ?1", [id], |row| row.get(0));
    assert_eq!([ids[0], ids[1], ids[2]].map(remaining), [Ok(2), Ok(1), Ok(0)]);
    let sent = update(MessageState::Sent, None);
    assert!(tx(&mut store, 1, |tx| claim_and_record(tx, ids[0], &sent)));
    assert_eq!(tx(&mut store, 1, |tx| tx.next_part(ids[0])), Some(ids[1]));
    assert!(!tx(&mut store, 1, |tx| claim_and_record(tx, ids[0], &sent)), "it is sent already");
    store.cancel(APP_ID, ids[1], time(2)).unwrap();
    assert!(!tx(&mut store, 3, |tx| claim_and_record(tx, ids[1], &sent)), "it was cancelled");
    assert_eq!(tx(&mut store, 3, |tx| tx.next_part(ids[1])), None, "and the part after it");
    assert!(!tx(&mut store, 3, |tx| claim_and_record(tx, 99, &sent)));
}

#[test]
fn an_update_without_an_attempt_needs_the_claim() {
    let (_dir, mut store) = open();
    let ids = queue(&mut store, 0, &Submission::text_to(&["o1", "o2"]));
    let failed = update(MessageState::Failed, None);
    assert!(!tx(&mut store, 1, |tx| tx.record_update(ids[0], &failed)), "it is not claimed");
    tx(&mut store, 1, |tx| tx.claim(ClaimScope::Range(ids[0], ids[1]), 2));
    store.conn.execute("UPDATE messages SET claimed_by = 'other' WHERE id = ?1", [ids[1]]).unwrap();
    assert!(!tx(&mut store, 2, |tx| tx.record_update(ids[1], &failed)), "another process has claimed it");
    assert!(tx(&mut store, 2, |tx| tx.record_update(ids[0], &failed)));
    assert_eq!([ids[0], ids[1]].map(|id| state(&store, id)), [MessageState::Failed, MessageState::Queued].map(Some));
}

#[test]
fn data_version_in_a_transaction_changes_with_commits_of_others() {
    let (_dir, mut store) = open();
    let mut other = Store::open(store.path()).unwrap();
    let before = tx(&mut store, 0, |tx| tx.data_version());
    queue(&mut store, 0, &text("o1"));
    assert_eq!(tx(&mut store, 0, |tx| tx.data_version()), before, "the own commit");
    queue(&mut other, 0, &text("o1"));
    assert_ne!(tx(&mut store, 0, |tx| tx.data_version()), before);
}

#[test]
fn a_retry_warns_of_what_may_arrive_twice() {
    use AttemptOutcome::{Ambiguous, Refused};
    use MessageState::{Failed, Queued, Unknown};
    // (outcome, state, is a template, is bound to another openid, is within WeChat's ten minutes,
    // may arrive twice)
    for (outcome, before, is_template, is_rebound, is_recent, may_duplicate) in [
        (Refused, Failed, true, false, true, false),
        (Refused, Failed, true, true, true, false),
        (Ambiguous, Queued, true, false, true, false),
        (Ambiguous, Queued, true, false, false, true),
        (Ambiguous, Queued, true, true, true, true),
        (Ambiguous, Queued, false, false, true, true),
        (Ambiguous, Unknown, true, false, true, true),
        (Ambiguous, Unknown, false, false, true, true),
    ] {
        let (_dir, mut store) = open();
        let user = add_user(&mut store);
        let mut submission = template(&user);
        if !is_template {
            submission.recipients[0].client_msg_id = None;
        }
        let id = queue(&mut store, 0, &submission)[0];
        attempt(&mut store, 1, id, outcome, before);
        if is_rebound {
            store.bind(&user, APP_ID, "o2", None, true, time(2)).unwrap().unwrap();
        }
        let new_openid = is_rebound.then(|| "o2".to_owned());
        let result = store.retry(APP_ID, id, HOUR, time(3), |_| is_recent).unwrap();
        let case = format!("{outcome:?} {before} {is_template} {is_rebound} {is_recent}");
        assert_eq!(result, RetryResult::Queued { may_duplicate, new_openid }, "{case}");
        assert_eq!(state(&store, id), Some(Queued), "{case}");
    }
}

#[test]
fn a_retry_is_refused_where_nothing_can_be_sent() {
    let (_dir, mut store) = open();
    let user = add_user(&mut store);
    let retry = |store: &mut Store, id| store.retry(APP_ID, id, HOUR, time(9), |_| true).unwrap();
    assert_eq!(retry(&mut store, 1), RetryResult::NotFound);
    let sent = finished(&mut store, 0, AttemptOutcome::Accepted, MessageState::Sent);
    assert_eq!(retry(&mut store, sent), RetryResult::AlreadySent);
    let claimed = queue(&mut store, 0, &text("o1"))[0];
    tx(&mut store, 0, |tx| tx.claim(ClaimScope::Range(claimed, claimed), 1));
    assert_eq!(retry(&mut store, claimed), RetryResult::InProgress);
    let keyed = Submission { key: Some("k".to_owned()), ..template(&user) };
    let failed = queue(&mut store, 0, &keyed)[0];
    attempt(&mut store, 1, failed, AttemptOutcome::Refused, MessageState::Failed);
    let live = queue(&mut store, 2, &keyed)[0];
    assert_eq!(retry(&mut store, failed), RetryResult::KeyTaken(live));
    store.unbind(&user, APP_ID, time(3)).unwrap();
    assert_eq!(state(&store, live), Some(MessageState::Cancelled));
    assert_eq!(retry(&mut store, failed), RetryResult::NotBound);
    store.remove_user(&user, APP_ID).unwrap();
    assert_eq!(retry(&mut store, failed), RetryResult::Removed);
}

#[test]
fn finished_messages_are_deleted_by_their_age_by_wechats_clock() {
    let (_dir, mut store) = open();
    let failed = finished(&mut store, 0, AttemptOutcome::Refused, MessageState::Failed);
    let queued = queue(&mut store, 0, &text("o1"))[0];
    let prune = |store: &mut Store, second| store.prune_expired(APP_ID, time(second), HOUR).unwrap();
    // By this machine's clock, which may be wrong, it is older than that.
    prune(&mut store, 9000);
    assert!(state(&store, failed).is_some(), "its age is known only from now on");
    // One fails and one is postponed while WeChat's clock is known; this machine's is an hour ahead.
    let known = queue(&mut store, 12_600, &text("o1"))[0];
    let update_to = |store: &mut Store, id, state| {
        tx_with_server_time(store, 12_600, Some(9000), |tx| claim_and_record(tx, id, &update(state, None)))
    };
    update_to(&mut store, known, MessageState::Failed);
    update_to(&mut store, queued, MessageState::Queued);
    prune(&mut store, 9000 + 3600);
    assert!(state(&store, failed).is_some() && state(&store, known).is_some());
    prune(&mut store, 9000 + 3700);
    assert_eq!((state(&store, failed), state(&store, known)), (None, None));
    assert!(store.attempts(failed).unwrap().is_empty());
    prune(&mut store, 20_000);
    assert_eq!(state(&store, queued), Some(MessageState::Queued));
    // A message that was postponed has no age when it fails.
    attempt(&mut store, 30_000, queued, AttemptOutcome::Refused, MessageState::Failed);
    prune(&mut store, 30_000);
    assert_eq!(state(&store, queued), Some(MessageState::Failed));
}

#[test]
fn prune_deletes_what_has_finished_before_a_time() {
    let (_dir, mut store) = open();
    let old = finished(&mut store, 0, AttemptOutcome::Accepted, MessageState::Sent);
    let new = finished(&mut store, 10, AttemptOutcome::Accepted, MessageState::Sent);
    // The second part waits for a user's decision about the first.
    let text = queue(&mut store, 0, &parts(2));
    attempt(&mut store, 0, text[0], AttemptOutcome::Ambiguous, MessageState::Unknown);
    assert_eq!(store.prune("wx2", time(10)).unwrap(), 0);
    assert_eq!(store.prune(APP_ID, time(10)).unwrap(), 1);
    let log = std::fs::metadata(sibling_path(store.path(), "-wal")).unwrap();
    assert_eq!(log.len(), 0, "the log does not keep the deleted content");
    let left = [old, new, text[0], text[1]].map(|id| state(&store, id));
    assert_eq!(left, [None, Some(MessageState::Sent), Some(MessageState::Unknown), Some(MessageState::Queued)]);
}

#[test]
fn counts_are_of_one_account_and_lost_messages_of_a_time() {
    let (_dir, mut store) = open();
    for (second, outcome, state) in [
        (1, AttemptOutcome::Refused, MessageState::Failed),
        (5, AttemptOutcome::Refused, MessageState::Failed),
        (6, AttemptOutcome::Refused, MessageState::Failed),
        (7, AttemptOutcome::Ambiguous, MessageState::Unknown),
        (8, AttemptOutcome::Accepted, MessageState::Sent),
    ] {
        finished(&mut store, second, outcome, state);
    }
    queue(&mut store, 20, &text("o1"));
    queue(&mut store, 10, &text("o1"));
    let kinds = store.kinds_by_state(APP_ID, MessageState::Failed).unwrap();
    assert_eq!(kinds, [KindCount { kind: "text".to_owned(), count: 3, oldest: time(1) }]);
    let counts = store.counts(APP_ID).unwrap();
    assert_eq!(MessageState::ALL.map(|state| counts.count(state)), [2, 1, 3, 1, 0, 0]);
    assert_eq!(counts.oldest_queued, Some(time(10)));
    let OutboxCounts { by_state, oldest_queued } = store.counts("wx2").unwrap();
    assert!(oldest_queued.is_none() && by_state.iter().all(|(_, count)| *count == 0), "{by_state:?}");
    let lost = store.lost_since(APP_ID, time(5)).unwrap();
    let lost: Vec<_> = lost.iter().map(|lost| (lost.state, lost.count, lost.oldest)).collect();
    assert_eq!(lost, [(MessageState::Failed, 2, time(5)), (MessageState::Unknown, 1, time(7))]);
}

#[test]
fn a_cancelled_message_takes_its_later_parts_along() {
    let (_dir, mut store) = open();
    let text_ids = queue(&mut store, 0, &parts(3));
    let other = queue(&mut store, 0, &text("o2"))[0];
    let maybe = queue(&mut store, 0, &text("o3"))[0];
    attempt(&mut store, 1, maybe, AttemptOutcome::Ambiguous, MessageState::Queued);
    assert_eq!(store.cancel("wx2", other, time(2)).unwrap(), [0_i64; 0]);
    assert_eq!(store.cancel(APP_ID, text_ids[1], time(2)).unwrap(), text_ids[1..]);
    assert_eq!(store.cancel_all(APP_ID, time(3)).unwrap(), [text_ids[0], other, maybe]);
    let states = [text_ids[0], text_ids[2], other, maybe].map(|id| state(&store, id).unwrap());
    use MessageState::{Cancelled, Unknown};
    assert_eq!(states, [Cancelled, Cancelled, Cancelled, Unknown], "the last one may have arrived");
    assert_eq!(store.cancel_all(APP_ID, time(4)).unwrap(), [0_i64; 0]);
}

#[test]
fn a_live_worker_is_one_whose_lock_is_held() {
    let (_dir, mut store) = open();
    queue(&mut store, 0, &text("o1"));
    let lock = WorkerLock::acquire(store.path()).unwrap();
    assert!(!store.has_live_worker(APP_ID).unwrap(), "it has claimed nothing");
    let now = at(1);
    let context = TxContext { app_id: APP_ID, worker_id: lock.worker_id(), now: &now, server_now: None };
    store.transaction(context, false, |tx| tx.claim(ClaimScope::Due, 1)).unwrap();
    assert_eq!([APP_ID, "wx2"].map(|app_id| store.has_live_worker(app_id).unwrap()), [true, false]);
    let recovered = |store: &mut Store| {
        let mut found = Vec::new();
        store
            .for_each_dead_worker(|_, _, orphans| {
                found.extend(orphans.into_iter().map(|orphan| orphan.claimed.message.id));
                Ok(())
            })
            .unwrap();
        found
    };
    assert_eq!(recovered(&mut store), [0_i64; 0]);
    drop(lock);
    assert!(!store.has_live_worker(APP_ID).unwrap());
    assert_eq!(recovered(&mut store), [1]);
}

/// The first report stays, but a later `delivered` is the last word, whether WeChat reports before
/// or after it answers the send.
#[test]
fn a_message_has_the_receipt_that_counts() {
    use ReceiptStatus::{Blocked, Delivered, Failed};
    let cases: [(&[_], _, _); 5] = [
        (&[], None, [0, 0, 0, 1]),
        (&[Failed], Some(Failed), [0, 0, 1, 0]),
        (&[Failed, Delivered], Some(Delivered), [1, 0, 0, 0]),
        (&[Delivered, Failed], Some(Delivered), [1, 0, 0, 0]),
        (&[Blocked, Failed], Some(Blocked), [0, 1, 0, 0]),
    ];
    for (reports, expected, counted) in cases {
        for before in 0..=reports.len() {
            let (_dir, mut store) = open();
            let user = add_user(&mut store);
            let id = queue(&mut store, 0, &template(&user))[0];
            let (early, late) = reports.split_at(before);
            let report = |store: &Store, status| {
                let text = Some(format!("{status:?}"));
                let receipt = NewReceipt { msgid: "100".to_owned(), receipt: Receipt { status, at: time(7), text } };
                record_receipt(&store.conn, APP_ID, &receipt, time(8)).unwrap()
            };
            early.iter().for_each(|status| assert_eq!(report(&store, *status), [0_i64; 0]));
            tx(&mut store, 1, |tx| {
                let response = ResponseInfo { msgid: Some("100".to_owned()), ..ResponseInfo::default() };
                claim_and_record(tx, id, &MessageUpdate { response, ..update(MessageState::Sent, None) })
            });
            late.iter().for_each(|status| assert_eq!(report(&store, *status), [id]));
            let text = expected.map(|status| format!("{status:?}"));
            let receipt = expected.map(|status| Receipt { status, at: time(7), text });
            assert_eq!(store.receipt(id).unwrap(), receipt, "{reports:?} {before}");
            assert_eq!(store.message(APP_ID, id).unwrap().unwrap().receipt, receipt);
            let ReceiptCounts { delivered, blocked, failed, none } = store.receipt_counts(APP_ID).unwrap();
            assert_eq!([delivered, blocked, failed, none], counted, "{reports:?} {before}");
        }
    }
}

/// By both clocks, because this machine's may be wrong.
#[test]
fn a_receipt_without_a_message_is_kept_until_it_is_old() {
    for (received_before, created_before, is_kept) in [(9, 9, false), (8, 9, true), (9, 7, true)] {
        let (_dir, mut store) = open();
        let receipt = Receipt { status: ReceiptStatus::Delivered, at: time(7), text: None };
        let report = NewReceipt { msgid: "100".to_owned(), receipt: receipt.clone() };
        record_receipt(&store.conn, APP_ID, &report, time(8)).unwrap();
        delete_old_unmatched_receipts(&store.conn, time(received_before), time(created_before)).unwrap();
        let id = queue(&mut store, 0, &text("o1"))[0];
        tx(&mut store, 1, |tx| {
            let response = ResponseInfo { msgid: Some("100".to_owned()), ..ResponseInfo::default() };
            claim_and_record(tx, id, &MessageUpdate { response, ..update(MessageState::Sent, None) })
        });
        assert_eq!(store.receipt(id).unwrap(), is_kept.then_some(receipt));
    }
}

#[test]
fn messages_that_an_errcode_postponed_are_due_immediately() {
    let (_dir, mut store) = open();
    let postponed = |store: &mut Store, errcode| {
        let id = queue(store, 0, &text("o1"))[0];
        let response = ResponseInfo { errcode: Some(errcode), ..ResponseInfo::default() };
        let due_at = time(9000);
        tx(store, 1, |tx| {
            claim_and_record(tx, id, &MessageUpdate { due_at, response, ..update(MessageState::Queued, None) })
        });
        id
    };
    let ids = [45009, 45009, -1].map(|errcode| postponed(&mut store, errcode));
    tx(&mut store, 2, |tx| tx.claim(ClaimScope::Range(ids[1], ids[1]), 1));
    assert_eq!(store.make_due("wx2", &[], time(5)).unwrap(), [0_i64; 0]);
    assert_eq!(store.make_due(APP_ID, &[45009], time(5)).unwrap(), [ids[0]], "the second one is claimed");
    assert_eq!(store.count_due(APP_ID, time(5)).unwrap(), 1);
    assert_eq!(store.make_due(APP_ID, &[], time(6)).unwrap(), [ids[0], ids[2]]);
    let due_at = ids.map(|id| store.message(APP_ID, id).unwrap().unwrap().due_at);
    assert_eq!(due_at, [time(5), time(9000), time(6)]);
}

/// A transaction changes a limited number of messages.
#[test]
fn prune_and_cancel_change_all_messages() {
    let (_dir, mut store) = open();
    let recipients = vec![text("o1").recipients.remove(0); 501];
    queue(&mut store, 0, &Submission { recipients, ..text("") });
    assert_eq!(store.cancel_all(APP_ID, time(1)).unwrap().len(), 501);
    assert_eq!(store.prune(APP_ID, time(2)).unwrap(), 501);
}

#[test]
fn messages_are_counted_regardless_of_the_limit() {
    let (_dir, mut store) = open();
    let user = add_user(&mut store);
    let json = r#"{"template_id":"T1"}"#.to_owned();
    queue(&mut store, 0, &Submission { payload: Payload { kind: "template", json }, ..template(&user) });
    queue(&mut store, 0, &text("o1"));
    let count = |filter: &MessageFilter<'_>| store.count_messages(APP_ID, filter).unwrap();
    let (used, unused) = (["T1".to_owned()], ["T2".to_owned()]);
    let of_template = |ids| MessageFilter { template_ids: Some(ids), ..MessageFilter::default() };
    assert_eq!(count(&MessageFilter { limit: Some(1), ..MessageFilter::default() }), 2);
    assert_eq!((count(&of_template(&used)), count(&of_template(&unused))), (1, 0));
    let has_messages = |id| store.has_messages_with_template(APP_ID, id).unwrap();
    assert!(has_messages("T1") && !has_messages("T2"));
}

#[test]
fn a_media_id_is_found_until_it_expires() {
    let (_dir, mut store) = open();
    let image = MediaKey { sha256: "a", kind: "image" };
    let media = CachedMedia { media_id: "m1".to_owned(), created_at: time(0), expires_at: time(100) };
    store.save_media(APP_ID, image, &media, time(0)).unwrap();
    for (app_id, key, second, is_found) in [
        (APP_ID, image, 99, true),
        (APP_ID, image, 100, false),
        ("wx2", image, 99, false),
        (APP_ID, MediaKey { kind: "thumb", ..image }, 99, false),
        (APP_ID, MediaKey { sha256: "b", ..image }, 99, false),
    ] {
        let expected = is_found.then(|| media.clone());
        assert_eq!(store.find_media(app_id, key, time(second)).unwrap(), expected, "{app_id} {key:?} {second}");
    }
    assert_eq!(tx(&mut store, 99, |tx| tx.find_media(image)), Some(media));
}

/// Those of the newest 10,000 messages, and of all that are queued.
#[test]
fn the_versions_of_messages_are_their_fields_that_change() {
    let (_dir, mut store) = open();
    let old = finished(&mut store, 0, AttemptOutcome::Accepted, MessageState::Sent);
    let queued = queue(&mut store, 0, &text("o1"))[0];
    let claimed = queue(&mut store, 0, &text("o1"))[0];
    tx(&mut store, 1, |tx| tx.claim(ClaimScope::Range(claimed, claimed), 1));
    let failed = finished(&mut store, 2, AttemptOutcome::Refused, MessageState::Failed);
    let versions = |store: &Store, app_id| {
        let mut versions = store.message_versions(app_id).unwrap();
        versions.sort_by_key(|version| version.id);
        versions
    };
    let expected = |store: &Store, ids: &[i64]| -> Vec<MessageVersion> {
        ids.iter().map(|id| MessageVersion::of(&store.message(APP_ID, *id).unwrap().unwrap())).collect()
    };
    assert_eq!(versions(&store, APP_ID), expected(&store, &[old, queued, claimed, failed]));
    assert_eq!(versions(&store, "wx2"), []);
    let newest = queue(&mut store, 3, &text("o1"))[0];
    let moved = claimed + 10_000;
    store.conn.execute("UPDATE messages SET id = ?2 WHERE id = ?1", [newest, moved]).unwrap();
    assert_eq!(versions(&store, APP_ID), expected(&store, &[queued, claimed, failed, moved]));
}

#[test]
fn messages_are_listed_by_each_condition_newest_first() {
    let (_dir, mut store) = open();
    let user = add_user(&mut store);
    store.conn.execute("INSERT INTO tags (user_id, tag) VALUES (?1, 'ops')", [user.id]).unwrap();
    let sent = queue(&mut store, 1, &template(&user))[0];
    attempt(&mut store, 1, sent, AttemptOutcome::Accepted, MessageState::Sent);
    let delivered = finished(&mut store, 3, AttemptOutcome::Accepted, MessageState::Sent);
    let sql = "UPDATE messages SET receipt = 'delivered', receipt_at = ?2 WHERE id = ?1";
    store.conn.execute(sql, rusqlite::params![delivered, time(50)]).unwrap();
    let failed = finished(&mut store, 5, AttemptOutcome::Refused, MessageState::Failed);
    let all = MessageFilter::default;
    let (states, some_ids) = ([MessageState::Failed], [sent, failed]);
    let (is_delivered, is_missing) = (ReceiptFilter::Is(ReceiptStatus::Delivered), ReceiptFilter::Missing);
    let cases = [
        (all(), vec![failed, delivered, sent]),
        (MessageFilter { limit: Some(2), ..all() }, vec![failed, delivered]),
        (MessageFilter { states: &states, ..all() }, vec![failed]),
        (MessageFilter { receipt: Some(is_delivered), ..all() }, vec![delivered]),
        (MessageFilter { receipt: Some(is_missing), ..all() }, vec![sent]),
        (MessageFilter { user_id: Some(user.id), ..all() }, vec![sent]),
        (MessageFilter { tag: Some("ops"), ..all() }, vec![sent]),
        (MessageFilter { since: Some(time(3)), ..all() }, vec![failed, delivered]),
        (MessageFilter { until: Some(time(3)), ..all() }, vec![delivered, sent]),
        (MessageFilter { ids: Some(&some_ids), ..all() }, vec![failed, sent]),
    ];
    for (filter, expected) in cases {
        let found = store.messages(APP_ID, &filter).unwrap();
        assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), expected, "{filter:?}");
        assert!(store.messages("wx2", &filter).unwrap().is_empty(), "{filter:?}");
    }
    let last_change = |id| store.message(APP_ID, id).unwrap().unwrap().last_change();
    assert_eq!((last_change(delivered), last_change(failed)), (time(50), time(5)), "a receipt is a change");
}

/// Only the first part of a text has the fallback, and WeChat would not drop a repeat of a text.
#[test]
fn a_fallback_belongs_to_the_first_part() {
    let (_dir, mut store) = open();
    let user = add_user(&mut store);
    let fallback = Some(Payload { kind: "template", json: "{}".to_owned() });
    let recipients = template(&user).recipients;
    let ids = queue(&mut store, 0, &Submission { fallback, recipients, ..parts(2) });
    let claimed = tx(&mut store, 0, |tx| tx.claim(ClaimScope::Range(ids[0], ids[0]), 1)).remove(0);
    assert!(claimed.fallback_id.is_some() && !claimed.supports_dedupe());
    tx(&mut store, 1, |tx| tx.record_update(ids[0], &update(MessageState::Sent, None)));
    let claimed = tx(&mut store, 1, |tx| tx.claim(ClaimScope::Range(ids[1], ids[1]), 1)).remove(0);
    assert_eq!(claimed.fallback_id, None);
}

#[test]
fn a_duplicate_leaves_no_content() {
    let (_dir, mut store) = open();
    let keyed = Submission { key: Some("k".to_owned()), ..parts(2) };
    let ids = queue(&mut store, 0, &keyed);
    let payloads =
        |store: &Store| -> i64 { store.conn.query_row("SELECT count(*) FROM payloads", [], |row| row.get(0)).unwrap() };
    let before = payloads(&store);
    let results = tx(&mut store, 1, |tx| tx.enqueue(&keyed, false));
    assert!(matches!(results[..], [EnqueueResult::Duplicate(a), EnqueueResult::Duplicate(b)] if [a, b] == ids[..]));
    assert_eq!(payloads(&store), before);
}
