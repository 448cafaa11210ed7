//! A template that cannot be looked up: the failure keeps its own status and hint, and valid
//! messages are queued.

use snapbox::str;

use crate::support::canned_server::{CannedResponse, CannedServer, TOKEN_BODY, http_response, json_response};
use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, TestEnv};

/// The id of a template without an alias.
const TEMPLATE_ID: &str = "NcN_W_aEIwu-FHyJx8djU99Z70AvwwGcEufXiTzj-NM";

fn error_response(code: i64, text: &str) -> CannedResponse {
    json_response(&format!(r#"{{"errcode":{code},"errmsg":"{text}"}}"#))
}

/// Returns an environment without a network.
fn env_without_network() -> TestEnv {
    let mut env = TestEnv::without_config();
    env.write_config(&format!(
        "app_id = \"wx0123456789abcdef\"\n[send]\nwait = \"0s\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n\
         [templates.backup]\nid = \"{BACKUP_TEMPLATE_ID}\"\n"
    ));
    env.set_variable("WXBOX_APP_SECRET", "canned-secret");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env
}

#[test]
fn failed_title_lookup_keeps_its_cause() {
    let send =
        |answers: Vec<CannedResponse>| CannedServer::new(answers).env("", "").run("send -u luffy -t Backup -d host=a");
    env_without_network().run("send -u luffy -t Backup -d host=a").assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot look up the template "Backup": cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111); nothing was queued
hint: start `wxbox sandbox`, or correct network.api_base

"#]]);
    send(vec![error_response(40164, "invalid ip 203.0.113.9, not in whitelist")]).assert_snapshot(str![[r#"
exit 3
--- stderr
error: cannot look up the template "Backup": cannot get an access token: WeChat returned 40164 (invalid ip 203.0.113.9, not in whitelist): the caller IP is not on the IP allow-list; nothing was queued
hint: add 203.0.113.9 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again

"#]]);
    send(vec![error_response(40125, "invalid appsecret")]).assert_snapshot(str![[r#"
exit 3
--- stderr
error: cannot look up the template "Backup": cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong; nothing was queued
hint: copy the whole AppSecret to [HOME]/.config/wxbox/config.toml:2 again: it has 32 digits 0-9 and a-f; no reset is needed

"#]]);
    send(vec![json_response(TOKEN_BODY), error_response(45009, "reach max api daily quota limit")]).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot look up the template "Backup": WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up; nothing was queued
hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)

"#]]);
    send(vec![json_response(TOKEN_BODY), error_response(-1, "system error")]).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot look up the template "Backup": WeChat returned -1 (system error): platform busy; nothing was queued
hint: wait a minute, then try again: this error is usually temporary

"#]]);
    send(vec![json_response(TOKEN_BODY), http_response("502 Bad Gateway", "text/html", "")]).assert_snapshot(str![[r#"
exit 6
--- stderr
error: cannot look up the template "Backup": the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 502): the response is an HTTP error; nothing was queued
hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response

"#]]);
    send(vec![json_response(TOKEN_BODY), error_response(48001, "api unauthorized")]).assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot look up the template "Backup": WeChat returned 48001 (api unauthorized): account lacks this API; nothing was queued
hint: template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)

"#]]);
    // WeChat was queried, and the account has no template.
    send(vec![json_response(TOKEN_BODY), json_response(r#"{"template_list":[]}"#)]).assert_snapshot(str![[r#"
exit 4
--- stderr
error: there is no template "Backup"
hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias Backup` to choose the one that this name stands for

"#]]);
}

#[test]
fn template_named_by_id_is_queued() {
    let env = env_without_network();
    for name in [TEMPLATE_ID, "backup"] {
        let ran = env.run(&format!("--json send -u luffy -t {name} -d host=a"));
        assert_eq!(
            (ran.status(), ran.json_lines()[0]["state"].as_str()),
            (Some(6), Some("queued")),
            "{}",
            ran.stderr()
        );
    }
    let lines = format!(
        "{{\"user\":\"luffy\",\"template\":\"{TEMPLATE_ID}\",\"data\":{{\"host\":\"a\"}}}}\n\
         {{\"user\":\"luffy\",\"template\":\"Backup\",\"data\":{{\"host\":\"a\"}}}}\n"
    );
    let ran = env.run_with_stdin("--json send --batch - --no-wait", lines);
    let mut results = ran.json_lines();
    results.sort_by_key(|result| result["line"].as_u64());
    assert_eq!(results[0]["state"], "queued", "{}", ran.stdout());
    assert_eq!(results[1]["state"], "failed", "{}", ran.stdout());
    assert!(results[1]["error"].as_str().unwrap().contains("Connection refused"), "{}", ran.stdout());
}

#[test]
fn a_text_does_not_wait_for_its_fallback_to_be_looked_up() {
    let env = env_without_network();
    env.assert_session(str![[r#"
$ wxbox send -u luffy 'db1 is down' --fallback Alert
2> warning: cannot look up the template "Alert" of --fallback: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111); the text is sent without it
2> error: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2> hint: start `wxbox sandbox`, or correct network.api_base
2> 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it
exit 6
$ wxbox run -u luffy --fallback Alert --text 'job: {status}' -- true
2> warning: cannot look up the template "Alert" of --fallback: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111); the text is sent without it
2> error: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
2> hint: start `wxbox sandbox`, or correct network.api_base
2> 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it

"#]]);
    assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "queued,queued");
}
