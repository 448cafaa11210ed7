//! Nothing is lost and nothing arrives twice: processes that are killed, disks that fill up, quotas and tokens
//! that end in the middle, clocks that are set back.

use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;

use crate::harness::{LUFFY, NAMI, World};

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";

pub fn crowd(count: usize, world: &str) -> World {
    let world = World::of(&format!("crowd = {count}\n{world}"));
    world.reconfigure(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 8")]);
    world.crowd(count);
    world.wxbox("token").ok();
    world
}

#[track_caller]
fn all_arrived_once(world: &mut World, count: usize) {
    let stats = world.sandbox().stats();
    let found = (&stats["delivered"], &stats["recipients"], &stats["twice"]);
    assert_eq!(found, (&count.into(), &count.into(), &0.into()));
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), i64::try_from(count).unwrap());
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
    let workers = std::fs::read_dir(world.database().parent().unwrap()).unwrap();
    let left: Vec<_> = workers.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.contains("-worker-")), "{left:?}");
}

/// Killed again and again, wherever it just is: the first process, and each that goes on where it was.
#[test]
fn a_broadcast_that_is_killed_goes_on_where_it_was() {
    let mut world = crowd(500, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"2ms\"\n");
    let mut line = format!("send --json --all {TEMPLATE}");
    for kill_after in [1, 40, 3, 77, 20, 120, 9, usize::MAX] {
        let mut run = world.spawn(&line);
        let told = (0..kill_after).take_while(|_| run.line().is_some()).count();
        if told < kill_after {
            run.end();
            break;
        }
        run.signal(Signal::KILL);
        run.end();
        world.sandbox().lines();
        line = "outbox flush --json".into();
    }
    world.wxbox("outbox flush").ok();
    world.sandbox().lines();
    all_arrived_once(&mut world, 500);
}

/// A text that was under way when its process was killed may have arrived: nobody repeats it blindly.
#[test]
fn a_text_under_way_when_killed_is_unknown() {
    let mut world = crowd(20, "[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 10\nhang = \"after\"\n");
    let mut run = world.spawn("send --json --all --concurrency 1 hello");
    (0..9).for_each(|_| drop(run.next_line()));
    // The sandbox has it, and does not answer.
    while world.sandbox().stats()["delivered"] != 10 {}
    run.signal(Signal::KILL);
    run.end();
    world.wxbox("outbox flush").ok();
    world.wxbox("outbox list --state unknown").is(str![[r#"
exit 0
--- stdout
10	unknown	crowd000010	text	[TIME]	the process that sent it ended before WeChat answered

"#]]);
    world.sandbox().form("faults", "");
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&20.into(), &0.into()));
    world.wxbox("outbox retry --unknown").ok();
    assert_eq!(world.sandbox().stats()["twice"], 1, "somebody has said so");
}

#[test]
fn ctrl_c_says_how_to_go_on() {
    let mut world = crowd(60, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"20ms\"\n");
    let mut run = world.spawn(&format!("send --all --concurrency 2 {TEMPLATE}"));
    run.next_line();
    run.signal(Signal::INT);
    let ran = run.end();
    assert_eq!(ran.status(), Some(130));
    assert!(ran.stderr().contains("wxbox outbox flush"), "{}", ran.stderr());
    let left = usize::try_from(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'")).unwrap();
    assert!((1..60).contains(&left), "{left}");
    let flushed = world.wxbox("outbox flush --json").ok();
    assert_eq!(flushed.json().len(), left);
    world.sandbox().lines();
    all_arrived_once(&mut world, 60);
}

#[test]
fn ctrl_c_in_a_batch_says_which_lines_were_not_taken() {
    let mut world = crowd(300, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"20ms\"\n");
    let line =
        |n: usize| format!("{{\"user\":\"crowd{n:06}\",\"template\":\"backup\",\"data\":{{\"host\":\"db1\"}}}}\n");
    world.write("a batch", (1..=300).map(line).collect::<String>());
    let mut run = world.spawn("send --concurrency 2 --batch 'a batch'");
    run.next_line();
    run.signal(Signal::INT);
    let ran = run.end();
    assert_eq!(ran.status(), Some(130));
    assert_eq!(ran.json().len(), ran.stdout().lines().count(), "nothing but JSON, however it ends");
    let said = ran.stderr().to_owned();
    let taken: i64 = world.sql("SELECT count(*) FROM messages");
    assert!(said.contains(&format!("the lines of 'a batch' up to {taken} were taken")), "{taken}: {said}");
    let hint = said.lines().last().unwrap().split('`').nth(1).unwrap();
    assert_eq!(hint, format!("tail -n +{} 'a batch' | wxbox send --batch -", taken + 1));
    let rest = (1..=300).skip(usize::try_from(taken).unwrap()).map(line).collect::<String>();
    world.feed("send --batch -", rest).ok();
    world.wxbox("outbox flush").ok();
    world.sandbox().lines();
    all_arrived_once(&mut world, 300);

    world.write("short", line(1));
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\nhang = \"after\"\n");
    let run = world.spawn("send --batch short");
    while world.sandbox().stats()["delivered"] != 301 {}
    run.signal(Signal::INT);
    let said = run.end().stderr().to_owned();
    assert!(said.contains("interrupted") && !said.contains("taken"), "all of it was taken: {said}");
}

#[test]
fn a_full_disk_in_the_middle_loses_nothing() {
    let mut world = crowd(200, "");
    world.wxbox(&format!("-q send --no-wait --all {TEMPLATE}")).ok();
    let size = |name: &str| world.database().with_file_name(name).metadata().map_or(0, |it| it.len());
    let limit = (size("wxbox.db").max(size("wxbox.db-wal")) + 100_000) / 512;
    let flush = world.command("outbox flush --json");
    let mut shell = std::process::Command::new("/bin/sh");
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(flush.get_program()).args(flush.get_args()).env_clear();
    shell.envs(flush.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let full = shell.output().unwrap();
    assert_eq!(full.status.code(), Some(1), "{}", String::from_utf8_lossy(&full.stderr));
    let sent = world.sandbox().stats()["delivered"].as_u64().unwrap();
    assert!((1..200).contains(&sent), "{sent}");
    world.wxbox("outbox flush").ok();
    world.sandbox().lines();
    all_arrived_once(&mut world, 200);
}

#[test]
fn a_quota_that_ends_in_the_middle_is_waited_for() {
    let mut world = crowd(30, "[quota]\n\"/cgi-bin/message/template/send\" = 10\n");
    let ran = world.wxbox(&format!("send --json --all --concurrency 1 {TEMPLATE}"));
    assert_eq!(ran.status(), Some(6));
    let queued: Vec<_> = ran.json().into_iter().filter(|it| it["state"] == "queued").collect();
    assert_eq!(queued.len(), 20);
    let shown = world.wxbox(&format!("--json outbox show {}", queued[0]["id"])).json();
    // Within a quarter of an hour after midnight in Beijing.
    assert!(shown[0]["due_at"].as_str().unwrap().contains("T16:"), "{}", shown[0]);
    assert_eq!(world.sandbox().stats()["calls"]["/cgi-bin/message/template/send"], 11, "nobody else is tried");
    world.wxbox("outbox flush").is(str![[r#"
exit 0

"#]]);
    // A day later, by the sandbox's clock and by what ours would say then.
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute("UPDATE messages SET due_at = 0", []).unwrap();
    drop(database);
    world.sandbox().form("clock", "forward=24h");
    let next = world.wxbox("outbox flush --json").json();
    assert_eq!(next.iter().filter(|it| it["state"] == "sent").count(), 10, "as many as the next day has");
}

#[test]
fn a_flush_without_a_kept_token_waits_for_one() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("send -u luffy --no-wait hello").ok();
    world.wxbox("outbox flush").is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy

"#]]);
    assert_eq!(world.sandbox().inbox().len(), 1);
}

#[test]
fn what_waits_follows_a_person_to_a_new_binding() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {NAMI}")).ok();
    world.wxbox(&format!("send -u luffy --no-wait {TEMPLATE}")).ok();
    world.wxbox(&format!("bind -u luffy --openid {LUFFY} --rebind")).ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(world.sandbox().inbox()[0]["openid"], LUFFY);
    world.wxbox("send -u luffy --no-wait hello").ok();
    world.wxbox("unbind -u luffy").is(str![[r#"
exit 0
--- stdout
unbound luffy from oLuffy_wears_the_straw_hat_1
--- stderr
one message that waited for them was cancelled

"#]]);
    assert_eq!(world.wxbox("outbox flush --json").ok().stdout(), "");
}

#[test]
fn a_token_that_is_revoked_in_the_middle_is_fetched_once() {
    let mut world = crowd(100, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"5ms\"\n");
    let mut run = world.spawn(&format!("send --json --all {TEMPLATE}"));
    (0..10).for_each(|_| drop(run.next_line()));
    world.sandbox().form("tokens", "revoke=1");
    run.end().ok();
    let stats = world.sandbox().stats();
    assert_eq!(stats["calls"]["/cgi-bin/stable_token"], 2, "the first, and one for all");
    world.sandbox().lines();
    all_arrived_once(&mut world, 100);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_up() {
    let mut world = crowd(3, "");
    world.wxbox(&format!("-q send --no-wait --all {TEMPLATE}")).ok();
    // An hour ago, by a clock that was an hour fast, they were put off by a minute.
    let ahead = "UPDATE messages SET changed_at = (unixepoch() + 3600) * 1000, due_at = (unixepoch() + 3660) * 1000,
        failed_at = (unixepoch() + 3600) * 1000";
    rusqlite::Connection::open(world.database()).unwrap().execute(ahead, []).unwrap();
    world.wxbox("outbox flush").ok();
    all_arrived_once(&mut world, 3);
    // What was put off by the clock of now waits.
    world.wxbox(&format!("-q send --no-wait -u crowd000001 {TEMPLATE}")).ok();
    let later = "UPDATE messages SET due_at = (unixepoch() + 3600) * 1000 WHERE state = 'queued'";
    rusqlite::Connection::open(world.database()).unwrap().execute(later, []).unwrap();
    assert_eq!(world.wxbox("outbox flush --json").ok().stdout(), "");
}

#[test]
fn a_key_is_delivered_once_however_often_it_is_sent() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox("send -u luffy --key k hello").ok();
    world.wxbox("send -u luffy -u nami --key k --json -t backup -d host=a -d size=b -d time=c").is(str![[r#"
exit 0
--- stdout
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"k","created_at":"[TIME]","sent_at":"[TIME]","duplicate":true}
{"id":3,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"k","created_at":"[TIME]","sent_at":"[TIME]"}

"#]]);
    // A key of what failed is free again.
    assert_eq!(world.wxbox("send -u nami --key other hello").status(), Some(5));
    assert_eq!(world.wxbox("send -u nami --key other hello").status(), Some(5));
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE key = 'other'"), 2);
    // One that waits is not sent by a repeat.
    world.wxbox("send -u luffy --key later --no-wait hello").ok();
    world.wxbox("send -u luffy --key later hello").is(str![[r#"
exit 6
--- stderr
error: nothing sent to luffy: message 6 has this key, and is queued

"#]]);
    world.wxbox("outbox flush").ok();
    world.wxbox("send -u luffy --key later hello").is(str![[r#"
exit 0
--- stdout
nothing sent to luffy: message 6 has this key, and is sent

"#]]);
    assert_eq!(world.sandbox().stats()["delivered"], 3);
}

#[test]
fn what_is_asked_for_twice_in_one_run_ends_as_its_message_does() {
    let mut world = World::new();
    for name in ["luffy", "ace"] {
        world.wxbox(&format!("user add {name} --openid {LUFFY}")).ok();
    }
    // They share a phone: a key is the person's where a person is meant.
    world.wxbox("send -u luffy -u ace --key k hello").is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
sent message 2 (text) to ace

"#]]);
    let line = r#"{"user":"luffy","text":"hello","key":"b"}"#;
    let ran = world.feed("send --batch - --json", format!("{line}\n{line}\n"));
    assert_eq!((ran.status(), ran.stdout().matches(r#""state":"sent""#).count()), (Some(0), 2), "{}", ran.stdout());
    // One that is refused is refused for both.
    let line = r#"{"openid":"oNami_draws_maps_of_the_sea1","text":"hello","key":"c"}"#;
    let ran = world.feed("send --batch - --json", format!("{line}\n{line}\n"));
    assert_eq!((ran.status(), ran.stdout().matches(r#""state":"failed""#).count()), (Some(5), 2), "{}", ran.stdout());
    assert_eq!(world.sandbox().stats()["delivered"], 3);
}

#[test]
fn an_empty_key_is_none() {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("send -u luffy --key '' hello").is(str![[r#"
exit 2
--- stderr
error: invalid value '' for '--key <KEY>': a key must not be empty; is a variable unset?

"#]]);
    world.feed("send --batch -", "{\"user\":\"luffy\",\"text\":\"hello\",\"key\":\" \"}\n").is(str![[r#"
exit 5
--- stdout
{"line":1,"state":"failed","error":"its key is empty: name one, or leave it out"}

"#]]);
}

#[test]
fn a_text_falls_back_to_a_template() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    let alert = "[templates.alert]\nid = \"server_alert-0123456789abcdefghijklmnopqrst\"\n[templates.alert.data]\n\
                 character_string2 = \"db1\"\ntime3 = \"12:00\"\n[templates.backup]";
    world.reconfigure(&[("[templates.backup]", alert)]);
    world.wxbox("send -u luffy -u nami --fallback alert 'disk full'").is(str![[r#"
exit 0
--- stdout
sent message 1 (text) to luffy
sent message 2 (template) to nami

"#]]);
    world.wxbox("outbox show 2").is(str![[r#"
exit 0
--- stdout
ID          2
State       sent
To          nami
Openid      oNami_draws_maps_of_the_sea1
Type        template
Attempts    2
Created     [TIME]
Sent        [TIME]
Message id  [MSGID]
Content     Template server_alert-0123456789abcdefghijklmnopqrst
            character_string2: db1
            time3: 12:00
            thing1: disk full
attempt 1   [TIME] to oNami_draws_maps_of_the_sea1: WeChat says 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
attempt 2   [TIME] to oNami_draws_maps_of_the_sea1: accepted

"#]]);
    let inbox = world.sandbox().inbox();
    let kinds: Vec<_> = inbox.iter().map(|it| it["type"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds.len(), 2, "{inbox:?}");
    // A template that is gone keeps no text back.
    world.wxbox("send -u luffy --fallback gone 'disk full again'").is(str![[r#"
exit 0
--- stdout
sent message 3 (text) to luffy
--- stderr
warning: the text is sent without its --fallback: there is no template "gone"

"#]]);
    world.wxbox("send -u luffy --fallback gone --strict x").is(str![[r#"
exit 2
--- stderr
error: there is no template "gone"
hint: `wxbox template list` shows the account's templates

"#]]);
    world.wxbox("send -u luffy --fallback backup x").is(str![[r#"
exit 2
--- stderr
error: the template backup has no field left for the text of --fallback
hint: give every field but one a default in [templates.backup.data]

"#]]);
    world.wxbox("send -u luffy --fallback server_alert x").is(str![[r#"
exit 2
--- stderr
error: the template server_alert has 3 fields (thing1, character_string2, time3) for the text of --fallback
hint: give every field but one a default in [templates.server_alert.data]

"#]]);
}

#[test]
fn what_is_finished_for_long_is_forgotten_and_what_waits_is_not() {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("send -u luffy one").ok();
    world.wxbox("send -u luffy --no-wait --expire-after 200d two").ok();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let older = "UPDATE messages SET settled_at = settled_at - 7862400000, created_at = created_at - 7862400000";
    database.execute_batch(older).unwrap();
    drop(database);
    world.wxbox("send -u luffy three").ok();
    let left = "SELECT group_concat(id || state, ' ') FROM messages";
    assert_eq!(world.sql::<String>(left), "2queued 3sent");
    world.wxbox("outbox flush").ok();
    assert_eq!(world.sql::<String>(left), "2sent 3sent");
}
