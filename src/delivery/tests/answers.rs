//! The effect of WeChat's answers on a message, on similar messages and on the run.

use super::*;
use crate::store::{MediaKey, TemplateKind, TemplateList};
use crate::wechat::media::EXPIRY_MARGIN;

#[test]
fn an_answer_decides_what_becomes_of_similar_messages() {
    // (errcode, what becomes of the first message, and without a request of the second)
    let cases = [
        (40037, "settled 1 failed (refused)", Some("settled 2 failed (refused)")),
        (45009, "settled 1 queued (refused)", Some("settled 2 queued (refused)")),
        (43101, "settled 1 failed (refused)", None),
        (40003, "settled 1 failed (refused)", None),
    ];
    for (errcode, first, second) in cases {
        let mut outbox = Outbox::new();
        let (nami, robin) = (outbox.user("nami"), outbox.user("robin"));
        let kinds = [TemplateKind::Template, TemplateKind::Subscription];
        for kind in kinds {
            let list = TemplateList { kind, templates: Vec::new(), fetched_at: START };
            outbox.store.save_templates(APP_ID, &list).unwrap();
        }
        let ids = outbox.queue(&template(&[&nami, &robin]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        run.log();
        let next = run.answer(1, refused(errcode));
        assert_eq!(is_finished(&next), second.is_some(), "{errcode}");
        match second {
            Some(second) => assert_eq!(run.log(), [first, second], "{errcode}"),
            None => assert_eq!(run.log(), ["send 2 template to o-robin", first], "{errcode}"),
        }
        let declined = run.outbox.store.users_declining_template(APP_ID, "T1").unwrap();
        assert_eq!(declined.contains(&nami.id), errcode == 43101, "{errcode}");
        let is_cached = kinds.map(|kind| run.outbox.store.templates(APP_ID, kind).unwrap().is_some());
        assert_eq!(is_cached, [errcode != 40037; 2], "{errcode}: the lists may contain a deleted template");
        if errcode == 45009 {
            let due: Vec<String> = [1, 2].map(|id| run.outbox.message(id).due_at.to_string()).into();
            assert_eq!(due, ["2026-11-23T16:10:00Z"; 2], "after midnight in Beijing");
        }
    }
}

#[test]
fn a_user_who_accepts_a_template_again_no_longer_declines_it() {
    let mut outbox = Outbox::new();
    let user = outbox.user("nami");
    outbox.transaction("", |tx| tx.set_template_declined(user.id, "T1", true));
    let ids = outbox.queue(&template(&[&user]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.answer(1, accepted());
    assert!(run.outbox.store.users_declining_template(APP_ID, "T1").unwrap().is_empty());
}

/// Neither a message without a user nor another user has to wait.
#[test]
fn only_the_recipient_who_gets_too_many_messages_waits() {
    let mut outbox = Outbox::new();
    let (nami, robin) = (outbox.user("nami"), outbox.user("robin"));
    outbox.queue(&template(&[&nami, &nami, &robin]));
    outbox.queue(&text(&["o1", "o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages((1..=6).collect()), options());
    run.idle();
    run.answer(1, refused(43117));
    run.answer(3, accepted());
    run.answer(4, refused(43117));
    run.log();
    assert!(is_finished(&run.answer(6, accepted())));
    let states = [1, 2, 3, 4, 5, 6].map(|id| run.outbox.message(id)).map(|message| (message.state, message.attempts));
    let (queued, sent) = (MessageState::Queued, MessageState::Sent);
    assert_eq!(states, [(queued, 1), (queued, 0), (sent, 1), (queued, 1), (queued, 0), (sent, 1)]);
}

#[test]
fn a_recipient_who_got_too_many_messages_gets_the_next_one_after_a_minute() {
    let mut run = Outbox::new().run(&submissions(), options());
    run.submit(vec![tagged(1, text(&["o1"]))]);
    run.answer(1, refused(43117));
    let millisecond = Duration::from_millis(1);
    for (passed, last) in
        [(SECOND * 60 - millisecond, "settled 2 queued (refused)"), (millisecond, "send 3 text to o1")]
    {
        run.pass(passed);
        run.submit(vec![tagged(1, text(&["o1"]))]);
        assert_eq!(run.log().last().map(String::as_str), Some(last));
    }
}

/// WeChat refuses a repeat because the first one arrived.
#[test]
fn a_refused_repeat_shows_that_the_message_arrived() {
    for (first, end, errcode) in
        [(no_response(), "settled 1 sent", None), (refused(-1), "settled 1 queued (refused)", Some(40241))]
    {
        let mut outbox = Outbox::new();
        let user = outbox.user("nami");
        let ids = outbox.queue(&template(&[&user]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        let next = run.answer(1, first);
        run.resume(&next);
        run.log();
        run.answer(1, refused(40241));
        assert_eq!(run.log(), [end]);
        let Message { errcode: stored, errmsg, rid, .. } = run.outbox.message(1);
        assert_eq!((stored, errmsg.is_some(), rid.is_some()), (errcode, errcode.is_some(), errcode.is_some()));
    }
}

/// A refusal does not show that an earlier attempt failed.
#[test]
fn a_message_that_may_have_arrived_is_neither_sent_nor_failed_by_a_refusal() {
    let mut outbox = Outbox::new();
    let user = outbox.user("nami");
    let ids = outbox.queue(&template(&[&user]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let next = run.answer(1, no_response());
    run.resume(&next);
    run.log();
    run.answer(1, refused(40003));
    assert_eq!(run.log(), ["settled 1 unknown (refused)"]);
}

#[test]
fn the_answer_of_wechat_is_on_record() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let mut result = run.result(1, accepted());
    result.response.server_at = Some(START.plus(SECOND));
    run.step(StepEvents { sent: vec![result], ..StepEvents::default() });
    assert_eq!(run.outbox.message(1).msgid.as_deref(), Some("100"));
    let attempt = run.outbox.store.attempts(1).unwrap().remove(0);
    assert_eq!((attempt.host.as_deref(), attempt.server_time), (Some("api"), Some(START.plus(SECOND))));
}

/// A user consents to each message of a subscription.
#[test]
fn a_refused_subscription_message_declines_no_template() {
    let mut outbox = Outbox::new();
    let user = outbox.user("nami");
    let json = r#"{"type":"subscribe","template_id":"T1","data":{}}"#.to_owned();
    let ids = outbox.queue(&Submission { payload: Payload { kind: "subscribe", json }, ..template(&[&user]) });
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.answer(1, refused(43101));
    assert!(run.outbox.store.users_declining_template(APP_ID, "T1").unwrap().is_empty());
}

#[test]
fn a_text_that_wechat_does_not_take_now_is_followed_by_its_template() {
    let template = || Some(template_payload());
    for (errcode, fallback, log) in [
        (45015, template(), vec!["send 1 template to o1"]),
        (45047, template(), vec!["send 1 template to o1"]),
        (40003, template(), vec!["settled 1 failed (refused)"]),
        (45015, None, vec!["settled 1 failed (refused)"]),
    ] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&Submission { fallback, ..text(&["o1"]) });
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        run.log();
        run.answer(1, refused(errcode));
        assert_eq!(run.log(), log, "{errcode}");
    }
}

#[test]
fn a_text_that_its_template_replaces_is_deleted_and_forgotten() {
    let mut outbox = Outbox::new();
    let users = [outbox.user("nami"), outbox.user("zoro")];
    let mut run = outbox.run(&submissions(), options());
    run.submit(vec![tagged(1, template(&[&users[0]]))]);
    run.answer(1, accepted());
    run.submit(vec![tagged(2, Submission { fallback: Some(template_payload()), ..text(&["o1"]) })]);
    run.answer(2, refused(45015));
    let kinds: String = run.reader.query_row("SELECT group_concat(type) FROM payloads", [], |row| row.get(0)).unwrap();
    assert_eq!(kinds, "template,template");
    // The next content gets the ID of the deleted one.
    run.submit(vec![tagged(3, template(&[&users[0], &users[1]]))]);
    run.log();
    run.answer(2, accepted());
    assert_eq!(run.log()[0], "send 3 template to o-nami");
}

#[test]
fn a_file_whose_media_id_is_refused_is_uploaded_once_more() {
    let mut outbox = Outbox::new();
    outbox.queue(&image("a.png"));
    outbox.queue(&image("a.png"));
    let mut run = outbox.run(&DeliverySource::Messages(vec![1, 2]), options());
    run.idle();
    run.end_upload(Ok("m1"));
    assert_eq!(run.log(), ["queued 2", "upload a.png", "send 1 image to o1"]);
    run.answer(1, accepted());
    assert_eq!(run.log(), ["send 2 image to o1", "settled 1 sent"], "the media ID is used again");
    run.answer(2, refused(40007));
    assert_eq!(run.log(), ["upload a.png"]);
    run.end_upload(Ok("m2"));
    assert!(is_finished(&run.answer(2, refused(40007))));
    assert_eq!(run.log(), ["send 2 image to o1", "settled 2 failed (refused)"]);
    // A media ID of the sender's own cannot be replaced.
    let json = r#"{"type":"custom","msgtype":"image","branch":{"media_id":"m3"}}"#.to_owned();
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&Submission { payload: Payload { kind: "image", json }, ..text(&["o1"]) });
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    assert!(is_finished(&run.answer(1, refused(40007))));
    assert_eq!(run.log(), ["queued 1", "send 1 image to o1", "settled 1 failed (refused)"]);
}

#[test]
fn the_next_upload_starts_when_the_pause_is_over() {
    let mut outbox = Outbox::new();
    for name in ["a.png", "b.png", "c.png"] {
        outbox.queue(&image(name));
    }
    let mut run = outbox.run(&DeliverySource::Messages(vec![1, 2, 3]), DeliveryOptions { concurrency: 3, ..options() });
    run.idle();
    assert_eq!(run.log(), ["queued 3", "upload a.png", "upload b.png"].map(String::from), "two at a time");
    // The message is retried after the pause of the run.
    let mut jitter = [1.0, 0.0].into_iter();
    run.scheduler.run_state.jitter = Box::new(move || jitter.next().unwrap_or_default());
    let next = run.end_upload(Err(unreachable()));
    assert_eq!(run.log(), ["retrying"]);
    let next = run.resume(&next);
    assert_eq!(run.log(), ["upload c.png"]);
    run.resume(&next);
    assert_eq!(run.log(), [""; 0], "two at a time");
    let generation = run.generation();
    run.idle();
    assert_eq!(run.generation(), generation, "it does not write while no upload can start");
    run.end_upload(Ok("m2"));
    assert_eq!(run.log(), ["send 2 image to o1", "upload a.png"]);
}

/// WeChat has to fail for `wait`; refusals of single messages do not count.
#[test]
fn a_run_stops_after_failures_of_wechat_alone() {
    let last_log = |answers: [fn() -> Answer; 4]| {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&text(&["o1", "o2", "o3", "o4"]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { max_attempts: 1, ..options() });
        run.idle();
        for (id, answer) in (1..).zip(answers) {
            run.log();
            run.answer(id, answer());
            run.pass(SECOND * 15);
        }
        run.log()
    };
    let (busy, invalid, lost) = (|| refused(-1), || refused(40003), no_response);
    assert_eq!(last_log([invalid; 4]), ["settled 4 failed (refused)"]);
    assert_eq!(last_log([busy; 4]), ["stopped", "settled 4 failed (max_attempts)"]);
    assert_eq!(last_log([lost; 4]), ["stopped", "settled 4 unknown (no_response)"]);
    assert_eq!(last_log([busy, busy, accepted, busy]), ["settled 4 failed (max_attempts)"]);
    assert_eq!(last_log([busy, busy, invalid, busy]), ["settled 4 failed (max_attempts)"]);
}

/// Nothing is sent with an upload, so that it can be repeated however it ended.
#[test]
fn a_message_is_retried_after_an_upload_without_response() {
    let mut outbox = Outbox::new();
    outbox.queue(&image("a.png"));
    let mut run = outbox.run(&DeliverySource::Messages(vec![1]), options());
    run.idle();
    run.log();
    let next = run.end_upload(no_response().map(|_| ""));
    assert_eq!(run.log(), ["retrying"]);
    run.resume(&next);
    assert_eq!(run.log(), ["upload a.png"]);
    assert!(is_finished(&run.end_upload(Err(api_error(40004)))));
    assert_eq!(run.log(), ["settled 1 failed (upload)"], "WeChat refuses the file");
}

#[test]
fn a_refused_token_is_replaced_for_all_messages() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.log();
    let sent = vec![run.result(1, refused(40001)), run.result(2, refused(40001))];
    run.step(StepEvents { sent, ..StepEvents::default() });
    assert_eq!(run.log(), ["fetch a token but T"]);
    assert!(run.outbox.store.token(APP_ID).unwrap().is_none(), "no other process uses it");
    run.end_fetch("U");
    assert_eq!(run.log(), ["send 1 text to o1", "send 2 text to o2"]);
    assert!(run.requests.iter().all(|job| job.token.expose_secret() == "U"));
    // If the second token of a message is refused too, the message is retried with backoff.
    run.answer(2, accepted());
    run.answer(1, refused(40001));
    run.log();
    let next = run.end_fetch("V");
    assert_eq!(run.log(), [""; 0]);
    run.resume(&next);
    assert_eq!(run.log(), ["send 1 text to o1"]);
}

#[test]
fn a_token_is_not_replaced_for_a_request_with_an_older_one() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.answer(1, refused(40001));
    run.end_fetch("U");
    run.log();
    run.answer(2, refused(40001));
    assert_eq!(run.log(), ["send 2 text to o2"]);
    assert!(run.requests.iter().all(|job| job.token.expose_secret() == "U"));
}

#[test]
fn a_message_is_repeated_immediately_with_a_new_token_after_any_failure() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    let next = run.answer(1, refused(-1));
    run.resume(&next);
    run.answer(1, refused(40001));
    run.log();
    run.end_fetch("U");
    assert_eq!(run.log(), ["send 1 text to o1"]);
}

/// If WeChat refuses each new token, the run ends as if it refused the account.
#[test]
fn a_run_whose_new_tokens_are_refused_stops() {
    let log_of = |accepted_after: Option<usize>| {
        let mut run = Outbox::new().run(&submissions(), options());
        for n in 0..4 {
            run.submit(vec![tagged(1, text(&["o1"]))]);
            if accepted_after == Some(n) {
                run.answer(run.requests[0].id, accepted());
                run.submit(vec![tagged(1, text(&["o1"]))]);
            }
            let id = run.requests[0].id;
            run.log();
            run.answer(id, refused(40001));
            if n < 3 {
                assert!(run.log()[0].starts_with("fetch a token but"), "{n}");
                run.end_fetch(&format!("T{n}"));
            }
        }
        run.log()
    };
    assert_eq!(log_of(None)[0], "stopped");
    assert_eq!(log_of(Some(1)), ["fetch a token but T2"]);
}

#[test]
fn a_message_whose_user_is_not_bound_as_before_says_so() {
    for (is_rebound, end) in [(true, "settled 1 unknown (rebound)"), (false, "settled 1 cancelled (unbound)")] {
        let mut outbox = Outbox::new();
        let user = outbox.user("nami");
        let ids = outbox.queue(&template(&[&user]));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        let next = run.answer(1, if is_rebound { no_response() } else { refused(-1) });
        if is_rebound {
            run.outbox.store.bind(&user, APP_ID, "o-new", None, true, START).unwrap();
        } else {
            // Unbinding with wxbox would cancel the message.
            run.outbox.connection().execute("DELETE FROM bindings", []).unwrap();
        }
        run.log();
        assert!(is_finished(&run.resume(&next)));
        assert_eq!(run.log(), [end]);
    }
}

#[test]
fn later_parts_follow_the_first() {
    let cancelled = |id| format!("settled {id} cancelled (previous_part_failed)");
    let waiting = |id| format!("settled {id} queued (waits_for_part)");
    for (answer, log) in [
        (refused(40003), ["settled 1 failed (refused)".to_owned(), cancelled(2), cancelled(3)]),
        // It may have arrived: a user has to decide.
        (no_response(), ["settled 1 unknown (no_response)".to_owned(), waiting(2), waiting(3)]),
    ] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&parts(3));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        run.log();
        assert!(is_finished(&run.answer(1, answer)));
        assert_eq!(run.log(), log);
    }
}

#[test]
fn a_refused_account_is_the_reason_why_messages_stay_queued() {
    let mut outbox = Outbox::new();
    let ids = outbox.queue(&text(&["o1", "o2", "o3"]));
    let mut run = outbox.run(&DeliverySource::Messages(ids), options());
    run.idle();
    run.log();
    assert!(is_finished(&run.answer(1, refused(40164))));
    let log = ["stopped", "settled 1 queued (refused)", "settled 2 queued (refused)", "settled 3 queued (refused)"];
    assert_eq!(run.log(), log);
}

#[test]
fn a_message_whose_file_cannot_be_uploaded_fails() {
    for (error, kind) in [(UploadError::FileMissing, "file_missing"), (UploadError::UnknownFormat, "unknown_format")] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&image("a.png"));
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        run.log();
        let (PendingUpload { key, file_name }, token) = run.uploads.remove(0);
        let uploaded = vec![UploadResult { key, file_name, token, result: Err(error) }];
        assert!(is_finished(&run.step(StepEvents { uploaded, ..StepEvents::default() })));
        assert_eq!(run.log(), [format!("settled 1 failed ({kind})")]);
    }
}

#[test]
fn no_upload_starts_once_the_run_stops_sending() {
    let mut run = Outbox::new().run(&submissions(), DeliveryOptions { concurrency: 3, max_attempts: 1, ..options() });
    let all = [text(&["o1"]), image("a.png"), image("b.png"), image("c.png")];
    run.submit(all.map(|submission| tagged(1, submission)).into());
    run.answer(1, refused(-1));
    run.pass(SECOND * 31);
    run.log();
    run.end_upload(Err(api_error(-1)));
    assert_eq!(run.log(), ["stopped"]);
}

#[test]
fn each_file_is_uploaded_once_for_all_messages() {
    for concurrency in [1, 6] {
        let mut outbox = Outbox::new();
        let names = ["a.png", "b.png", "c.png", "d.png", "d.png", "c.png"];
        let ids = names.iter().flat_map(|name| outbox.queue(&image(name))).collect();
        let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency, ..options() });
        run.idle();
        let mut uploaded = Vec::new();
        while let Some((upload, _)) = run.uploads.first() {
            uploaded.push(upload.file_name.clone());
            run.end_upload(Ok("m1"));
            run.accept_all();
        }
        uploaded.sort();
        assert_eq!(uploaded, ["a.png", "b.png", "c.png", "d.png"]);
        assert!((1..=6).all(|id| run.outbox.message(id).state == MessageState::Sent));
    }
}

#[test]
fn a_refused_media_id_does_not_affect_the_other_files() {
    let mut run = Outbox::new().run(&submissions(), options());
    for (id, name) in [(1, "a.png"), (2, "b.png")] {
        run.submit(vec![tagged(1, image(name))]);
        run.end_upload(Ok(name));
        run.answer(id, accepted());
    }
    run.submit(vec![tagged(1, image("a.png"))]);
    run.answer(3, refused(40007));
    run.end_upload(Ok("m3"));
    run.answer(3, accepted());
    run.log();
    run.submit(vec![tagged(1, image("b.png"))]);
    assert!(run.log().contains(&"send 4 image to o1".to_owned()), "no other upload is needed");
}

/// The media ID that is refused is the one of the request.
#[test]
fn a_refused_media_id_leaves_a_newer_one_of_its_file() {
    let mut outbox = Outbox::new();
    let ids = ["a.png", "a.png"].iter().flat_map(|name| outbox.queue(&image(name))).collect();
    let mut run = outbox.run(&DeliverySource::Messages(ids), DeliveryOptions { concurrency: 2, ..options() });
    run.idle();
    run.end_upload(Ok("m1"));
    run.answer(1, refused(40007));
    run.end_upload(Ok("m2"));
    run.log();
    run.answer(2, refused(40007));
    assert_eq!(run.log(), ["send 2 image to o1"]);
}

/// The thumbnail of a video may be the same file, which WeChat keeps once for each type.
#[test]
fn each_file_of_a_message_has_its_own_media_id() {
    for thumbnail in ["a", "b"] {
        let json = format!(
            r#"{{"type":"custom","msgtype":"video","branch":{{"media_id":{{"file":"video","sha256":"a"}},
            "thumb_media_id":{{"file":"thumbnail","sha256":"{thumbnail}"}}}}}}"#
        );
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&Submission { payload: Payload { kind: "video", json }, ..text(&["o1"]) });
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        for name in ["video", "thumbnail"] {
            assert_eq!(run.uploads[0].0.file_name, name);
            run.end_upload(Ok(name));
        }
        let content = serde_json::to_value(&*run.requests[0].content).unwrap();
        let expected = serde_json::json!({"media_id": "video", "thumb_media_id": "thumbnail"});
        assert_eq!(content["branch"], expected, "{thumbnail}");
    }
}

#[test]
fn a_media_id_is_not_used_if_it_may_expire_during_the_request() {
    for (lifetime, log) in [(EXPIRY_MARGIN, "upload a.png"), (EXPIRY_MARGIN + SECOND, "send 1 image to o1")] {
        let mut outbox = Outbox::new();
        let ids = outbox.queue(&image("a.png"));
        let media = CachedMedia { media_id: "m1".to_owned(), created_at: START, expires_at: START.plus(lifetime) };
        outbox.store.save_media(APP_ID, MediaKey { sha256: "a.png", kind: "image" }, &media, START).unwrap();
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        assert_eq!(run.log(), ["queued 1", log]);
    }
    // Nor if the run itself has uploaded the file.
    let mut run = Outbox::new().run(&submissions(), options());
    run.submit(vec![tagged(1, image("a.png"))]);
    run.end_upload(Ok("m1"));
    run.answer(1, accepted());
    run.pass(SECOND * 86_400 - EXPIRY_MARGIN);
    run.log();
    run.submit(vec![tagged(1, image("a.png"))]);
    assert_eq!(run.log(), ["queued 1", "committed #1", "upload a.png"]);
}

#[test]
fn the_last_error_stays_when_a_message_expires() {
    let expiry = Expiry { after: SECOND * 60, strict: true };
    let mut outbox = Outbox::new();
    outbox.queue(&Submission { expiry, ..text(&["o1"]) });
    outbox.queue(&Submission { expiry, ..parts(2) });
    let wait = DeliveryOptions { wait: Duration::ZERO, ..options() };
    let mut run = outbox.run(&DeliverySource::Messages(vec![1, 2, 3]), wait.clone());
    run.idle();
    run.answer(1, refused(-1));
    run.answer(2, no_response());
    run.pass(SECOND * 70);
    let now = run.now.clone();
    let mut run = run.outbox.run(&DeliverySource::Due, wait);
    run.now = now;
    run.idle();
    assert_eq!(run.log(), ["queued 2", "settled 3 expired (expired)", "settled 1 expired (expired)"]);
    let error = |id| run.outbox.message(id).error.unwrap();
    let Message { errcode, errmsg, rid, .. } = run.outbox.message(1);
    assert_eq!((errcode, errmsg.as_deref(), rid.as_deref()), (Some(-1), Some("no"), Some("r1")));
    assert!(error(1).detail.is_some_and(|detail| detail.contains("refused")));
    assert_eq!(error(3).detail.as_deref(), Some(r#"{"last_error":null}"#), "it only waited for the previous part");
}

#[test]
fn a_refused_template_says_nothing_of_other_messages() {
    let mut outbox = Outbox::new();
    let user = outbox.user("nami");
    outbox.queue(&template(&[&user]));
    let json = template_payload().json.replace("T1", "T2");
    outbox.queue(&Submission { payload: Payload { json, ..template_payload() }, ..template(&[&user]) });
    outbox.queue(&text(&["o1"]));
    let mut run = outbox.run(&DeliverySource::Messages(vec![1, 2, 3]), options());
    run.idle();
    run.answer(1, refused(40037));
    run.answer(2, accepted());
    assert!(is_finished(&run.answer(3, accepted())));
}

#[test]
fn a_recipient_is_reachable_again_once_a_message_is_sent() {
    let subscribe = r#"{"type":"subscribe","template_id":"T1","data":{}}"#.to_owned();
    let subscribe = Payload { kind: "subscribe", json: subscribe };
    // (content, answer, the mark of the binding, whether the user follows the account)
    for (payload, answer, mark, follows) in [
        (template_payload(), accepted(), None, Some(true)),
        // WeChat sends these to others as well.
        (subscribe, accepted(), None, None),
        (template_payload(), refused(40003), Some(48002), None),
        (template_payload(), refused(43004), Some(43004), Some(false)),
    ] {
        let mut outbox = Outbox::new();
        let user = outbox.user("nami");
        outbox.transaction("", |tx| tx.mark_unreachable("o-nami", 48002));
        let ids = outbox.queue(&Submission { payload, ..template(&[&user]) });
        let mut run = outbox.run(&DeliverySource::Messages(ids), options());
        run.idle();
        run.answer(1, answer);
        let binding = run.outbox.store.user("nami", APP_ID).unwrap().unwrap().binding.unwrap();
        assert_eq!(binding.unreachable_errcode, mark);
        assert_eq!(run.outbox.message(1).follows, follows);
    }
}
