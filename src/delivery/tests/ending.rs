//! When a run waits and when it ends, and what it reports of the messages that it leaves.

use super::*;
use crate::store::AttemptOutcome;

/// The run has work as long as a message is anywhere in it.
#[test]
fn a_run_does_not_end_while_a_message_waits() {
    // For the rate limit, with a message that was sent before.
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { rate: 1, ..options() });
    run.idle();
    let next = run.answer(1, accepted());
    run.resume(&next);
    assert_eq!(run.log(), ["queued 2", "send 1 text to o1", "settled 1 sent", "send 2 text to o2"]);
    // For its retry, after WeChat could not answer; and for the end of a pause, after it could not
    // be reached.
    for error in [api_error(-1), unreachable()] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&text(&["o1"]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        let next = run.answer(1, Err(error));
        assert_eq!(run.log(), ["queued 1", "send 1 text to o1", "retrying"]);
        run.resume(&next);
        assert_eq!(run.log(), ["send 1 text to o1"]);
    }
    // For its upload.
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&image("a.png"));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    assert!(!is_finished(&run.idle()));
    assert_eq!(run.log(), ["queued 1", "upload a.png"]);
    // For a token.
    let mut outbox = Outbox::new();
    outbox.store.delete_token(APP_ID, &token("T").token).unwrap();
    outbox.queue(&text(&["o1"]));
    for source in [DeliverySource::Due, DeliverySource::Messages(vec![1])] {
        let mut run = outbox.run(&source, options());
        assert!(!is_finished(&run.idle()));
        assert_eq!(run.log(), ["queued 1", "fetch a token"]);
        outbox = run.outbox;
    }
}

#[test]
fn a_failed_fetch_of_a_token_is_why_messages_stay_queued() {
    // (error, whether the fetch is repeated)
    let cases: [(fn() -> wechat::Error, _); 3] =
        [(|| api_error(40164), false), (|| api_error(-1), true), (unreachable, true)];
    for (error, is_repeated) in cases {
        let mut outbox = Outbox::new();
        outbox.store.delete_token(APP_ID, &token("T").token).unwrap();
        let ids = outbox.queue(&text(&["o1"]));
        let options = DeliveryOptions { wait: SECOND * 2, ..options() };
        let mut run = outbox.run(&DeliverySource::Messages(ids), options);
        run.idle();
        run.log();
        let errcode = error().api_error().map(|refusal| refusal.errcode);
        if is_repeated {
            let next = run.end_fetch_with(Err(access_token::Error::WeChat(error())));
            run.resume(&next);
            assert_eq!(run.log(), ["retrying", "fetch a token"], "{errcode:?}");
        }
        assert!(is_finished(&run.end_fetch_with(Err(access_token::Error::WeChat(error())))));
        assert_eq!(run.log(), ["stopped", "settled 1 queued (token)"], "{errcode:?}");
        assert_eq!(run.outbox.message(1).errcode, errcode);
    }
}

/// The results of its requests must be stored first.
#[test]
fn a_run_whose_token_cannot_be_stored_ends_after_its_requests() {
    let busy = || Err(store::Error::Busy { path: "wxbox.db".into() }.into());
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.answer(2, refused(40001));
    run.log();
    run.end_fetch_with(busy());
    assert_eq!(run.log(), ["stopped"]);
    assert!(is_finished(&run.answer(1, accepted())));
    assert_eq!(run.log(), ["settled 1 sent", "settled 2 queued (database_busy)"]);
    // With nothing in flight.
    let mut run = run.outbox.run(&DeliverySource::Messages(vec![2]), options());
    run.idle();
    assert!(matches!(run.end_fetch_with(busy()), NextStep::Finish(Err(_))));
    assert_eq!(run.log(), ["queued 1", "fetch a token", "stopped", "settled 2 queued (database_busy)"]);
}

/// The run waits for the database for as long as it takes while a request is in flight, and only
/// then.
#[test]
fn a_locked_database_is_waited_for() {
    let outbox = Outbox::new();
    let lock = outbox.connection();
    let mut run = outbox.run(&submissions(), options());
    run.submit(vec![tagged(1, text(&["o1"]))]);
    run.log();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut next = run.answer(1, accepted());
    for _ in 0..100 {
        next = run.resume(&next);
    }
    assert!(run.now.instant - run.start > LOCK_TIMEOUT);
    assert_eq!(run.log(), ["locked with 1 in flight"]);
    lock.execute_batch("COMMIT").unwrap();
    run.resume(&next);
    assert_eq!(run.log(), ["settled 1 sent"]);
    // With nothing in flight.
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let next = run.submit(vec![tagged(2, text(&["o2"]))]);
    assert_eq!(run.scheduler.submission_capacity(), 0, "one is waiting to be queued");
    let since = run.now.instant;
    let next = run.resume_until_end(next);
    let waited = run.now.instant - since;
    assert!((LOCK_TIMEOUT - SECOND..LOCK_TIMEOUT + SECOND).contains(&waited), "{waited:?}");
    assert!(matches!(next, NextStep::Finish(Err(_))), "{next:?}");
}

/// The reason is reported before them by a command; a service gets it with the end of the run.
#[test]
fn results_that_cannot_be_stored_are_reported() {
    let sources = [DeliverySource::Messages(vec![1, 2, 3]), DeliverySource::Continuous(crossbeam_channel::never())];
    for (source, first) in sources.into_iter().zip([Some("stopped"), None]) {
        let mut outbox = Outbox::new();
        outbox.queue(&text(&["o1", "o2", "o3"]));
        let mut run = outbox.run(&source, DeliveryOptions { concurrency: 3, ..options() });
        run.idle();
        run.outbox.connection().execute_batch(DISK_FULL_SQL).unwrap();
        run.log();
        run.answer(1, accepted());
        run.pass(SECOND * 9);
        let next = run.answer(2, refused(-1));
        assert_eq!(run.log(), [""; 0], "the third answer is waited for");
        assert!(matches!(run.resume(&next), NextStep::Finish(Err(_))));
        let results = ["not saved: 1 sent", "not saved: 2 queued", "not saved: 3 unknown"];
        assert_eq!(run.log(), first.into_iter().chain(results).collect::<Vec<_>>());
    }
}

#[test]
fn a_message_whose_result_is_not_stored_is_reported_once() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    let only_second = DISK_FULL_SQL.replace("BEGIN", "WHEN NEW.message_id = 2 BEGIN");
    run.outbox.connection().execute_batch(&only_second).unwrap();
    run.log();
    let sent = vec![run.result(1, refused(-1)), run.result(2, accepted())];
    assert!(matches!(run.step(StepEvents { sent, ..StepEvents::default() }), NextStep::Finish(Err(_))));
    assert_eq!(run.log(), ["stopped", "not saved: 1 queued", "not saved: 2 sent"]);
}

#[test]
fn a_run_that_cannot_store_results_waits_no_longer_than_a_stop_allows() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.outbox.connection().execute_batch(DISK_FULL_SQL).unwrap();
    run.answer(1, accepted());
    let stop_at = Some(run.now.instant + SECOND);
    let next = run.step(StepEvents { stop_at, ..StepEvents::default() });
    assert!(matches!(next, NextStep::Wait(until) if until == stop_at), "{next:?}");
}

#[test]
fn the_end_and_the_pauses_of_a_run_are_reported_once() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.log();
    let next = run.answer(1, Err(unreachable()));
    run.resume(&next);
    run.answer(1, Err(unreachable()));
    assert_eq!(run.log(), ["retrying", "send 1 text to o1"]);
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.log();
    let sent = vec![run.result(1, refused(40164)), run.result(2, refused(40164))];
    run.step(StepEvents { sent, ..StepEvents::default() });
    assert_eq!(run.log(), ["stopped", "settled 1 queued (refused)", "settled 2 queued (refused)"]);
}

#[test]
fn a_stopped_run_waits_for_its_requests_until_the_deadline() {
    let stop = |run: &mut TestRun, after: Duration| {
        let stop_at = Some(run.now.instant + after);
        run.step(StepEvents { stop_at, ..StepEvents::default() })
    };
    for unstarted in [vec![], vec![2]] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&text(&["o1", "o2", "o3", "o4"]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
        run.idle();
        run.log();
        stop(&mut run, SECOND * 2);
        run.pass(SECOND);
        let next = run.answer(1, accepted());
        assert_eq!(run.log(), ["settled 1 sent"], "nothing more is started");
        assert!(matches!(run.resume(&next), NextStep::Abandon));
        run.scheduler.abandon(&unstarted.iter().copied().collect());
        let actions = run.scheduler.take_actions();
        run.perform(actions);
        assert!(is_finished(&run.idle()));
        let (second, outcome) = match unstarted[..] {
            [] => ("settled 2 unknown (interrupted)", AttemptOutcome::Ambiguous),
            _ => ("settled 2 queued", AttemptOutcome::NotSent),
        };
        assert_eq!(run.log(), [second, "settled 3 queued", "settled 4 queued"]);
        assert_eq!(run.outbox.store.attempts(2).unwrap()[0].outcome, Some(outcome));
        assert_eq!(run.outbox.message(2).due_at, run.now.clock.wall, "the next run need not wait");
    }
    // Without requests in flight the run ends in the same step.
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.answer(1, refused(-1));
    run.log();
    assert!(is_finished(&stop(&mut run, SECOND)));
    assert_eq!(run.log(), ["settled 1 queued (refused)"]);
}

#[test]
fn messages_that_a_stopped_run_has_no_time_to_report_are_counted() {
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { deliver: false, ..options() });
    run.submit(vec![tagged(1, text(&["o1"; 300]))]);
    run.log();
    run.step(StepEvents { stop_at: Some(run.now.instant), ..StepEvents::default() });
    run.scheduler.abandon(&HashSet::new());
    let actions = run.scheduler.take_actions();
    run.perform(actions);
    run.scheduler.step(StepEvents::default(), run.now.clone());
    let actions = run.scheduler.take_actions();
    run.perform(actions);
    let reported = run.log().len();
    run.pass(SECOND);
    assert!(is_finished(&run.idle()));
    assert_eq!(run.log(), [format!("left {}", 300 - reported)]);
    assert!((100..300).contains(&reported), "{reported}");
}

/// The next run of a service may start before this one has ended.
#[test]
fn a_run_that_is_told_to_end_releases_what_it_has_not_started() {
    let mut outbox = Outbox::new();
    outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Continuous(crossbeam_channel::never()), options());
    run.idle();
    let is_claimed = |run: &TestRun, id| run.outbox.store.message_with_claim(APP_ID, id).unwrap().unwrap().1;
    assert_eq!((is_claimed(&run, 1), is_claimed(&run, 2)), (true, true));
    run.step(StepEvents { due_closed: true, ..StepEvents::default() });
    assert_eq!((is_claimed(&run, 1), is_claimed(&run, 2)), (true, false));
    assert!(is_finished(&run.answer(1, accepted())));
    assert_eq!(run.log(), ["queued 2", "send 1 text to o1", "settled 1 sent"]);
    // Nor does it report what the next run retries.
    let mut run = run.outbox.run(&DeliverySource::Continuous(crossbeam_channel::never()), options());
    run.idle();
    run.answer(2, refused(-1));
    run.log();
    assert!(is_finished(&run.step(StepEvents { due_closed: true, ..StepEvents::default() })));
    assert_eq!(run.log(), [""; 0]);
}

/// The upload need not be repeated by the next run.
#[test]
fn a_run_that_is_told_to_end_saves_the_media_id_of_its_upload() {
    let mut outbox = Outbox::new();
    outbox.queue(&image("a.png"));
    let mut run = outbox.run(&DeliverySource::Continuous(crossbeam_channel::never()), options());
    run.idle();
    assert!(!is_finished(&run.step(StepEvents { due_closed: true, ..StepEvents::default() })));
    assert!(is_finished(&run.end_upload(Ok("m1"))));
    let media: i64 = run.reader.query_row("SELECT count(*) FROM media", [], |row| row.get(0)).unwrap();
    assert_eq!((media, run.log()), (1, vec!["queued 1".to_owned(), "upload a.png".to_owned()]));
}

#[test]
fn a_retry_is_in_time_while_the_run_waits_for_submissions() {
    let mut run = Outbox::new().run(&submissions(), options());
    run.submit(vec![tagged(1, text(&["o1"]))]);
    run.answer(1, refused(-1));
    run.log();
    let generation = run.generation();
    run.pass(SECOND / 2);
    let next = run.idle();
    assert_eq!(run.generation(), generation, "it does not write");
    run.resume(&next);
    assert_eq!(run.log(), ["send 1 text to o1"]);
    // The next one waits for a token as well.
    let next = run.answer(1, refused(-1));
    run.submit(vec![tagged(2, text(&["o2"]))]);
    run.answer(2, refused(40001));
    run.resume(&next);
    run.log();
    run.end_fetch("U");
    assert_eq!(run.log(), ["send 2 text to o2"]);
    run.answer(2, accepted());
    assert_eq!(run.log(), ["send 1 text to o1", "settled 2 sent"]);
}

#[test]
fn a_run_is_not_woken_for_a_retry_within_a_pause() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let mut jitter = [0.0, 1.0].into_iter();
    run.scheduler.run_state.jitter = Box::new(move || jitter.next().unwrap_or_default());
    run.answer(1, Err(unreachable()));
    run.log();
    run.pass(Duration::from_millis(900));
    let next = run.idle();
    assert_eq!(run.log(), [""; 0]);
    run.resume(&next);
    assert_eq!(run.log(), ["send 1 text to o1"]);
}

/// In case it missed an event.
#[test]
fn a_run_without_requests_looks_each_second() {
    let mut outbox = Outbox::new();
    outbox.queue(&text(&["o1"]));
    for source in [DeliverySource::Due, DeliverySource::Continuous(crossbeam_channel::never())] {
        let mut run = outbox.run(&source, options());
        run.idle();
        run.answer(1, refused(-1));
        let generation = run.generation();
        run.pass(SECOND / 2);
        run.idle();
        assert_eq!(run.generation(), generation, "it does not write");
        run.pass(SECOND * 6);
        run.idle();
        let NextStep::Wait(Some(until)) = run.answer(1, refused(-1)) else { panic!() };
        assert_eq!(until - run.now.instant, SECOND);
        outbox = Outbox::new();
        outbox.queue(&text(&["o1"]));
    }
}

#[test]
fn a_process_that_gives_up_records_what_it_has_claimed() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2", "o3"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let path = run.outbox.store.path().to_owned();
    let generation = run.generation();
    let messages = recovery::abandon_own_claims(&path, run.scheduler.worker_lock.worker_id()).unwrap();
    let states: Vec<_> = messages.iter().map(|message| (message.id, message.state)).collect();
    assert_eq!(states, [(1, MessageState::Unknown), (2, MessageState::Queued)], "the third one was not claimed");
    assert_eq!((run.generation() - generation).rem_euclid(1 << 24), 1, "one commit, because the process has to exit");
}

#[test]
fn a_run_is_not_woken_for_a_retry_while_it_can_send_no_more() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.answer(1, refused(-1));
    run.pass(SECOND * 2);
    let next = run.idle();
    assert!(matches!(next, NextStep::Wait(None)), "{next:?}");
    run.log();
    run.answer(2, accepted());
    assert_eq!(run.log(), ["send 1 text to o1", "settled 2 sent"]);
}

/// By WeChat's clock, once a response gave it.
#[test]
fn a_run_deletes_at_its_end_what_is_old() {
    let mut outbox = Outbox::new();
    outbox.queue(&text(&["o1"]));
    let ids = outbox.queue(&image("a.png"));
    outbox.store.cancel(APP_ID, 1, START).unwrap();
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.now.server = Some(START);
    run.idle();
    run.end_upload(Ok("m1"));
    assert!(run.outbox.store.read_file("a.png").unwrap().is_some());
    assert!(is_finished(&run.answer(2, accepted())));
    assert!(run.outbox.store.read_file("a.png").unwrap().is_none(), "it is sent");
    assert_eq!(run.outbox.message(1).state, MessageState::Cancelled);
    let mut run = run.outbox.run(&DeliverySource::Due, options());
    run.now.server = Some(START.plus(SECOND * 100_000));
    assert!(is_finished(&run.idle()));
    assert!([1, 2].iter().all(|id| run.outbox.store.message(APP_ID, *id).unwrap().is_none()));
}
