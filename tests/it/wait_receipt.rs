//! `--wait-receipt`: the exit status depends on the receipt of the message.

use serde_json::Value;
use snapbox::str;

use crate::support::env::{LUFFY, NAMI, RunningCommand, TestEnv};
use crate::support::push::{PUSH_AES_KEY, PUSH_TOKEN, configure_push, event_xml, start_serve, unix_time};

fn env_with_receipts(scenario: &str) -> (TestEnv, RunningCommand) {
    let mut env = TestEnv::with_scenario(scenario);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    configure_push(&env, &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let (serve, address) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, PUSH_AES_KEY, "safe");
    (env, serve)
}

#[test]
fn delivered_template_is_a_success() {
    let (env, _serve) = env_with_receipts("");
    env.assert_session(str![[r#"
$ wxbox send --user nami --template backup --wait-receipt
delivered message 1 (template) to nami

"#]]);
    let json = env.run("--json send --user nami --user luffy --template backup --wait-receipt=30s").assert_success();
    let receipts: Vec<_> = json.json_lines().iter().map(|line| line["receipt"].clone()).collect();
    assert_eq!(receipts, ["delivered", "delivered"]);
}

#[test]
fn blocked_and_missing_receipts_have_statuses_of_their_own() {
    let scenario = "[[faults]]\nreceipt = \"user block\"\nto = \"oNami_draws_maps_of_the_sea1\"\n";
    let (env, _serve) = env_with_receipts(scenario);
    env.assert_session(str![[r#"
$ wxbox send --user nami --template backup --wait-receipt
2> error: message 1 to nami was not delivered: the user refuses messages of the account (user block)
exit 5
$ wxbox send --user nami --user luffy --template backup --wait-receipt
delivered message 3 (template) to luffy
2> error: message 2 to nami was not delivered: the user refuses messages of the account (user block)
2> 1 of 2 messages sent; 1 not sent (`wxbox outbox list`)
exit 7

"#]]);
    let (env, _serve) = env_with_receipts("[[faults]]\npush = \"lost\"\n");
    env.assert_session(str![[r#"
$ wxbox send --user nami --template backup --wait-receipt=1s
2> error: WeChat accepted message 1 to nami, but no receipt arrived in time
2> hint: run `wxbox outbox show 1` later; do not send the message again, because it may have been delivered
exit 6

"#]]);
    assert_eq!(env.message_states(), "sent");
}

#[test]
fn json_error_says_that_wechat_accepted_the_message() {
    let final_error = |env: &TestEnv, users: &str| {
        let ran = env.run(&format!("--json send {users} --template backup --wait-receipt=1s"));
        let error: Value = serde_json::from_str(ran.stderr().lines().last().unwrap()).unwrap();
        assert_eq!(error["code"], ran.status().unwrap());
        [error["code"].to_string(), error["error"].to_string(), error["hint"].to_string()].join("\n")
    };
    let (mut env, _serve) = env_with_receipts("[[faults]]\npush = \"lost\"\n");
    snapbox::assert_data_eq!(
        final_error(&env, "--user nami"),
        str![[r#"
6
"WeChat accepted message 1 to nami, but no receipt arrived in time"
"run `wxbox outbox show 1` later; do not send the message again, because it may have been delivered"
"#]]
    );
    snapbox::assert_data_eq!(
        final_error(&env, "--user nami --user luffy"),
        str![[r#"
6
"WeChat accepted 2 messages, but no receipt arrived in time (recipients: nami, luffy)"
"run `wxbox outbox list --receipt none` later; do not send the messages again, because they may have been delivered"
"#]]
    );
    env.set_variable("WXBOX_LANG", "zh");
    snapbox::assert_data_eq!(
        final_error(&env, "--user nami"),
        str![[r#"
6
"微信已接收发给“nami”的消息 4，但没有及时推送送达回执"
"请稍后运行 `wxbox outbox show 4` 查看；消息可能已经送达，请不要重新发送"
"#]]
    );
    let refused = "[[faults]]\napi = \"/cgi-bin/message/template/send\"\nnth = 1\nerrcode = 47003\n";
    let (env, _serve) = env_with_receipts(&format!("[[faults]]\npush = \"lost\"\n{refused}"));
    snapbox::assert_data_eq!(
        final_error(&env, "--user nami --user luffy"),
        str![[r#"
7
"1 message was not delivered; WeChat accepted message 2 to luffy, but no receipt arrived in time"
"run `wxbox outbox show 2` later; do not send the message again, because it may have been delivered"
"#]]
    );
}

#[test]
fn text_counts_as_delivered_with_a_warning() {
    let (env, _serve) = env_with_receipts("");
    env.assert_session(str![[r#"
$ wxbox send --user luffy hello --wait-receipt
sent message 1 (text) to luffy
2> warning: only template messages and subscription notifications have receipts; other messages count as delivered when WeChat accepts them

"#]]);
}

#[test]
fn missing_receipt_is_explained() {
    let (mut env, serve) = env_with_receipts("");
    // Events that arrived while `serve` ran do not prove that it still runs.
    env.run("send --user nami --template backup --wait-receipt").assert_success();
    drop(serve);
    env.assert_session(str![[r#"
$ wxbox send --user nami --template backup --wait-receipt=1s
2> warning: no `wxbox serve` is running with this database: a receipt only arrives if another process receives the events
2> error: WeChat accepted message 2 to nami, but no receipt arrived in time
2> hint: run `wxbox outbox show 2` later; do not send the message again, because it may have been delivered
exit 6

"#]]);
    let (_serve, address) = start_serve(&env);
    let url = format!("http://{address}/push");
    env.sandbox().push_settings(&url, PUSH_TOKEN, PUSH_AES_KEY, "plain");
    let ran = env.run("send --user nami --template backup --wait-receipt=2s");
    assert_eq!(ran.status(), Some(6));
    let expected = "and none was accepted since: it is not encrypted, although push.aes_key is set: choose safe";
    let stderr = ran.stderr();
    assert!(stderr.contains("warning: 1 push was rejected ") && stderr.contains(expected), "{stderr}");
}

#[test]
fn events_of_another_server_need_no_serve() {
    let env = TestEnv::new();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    configure_push(&env, "");
    env.run_with_stdin("event", event_xml(NAMI, unix_time(), "subscribe", "")).assert_success();
    let ran = env.run("send --user nami --template backup --wait-receipt=1s");
    // The receipt is missing, too, so the reason is reported once, at the end.
    assert_eq!(ran.stderr().matches("no `wxbox serve` is running").count(), 1, "{}", ran.stderr());
    let (warning, error) = (ran.stderr().find("warning: "), ran.stderr().find("error: "));
    assert!(warning.unwrap() < error.unwrap(), "{}", ran.stderr());
}

#[test]
fn batch_and_retry_wait_as_well() {
    let (env, _serve) =
        env_with_receipts("[[faults]]\napi = \"/cgi-bin/message/template/send\"\nnth = 1\nerrcode = 47003\n");
    assert_eq!(env.run("send --user nami --template backup").status(), Some(5));
    let retried = env.run("--json outbox retry 1 --wait-receipt").assert_success();
    assert_eq!(retried.json_lines()[0]["receipt"], "delivered");
    let lines = "{\"user\":\"nami\",\"template\":\"backup\",\"ref\":\"a\"}\n";
    let batch = env.run_with_stdin("--json send --batch - --wait-receipt", lines).assert_success();
    assert_eq!((&batch.json_lines()[0]["ref"], &batch.json_lines()[0]["receipt"]), (&"a".into(), &"delivered".into()));
}

#[test]
fn wait_needs_push_in_the_config() {
    let env = TestEnv::with_bound_luffy();
    let output = env.run("send --user luffy --template backup --wait-receipt");
    assert_eq!(output.status(), Some(3));
    assert_eq!(env.count("messages"), 0);
    configure_push(&env, "");
    env.assert_session(str![[r#"
$ wxbox send --user luffy --template backup --wait-receipt=1s
2> warning: no `wxbox serve` is running with this database: a receipt only arrives if another process receives the events
2> error: WeChat accepted message 1 to luffy, but no receipt arrived in time
2> hint: run `wxbox outbox show 1` later; do not send the message again, because it may have been delivered
exit 6
$ wxbox send --user luffy hi --wait-receipt --no-wait
2> error: --wait-receipt cannot be used with --no-wait
2> hint: run `wxbox send -h` to see how to use it
exit 2

"#]]);
}
