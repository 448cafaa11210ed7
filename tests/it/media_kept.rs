//! Files that `send` is given: uploaded once, kept as long as a message needs them, uploaded again where WeChat keeps
//! them no longer.

use rustix::process::Signal;
use snapbox::str;

use crate::harness::{LUFFY, NAMI, World};
use crate::media::{JPEG, MP4, PNG};

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.write("chart.png", PNG);
    world.wxbox("token").ok();
    world
}

/// The calls since the last look, each by the end of its path, with its errcode.
fn calls(world: &mut World) -> Vec<String> {
    let short = |it: String| it.replace("POST /cgi-bin/message/", "").replace("POST /cgi-bin/", "");
    let own = |it: &String| it.contains("/media/") || it.contains("/message/");
    world.sandbox().requests().into_iter().filter(own).map(short).collect()
}

fn files(world: &World) -> i64 {
    world.sql("SELECT count(*) FROM files")
}

#[test]
fn a_picture_is_uploaded_once_for_all() {
    let mut world = World::of("crowd = 20");
    world.crowd(20);
    world.reconfigure(&[("concurrency = 1", "concurrency = 8")]);
    world.write("chart.png", PNG);
    world.wxbox("-q send --all --image chart.png").ok();
    let mut seen = calls(&mut world);
    assert_eq!((seen.len(), seen.remove(0)), (21, "media/upload 0".to_owned()));
    world.wxbox("send -u crowd000001 --image ./chart.png").is(str![[r#"
exit 0
--- stdout
sent message 21 (image) to crowd000001

"#]]);
    assert_eq!(calls(&mut world), ["custom/send 0"]);
    world.feed("send -u crowd000002 --image -", PNG).ok();
    assert_eq!(calls(&mut world), ["custom/send 0"]);
    assert_eq!(files(&world), 0, "nothing needs them any more");
    let id = world.wxbox("-q media upload chart.png").ok().stdout().trim().to_owned();
    world.wxbox(&format!("send -u crowd000003 --image {id}")).ok();
    assert_eq!(calls(&mut world), ["custom/send 0"]);
    let inbox = world.sandbox().inbox();
    assert!(inbox.len() == 23 && inbox.iter().all(|it| it["type"] == "image"), "{inbox:?}");
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     sent
To        crowd000001
Openid    oCrowd0000000000000000000001
Type      image
Attempts  1
Created   [TIME]
Sent      [TIME]
Content   media_id: chart.png

"#]]);
}

#[test]
fn two_processes_upload_it_twice_at_most() {
    let mut world = world();
    let runs = [world.spawn("send -u luffy --image chart.png"), world.spawn("send -u luffy --image chart.png")];
    runs.into_iter().for_each(|run| drop(run.end().ok()));
    let seen = calls(&mut world);
    let count = |call: &str| seen.iter().filter(|it| *it == call).count();
    assert!(count("custom/send 0") == 2 && (1..=2).contains(&count("media/upload 0")), "{seen:?}");
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM media"), 1);
    assert_eq!(files(&world), 0);
}

#[test]
fn a_dry_run_uploads_nothing() {
    let mut world = world();
    world.wxbox("send -u luffy --dry-run --image chart.png").is(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"image","image":{"media_id":"@chart.png"}}

"#]]);
    let id = world.wxbox("media upload chart.png").ok().stdout().trim().to_owned();
    calls(&mut world);
    let shown = world.wxbox("send -u luffy --dry-run --image chart.png").ok();
    assert!(shown.stdout().contains(&format!("\"media_id\":\"{id}\"")), "{}", shown.stdout());
    assert_eq!(calls(&mut world), Vec::<String>::new());
}

#[test]
fn a_message_outlives_its_file() {
    let mut world = world();
    world.wxbox("send -u luffy --no-wait --image chart.png").is(str![[r#"
exit 0
--- stdout
queued message 1 (image) to luffy

"#]]);
    std::fs::remove_file(world.path("chart.png")).unwrap();
    assert_eq!((calls(&mut world), files(&world)), (vec![], 1));
    world.wxbox("outbox flush").is(str![[r#"
exit 0
--- stdout
sent message 1 (image) to luffy

"#]]);
    assert_eq!((calls(&mut world), files(&world)), (vec!["media/upload 0".into(), "custom/send 0".into()], 0));
}

/// The sandbox's clock goes on, ours does not: the media_id looks good, and is refused.
#[test]
fn a_media_id_that_is_refused_is_uploaded_again_once() {
    let mut world = world();
    world.wxbox("send -u luffy --image chart.png").ok();
    calls(&mut world);
    world.sandbox().form("clock", "forward=73h");
    world.sandbox().form("write", "person=luffy&text=hello");
    world.wxbox("token --refresh").ok();
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 0
--- stdout
sent message 2 (image) to luffy

"#]]);
    assert_eq!(calls(&mut world), ["custom/send 40007", "media/upload 0", "custom/send 0"]);

    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/message/custom/send\"\nerrcode = 40007\n");
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 5
--- stderr
error: message 3 to luffy was refused: WeChat says 40007 (invalid media_id): media_id unknown or expired
hint: Upload again (temporary media live 3 days)

"#]]);
    assert_eq!(calls(&mut world), ["custom/send 40007", "media/upload 0", "custom/send 40007"]);
    assert_eq!(files(&world), 1, "somebody may want it once more");
    world.sandbox().form("faults", "");
    world.wxbox("outbox retry --failed").ok();
    assert_eq!((calls(&mut world), files(&world)), (vec!["media/upload 0".into(), "custom/send 0".into()], 0));
    // One that was named by its media_id is the caller's.
    world.wxbox("send -u luffy --image a_media_id_that_nobody_has_ever_seen").is(str![[r#"
exit 5
--- stderr
error: message 4 to luffy was refused: WeChat says 40007 (invalid media_id): media_id unknown or expired
hint: Upload again (temporary media live 3 days)

"#]]);
    assert_eq!(calls(&mut world), ["custom/send 40007"]);
}

#[test]
fn a_media_id_that_is_over_is_not_sent() {
    let mut world = world();
    world.wxbox("send -u luffy --image chart.png").ok();
    world.sql::<i64>("UPDATE media SET expires_at = 1 RETURNING 1");
    calls(&mut world);
    world.wxbox("send -u luffy --image chart.png").ok();
    assert_eq!(calls(&mut world), ["media/upload 0", "custom/send 0"]);
}

#[test]
fn what_cannot_be_uploaded_waits_or_fails_as_a_message_would() {
    let mut world = world();
    let fault = |world: &mut World, what: &str| {
        world.sandbox().form("faults", format!("[[faults]]\napi = \"/cgi-bin/media/upload\"\n{what}\n"));
    };
    fault(&mut world, "errcode = 40005");
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was refused: cannot upload chart.png: WeChat says 40005 (invalid file type): file format not accepted
hint: Convert the file to an accepted format

"#]]);
    fault(&mut world, "errcode = 45009");
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 6
--- stderr
error: message 2 to luffy is not delivered yet and stays queued until [LOCAL_TIME], when it is tried again: cannot upload chart.png: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: do not send it again: the next `wxbox outbox flush` from [LOCAL_TIME] on delivers it; to have it delivered now, reset the counters with `wxbox quota clear` (10 per month), then `wxbox outbox retry 2`

"#]]);
    fault(&mut world, "truncated = true");
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 6
--- stderr
error: message 3 to luffy is not delivered yet and stays queued: cannot upload chart.png: no answer from 127.0.0.1:[PORT]: end of file before message length reached
hint: do not send it again: the next `wxbox outbox flush` from [LOCAL_TIME] on tries it again; `wxbox outbox retry 3` tries it now

"#]]);
    fault(&mut world, "nth = 1\nerrcode = 40001");
    world.wxbox("send -u luffy --image chart.png").is(str![[r#"
exit 0
--- stdout
sent message 4 (image) to luffy

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM attempts"), 1, "an upload is no attempt");
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
4	sent	luffy	image	[TIME]	
3	queued	luffy	image	[TIME]	cannot upload chart.png: no answer from 127.0.0.1:[PORT]: end of file before message length reached
2	queued	luffy	image	[TIME]	cannot upload chart.png: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
1	failed	luffy	image	[TIME]	cannot upload chart.png: WeChat says 40005 (invalid file type): file format not accepted

"#]]);
}

#[test]
fn an_upload_that_the_account_may_not_make_ends_its_kind_alone() {
    let mut world = world();
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nerrcode = 48001\n");
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.sandbox().form("write", "person=nami&text=hi");
    world.wxbox("send -u luffy -u nami --image chart.png").is(str![[r#"
exit 5
--- stderr
error: message 1 to luffy was refused: cannot upload chart.png: WeChat says 48001 (api unauthorized): account lacks this API
hint: customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
error: message 2 to nami was refused: cannot upload chart.png: WeChat says 48001 (api unauthorized): account lacks this API
hint: customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)

"#]]);
    assert_eq!(calls(&mut world), ["media/upload 48001"]);
    world.wxbox("send -u luffy hello").ok();
}

/// Neither a kill nor Ctrl-C in the middle of an upload makes the message one that may have arrived.
#[test]
fn an_upload_that_breaks_off_leaves_the_message_queued() {
    let mut world = world();
    for (signal, calls) in [(Signal::KILL, 1), (Signal::INT, 3)] {
        world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nhang = \"before\"\n");
        let run = world.spawn("send -u luffy --image chart.png");
        while world.sandbox().stats()["calls"]["/cgi-bin/media/upload"] != calls {}
        run.signal(signal);
        run.end();
        let state = "SELECT state || attempts FROM messages ORDER BY id DESC LIMIT 1";
        assert_eq!(world.sql::<String>(state), "queued0");
        world.sandbox().form("faults", "");
        world.wxbox("outbox flush").ok();
        assert_eq!(world.sql::<String>(state), "sent1");
        world.sql::<i64>("DELETE FROM media RETURNING 1");
    }
}

#[test]
fn a_video_has_two_files_of_its_own() {
    let mut world = world();
    world.write("clip.mp4", MP4);
    world.write("clip.jpg", JPEG);
    world.write(
        "video.json",
        r#"{"msgtype": "video", "video": {"media_id": "@clip.mp4", "thumb_media_id": "@clip.jpg", "title": "Door 3"}}"#,
    );
    world.wxbox("send -u luffy --message video.json").is(str![[r#"
exit 0
--- stdout
sent message 1 (video) to luffy

"#]]);
    let mut seen = calls(&mut world);
    seen.sort();
    assert_eq!(seen, ["custom/send 0", "media/upload 0", "media/upload 0"]);
    world.wxbox("send -u luffy --message video.json").ok();
    assert_eq!(calls(&mut world), ["custom/send 0"]);
    world.wxbox("outbox show 1").is(str![[r#"
exit 0
--- stdout
ID        1
State     sent
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      video
Attempts  1
Created   [TIME]
Sent      [TIME]
Content   media_id: clip.mp4
          thumb_media_id: clip.jpg
          title: Door 3

"#]]);
}

#[test]
fn files_go_with_the_messages_that_need_them() {
    let world = world();
    world.wxbox("user add zoro --openid oZoro_cannot_find_the_way_22").ok();
    world.write("other.png", [PNG, b"other"].concat());
    world.wxbox("send -u luffy --no-wait --image chart.png --key a").ok();
    world.wxbox("send -u luffy --no-wait --image other.png --key a").ok();
    assert_eq!(files(&world), 1, "the second was there already");
    world.wxbox("send -u zoro --no-wait --image other.png").ok();
    assert_eq!(files(&world), 2);
    world.wxbox("user remove zoro --yes").ok();
    assert_eq!(files(&world), 1);
    world.wxbox("outbox cancel --all").ok();
    world.sql::<i64>("UPDATE messages SET changed_at = 1 RETURNING 1");
    world.wxbox("outbox prune --older-than 1d").ok();
    assert_eq!(files(&world), 0);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM content_files"), 0);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/// A queued message with a fallback does not keep anything else from being removed.
#[test]
fn a_fallback_that_waits_stays_when_others_are_removed() {
    let mut world = world();
    world.reconfigure(&[("host = \"db0\"\n", "")]);
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox("send -u nami --no-wait --fallback backup --key f 'words for later'").is(str![[r#"
exit 0
--- stdout
queued message 1 (text) to nami

"#]]);
    world.wxbox("send -u luffy old").ok();
    world.sql::<i64>("UPDATE messages SET changed_at = 1, sent_at = 1 WHERE state = 'sent' RETURNING 1");
    world.wxbox("outbox prune --older-than 1d").is(str![[r#"
exit 0
--- stdout
removed one message

"#]]);
    world.wxbox("user remove luffy --yes").ok();
    world.wxbox("outbox flush").is(str![[r#"
exit 0
--- stdout
sent message 1 (template) to nami

"#]]);
    assert_eq!(world.sandbox().inbox().len(), 2);
}
