//! Runs with their threads: the driver, the senders and the fetch of the token.

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::platform::{ACCEPTED, Platform, TEST_TIMEOUT, answer};
use super::*;

/// Starts a run of the submissions that the test sends through the returned channel.
fn start(outbox: &Outbox, platform: &Platform, options: DeliveryOptions) -> (DeliveryRun, Sender<TaggedSubmission>) {
    let (submissions, receiver) = unbounded();
    let source = DeliverySource::Submissions(receiver);
    (DeliveryRun::start(outbox.open_for_threads(), platform.client(), options, source, || {}).unwrap(), submissions)
}

/// Returns descriptions of the events until the run ends.
fn events_until_end(events: &Receiver<DeliveryEvent>) -> Vec<String> {
    let mut reports = Vec::new();
    loop {
        match events.recv_timeout(TEST_TIMEOUT).expect("an event") {
            DeliveryEvent::Finished => return reports,
            DeliveryEvent::Aborted(error) => panic!("{error}"),
            event => reports.extend(describe(&event)),
        }
    }
}

#[test]
fn a_run_fetches_a_token_and_sends_each_submission() {
    let (outbox, platform) = (Outbox::without_token(), Platform::start());
    let (run, submissions) = start(&outbox, &platform, options());
    submissions.send(tagged(1, text(&["o1", "o2"]))).unwrap();
    platform.answer_token_fetch();
    answer(platform.expect_message(), ACCEPTED);
    // The next submission comes while a request is in flight.
    let second = platform.expect_message();
    submissions.send(tagged(3, text(&["o3"]))).unwrap();
    answer(second, ACCEPTED);
    answer(platform.expect_message(), ACCEPTED);
    let is_third = |event: DeliveryEvent| describe(&event).is_some_and(|line| line == "settled 3 sent");
    while !is_third(run.events.recv_timeout(TEST_TIMEOUT).expect("an event")) {}
    // Nothing is in flight, so the submission is all that the run waits for.
    submissions.send(tagged(4, text(&["o4"]))).unwrap();
    drop(submissions);
    answer(platform.expect_message(), ACCEPTED);
    assert_eq!(events_until_end(&run.events).last().unwrap(), "settled 4 sent");
}

#[test]
fn several_requests_are_in_flight_if_the_options_allow_it() {
    let (outbox, platform) = (Outbox::without_token(), Platform::start());
    let (run, submissions) = start(&outbox, &platform, DeliveryOptions { concurrency: 2, ..options() });
    submissions.send(tagged(1, text(&["o1", "o2", "o3"]))).unwrap();
    drop(submissions);
    platform.answer_token_fetch();
    let in_flight = [platform.expect_message(), platform.expect_message()];
    in_flight.into_iter().for_each(|request| answer(request, ACCEPTED));
    answer(platform.expect_message(), ACCEPTED);
    assert_eq!(events_until_end(&run.events).iter().filter(|line| line.ends_with("sent")).count(), 3);
}

#[test]
fn a_stop_waits_for_the_response_in_flight_and_leaves_the_rest() {
    let (outbox, platform) = (Outbox::without_token(), Platform::start());
    let (run, submissions) = start(&outbox, &platform, options());
    submissions.send(tagged(1, text(&["o1", "o2"]))).unwrap();
    platform.answer_token_fetch();
    let in_flight = platform.expect_message();
    run.stop(Instant::now() + TEST_TIMEOUT);
    answer(in_flight, ACCEPTED);
    let reports = events_until_end(&run.events);
    assert!(reports.contains(&"settled 1 sent".to_owned()), "{reports:?}");
    assert!(reports.contains(&"settled 2 queued".to_owned()), "{reports:?}");
}

#[test]
fn requests_in_flight_are_unknown_after_the_deadline_of_a_stop() {
    let (outbox, platform) = (Outbox::without_token(), Platform::start());
    let (run, submissions) = start(&outbox, &platform, options());
    submissions.send(tagged(1, text(&["o1"]))).unwrap();
    platform.answer_token_fetch();
    let _in_flight = platform.expect_message();
    run.stop(Instant::now());
    let reports = events_until_end(&run.events);
    assert!(reports.iter().any(|line| line.starts_with("settled 1 unknown")), "{reports:?}");
}

#[test]
fn requests_in_flight_of_an_abandoned_run_are_unknown() {
    let (outbox, platform) = (Outbox::without_token(), Platform::start());
    let (run, submissions) = start(&outbox, &platform, options());
    submissions.send(tagged(1, text(&["o1"]))).unwrap();
    platform.answer_token_fetch();
    let _in_flight = platform.expect_message();
    let abandoned = run.abandon().unwrap();
    assert_eq!(abandoned.iter().map(|message| message.state).collect::<Vec<_>>(), [MessageState::Unknown]);
}
