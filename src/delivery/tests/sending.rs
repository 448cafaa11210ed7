//! The messages that a run takes, and the order in which it sends and reports them.

use super::*;

#[test]
fn messages_are_sent_and_reported_once() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2", "o3"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    assert_eq!(run.log(), ["queued 3", "send 1 text to o1"], "with the token that is cached");
    run.answer(1, accepted());
    assert_eq!(run.log(), ["send 2 text to o2", "settled 1 sent"]);
    run.answer(2, accepted());
    assert!(is_finished(&run.answer(3, refused(40003))));
    assert_eq!(run.log(), ["send 3 text to o3", "settled 2 sent", "settled 3 failed (refused)"]);
}

#[test]
fn a_run_without_messages_fetches_no_token() {
    let mut outbox = Outbox::new();
    outbox.store.delete_token(APP_ID, &token("T").token).unwrap();
    let mut run = outbox.run(&DeliverySource::Due, options());
    assert!(is_finished(&run.idle()));
    assert_eq!(run.log(), ["queued 0"]);
}

#[test]
fn a_submission_is_committed_before_it_is_sent() {
    let mut run = Outbox::new().run(&submissions(), options());
    assert!(matches!(run.submit(vec![tagged(7, text(&["o1"]))]), NextStep::Wait(None)));
    assert_eq!(run.log(), ["queued 1", "committed #7", "send 1 text to o1"]);
    run.answer(1, accepted());
    assert!(is_finished(&run.close()));
    assert_eq!(run.log(), ["settled 1 sent"]);
}

/// Wherever its message is in the run.
#[test]
fn a_duplicate_is_reported_after_its_message() {
    let keyed = |key: &str, submission| Submission { key: Some(key.to_owned()), ..submission };
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { concurrency: 2, ..options() });
    let all = || {
        let all = [text(&["o1"]), text(&["o2"]), image("a.png"), text(&["o4"]), parts(2)];
        all.into_iter().zip("abcde".chars()).map(|(it, key)| tagged(1, keyed(&key.to_string(), it))).collect()
    };
    run.submit(all());
    run.answer(1, refused(-1));
    run.log();
    // 1 waits for its retry, 2 is in flight, 3 waits for the upload, 4 and 5 are next, 6 waits
    // for 5.
    run.submit(all());
    let duplicates = |log: Vec<String>| log.into_iter().filter(|line| line.starts_with("dup")).collect::<Vec<_>>();
    assert_eq!(duplicates(run.log()), [""; 0]);
    run.answer(2, accepted());
    assert_eq!(duplicates(run.log()), ["duplicate 2 sent"]);
    run.end_upload(Ok("media"));
    for (id, reported) in [(4, 4), (5, 5), (3, 3), (6, 6)] {
        run.answer(id, accepted());
        assert_eq!(duplicates(run.log()), [format!("duplicate {reported} sent")]);
    }
    run.pass(SECOND * 2);
    run.idle();
    run.answer(1, accepted());
    assert_eq!(duplicates(run.log()), ["duplicate 1 sent"]);
    assert!(is_finished(&run.close()));
}

#[test]
fn parts_are_sent_in_order_by_one_run() {
    let mut outbox = Outbox::new();
    outbox.queue(&text(&["o0"]));
    outbox.queue(&parts(3));
    let mut run = outbox.run(&DeliverySource::Messages(vec![2, 3, 4]), options());
    run.idle();
    run.answer(2, accepted());
    run.answer(3, accepted());
    assert!(is_finished(&run.answer(4, accepted())));
    let sends: Vec<String> = run.log().into_iter().filter(|line| line.starts_with("send")).collect();
    assert_eq!(sends, ["send 2 text to o1", "send 3 text to o1", "send 4 text to o1"]);
}

/// Its expiry by one clock alone lets a part be claimed before the part that it follows.
#[test]
fn a_part_that_cannot_be_sent_yet_says_for_which_it_waits() {
    let mut outbox = Outbox::new();
    outbox.queue(&parts(2));
    let mut run = outbox.run(&DeliverySource::Due, DeliveryOptions { concurrency: 2, ..options() });
    run.now.clock.wall = START.plus(SECOND * 86_400);
    run.outbox
        .store
        .save_token(APP_ID, &CachedToken { expires_at: START.plus(SECOND * 90_000), ..token("T") })
        .unwrap();
    run.idle();
    assert_eq!(run.log(), ["queued 2", "send 1 text to o1"]);
    let reason = run.outbox.store.message(APP_ID, 2).unwrap().unwrap().error.unwrap();
    assert_eq!(reason.kind, "waits_for_part");
    // It is reported once, at its end.
    run.answer(1, accepted());
    run.answer(2, accepted());
    assert_eq!(run.log(), ["settled 1 sent", "send 2 text to o1", "settled 2 sent"]);
}

#[test]
fn an_idle_service_holds_no_more_than_it_may_while_retries_are_due() {
    let mut outbox = Outbox::new();
    let names: Vec<String> = (0..6).map(|n| format!("o{n}")).collect();
    outbox.queue(&text(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut run = outbox.run(&DeliverySource::Continuous(crossbeam_channel::never()), options());
    run.idle();
    for id in 1..=3 {
        run.answer(id, refused(-1));
    }
    // Three retries are due, and two messages are claimed already.
    run.pass(SECOND * 5);
    run.idle();
    let mut sent = run.accept_all();
    sent.sort_unstable();
    assert_eq!(sent, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_run_takes_over_what_another_process_releases() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let worker = WorkerLock::acquire(outbox.store.path()).unwrap();
    outbox.transaction(worker.worker_id(), |tx| tx.claim(ClaimScope::Range(1, 2), 2));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    let next = run.idle();
    let next = run.resume(&next);
    assert_eq!(run.log(), ["queued 2"]);
    run.outbox.transaction(worker.worker_id(), |tx| tx.release([2]));
    run.resume(&next);
    assert_eq!(run.log(), ["send 2 text to o2"]);
    let next = run.answer(2, accepted());
    run.outbox.transaction(worker.worker_id(), |tx| tx.release([1]));
    run.outbox.store.cancel(APP_ID, 1, START).unwrap();
    assert!(is_finished(&run.resume(&next)));
    assert_eq!(run.log(), ["settled 2 sent", "settled 1 cancelled"]);
}

#[test]
fn a_message_of_a_removed_user_is_reported_as_deleted() {
    let mut outbox = Outbox::new();
    let user = outbox.user("nami");
    let ids = outbox.queue(&Submission { recipients: template(&[&user, &user]).recipients, ..text(&[]) });
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.outbox.store.remove_user(&user, APP_ID).unwrap();
    run.log();
    assert!(is_finished(&run.answer(1, accepted())));
    assert_eq!(run.log(), ["deleted 1, attempted: true", "deleted 2, attempted: false"]);
}

#[test]
fn a_run_leaves_messages_of_others_between_its_own() {
    let mut run = Outbox::new().run(&submissions(), options());
    run.submit(vec![tagged(1, text(&["o1", "o2", "o3"]))]);
    assert_eq!(run.outbox.queue(&text(&["o4"])), [4]);
    run.submit(vec![tagged(2, text(&["o5", "o6"]))]);
    run.close();
    let sent = run.accept_all();
    assert_eq!(sent, [1, 2, 3, 5, 6]);
    assert_eq!(run.outbox.message(4).attempts, 0);
}

/// The ID of a deleted payload may be that of the next one.
#[test]
fn a_content_is_read_again_after_another_process_has_changed_the_database() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2", "o3", "o4"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let content = |run: &TestRun| serde_json::to_value(&*run.requests[0].content).unwrap()["content"].to_string();
    run.answer(1, accepted());
    assert_eq!(content(&run), r#""hello""#);
    let sql = r#"UPDATE payloads SET json = '{"type":"text","content":"bye"}'"#;
    run.outbox.connection().execute(sql, []).unwrap();
    run.answer(2, accepted());
    assert_eq!(content(&run), r#""bye""#);
    run.answer(3, accepted());
    assert_eq!(content(&run), r#""bye""#);
}

#[test]
fn a_duplicate_of_a_finished_message_is_reported_immediately() {
    let keyed = || tagged(1, Submission { key: Some("k".to_owned()), ..text(&["o1"]) });
    let mut run = Outbox::new().run(&submissions(), options());
    run.submit(vec![keyed()]);
    run.answer(1, accepted());
    run.log();
    run.submit(vec![keyed()]);
    assert_eq!(run.log(), ["committed #1", "duplicate 1 sent"]);
    assert!(is_finished(&run.close()));
}

#[test]
fn each_report_has_the_correlation_id_of_its_submission() {
    let keyed = |correlation_id| tagged(correlation_id, Submission { key: Some("k".to_owned()), ..text(&["o1"]) });
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { concurrency: 2, ..options() });
    run.submit(vec![keyed(5), keyed(6), tagged(7, text(&["o2"])), tagged(8, text(&["o3"]))]);
    run.answer(1, accepted());
    run.submit(vec![keyed(9)]);
    assert_eq!(run.reported, [(1, Some(5)), (1, Some(6)), (1, Some(9))], "the last two are duplicates");
    run.reported.clear();
    run.outbox.connection().execute_batch(DISK_FULL_SQL).unwrap();
    run.answer(3, accepted());
    run.pass(SECOND * 10);
    run.idle();
    assert_eq!(run.reported, [(3, Some(7)), (4, Some(8))]);
    // A message that the run leaves.
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { deliver: false, ..options() });
    run.submit(vec![tagged(5, text(&["o1"]))]);
    run.close();
    assert_eq!(run.reported, [(1, Some(5))]);
}

#[test]
fn a_run_takes_as_many_submissions_as_it_can_claim() {
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { concurrency: 4, ..options() });
    assert_eq!(run.scheduler.submission_capacity(), 0, "it has not started");
    run.idle();
    assert_eq!(run.scheduler.submission_capacity(), 8);
    run.submit(vec![tagged(1, text(&["o1", "o2", "o3", "o4", "o5"]))]);
    assert_eq!(run.scheduler.submission_capacity(), 3);
    run.submit(vec![tagged(1, text(&["o1"; 4]))]);
    assert_eq!(run.scheduler.submission_capacity(), 0, "the last one is not claimed");
    run.close();
    (1..=9).for_each(|id| drop(run.answer(id, accepted())));
    assert_eq!(run.scheduler.submission_capacity(), 0, "no more are expected");
    // Messages that are not sent need no capacity.
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { deliver: false, ..options() });
    run.submit(vec![tagged(1, text(&["o1"; 100]))]);
    assert_eq!(run.scheduler.submission_capacity(), 2 + MAX_SUBMISSIONS_PER_STEP);
    assert_eq!(run.log(), ["queued 100", "committed #1"]);
}

#[test]
fn an_idle_service_is_not_woken() {
    let outbox = Outbox::new();
    let mut run = outbox.run(&DeliverySource::Continuous(crossbeam_channel::never()), options());
    let next = run.idle();
    assert!(matches!(next, NextStep::Wait(None)), "{next:?}");
    run.outbox.queue(&text(&["o1"]));
    run.step(StepEvents { due_changed: true, ..StepEvents::default() });
    let next = run.answer(1, accepted());
    assert!(matches!(next, NextStep::Wait(None)), "{next:?}");
    assert_eq!(run.log(), ["queued 0", "send 1 text to o1", "settled 1 sent"]);
}

#[test]
fn a_run_reports_a_message_whose_retry_another_process_takes() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let next = run.answer(1, refused(-1));
    let worker = WorkerLock::acquire(run.outbox.store.path()).unwrap();
    run.outbox.transaction(worker.worker_id(), |tx| tx.claim(ClaimScope::Retry(1, START.plus(SECOND * 60)), 1));
    run.log();
    let next = run.resume(&next);
    assert!(matches!(next, NextStep::Wait(_)), "{next:?}");
    run.outbox.transaction(worker.worker_id(), |tx| tx.release([1]));
    run.outbox.store.cancel(APP_ID, 1, START).unwrap();
    assert!(is_finished(&run.resume(&next)));
    assert_eq!(run.log(), ["settled 1 cancelled (refused)"]);
}

/// So that no other process takes them while this one gets a token.
#[test]
fn a_new_message_is_claimed_as_it_is_queued_if_the_run_can_send_it() {
    let is_claimed = |run: &TestRun, id| run.outbox.store.message_with_claim(APP_ID, id).unwrap().unwrap().1;
    let mut outbox = Outbox::new();
    outbox.store.delete_token(APP_ID, &token("T").token).unwrap();
    let mut run = outbox.run(&submissions(), options());
    run.idle();
    assert_eq!(run.log(), ["fetch a token"], "before the first one arrives");
    run.submit(vec![tagged(1, text(&["o1", "o2"])), tagged(1, text(&["o3"]))]);
    assert_eq!([1, 2, 3].map(|id| is_claimed(&run, id)), [true, true, false], "as many as it may hold");
    // Not if it sends nothing, nor while it pauses.
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { deliver: false, ..options() });
    let generation = run.generation();
    run.submit(vec![tagged(1, text(&["o1"]))]);
    assert!(!is_claimed(&run, 1));
    assert_eq!((run.generation() - generation).rem_euclid(1 << 24), 1, "nothing is to be released");
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { max_attempts: 1, ..options() });
    run.submit(vec![tagged(1, text(&["o1"]))]);
    run.answer(1, Err(unreachable()));
    run.submit(vec![tagged(1, text(&["o2"]))]);
    assert!(!is_claimed(&run, 2));
}

/// Returns what another process stores about a message.
fn update(state: MessageState, due_at: Timestamp) -> MessageUpdate {
    MessageUpdate {
        attempt: None,
        state,
        due_at,
        response: ResponseInfo::default(),
        retry_state: RetryState::default(),
        switch_to_fallback: None,
    }
}

/// Returns a run of a message that another process has claimed, with that process's lock and the
/// run's next step.
fn run_of_claimed_message() -> (TestRun, WorkerLock, NextStep) {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let worker = WorkerLock::acquire(outbox.store.path()).unwrap();
    outbox.transaction(worker.worker_id(), |tx| tx.claim(ClaimScope::Due, 1));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    let next = run.idle();
    (run, worker, next)
}

#[test]
fn a_run_does_not_wait_for_a_message_that_another_process_postpones() {
    let (mut run, worker, next) = run_of_claimed_message();
    let postponed = update(MessageState::Queued, START.plus(SECOND * 60));
    run.outbox.transaction(worker.worker_id(), |tx| tx.record_update(1, &postponed));
    assert!(is_finished(&run.resume(&next)));
    assert_eq!(run.log(), ["queued 1", "settled 1 queued"]);
}

/// The parts after a message that another process sends are that process's as well.
#[test]
fn a_run_waits_for_the_parts_that_another_process_sends() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&parts(2));
    let worker = WorkerLock::acquire(outbox.store.path()).unwrap();
    let worker = worker.worker_id();
    let send = |outbox: &mut Outbox, id| {
        outbox.transaction(worker, |tx| tx.record_update(id, &update(MessageState::Sent, START)));
    };
    outbox.transaction(worker, |tx| tx.claim(ClaimScope::Range(1, 1), 1));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    let next = run.idle();
    run.log();
    send(&mut run.outbox, 1);
    run.outbox.transaction(worker, |tx| tx.claim(ClaimScope::Range(2, 2), 1));
    let next = run.resume(&next);
    assert_eq!(run.log(), ["settled 1 sent"]);
    send(&mut run.outbox, 2);
    assert!(is_finished(&run.resume(&next)));
    assert_eq!(run.log(), ["settled 2 sent"]);
}

#[test]
fn a_run_waits_for_another_process_no_longer_than_for_a_retry() {
    let (mut run, _worker, next) = run_of_claimed_message();
    assert!(is_finished(&run.resume_until_end(next)));
    let waited = run.now.instant - run.start;
    assert!((SECOND * 30..SECOND * 31).contains(&waited), "{waited:?}");
    assert_eq!(run.log(), ["queued 1", "settled 1 queued"]);
}
