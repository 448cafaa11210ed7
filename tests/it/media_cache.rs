//! Files given to `send`: uploaded once, kept as long as a message needs them, and uploaded again
//! when WeChat has deleted them.

use rustix::process::Signal;
use snapbox::str;

use crate::media::{JPEG, MP4, PNG};
use crate::support::env::{NAMI, TestEnv};

fn env_with_luffy() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.write_file("chart.png", PNG);
    env.run("token").assert_success();
    env
}

/// Returns the calls since the last check, each as the end of its path with its errcode.
fn request_names(env: &mut TestEnv) -> Vec<String> {
    let short = |request: String| request.replace("POST /cgi-bin/message/", "").replace("POST /cgi-bin/", "");
    let own = |request: &String| request.contains("/media/") || request.contains("/message/");
    env.sandbox().requests().into_iter().filter(own).map(short).collect()
}

fn file_count(env: &TestEnv) -> i64 {
    env.query("SELECT count(*) FROM files")
}

#[test]
fn image_is_uploaded_once_for_all_recipients() {
    let mut env = TestEnv::with_scenario("crowd = 20");
    env.add_generated_users(20);
    env.replace_in_config(&[("concurrency = 1", "concurrency = 8")]);
    env.write_file("chart.png", PNG);
    env.run("-q send --all --image chart.png").assert_success();
    let mut requests = request_names(&mut env);
    assert_eq!((requests.len(), requests.remove(0)), (21, "media/upload 0".to_owned()));
    env.assert_session(str![[r#"
$ wxbox send -u crowd000001 --image ./chart.png
sent message 21 (image) to crowd000001

"#]]);
    assert_eq!(request_names(&mut env), ["custom/send 0"]);
    env.run_with_stdin("send -u crowd000002 --image -", PNG).assert_success();
    assert_eq!(request_names(&mut env), ["custom/send 0"]);
    assert_eq!(file_count(&env), 0, "nothing needs them any more");
    let id = env.run("-q media upload chart.png").assert_success().stdout().trim().to_owned();
    env.run(&format!("send -u crowd000003 --image {id}")).assert_success();
    assert_eq!(request_names(&mut env), ["custom/send 0"]);
    let inbox = env.sandbox().inbox();
    assert!(inbox.len() == 23 && inbox.iter().all(|message| message["type"] == "image"), "{inbox:?}");
    env.assert_session(str![[r#"
$ wxbox outbox show 1
ID        1
State     sent
To        crowd000001
Openid    oCrowd0000000000000000000001
Type      image
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
Content   media_id: chart.png

"#]]);
}

#[test]
fn two_processes_upload_file_at_most_twice() {
    let mut env = env_with_luffy();
    let runs = [env.spawn("send -u luffy --image chart.png"), env.spawn("send -u luffy --image chart.png")];
    runs.into_iter().for_each(|run| drop(run.wait().assert_success()));
    let requests = request_names(&mut env);
    let count = |call: &str| requests.iter().filter(|request| *request == call).count();
    assert!(count("custom/send 0") == 2 && (1..=2).contains(&count("media/upload 0")), "{requests:?}");
    assert_eq!(env.count("media"), 1);
    assert_eq!(file_count(&env), 0);
}

#[test]
fn a_dry_run_uploads_nothing() {
    let mut env = env_with_luffy();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --dry-run --image chart.png
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"image","image":{"media_id":"@chart.png"}}

"#]]);
    let id = env.run("media upload chart.png").assert_success().stdout().trim().to_owned();
    request_names(&mut env);
    let ran = env.run("send -u luffy --dry-run --image chart.png").assert_success();
    assert!(ran.stdout().contains(&format!("\"media_id\":\"{id}\"")), "{}", ran.stdout());
    assert_eq!(request_names(&mut env), Vec::<String>::new());
}

#[test]
fn message_survives_deleted_file() {
    let mut env = env_with_luffy();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --no-wait --image chart.png
queued message 1 (image) to luffy

"#]]);
    std::fs::remove_file(env.path("chart.png")).unwrap();
    assert_eq!((request_names(&mut env), file_count(&env)), (vec![], 1));
    env.assert_session(str![[r#"
$ wxbox outbox flush
sent message 1 (image) to luffy

"#]]);
    assert_eq!((request_names(&mut env), file_count(&env)), (vec!["media/upload 0".into(), "custom/send 0".into()], 0));
}

/// The sandbox's clock advances and the local one does not: the media_id looks valid, and is
/// rejected.
#[test]
fn rejected_media_id_is_uploaded_again_once() {
    let mut env = env_with_luffy();
    env.run("send -u luffy --image chart.png").assert_success();
    request_names(&mut env);
    env.sandbox().post_form("clock", "forward=73h");
    env.sandbox().post_form("write", "person=luffy&text=hello");
    env.run("token --refresh").assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
sent message 2 (image) to luffy

"#]]);
    assert_eq!(request_names(&mut env), ["custom/send 40007", "media/upload 0", "custom/send 0"]);

    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/message/custom/send\"\nerrcode = 40007\n");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
2> error: message 3 to luffy was rejected: WeChat returned 40007 (invalid media_id): media_id unknown or expired
2> hint: upload again (temporary media live 3 days)
exit 5

"#]]);
    assert_eq!(request_names(&mut env), ["custom/send 40007", "media/upload 0", "custom/send 40007"]);
    assert_eq!(file_count(&env), 1, "somebody may want it once more");
    env.sandbox().post_form("faults", "");
    env.run("outbox retry --failed").assert_success();
    assert_eq!((request_names(&mut env), file_count(&env)), (vec!["media/upload 0".into(), "custom/send 0".into()], 0));
    // A media_id that the caller named is not uploaded again.
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image a_media_id_that_nobody_has_ever_seen
2> error: message 4 to luffy was rejected: WeChat returned 40007 (invalid media_id): media_id unknown or expired
2> hint: upload again (temporary media live 3 days)
exit 5

"#]]);
    assert_eq!(request_names(&mut env), ["custom/send 40007"]);
}

#[test]
fn expired_media_id_is_not_sent() {
    let mut env = env_with_luffy();
    env.run("send -u luffy --image chart.png").assert_success();
    env.query::<i64>("UPDATE media SET expires_at = 1 RETURNING 1");
    request_names(&mut env);
    env.run("send -u luffy --image chart.png").assert_success();
    assert_eq!(request_names(&mut env), ["media/upload 0", "custom/send 0"]);
}

#[test]
fn failed_upload_is_retried_or_fails_like_message() {
    let mut env = env_with_luffy();
    let fault = |env: &mut TestEnv, what: &str| {
        env.sandbox().post_form("faults", format!("[[faults]]\napi = \"/cgi-bin/media/upload\"\n{what}\n"));
    };
    fault(&mut env, "errcode = 40005");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
2> error: message 1 to luffy was rejected: cannot upload chart.png: WeChat returned 40005 (invalid file type): file format not accepted
2> hint: convert the file to an accepted format
exit 5

"#]]);
    fault(&mut env, "errcode = 45009");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
2> error: message 2 to luffy is not delivered yet; it remains queued and is retried after [LOCAL_TIME]: cannot upload chart.png: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, sends it; to send it now, run `wxbox quota clear` (allowed ten times a month), then `wxbox outbox flush`
exit 6

"#]]);
    fault(&mut env, "truncated = true");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
2> error: message 3 to luffy is not delivered yet and remains queued: cannot upload chart.png: no response from 127.0.0.1:[PORT]: end of file before message length reached
2> hint: do not send it again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, retries it; run `wxbox outbox retry 3` to retry it now
exit 6

"#]]);
    fault(&mut env, "nth = 1\nerrcode = 40001");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --image chart.png
sent message 4 (image) to luffy

"#]]);
    assert_eq!(env.count("attempts"), 1, "an upload is no attempt");
    env.assert_session(str![[r#"
$ wxbox outbox list
4	sent	luffy	image	[TIME]		media_id: chart.png
3	queued	luffy	image	[TIME]	cannot upload chart.png: no response from 127.0.0.1:[PORT]: end of file before message length reached	media_id: chart.png
2	queued	luffy	image	[TIME]	cannot upload chart.png: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up	media_id: chart.png
1	failed	luffy	image	[TIME]	cannot upload chart.png: WeChat returned 40005 (invalid file type): file format not accepted	media_id: chart.png

"#]]);
}

#[test]
fn unauthorized_upload_stops_only_its_type() {
    let mut env = env_with_luffy();
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nerrcode = 48001\n");
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.sandbox().post_form("write", "person=nami&text=hi");
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami --image chart.png
2> error: 2 messages were rejected (recipients: luffy, nami): cannot upload chart.png: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
2> 0 of 2 messages sent; 2 not sent (`wxbox outbox list --state failed`)
exit 5

"#]]);
    assert_eq!(request_names(&mut env), ["media/upload 48001"]);
    env.run("send -u luffy hello").assert_success();
}

/// Neither a kill nor Ctrl-C during an upload marks the message as possibly delivered.
#[test]
fn interrupted_upload_leaves_message_queued() {
    let mut env = env_with_luffy();
    for (signal, calls) in [(Signal::KILL, 1), (Signal::INT, 3)] {
        env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nhang = \"before\"\n");
        let run = env.spawn("send -u luffy --image chart.png");
        while env.sandbox().stats()["calls"]["/cgi-bin/media/upload"] != calls {}
        run.signal(signal);
        run.wait();
        let state = "SELECT state || attempts FROM messages ORDER BY id DESC LIMIT 1";
        assert_eq!(env.query::<String>(state), "queued0");
        env.sandbox().post_form("faults", "");
        env.run("outbox flush").assert_success();
        assert_eq!(env.query::<String>(state), "sent1");
        env.query::<i64>("DELETE FROM media RETURNING 1");
    }
}

#[test]
fn a_video_has_two_files_of_its_own() {
    let mut env = env_with_luffy();
    env.write_file("clip.mp4", MP4);
    env.write_file("clip.jpg", JPEG);
    env.write_file(
        "video.json",
        r#"{"msgtype": "video", "video": {"media_id": "@clip.mp4", "thumb_media_id": "@clip.jpg", "title": "Door 3"}}"#,
    );
    env.assert_session(str![[r#"
$ wxbox send -u luffy --message video.json
sent message 1 (video) to luffy

"#]]);
    let mut requests = request_names(&mut env);
    requests.sort();
    assert_eq!(requests, ["custom/send 0", "media/upload 0", "media/upload 0"]);
    env.run("send -u luffy --message video.json").assert_success();
    assert_eq!(request_names(&mut env), ["custom/send 0"]);
    env.assert_session(str![[r#"
$ wxbox outbox show 1
ID        1
State     sent
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      video
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
Content   media_id: clip.mp4
          thumb_media_id: clip.jpg
          title: Door 3

"#]]);
}

#[test]
fn files_are_deleted_with_their_messages() {
    let env = env_with_luffy();
    env.run("user add zoro --openid oZoro_cannot_find_the_way_22").assert_success();
    env.write_file("other.png", [PNG, b"other"].concat());
    env.run("send -u luffy --no-wait --image chart.png --key a").assert_success();
    env.run("send -u luffy --no-wait --image other.png --key a").assert_success();
    assert_eq!(file_count(&env), 1, "the second was there already");
    env.run("send -u zoro --no-wait --image other.png").assert_success();
    assert_eq!(file_count(&env), 2);
    env.run("user remove zoro --yes").assert_success();
    assert_eq!(file_count(&env), 1);
    env.run("outbox cancel --all").assert_success();
    env.query::<i64>("UPDATE messages SET updated_at = 1 RETURNING 1");
    env.run("outbox prune --older-than 1d").assert_success();
    assert_eq!(file_count(&env), 0);
    assert_eq!(env.count("payload_files"), 0);
    assert_eq!(env.count("pragma_foreign_key_check"), 0);
}

/// A queued message with a fallback does not keep other rows from being deleted.
#[test]
fn queued_fallback_survives_pruning() {
    let mut env = env_with_luffy();
    env.replace_in_config(&[("host = \"db0\"\n", "")]);
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u nami --no-wait --fallback backup --key f 'words for later'
queued message 1 (text) to nami

"#]]);
    env.run("send -u luffy old").assert_success();
    env.query::<i64>("UPDATE messages SET updated_at = 1, sent_at = 1 WHERE state = 'sent' RETURNING 1");
    env.assert_session(str![[r#"
$ wxbox outbox prune --older-than 1d
deleted 1 message

"#]]);
    env.run("user remove luffy --yes").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox flush
sent message 1 (template) to nami

"#]]);
    assert_eq!(env.sandbox().inbox().len(), 2);
}
