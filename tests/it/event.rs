//! `event`: one event that another server got from WeChat.

use crate::support::env::{CommandOutput, LUFFY, TestEnv};
use crate::support::push::{PUSH_AES_KEY, configure_push, encrypt, event_xml, signed_query, unix_time};

const APP_ID: &str = "wx0123456789abcdef";

fn env_with_push(lines: &str) -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    configure_push(&env, lines);
    env
}

fn take(env: &TestEnv, query: Option<&str>, body: &str) -> CommandOutput {
    let query = query.map(|query| format!(" --query '{query}'")).unwrap_or_default();
    env.run_with_stdin(&format!("event{query}"), body)
}

fn is_reachable(env: &TestEnv) -> bool {
    env.run("--json user show luffy").assert_success().json_lines()[0]["reachable"].as_bool().unwrap()
}

#[test]
fn event_is_taken_with_and_without_query() {
    let env = env_with_push("");
    let now = unix_time();
    take(&env, None, &event_xml(LUFFY, now - 10, "unsubscribe", "")).assert_snapshot(snapbox::str![[r#"
exit 0

"#]]);
    assert!(!is_reachable(&env));
    let again = event_xml(LUFFY, now, "subscribe", "");
    take(&env, Some(&format!("?{}", signed_query(now))), &again).assert_success();
    assert!(is_reachable(&env));
    // A repeat is a success.
    take(&env, Some(&signed_query(now)), &again).assert_success();
}

#[test]
fn encrypted_event_needs_no_query() {
    let env = env_with_push(&format!("aes_key = \"{PUSH_AES_KEY}\""));
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    let (query, body) = encrypt(APP_ID, &xml);
    take(&env, None, &body).assert_success();
    assert!(!is_reachable(&env));
    take(&env, Some(&query), &body).assert_success();
    // A caller that passes no query vouches for a plain event. With a query, the event must have
    // the configured form.
    take(&env, None, &event_xml(LUFFY, unix_time(), "subscribe", "")).assert_success();
    assert!(is_reachable(&env));
    take(&env, Some(&signed_query(unix_time())), &xml).assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: the event was not recorded: it is not encrypted, although push.aes_key is set
hint: compare app_id, push.aes_key and the encryption mode with WeChat's console (消息推送)

"#]]);
    take(&env, None, &encrypt("wx_another", &xml).1).assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: the event was not recorded: it is for another account
hint: compare app_id, push.aes_key and the encryption mode with WeChat's console (消息推送)

"#]]);
}

#[test]
fn rejected_events_say_why() {
    let env = env_with_push("");
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    take(&env, Some("signature=1&timestamp=2&nonce=3"), &xml).assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: the event was not recorded: its signature does not match push.token
hint: pass the query string of WeChat's request unchanged in `--query`, and compare push.token with WeChat's console (消息推送)

"#]]);
    take(&env, Some(&signed_query(unix_time() - 3600)), &xml).assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: the event was not recorded: its timestamp differs from the clock of this machine by more than 10 minutes
hint: pass the query string of WeChat's request unchanged in `--query`, and compare push.token with WeChat's console (消息推送)

"#]]);
    take(&env, None, "<!DOCTYPE a []><xml/>").assert_snapshot(snapbox::str![[r#"
exit 2
--- stderr
error: the event was not recorded: it is not an event of WeChat
hint: pass the body of WeChat's request unchanged on standard input; it is an XML document of at most 64 KiB

"#]]);
    take(&env, None, &encrypt(APP_ID, &xml).1).assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: the event was not recorded: it is encrypted, but push.aes_key is not set
hint: compare app_id, push.aes_key and the encryption mode with WeChat's console (消息推送)

"#]]);
    assert_eq!(take(&env, None, &"x".repeat((64 << 10) + 1)).status(), Some(2));
    assert_eq!(take(&env, None, "").status(), Some(2));
    assert!(is_reachable(&env));
}

#[test]
fn event_needs_push_in_the_config() {
    let env = TestEnv::with_bound_luffy();
    take(&env, None, "<xml/>").assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: push.token is not set
hint: set token and aes_key under [push] in [HOME]/.config/wxbox/config.toml, or set WXBOX_PUSH_TOKEN and WXBOX_PUSH_AES_KEY, to the Token and the EncodingAESKey of 消息推送 (微信开发者平台 → 我的业务 → 服务号 → 消息推送); a test account has no aes_key

"#]]);
}

#[test]
fn first_event_creates_the_database() {
    let env = env_with_push("");
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    env.run_with_stdin("event", xml).assert_success();
    assert!(env.database_path().exists());
}
