//! Nothing is lost and nothing is delivered twice: processes that are killed, full disks, quotas
//! and tokens that expire in the middle of a run, and clocks that are set back.

use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;

use crate::support::env::{LUFFY, NAMI, TEMPLATE_ARGS, TestEnv};

pub fn env_with_generated_users(count: usize, scenario: &str) -> TestEnv {
    let scenario = TestEnv::with_scenario(&format!("crowd = {count}\n{scenario}"));
    scenario.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\""), ("concurrency = 1", "concurrency = 8")]);
    scenario.add_generated_users(count);
    scenario.run("token").assert_success();
    scenario
}

#[track_caller]
fn assert_all_delivered_once(env: &mut TestEnv, count: usize) {
    let stats = env.sandbox().stats();
    let found = (&stats["delivered"], &stats["recipients"], &stats["twice"]);
    assert_eq!(found, (&count.into(), &count.into(), &0.into()));
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'sent'"), i64::try_from(count).unwrap());
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
    let entries = std::fs::read_dir(env.database_path().parent().unwrap()).unwrap();
    let locks: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(locks.iter().all(|name| !name.contains("-worker-")), "{locks:?}");
}

/// The first process and each of its successors are killed at arbitrary points.
#[test]
fn killed_broadcast_resumes() {
    let mut env = env_with_generated_users(500, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"2ms\"\n");
    let mut line = format!("send --json --all {TEMPLATE_ARGS}");
    for kill_after in [1, 40, 3, 77, 20, 120, 9, usize::MAX] {
        let mut run = env.spawn(&line);
        let reported = (0..kill_after).take_while(|_| run.read_line().is_some()).count();
        if reported < kill_after {
            run.wait();
            break;
        }
        run.signal(Signal::KILL);
        run.wait();
        env.sandbox().request_log();
        line = "outbox flush --json".into();
    }
    env.run("outbox flush").assert_success();
    env.sandbox().request_log();
    assert_all_delivered_once(&mut env, 500);
}

/// A text that was in flight when its process was killed may have been delivered: it is not
/// repeated automatically.
#[test]
fn in_flight_text_is_unknown_after_kill() {
    let mut env =
        env_with_generated_users(20, "[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 10\nhang = \"after\"\n");
    let mut run = env.spawn("send --json --all --concurrency 1 hello");
    (0..9).for_each(|_| drop(run.expect_line()));
    // The sandbox has the message, and does not respond.
    while env.sandbox().stats()["delivered"] != 10 {}
    run.signal(Signal::KILL);
    run.wait();
    env.run("outbox flush").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox list --state unknown
10	unknown	crowd000010	text	[TIME]	the process that sent the message ended before WeChat responded	hello

"#]]);
    env.sandbox().post_form("faults", "");
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&20.into(), &0.into()));
    env.run("outbox retry --unknown").assert_success();
    assert_eq!(env.sandbox().stats()["twice"], 1, "somebody has said so");
}

#[test]
fn ctrl_c_suggests_how_to_resume() {
    let mut env = env_with_generated_users(60, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"20ms\"\n");
    let mut run = env.spawn(&format!("send --all --concurrency 2 {TEMPLATE_ARGS}"));
    run.expect_line();
    run.signal(Signal::INT);
    let ran = run.wait();
    assert_eq!(ran.status(), Some(130));
    assert!(ran.stderr().contains("wxbox outbox flush"), "{}", ran.stderr());
    let queued_count =
        usize::try_from(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'queued'")).unwrap();
    assert!((1..60).contains(&queued_count), "{queued_count}");
    let flushed = env.run("outbox flush --json").assert_success();
    assert_eq!(flushed.json_lines().len(), queued_count);
    env.sandbox().request_log();
    assert_all_delivered_once(&mut env, 60);
}

#[test]
fn ctrl_c_in_batch_reports_unread_lines() {
    let mut env = env_with_generated_users(300, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"20ms\"\n");
    let line =
        |n: usize| format!("{{\"user\":\"crowd{n:06}\",\"template\":\"backup\",\"data\":{{\"host\":\"db1\"}}}}\n");
    env.write_file("a batch", (1..=300).map(line).collect::<String>());
    let mut run = env.spawn("send --concurrency 2 --batch 'a batch'");
    run.expect_line();
    run.signal(Signal::INT);
    let ran = run.wait();
    assert_eq!(ran.status(), Some(130));
    assert_eq!(ran.json_lines().len(), ran.stdout().lines().count(), "nothing but JSON, however it ends");
    let stderr = ran.stderr().to_owned();
    let queued: i64 = env.query("SELECT count(*) FROM messages");
    assert!(stderr.contains(&format!("the lines of 'a batch' up to {queued} were processed")), "{queued}: {stderr}");
    let hint = stderr.lines().last().unwrap().split('`').nth(1).unwrap();
    assert_eq!(hint, format!("tail -n +{} 'a batch' | wxbox send --batch -", queued + 1));
    let rest = (1..=300).skip(usize::try_from(queued).unwrap()).map(line).collect::<String>();
    env.run_with_stdin("send --batch -", rest).assert_success();
    env.run("outbox flush").assert_success();
    env.sandbox().request_log();
    assert_all_delivered_once(&mut env, 300);

    env.write_file("short", line(1));
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\nhang = \"after\"\n");
    let run = env.spawn("send --batch short");
    while env.sandbox().stats()["delivered"] != 301 {}
    run.signal(Signal::INT);
    let stderr = run.wait().stderr().to_owned();
    assert!(stderr.contains("interrupted") && !stderr.contains("processed"), "all of it was processed: {stderr}");
}

#[test]
fn full_disk_during_run_loses_nothing() {
    let mut env = env_with_generated_users(200, "");
    env.run(&format!("-q send --no-wait --all {TEMPLATE_ARGS}")).assert_success();
    let size = |name: &str| env.database_path().with_file_name(name).metadata().map_or(0, |metadata| metadata.len());
    let limit = (size("wxbox.db").max(size("wxbox.db-wal")) + 100_000) / 512;
    let flush = env.command("outbox flush --json");
    let mut shell = std::process::Command::new("/bin/sh");
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(flush.get_program()).args(flush.get_args()).env_clear();
    shell.envs(flush.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let full = shell.output().unwrap();
    assert_eq!(full.status.code(), Some(1), "{}", String::from_utf8_lossy(&full.stderr));
    let sent = env.sandbox().stats()["delivered"].as_u64().unwrap();
    assert!((1..200).contains(&sent), "{sent}");
    env.run("outbox flush").assert_success();
    env.sandbox().request_log();
    assert_all_delivered_once(&mut env, 200);
}

#[test]
fn exhausted_quota_is_waited_for() {
    let mut env = env_with_generated_users(30, "[quota]\n\"/cgi-bin/message/template/send\" = 10\n");
    let ran = env.run(&format!("send --json --all --concurrency 1 {TEMPLATE_ARGS}"));
    assert_eq!(ran.status(), Some(6));
    let queued: Vec<_> = ran.json_lines().into_iter().filter(|message| message["state"] == "queued").collect();
    assert_eq!(queued.len(), 20);
    let details = env.run(&format!("--json outbox show {}", queued[0]["id"])).json_lines();
    // The quota resets within a quarter of an hour after midnight in Beijing.
    assert!(details[0]["due_at"].as_str().unwrap().contains("T16:"), "{}", details[0]);
    assert_eq!(env.sandbox().stats()["calls"]["/cgi-bin/message/template/send"], 11, "nobody else is tried");
    env.assert_session(str![[r#"
$ wxbox outbox flush

"#]]);
    // A day later, by the sandbox's clock and by the clock of this machine.
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database.execute("UPDATE messages SET due_at = 0", []).unwrap();
    drop(database);
    env.sandbox().post_form("clock", "forward=24h");
    let next = env.run("outbox flush --json").json_lines();
    assert_eq!(next.iter().filter(|message| message["state"] == "sent").count(), 10, "as many as the next day has");
}

#[test]
fn flush_without_cached_token_waits_for_one() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("send -u luffy --no-wait hello").assert_success();
    env.assert_session(str![[r#"
$ wxbox outbox flush
sent message 1 (text) to luffy

"#]]);
    assert_eq!(env.sandbox().inbox().len(), 1);
}

#[test]
fn queued_message_follows_new_binding() {
    let mut env = TestEnv::new();
    env.run(&format!("user add luffy --openid {NAMI}")).assert_success();
    env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
    env.run(&format!("bind -u luffy --openid {LUFFY} --rebind")).assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(env.sandbox().inbox()[0]["openid"], LUFFY);
    env.run("send -u luffy --no-wait hello").assert_success();
    env.assert_session(str![[r#"
$ wxbox unbind -u luffy
unbound luffy from oLuffy_wears_the_straw_hat_1
2> cancelled 1 queued message to this user

"#]]);
    assert_eq!(env.run("outbox flush --json").assert_success().stdout(), "");
}

#[test]
fn token_revoked_during_run_is_fetched_once() {
    let mut env = env_with_generated_users(100, "[[faults]]\napi = \"/cgi-bin/message/*\"\ndelay = \"5ms\"\n");
    let mut run = env.spawn(&format!("send --json --all {TEMPLATE_ARGS}"));
    (0..10).for_each(|_| drop(run.expect_line()));
    env.sandbox().post_form("tokens", "revoke=1");
    run.wait().assert_success();
    let stats = env.sandbox().stats();
    assert_eq!(stats["calls"]["/cgi-bin/stable_token"], 2, "the first, and one for all");
    env.sandbox().request_log();
    assert_all_delivered_once(&mut env, 100);
}

#[test]
fn clock_set_back_delays_nothing() {
    let mut env = env_with_generated_users(3, "");
    env.run(&format!("-q send --no-wait --all {TEMPLATE_ARGS}")).assert_success();
    // An hour ago, by a clock that was an hour fast, these messages were delayed by a minute.
    let ahead = "UPDATE messages SET updated_at = (unixepoch() + 3600) * 1000, due_at = (unixepoch() + 3660) * 1000,
        first_failed_at = (unixepoch() + 3600) * 1000";
    rusqlite::Connection::open(env.database_path()).unwrap().execute(ahead, []).unwrap();
    env.run("outbox flush").assert_success();
    assert_all_delivered_once(&mut env, 3);
    // A message that was delayed by the current clock still waits.
    env.run(&format!("-q send --no-wait -u crowd000001 {TEMPLATE_ARGS}")).assert_success();
    let later = "UPDATE messages SET due_at = (unixepoch() + 3600) * 1000 WHERE state = 'queued'";
    rusqlite::Connection::open(env.database_path()).unwrap().execute(later, []).unwrap();
    assert_eq!(env.run("outbox flush --json").assert_success().stdout(), "");
}

#[test]
fn a_key_is_delivered_once_however_often_it_is_sent() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("send -u luffy --key k hello").assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami --key k --json -t backup -d host=a -d size=b -d time=c
{"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"k","created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"duplicate":true}
{"id":3,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":"k","created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}

"#]]);
    // The key of a failed message is free again.
    assert_eq!(env.run("send -u nami --key other hello").status(), Some(5));
    assert_eq!(env.run("send -u nami --key other hello").status(), Some(5));
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE key = 'other'"), 2);
    // A repeat does not send a message that is queued.
    env.run("send -u luffy --key later --no-wait hello").assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --key later hello
2> error: sent nothing to luffy: message 6 has the same key and is queued
exit 6

"#]]);
    env.run("outbox flush").assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --key later hello
sent nothing to luffy: message 6 has the same key and is sent

"#]]);
    assert_eq!(env.sandbox().stats()["delivered"], 3);
}

#[test]
fn duplicate_in_one_run_shares_outcome() {
    let mut env = TestEnv::new();
    for name in ["luffy", "ace"] {
        env.run(&format!("user add {name} --openid {LUFFY}")).assert_success();
    }
    // The users share a phone: a key belongs to a user if the message is addressed to a user.
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u ace --key k hello
sent message 1 (text) to luffy
sent message 2 (text) to ace

"#]]);
    let line = r#"{"user":"luffy","text":"hello","key":"b"}"#;
    let ran = env.run_with_stdin("send --batch - --json", format!("{line}\n{line}\n"));
    assert_eq!((ran.status(), ran.stdout().matches(r#""state":"sent""#).count()), (Some(0), 2), "{}", ran.stdout());
    // An invalid line is invalid for both.
    let line = r#"{"openid":"oNami_draws_maps_of_the_sea1","text":"hello","key":"c"}"#;
    let ran = env.run_with_stdin("send --batch - --json", format!("{line}\n{line}\n"));
    assert_eq!((ran.status(), ran.stdout().matches(r#""state":"failed""#).count()), (Some(5), 2), "{}", ran.stdout());
    assert_eq!(env.sandbox().stats()["delivered"], 3);
}

#[test]
fn empty_key_is_ignored() {
    let env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --key '' hello
2> error: invalid value "" for --key: the key is empty; check whether a variable is unset
exit 2

"#]]);
    env.run_with_stdin("send --batch -", "{\"user\":\"luffy\",\"text\":\"hello\",\"key\":\" \"}\n").assert_snapshot(
        str![[r#"
exit 5
--- stdout
{"line":1,"state":"failed","error":"the key is empty; set it or remove it"}

"#]],
    );
}

#[test]
fn a_text_falls_back_to_a_template() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    let alert = "[templates.alert]\nid = \"server_alert-0123456789abcdefghijklmnopqrst\"\n[templates.alert.data]\n\
                 character_string2 = \"db1\"\ntime3 = \"12:00\"\n[templates.backup]";
    env.replace_in_config(&[("[templates.backup]", alert)]);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami --fallback alert 'disk full'
sent message 1 (text) to luffy
sent message 2 (template) to nami
$ wxbox outbox show 2
ID                 2
State              sent
To                 nami
Openid             oNami_draws_maps_of_the_sea1
Type               template
Attempts           2
Created            [TIME]
Sent               [TIME]
Receipt            none
WeChat message ID  [MSGID]
Content            Template server_alert-0123456789abcdefghijklmnopqrst
                   thing1: disk full
                   character_string2: db1
                   time3: 12:00
attempt 1          [TIME] to oNami_draws_maps_of_the_sea1: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
attempt 2          [TIME] to oNami_draws_maps_of_the_sea1: accepted

"#]]);
    let inbox = env.sandbox().inbox();
    let kinds: Vec<_> = inbox.iter().map(|message| message["type"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds.len(), 2, "{inbox:?}");
    // A missing template does not delay a text.
    env.assert_session(str![[r#"
$ wxbox send -u luffy --fallback gone 'disk full again'
sent message 3 (text) to luffy
2> warning: cannot use --fallback: there is no template "gone"; the text is sent without it
$ wxbox send -u luffy --fallback gone --strict x
2> error: there is no template "gone"
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias gone` to choose the one that this name stands for
exit 2
$ wxbox send -u luffy --fallback backup x
2> error: --fallback backup: every field has a default, so there is no field for the text
2> hint: run `wxbox config set templates.backup.data.FIELD VALUE` for all fields except one
exit 2
$ wxbox send -u luffy --fallback server_alert x
2> error: --fallback server_alert: the text can fill only one field, but 3 have no default (thing1, character_string2, time3)
2> hint: run `wxbox config set templates.server_alert.data.FIELD VALUE` for all fields except one
exit 2

"#]]);
}

#[test]
fn old_finished_messages_are_pruned() {
    let env = TestEnv::with_bound_luffy();
    env.run("send -u luffy one").assert_success();
    env.run("send -u luffy --no-wait --expire-after 200d two").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let older = "UPDATE messages SET finished_at = finished_at - 7862400000, created_at = created_at - 7862400000";
    database.execute_batch(older).unwrap();
    drop(database);
    env.run("send -u luffy three").assert_success();
    let states = "SELECT group_concat(id || state, ' ') FROM messages";
    assert_eq!(env.query::<String>(states), "2queued 3sent");
    env.run("outbox flush").assert_success();
    assert_eq!(env.query::<String>(states), "2sent 3sent");
}
