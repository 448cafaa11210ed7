//! The report of `doctor` about WeChat's events: the secrets, `serve`, and the push URL.

use rustix::process::Signal;
use snapbox::str;

use crate::doctor::{assert_problems, problem_lines};
use crate::support::env::{LUFFY, TestEnv, http_client, set_mode};
use crate::support::push::{
    PUSH_AES_KEY, PUSH_TOKEN, configure_push, encrypt, event_xml, push, signed_query, start_serve, unix_time,
};
use crate::support::push_receiver::{PushReceiver, PushResponse};

/// Returns an environment in which phones and WeChat reach `serve` at one address, which is
/// returned.
fn env_with_push(scenario: &str, lines: &str) -> (TestEnv, String) {
    let env = TestEnv::with_scenario(scenario);
    let listen = env.read_config().lines().find_map(|line| line.strip_prefix("address = ")).unwrap().to_owned();
    let address = configure_push(&env, lines);
    env.replace_in_config(&[(listen.trim_matches('"'), &address)]);
    (env, address)
}

/// Returns the lines of `doctor` about these checks, as `check: status: detail`.
fn lines_about(env: &TestEnv, checks: &[&str]) -> Vec<String> {
    let found = env.run("--json doctor").json_lines();
    let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap().to_owned();
    let found = found.iter().filter(|line| checks.contains(&line["check"].as_str().unwrap()));
    found.map(|line| format!("{}: {}: {}", text(line, "check"), text(line, "status"), text(line, "detail"))).collect()
}

#[test]
fn running_serve_passes_all_checks() {
    let (mut env, address) = env_with_push("", &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let (serve, _) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, PUSH_AES_KEY, "safe");
    env.sandbox().write("luffy", "hello");
    env.sandbox().wait_for_push("text");
    let ran = env.run("-v doctor").assert_success();
    let last: Vec<&str> = ran.stdout().lines().skip(14).collect();
    let text = last.join("\n").replace(env.home.path().to_str().unwrap(), "[HOME]").replace(&address, "[SERVE]");
    let text = text.replace(address.split(':').next().unwrap(), "[IP]");
    let age = regex::Regex::new("arrived [0-9a-z ]+ ago").unwrap();
    snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).eq(
        age.replace(&text, "arrived [AGE] ago").into_owned() + "\n",
        str![[r#"
ok       push URL from outside: WeChat's servers resolve it to [IP]; a ping from 1 server arrives
ok       redirect_uri: http://[SERVE]/callback/; the sandbox accepts every address
ok       port: `wxbox serve` listens on [SERVE]
ok       callback: http://[SERVE]/callback/ reaches this machine
ok       events: only encrypted events are accepted (安全模式); the Token comes from [HOME]/.config/wxbox/config.toml:22
ok       serve: running; the last event arrived [AGE] ago
ok       push URL: http://[SERVE]/push passes WeChat's check of the URL

"#]],
    );
    assert!(ran.stderr().ends_with("all 21 checks passed\n"), "{}", ran.stderr());
    serve.signal(Signal::TERM);
    assert_eq!(serve.wait().status(), Some(0));
}

#[test]
fn stopped_serve_is_a_warning_and_the_doctor_answers_itself() {
    let (env, address) = env_with_push("", "");
    assert_problems(
        &env,
        str![[r#"
warning push-url-outside: WeChat's console has no push URL, or pushes are switched off there | start `wxbox serve`, then enter http://[LISTENER]/push on the sandbox's page under “Push settings”
warning serve: `wxbox serve` is not running with this database; no event arrived in the last day | run `wxbox serve`, or `systemctl enable --now wxbox-serve`; you do not need it if another server passes the events to `wxbox event`

"#]],
    );
    assert_eq!(
        lines_about(&env, &["push-url", "push", "port"]),
        [
            format!("port: ok: {address} is free"),
            format!(
                "push: ok: only unencrypted events are accepted, because push.aes_key is not set; the Token comes from {}:22",
                env.path(".config/wxbox/config.toml").display()
            ),
            format!("push-url: ok: http://{address}/push passes WeChat's check of the URL"),
        ]
    );
    // The doctor changed nothing.
    assert!(!env.database_path().exists());
    let (serve, _) = start_serve(&env);
    assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "subscribe", "")).0, 200);
    drop(serve);
    let serve = lines_about(&env, &["serve"]).remove(0);
    assert!(serve.starts_with("serve: warning: ") && serve.contains("the last event arrived "), "{serve}");
}

/// Returns the lines about these checks with the fix.
fn problems_of(env: &TestEnv, check: &str) -> Vec<String> {
    let found = problem_lines(&env.run("--json doctor"));
    found.into_iter().filter(|line| line.contains(&format!(" {check}: "))).collect()
}

/// Waits until the database has numbers of refused pushes, or has none.
fn wait_for_refused(env: &TestEnv, are_there: bool) {
    while env.query::<bool>("SELECT EXISTS (SELECT 1 FROM refused_pushes)") != are_there {
        std::thread::yield_now();
    }
}

#[test]
fn refused_pushes_are_a_warning_until_one_is_taken() {
    let (env, address) = env_with_push("", &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let (serve, _) = start_serve(&env);
    assert_eq!(problems_of(&env, "refused-pushes"), Vec::<String>::new());
    // The console has another mode.
    let xml = event_xml(LUFFY, unix_time(), "subscribe", "");
    assert_eq!(push(&address, &xml).0, 403);
    wait_for_refused(&env, true);
    let found = problems_of(&env, "refused-pushes").remove(0);
    assert!(found.starts_with("warning refused-pushes: 1 push was rejected "), "{found}");
    assert!(found.contains("it is not encrypted, although push.aes_key is set"), "{found}");
    assert!(found.contains("choose safe on the sandbox's page under “Push settings”"), "{found}");
    let text = env.run("doctor").assert_success();
    assert!(!text.stderr().contains("all checks passed"), "{}", text.stderr());
    // A push that any client can send does not hide the problem.
    let wrong = format!("http://{address}/push?{}0", signed_query(unix_time()));
    assert_eq!(http_client().post(&wrong).body(xml.clone()).send().unwrap().status(), 403);
    assert!(problems_of(&env, "refused-pushes")[0].contains("it is not encrypted"));
    let metrics = http_client().get(format!("http://{address}/metrics")).send().unwrap().text().unwrap();
    assert!(metrics.contains("wxbox_refused_pushes_total{reason=\"not_encrypted\"} 1\n"), "{metrics}");
    assert!(metrics.contains("wxbox_refused_pushes_total{reason=\"wrong_signature\"} 1\n"), "{metrics}");
    // The check of the doctor itself says nothing about WeChat, but an event does.
    assert_eq!(problems_of(&env, "refused-pushes").len(), 1);
    let (query, body) = encrypt("wx0123456789abcdef", &xml);
    let taken = http_client().post(format!("http://{address}/push?{query}")).body(body).send().unwrap();
    assert_eq!(taken.status(), 200);
    assert_eq!(problems_of(&env, "refused-pushes"), Vec::<String>::new());
    drop(serve);
}

#[test]
fn saved_push_settings_and_a_restart_reset_the_refused_pushes() {
    let (mut env, address) = env_with_push("", &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let refuse = |env: &TestEnv| {
        assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "subscribe", "")).0, 403);
        wait_for_refused(env, true);
    };
    let (serve, _) = start_serve(&env);
    refuse(&env);
    drop(serve);
    let (serve, _) = start_serve(&env);
    wait_for_refused(&env, false);
    refuse(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, PUSH_AES_KEY, "safe");
    wait_for_refused(&env, false);
    drop(serve);
}

#[test]
fn refused_event_of_another_server_is_counted() {
    let (mut env, _) = env_with_push("", "");
    let query = format!("{}0", signed_query(unix_time()));
    let xml = event_xml(LUFFY, unix_time(), "subscribe", "");
    let refuse = |env: &TestEnv| env.run_with_stdin(&format!("event --query '{query}'"), &xml);
    assert_eq!(refuse(&env).status(), Some(3));
    assert!(!env.database_path().exists());
    env.run("user add luffy").assert_success();
    for _ in 0..3 {
        assert_eq!(refuse(&env).status(), Some(3));
    }
    assert_eq!(env.query::<i64>("SELECT sum(count) FROM refused_pushes"), 1);
    env.set_variable("WXBOX_LANG", "zh");
    let found = problems_of(&env, "refused-pushes").remove(0);
    assert!(found.contains("签名与 push.token 不符") && found.contains("沙箱页面的“接口配置（消息推送）”"), "{found}");
}

#[test]
fn config_that_serve_has_not_read_is_a_warning() {
    let (env, address) = env_with_push("", "");
    let (serve, _) = start_serve(&env);
    assert_eq!(problems_of(&env, "served-config"), Vec::<String>::new());
    // Comments, and keys that only other commands use, are no difference.
    env.prepend_config("# a comment");
    env.replace_in_config(&[("db0", "db9")]);
    assert_eq!(problems_of(&env, "served-config"), Vec::<String>::new());
    let uri = format!("http://{address}/wx/callback/");
    env.replace_in_config(&[(&format!("http://{address}/callback/"), &uri)]);
    let found = problems_of(&env, "served-config").remove(0);
    let path = env.path(".config/wxbox/config.toml");
    let expected = format!("has not read {} since it changed: redirect_uri", path.display());
    assert!(found.contains(&expected) && found.contains("systemctl reload wxbox-serve"), "{found}");
    // The finding names no other program.
    let callback = problems_of(&env, "callback").remove(0);
    let expected = format!("failure callback: cannot open {uri}: `wxbox serve` runs with an old config");
    assert!(callback.starts_with(&expected), "{callback}");
    serve.signal(Signal::HUP);
    while !problems_of(&env, "served-config").is_empty() {}
    assert_eq!(problems_of(&env, "callback"), Vec::<String>::new());
    // The finding distinguishes another file from an older one.
    let text = env.read_config().replace("[send]\n", "[send]\nrate = 7\n");
    env.write_file("other.toml", text);
    let found = problem_lines(&env.run("-c other.toml --json doctor"));
    let found = found.iter().find(|line| line.contains(" served-config: ")).unwrap();
    let expected = format!("has read {}, which has different values for send.rate", path.display());
    assert!(found.contains(&expected), "{found}");
}

#[test]
fn failed_receipts_are_a_warning() {
    let scenario = "[[faults]]\nreceipt = \"system failed\"\n";
    let (mut env, address) = env_with_push(scenario, "");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let (serve, _) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, "", "plain");
    let sent = env.run("send --user luffy --template backup --wait-receipt");
    assert_eq!(sent.status(), Some(5));
    assert!(sent.stderr().contains("did not deliver it: system failed"), "{}", sent.stderr());
    let found = problems_of(&env, "receipts").remove(0);
    assert!(found.starts_with("warning receipts: WeChat could not deliver 1 message"), "{found}");
    assert!(found.contains("`wxbox outbox list --receipt failed --since 1d`"), "{found}");
    drop(serve);
}

#[test]
fn wrong_push_url_is_explained() {
    let (env, address) = env_with_push("", "");
    let (_serve, _) = start_serve(&env);
    let only = |env: &TestEnv| {
        let found = problem_lines(&env.run("--json doctor"));
        found.into_iter().find(|line| line.contains(" push-url: ")).unwrap_or_default()
    };
    // `serve` still has the old Token.
    env.replace_in_config(&[(PUSH_TOKEN, "anotherToken")]);
    let found = only(&env);
    assert!(found.contains("rejects the signature (HTTP 403)") && found.contains("restart `wxbox serve`"), "{found}");
    env.replace_in_config(&[("anotherToken", PUSH_TOKEN), ("[push]\n", "[push]\npath = \"/wx\"\n")]);
    // `serve` does not know the path yet.
    let found = only(&env);
    assert!(
        found.starts_with(&format!(
            "failure push-url: cannot open http://{address}/wx: `wxbox serve` runs with an old config"
        )),
        "{found}"
    );
    env.replace_in_config(&[("path = \"/wx\"\n", "")]);
    assert_eq!(only(&env), "");
    // Another program answers.
    let receiver = PushReceiver::start();
    let base = receiver.url().trim_end_matches("push");
    env.replace_in_config(&[("[serve]\n", &format!("[serve]\npublic_url = \"{base}\"\n"))]);
    for (response, part) in [
        (PushResponse::QuotedEchostr, "in quotes, which WeChat rejects"),
        (PushResponse::Body("hello".into()), "another program answers at"),
        (PushResponse::Status(502), "cannot reach `wxbox serve` (HTTP 502)"),
        (PushResponse::Status(302), "redirects (HTTP 302)"),
        (PushResponse::Close, "cannot open"),
    ] {
        receiver.respond(response);
        let found = only(&env);
        assert!(found.starts_with("failure push-url: ") && found.contains(part), "{part}: {found}");
    }
}

#[test]
fn address_that_wechat_cannot_reach_is_a_failure() {
    let (env, _) = env_with_push("", "");
    let base = format!(
        "open_base = \"{}\"",
        env.read_config().split("open_base = \"").nth(1).unwrap().split('"').next().unwrap()
    );
    env.replace_in_config(&[(&base, "open_base = \"https://open.weixin.qq.com\"")]);
    for (url, part) in [
        ("http://203.0.113.7:8080", "ports 80 (http) and 443 (https) only"),
        ("http://192.168.1.20", "a local network"),
    ] {
        let text = env.read_config();
        env.replace_in_config(&[("[serve]\n", &format!("[serve]\npublic_url = \"{url}\"\n"))]);
        let found = problem_lines(&env.run("--json doctor"));
        let found = found.iter().find(|line| line.contains(" push-url: ")).unwrap();
        assert!(found.starts_with("failure push-url: ") && found.contains(part), "{found}");
        env.write_config(&text);
    }
}

#[test]
fn unknown_push_url_is_a_warning() {
    let (env, address) = env_with_push("", "");
    env.replace_in_config(&[(&format!("redirect_uri = \"http://{address}/callback/\"\n"), "")]);
    assert_eq!(
        lines_about(&env, &["push-url"]),
        ["push-url: warning: the address at which WeChat sends events is unknown"]
    );
}

#[test]
fn plain_events_of_a_real_account_are_a_warning() {
    let (mut env, address) = env_with_push("real_limits = true", "");
    let (_serve, _) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, "", "plain");
    assert_problems(
        &env,
        str![[r#"
warning push: events are not encrypted, although the quota is that of a real account | choose 安全模式 at 微信开发者平台 → 我的业务 → 服务号 → 消息推送, and set push.aes_key to the EncodingAESKey

"#]],
    );
}

#[test]
fn unusable_or_public_push_secrets_are_reported() {
    let (env, _) = env_with_push("", "");
    let (_serve, _) = start_serve(&env);
    env.write_file(".config/wxbox/push-token", PUSH_TOKEN);
    env.replace_in_config(&[(&format!("token = \"{PUSH_TOKEN}\""), "token_file = \"push-token\"")]);
    set_mode(&env.path(".config/wxbox/push-token"), 0o604);
    let found = problem_lines(&env.run("--json doctor"));
    assert!(
        found.iter().any(|line| line.starts_with("warning permissions: ") && line.contains("push-token")),
        "{found:?}"
    );
    std::fs::remove_file(env.path(".config/wxbox/push-token")).unwrap();
    let found = problem_lines(&env.run("--json doctor"));
    assert!(
        found.iter().any(|line| line.starts_with("failure push: ") && line.contains("cannot read the Token: the file")),
        "{found:?}"
    );
}

#[test]
fn check_from_outside_is_left_out_where_the_account_may_not() {
    let (env, _) = env_with_push("unauthorized = [\"/cgi-bin/callback/check\"]", "");
    assert_eq!(lines_about(&env, &["push-url-outside"]), Vec::<String>::new());
}
