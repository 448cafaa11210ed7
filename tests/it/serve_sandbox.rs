//! `serve` and the sandbox together: pushes have their effects, and a binding by a scan needs no
//! domain.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::env::{NAMI, RunningCommand, TestEnv, ZORO};
use crate::support::push::{PUSH_AES_KEY, PUSH_TOKEN, configure_push, next_event, start_serve, stop};

/// Returns an environment with a running `serve` to which the sandbox pushes in this mode.
fn env_with_pushes(mode: &str, scenario: &str) -> (TestEnv, RunningCommand) {
    let mut env = TestEnv::with_scenario(scenario);
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("user add zoro").assert_success();
    let key = if mode == "plain" { String::new() } else { format!("aes_key = \"{PUSH_AES_KEY}\"") };
    configure_push(&env, &key);
    let (serve, address) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, PUSH_AES_KEY, mode);
    (env, serve)
}

#[test]
fn one_scan_follows_and_binds_in_every_mode() {
    for mode in ["plain", "compatible", "safe"] {
        let (mut env, mut serve) = env_with_pushes(mode, "");
        let mut bind = env.spawn("bind --user zoro --scan");
        let url = bind.expect_line();
        env.sandbox().scan(&url, "zoro");
        assert_eq!(next_event(&mut serve), json!({"event": "followed", "openid": ZORO, "user": "zoro"}), "{mode}");
        assert_eq!(next_event(&mut serve), json!({"event": "bound", "user": "zoro", "openid": ZORO}));
        assert_eq!(bind.expect_line(), format!("bound zoro to {ZORO}"));
        assert_eq!(bind.wait().status(), Some(0));
        // The phone shows the reply.
        assert_eq!(count_on_phones(&mut env, "已绑定为 zoro"), 1, "{mode}");
        stop(serve);
    }
}

/// Waits until messages on the phones contain this text, and returns how many.
fn count_on_phones(env: &mut TestEnv, text: &str) -> usize {
    loop {
        let count = env.sandbox().inbox().iter().filter(|message| message.to_string().contains(text)).count();
        if count > 0 {
            return count;
        }
    }
}

#[test]
fn receipts_of_templates_arrive_whatever_their_order() {
    for fault in ["", "push = \"before the answer\"", "push = \"twice\"", "receipt = \"user block\""] {
        let scenario = if fault.is_empty() { String::new() } else { format!("[[faults]]\n{fault}\n") };
        let (env, mut serve) = env_with_pushes("safe", &scenario);
        env.run("send --user nami --template backup").assert_success();
        let receipt = if fault.contains("block") { "blocked" } else { "delivered" };
        let shown = loop {
            let shown = env.run("--json outbox show 1").assert_success().json_lines().remove(0);
            if shown["receipt"] != Value::Null {
                break shown;
            }
        };
        assert_eq!(shown["receipt"], receipt, "{fault}");
        // A receipt that overtook the response has no message yet when it is recorded.
        if fault != "push = \"before the answer\"" {
            assert_eq!(
                next_event(&mut serve),
                json!({"event": "receipt", "id": 1, "openid": NAMI, "receipt": receipt})
            );
        }
        stop(serve);
    }
}

#[test]
fn people_who_unfollow_and_write_are_known() {
    let (mut env, mut serve) = env_with_pushes("safe", "");
    env.sandbox().unfollow("nami");
    assert_eq!(next_event(&mut serve)["event"], "unfollowed");
    let user = |env: &TestEnv| env.run("--json user show nami").assert_success().json_lines().remove(0);
    assert_eq!(user(&env)["reachable"], false);
    // A template message would be refused as well.
    let refused = env.run("send --user nami hello");
    assert!(refused.stderr().contains("WeChat returned 45015"), "{}", refused.stderr());
    let hint = "hint: ask the person to follow the account first; then use --template, or --fallback ALIAS, \
                or wait until the person writes to the account\n";
    assert!(refused.stderr().ends_with(hint), "{}", refused.stderr());
    let shown = env.run("user show nami").assert_success();
    assert!(!shown.stdout().contains("user sync"), "{}", shown.stdout());
    env.sandbox().follow("nami");
    assert_eq!(next_event(&mut serve)["event"], "followed");
    assert_eq!(user(&env)["reachable"], true);
    env.sandbox().write("nami", "hello");
    assert_eq!(next_event(&mut serve), json!({"event": "wrote", "openid": NAMI, "user": "nami"}));
    let shown = env.run("user show nami").assert_success();
    assert!(shown.stdout().contains("48 hours after the user last wrote"), "{}", shown.stdout());
    env.sandbox().click("nami", "menu");
    assert_eq!(next_event(&mut serve)["event"], "wrote");
    env.sandbox().change_authorization("nami", "cancellation");
    assert_eq!(next_event(&mut serve)["event"], "other");
    assert_eq!(user(&env)["bound"], false);
    stop(serve);
}

#[test]
fn killed_serve_gets_the_event_again() {
    // WeChat gives up after three attempts, which a busy machine can miss. Then the test starts
    // again.
    while !event_is_repeated_after_kill() {}
}

/// Kills `serve`, and starts it again after the first attempt of a push. Returns `false` if it was
/// not ready for the last one.
fn event_is_repeated_after_kill() -> bool {
    let (mut env, serve) = env_with_pushes("safe", "[push]\nretry_after = \"1s\"\n");
    serve.signal(Signal::KILL);
    serve.wait();
    env.sandbox().unfollow("nami");
    // The first attempt finds no server.
    assert!(env.sandbox().wait_for_push("unsubscribe")["problem"].is_string());
    let mut last = env.spawn("--json serve");
    last.expect_line();
    let is_accepted = loop {
        let pushes = env.sandbox().pushes();
        let attempts: Vec<_> = pushes.iter().filter(|push| push["push"] == "unsubscribe").collect();
        if attempts.iter().any(|attempt| attempt["status"] == 200) {
            break true;
        }
        if attempts.len() == 3 {
            break false;
        }
    };
    if is_accepted {
        assert_eq!(next_event(&mut last)["event"], "unfollowed");
    }
    stop(last);
    is_accepted
}
