//! `run`: the report, its recipients and its time, and the command if the report fails.

use rustix::process::Signal;
use snapbox::str;

use crate::send::{env_with_users, queued_count};
use crate::support::canned_server::{ACCEPTED_BODY, CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, NAMI, TestEnv};
use crate::support::scripted_server::{ScriptedServer, use_in};

/// Returns the texts that arrived, with this machine's name and the durations of commands replaced.
pub fn received_reports(env: &mut TestEnv) -> Vec<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let time = regex::Regex::new(r"after \d+m?s\b").unwrap();
    let texts = env.sandbox().inbox().into_iter().map(|message| message["content"].as_str().unwrap().to_owned());
    texts.map(|text| time.replace(&text.replace(&format!("on {host}"), "on HOST"), "after TIME").into_owned()).collect()
}

/// Returns the fields of the template message that arrived last.
fn last_template_fields(env: &mut TestEnv) -> Vec<String> {
    let inbox = env.sandbox().inbox();
    let fields = inbox.last().unwrap()["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|field| format!("{}={}", field["key"].as_str().unwrap(), field["value"].as_str().unwrap()))
        .collect()
}

#[test]
fn only_requested_result_is_reported() {
    let mut env = TestEnv::with_bound_luffy();
    let cases = [
        ("", "true", 1),
        ("", "false", 1),
        ("--on always", "nothing", 1),
        ("--on success", "true", 1),
        ("--on success", "false", 0),
        ("--on success", "nothing", 0),
        ("--on failure", "true", 0),
        ("--on failure", "false", 1),
        ("--on failure", "nothing", 1),
        ("--on failure", "sh -c 'kill $$'", 1),
    ];
    for (on, command, count) in cases {
        env.sandbox().post_form("write", "person=luffy");
        let before = env.sandbox().inbox().len();
        env.run(&format!("run -u luffy {on} -- {command}"));
        assert_eq!(env.sandbox().inbox().len() - before, count, "{on} {command}");
    }
}

#[test]
fn report_goes_to_all_named_and_tagged_users() {
    let mut env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox run -u luffy --tag crew -t backup -- true
2> warning: skipped, not bound: usopp
2> sent message 1 (template) to luffy
2> sent message 2 (template) to nami

"#]]);
    assert_eq!(env.sandbox().inbox().len(), 2);
}

/// The settings of the report are checked before the command and after it.
#[test]
fn run_prints_each_warning_once() {
    let env = env_with_users();
    let wxbox = env!("CARGO_BIN_EXE_wxbox");
    env.run(&format!("run --tag crew -t backup -- {wxbox} unbind --user nami")).assert_snapshot(str![[r#"
exit 0
--- stdout
unbound nami from oNami_draws_maps_of_the_sea1
--- stderr
warning: skipped, not bound: usopp
warning: skipped, not bound: nami, usopp
sent message 1 (template) to luffy

"#]]);
    env.assert_session(str![[r#"
$ wxbox run --tag crew -t nonesuch -- true
2> warning: skipped, not bound: nami, usopp
2> warning: the result will not be reported: there is no template "nonesuch"; running true anyway
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias nonesuch` to choose the one that this name stands for

"#]]);
}

#[test]
fn placeholders_are_filled_into_texts_and_fields() {
    let mut env = TestEnv::with_bound_luffy();
    let config = env.read_config();
    env.write_config(&config.replace("\"db0\"", "\"{program} on {nothing}\""));
    env.write_file("fields.json", r#"{"size": "{status} {signal}", "time": 3}"#);
    env.run("run -q -u luffy -t backup --data-json fields.json -d 'remark={result}: {command}' -- false '{status}'");
    let expected = ["first=", "host=false on {nothing}", "size=1 -", "time=3", "remark=failed: false {status}"];
    assert_eq!(last_template_fields(&mut env), expected);
    env.run("run -q -u luffy --text '{result} {status} {signal} {program}' -- sh -c 'kill $$'");
    assert_eq!(env.sandbox().inbox()[1]["content"], "failed 143 SIGTERM sh");
    env.run("run -q -u luffy --text 'Nightly run of {host}: {result} after {duration}' -- true");
    let text = env.sandbox().inbox()[2]["content"].as_str().unwrap().to_owned();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert!(text.starts_with(&format!("Nightly run of {host}: succeeded after ")) && text.ends_with('s'), "{text}");
    // The report does not contain the command's arguments.
    env.run("run -q -u luffy -- true --password=hunter2");
    let text = env.sandbox().inbox()[3]["content"].as_str().unwrap().to_owned();
    assert!(text.starts_with("true succeeded (status 0) on "), "{text}");
    assert!(!env.run("outbox show 4").stdout().contains("hunter2"));
}

#[test]
fn default_values_have_host_and_time_with_each_command() {
    let mut env = TestEnv::with_bound_luffy();
    env.set_variable("TZ", "UTC");
    let config = env.read_config();
    env.write_config(&config.replace("\"db0\"", "\"{host} {time} {status}\""));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for (line, status) in [
        ("send -q -u luffy -t backup -d first=a -d size=b -d time=c -d remark=d", "{status}"),
        ("run -q -u luffy -t backup -d first=a -d size=b -d time=c -d remark=d -- true", "0"),
    ] {
        env.run(line).assert_success();
        let fields = last_template_fields(&mut env);
        let value = fields.iter().find_map(|field| field.strip_prefix("host=")).unwrap();
        let time = value.strip_prefix(&format!("{host} ")).and_then(|rest| rest.strip_suffix(&format!(" {status}")));
        let time = time.unwrap_or_else(|| panic!("{value}"));
        assert!(jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", time).is_ok(), "{value}");
    }
}

#[test]
fn placeholders_within_the_command_line_are_not_replaced() {
    let template = "[[templates]]\nid = \"note_0123456789abcdefghijklmnopqrstuvwxyz-A\"\ntitle = \"Note\"\n";
    let content = "content = \"{{thing1.DATA}} {{command.DATA}}\"\n";
    let mut env = TestEnv::with_scenario(&format!("{template}{content}"));
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run("config set templates.note.id note_0123456789abcdefghijklmnopqrstuvwxyz-A").assert_success();
    env.run("config set templates.note.data.command {command}").assert_success();
    // The window for texts is closed, so the fallback is sent.
    env.sandbox().post_form("clock", "forward=49h");
    for line in ["run -q -u luffy --fallback note", "run -q -u luffy -t note -d thing1=x"] {
        env.run(&format!("{line} -- echo '{{host}}' '{{time}}' '{{status}}'")).assert_success();
        let fields = last_template_fields(&mut env);
        assert!(fields.contains(&"command=echo {host} {time} {status}".to_owned()), "{line}: {fields:?}");
    }
}

#[test]
fn unknown_placeholder_warns_before_command() {
    let mut env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox run -u luffy --text '{Dration} {nothing} {status} {"a": 1}' -- sh -c 'echo here >&2'
2> warning: {Dration} is not a known placeholder and is sent unchanged; did you mean {duration}?
2> warning: {nothing} is not a known placeholder and is sent unchanged; the placeholders are {result}, {status}, {signal}, {duration}, {command}, {program}, {host}, {time}
2> here
2> sent message 1 (text) to luffy

"#]]);
    assert_eq!(env.sandbox().inbox()[0]["content"], "{Dration} {nothing} 0 {\"a\": 1}");
    let ran = env.run("run -u nobody --text {hots} -- true");
    assert_eq!(ran.stderr().matches("{hots} is not a known placeholder").count(), 1, "{}", ran.stderr());
    env.assert_session(str![[r#"
$ wxbox run -u luffy -t backup -d 'host={hots}' -d 'size={status}' -- true
2> warning: {hots} is not a known placeholder and is sent unchanged; did you mean {host}?
2> sent message 2 (template) to luffy

"#]]);
}

#[test]
fn rejected_report_text_uses_fallback() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    let config = env.read_config();
    env.write_config(&config.replace("host = \"db0\"\n", "").replace("size = \"-\"", "size = \"{status}\""));
    env.assert_session(str![[r#"
$ wxbox run -u nami --fallback backup --text '{program}: {result}' -- false
2> sent message 1 (template) to nami
exit 1

"#]]);
    assert_eq!(last_template_fields(&mut env), ["first=", "host=false: failed", "size=1", "time=-", "remark="]);
}

#[test]
fn a_key_makes_it_one_report() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("run -u luffy --key nightly -- true").assert_success();
    env.assert_session(str![[r#"
$ wxbox run -u luffy --key nightly -- false
2> sent nothing to luffy: message 1 has the same key and is sent
exit 1

"#]]);
    assert_eq!(received_reports(&mut env), ["true succeeded (status 0) on HOST after TIME"]);
}

#[test]
fn report_can_be_queued_for_flush() {
    let mut env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox run -u luffy --no-wait --expire-after 1h -- sh -c 'exit 2'
2> queued message 1 (text) to luffy
exit 2

"#]]);
    assert_eq!((env.sandbox().inbox().len(), queued_count(&env)), (0, 1));
    assert_eq!(env.query::<f64>("SELECT round((expires_at - created_at) / 3600000.0) FROM messages"), 1.0);
    env.run("outbox flush").assert_success();
    assert_eq!(received_reports(&mut env), ["sh failed (status 2) on HOST after TIME"]);
}

#[test]
fn undelivered_report_is_queued_and_keeps_command_status() {
    let env = TestEnv::without_config();
    env.write_config(
        "app_id = \"wx1\"\napp_secret = \"s\"\n[send]\nwait = \"0s\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n",
    );
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    for (command, status) in [("true", 0), ("sh -c 'exit 33'", 33), ("nothing", 127)] {
        let ran = env.run(&format!("-q run -u luffy -- {command}"));
        assert_eq!(ran.status(), Some(status), "{command}");
        assert!(ran.stderr().contains("cannot reach 127.0.0.1:1"), "{}", ran.stderr());
    }
    assert_eq!(queued_count(&env), 3);
}

#[test]
fn rejected_report_keeps_command_status() {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox run -u nami -- true
2> error: message 1 to nami was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that

"#]]);
}

#[test]
fn a_signal_while_the_report_waits_leaves_it_queued() {
    let server = CannedServer::new(vec![CannedResponse::Stall]);
    let env = server.env("", "timeout = \"1h\"");
    let run = env.spawn("run -u luffy -- sh -c 'exit 3'");
    server.stalled();
    run.signal(Signal::INT);
    run.wait().assert_snapshot(str![[r#"
exit 3
--- stderr
stopping; waiting up to two seconds for responses
interrupted; 1 message of this command remains queued; run `wxbox outbox flush` to send it

"#]]);
    assert_eq!(queued_count(&env), 1);
}

/// WeChat never answers, so only the signal can end the report.
#[test]
fn a_signal_during_the_command_bounds_its_report() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for (responses, state) in [
            (vec![CannedResponse::Stall], "queued"),
            (vec![json_response(TOKEN_BODY), CannedResponse::Stall], "unknown"),
        ] {
            let server = CannedServer::new(responses);
            let env = server.env("", "timeout = \"1h\"");
            let mut run = env.spawn("run -u luffy -- sh -c 'echo ready; exec sleep 600'");
            assert_eq!(run.expect_line(), "ready");
            run.signal(signal);
            let ran = run.wait();
            assert_eq!(ran.status(), Some(status), "{}", ran.stderr());
            assert_eq!(env.message_states(), state);
            let warning = match state {
                "queued" => {
                    "interrupted; 1 message of this command remains queued; run `wxbox outbox flush` to send it"
                }
                _ => {
                    "error: message 1 to luffy may or may not have been delivered: interrupted before WeChat responded"
                }
            };
            assert!(ran.stderr().contains(warning), "{}", ran.stderr());
        }
    }
}

/// The list of templates could not be fetched before the command, and is asked for again.
#[test]
fn a_signal_during_the_command_bounds_the_request_for_templates() {
    let mut env = TestEnv::with_bound_luffy();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "timeout = \"1h\"");
    let mut run = env.spawn("run -u luffy -t backup -- sh -c 'echo ready; exec sleep 600'");
    assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
    wechat.respond(200, TOKEN_BODY);
    assert_eq!(wechat.expect_request(), "/cgi-bin/template/get_all_private_template");
    wechat.respond(200, r#"{"errcode":48001,"errmsg":"api unauthorized"}"#);
    assert_eq!(run.expect_line(), "ready");
    run.signal(Signal::TERM);
    assert_eq!(wechat.expect_request(), "/cgi-bin/template/get_all_private_template");
    let ran = run.wait();
    assert_eq!(ran.status(), Some(143), "{}", ran.stderr());
    assert_eq!(env.message_states(), "queued", "{}", ran.stderr());
}

/// An error in wxbox does not prevent the command from running, with its own streams and exit
/// status.
#[test]
fn wxbox_errors_do_not_stop_command() {
    let env = env_with_users();
    let config = env.read_config();
    let ran = |options: &str| env.run(&format!("run {options} -- sh -c 'echo ran; exit 9'"));
    env.write_config("app_id = 3\n");
    ran("-u luffy").assert_snapshot(str![[r#"
exit 9
--- stdout
ran
--- stderr
warning: the result will not be reported: [HOME]/.config/wxbox/config.toml:1: app_id must be the AppID of the account in quotes, such as "wx3d0d44e8d59b5b8c"; running sh anyway

"#]]);
    std::fs::remove_file(env.path(".config/wxbox/config.toml")).unwrap();
    assert_eq!((ran("-u luffy").status(), ran("-u luffy").stdout()), (Some(9), "ran\n"));
    env.write_config(&config.replace("app_secret", "# app_secret"));
    assert_eq!((ran("-u luffy").status(), ran("-u luffy").stdout()), (Some(9), "ran\n"));
    env.write_config(&config);
    let unknown = format!("there is no user lufy in {}", env.database_path().display());
    for (options, trouble) in [
        ("-u lufy", unknown.as_str()),
        ("-u usopp", "usopp is not bound"),
        ("--tag nobody", "no user has the tag nobody"),
        ("-u luffy --text ''", "the text is empty"),
        ("-u luffy -t bakup", "there is no template \"bakup\""),
        ("-u luffy -t backup -d hots=1", "the template backup has no field hots (did you mean host?)"),
        (
            "-u luffy -t backup --data-json absent.json",
            "cannot read absent.json: No such file or directory (os error 2)",
        ),
        (
            "-u luffy --fallback backup",
            "--fallback backup: every field has a default, so there is no field for the text",
        ),
    ] {
        let result = ran(options);
        assert_eq!((result.status(), result.stdout()), (Some(9), "ran\n"), "{options}");
        let warnings: Vec<&str> = result.stderr().lines().filter(|line| line.starts_with("warning: ")).collect();
        let expected = format!("warning: the result will not be reported: {trouble}; running sh anyway");
        assert_eq!(warnings, [expected], "{options}");
    }
    env.assert_session(str![[r#"
$ wxbox --json -q run --on success -u lufy -- sh -c 'echo ran; exit 9'
ran
2> {"error":"the result will not be reported: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db; running sh anyway","hint":"did you mean luffy?","code":4}
exit 9

"#]]);
    std::fs::write(env.database_path(), "no database at all").unwrap();
    ran("-u luffy").assert_snapshot(str![[r#"
exit 9
--- stdout
ran
--- stderr
warning: the result will not be reported: [HOME]/.local/share/wxbox/wxbox.db is not a database; running sh anyway
hint: check --database, WXBOX_DATABASE or the key database; if the file was a database before, see `wxbox help recovery`; the file was not changed

"#]]);
}

#[test]
fn a_wrong_command_line_runs_nothing() {
    let env = TestEnv::with_bound_luffy();
    for line in [
        "run -- touch made",
        "run -u luffy",
        "run -u luffy touch made",
        "run -u luffy --on sometimes -- touch made",
        "run -u luffy --text x -t backup -- touch made",
        "run -u luffy --text - -- touch made",
        "run -u luffy -t backup --data-json - -- touch made",
        "run --all -- touch made",
    ] {
        let ran = env.run(line);
        assert_eq!(ran.status(), Some(2), "{line}");
        assert!(ran.stderr().starts_with("error: "), "{line}: {}", ran.stderr());
        assert!(!env.path("made").exists(), "{line}");
    }
}

#[test]
fn config_fixed_during_command_is_used() {
    let mut env = TestEnv::with_bound_luffy();
    let config = env.read_config();
    env.write_file("good.toml", &config);
    env.write_config("app_id = 3\n");
    let ran = env.run("run -u luffy -- cp good.toml .config/wxbox/config.toml");
    assert!(ran.stderr().starts_with("warning: the result will not be reported"), "{}", ran.stderr());
    assert!(ran.stderr().ends_with("sent message 1 (text) to luffy\n"), "{}", ran.stderr());
    assert_eq!(received_reports(&mut env).len(), 1);
}

#[test]
fn config_broken_during_command_is_reported() {
    let env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox run -u luffy -- sh -c 'echo app_id = 3 >.config/wxbox/config.toml; exit 5'
2> error: the result of the command was not reported: [HOME]/.config/wxbox/config.toml:1: app_id must be the AppID of the account in quotes, such as "wx3d0d44e8d59b5b8c"
exit 5

"#]]);
}

#[test]
fn report_is_queued_after_command_ends() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(ACCEPTED_BODY)]);
    let env = server.env("", "");
    let fifo = env.path("go");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut run = env.spawn("run -u luffy -- sh -c 'echo begun; cat go'");
    assert_eq!(run.expect_line(), "begun");
    // There is neither a message nor an open database while the command runs: others may work on
    // the file, or restore a backup.
    assert_eq!(env.count("messages"), 0);
    assert_eq!(server.requests().len(), 0);
    let mut wal = env.database_path().into_os_string();
    wal.push("-wal");
    assert!(!std::path::Path::new(&wal).exists());
    std::fs::write(fifo, "").unwrap();
    assert_eq!(run.wait().status(), Some(0));
    assert_eq!(server.requests().len(), 2);
}
