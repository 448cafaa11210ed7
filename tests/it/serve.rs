//! `serve`: the push URL, events and their effects, monitoring, reload and stop.

use std::os::unix::net::UnixDatagram;

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::canned_server::{CannedResponse, CannedServer, http_response};
use crate::support::env::{LUFFY, NAMI, RunningCommand, TestEnv, authorize, http_client, page_title, unique_address};
use crate::support::push::{
    PUSH_AES_KEY, configure_push, encrypt, env_with_serve, event_xml, get, next_event, push, push_settings, push_to,
    signed_query, start_serve, stop, unix_time,
};

/// Returns a user as `user show` prints it.
pub fn user(env: &TestEnv, name: &str) -> Value {
    env.run(&format!("--json user show {name}")).assert_success().json_lines().remove(0)
}

#[test]
fn url_check_returns_the_bare_echostr() {
    let (_env, serve, address) = env_with_serve();
    let query = signed_query(1_714_036_504);
    assert_eq!(
        get(&address, &format!("/push?{query}&echostr=4375120948345356249")),
        (200, "4375120948345356249".into())
    );
    for wrong in [
        format!("/push?{query}x&echostr=echo-text"),
        format!("/push?{query}"),
        "/push".to_owned(),
        "/push?signature=&timestamp=&nonce=&echostr=echo-text".to_owned(),
    ] {
        let (status, body) = get(&address, &wrong);
        assert_eq!((status, body.contains("echo-text")), (403, false), "{wrong}");
    }
    for method in [Method::PUT, Method::DELETE] {
        let request = http_client().request(method, format!("http://{address}/push?{query}&echostr=1"));
        assert_eq!(request.send().unwrap().status(), 405);
    }
    assert_eq!(get(&address, "/other").0, 404);
    stop(serve);
}

#[test]
fn follow_events_change_reachability_once() {
    let (env, mut serve, address) = env_with_serve();
    let now = unix_time();
    let unfollowed = event_xml(LUFFY, now - 20, "unsubscribe", "<EventKey></EventKey>");
    assert_eq!(push(&address, &unfollowed), (200, "success".into()));
    assert_eq!(next_event(&mut serve), json!({"event": "unfollowed", "openid": LUFFY, "user": "luffy"}));
    assert_eq!(user(&env, "luffy")["reachable"], false);
    assert_eq!(push(&address, &event_xml(LUFFY, now - 10, "subscribe", "")), (200, "success".into()));
    assert_eq!(next_event(&mut serve), json!({"event": "followed", "openid": LUFFY, "user": "luffy"}));
    assert_eq!(user(&env, "luffy")["reachable"], true);
    // A repeat and an older event change nothing, and `serve` prints no event for a repeat.
    assert_eq!(push(&address, &unfollowed), (200, "success".into()));
    let older = event_xml(LUFFY, now - 30, "unsubscribe", "");
    assert_eq!(push(&address, &older), (200, "success".into()));
    assert_eq!(next_event(&mut serve)["event"], "unfollowed");
    assert_eq!(user(&env, "luffy")["reachable"], true);
    let text = "<xml><ToUserName>gh</ToUserName><FromUserName>oStranger</FromUserName><CreateTime>1714037059</CreateTime>\
                <MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>";
    assert_eq!(push(&address, text), (200, "success".into()));
    assert_eq!(next_event(&mut serve), json!({"event": "wrote", "openid": "oStranger", "user": null}));
    stop(serve);
}

#[test]
fn invalid_pushes_are_rejected_and_not_stored() {
    let (env, serve, address) = env_with_serve();
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    let post = |query: &str, body: String| {
        let url = format!("http://{address}/push?{query}");
        let response = http_client().post(url).body(body).send().unwrap();
        (response.status().as_u16(), response.text().unwrap())
    };
    let stale = signed_query(unix_time() - 700);
    let good = || signed_query(unix_time());
    let dtd = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{xml}");
    for (query, body, status) in [
        (format!("{}0", good()), xml.clone(), 403),
        (String::new(), xml.clone(), 403),
        (stale, xml.clone(), 403),
        (good(), dtd, 403),
        (good(), "{}".to_owned(), 403),
        (good(), String::new(), 403),
        (good(), "<a>".repeat(17) + &"</a>".repeat(17), 403),
        (good(), "x".repeat((64 << 10) + 1), 413),
    ] {
        let (found, text) = post(&query, body);
        assert_eq!(found, status, "{query}");
        assert!(!text.contains("oLuffy") && !text.contains("signature"), "{text}");
    }
    assert_eq!(env.count("events"), 0);
    assert_eq!(user(&env, "luffy")["reachable"], true);
    stop(serve);
}

#[test]
fn encrypted_pushes_are_taken_and_plain_ones_rejected_with_a_key() {
    let env = TestEnv::with_bound_luffy();
    configure_push(&env, &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let (mut serve, address) = start_serve(&env);
    let app_id = "wx0123456789abcdef";
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    assert_eq!(push(&address, &xml).0, 403);
    let post = |(query, body): (String, String)| {
        http_client().post(format!("http://{address}/push?{query}")).body(body).send().unwrap().status().as_u16()
    };
    assert_eq!(post(encrypt("wx_another_account", &xml)), 403);
    let (query, body) = encrypt(app_id, &xml);
    assert_eq!(post((query.replace("msg_signature=", "msg_signature=0"), body.clone())), 403);
    assert_eq!(post((query, body)), 200);
    assert_eq!(next_event(&mut serve)["event"], "unfollowed");
    assert_eq!(user(&env, "luffy")["reachable"], false);
    stop(serve);
}

#[test]
fn receipt_of_a_template_is_kept() {
    let (env, mut serve, address) = env_with_serve();
    let sent = env.run("--json send --user luffy --template backup").assert_success().json_lines().remove(0);
    let msgid = sent["msgid"].as_str().unwrap().to_owned();
    assert_eq!(sent["receipt"], Value::Null);
    env.run("--json send --user luffy hello").assert_success();
    let ids = |receipt: &str| -> Vec<i64> {
        let listed = env.run(&format!("--json outbox list --receipt {receipt}")).assert_success();
        listed.json_lines().iter().map(|line| line["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("none"), [1]);
    let at = unix_time();
    let finished = |status: &str, at| {
        event_xml(
            LUFFY,
            at,
            "TEMPLATESENDJOBFINISH",
            &format!("<MsgID>{msgid}</MsgID><Status><![CDATA[{status}]]></Status>"),
        )
    };
    assert_eq!(push(&address, &finished("failed:user block", at)).0, 200);
    assert_eq!(next_event(&mut serve), json!({"event": "receipt", "id": 1, "openid": LUFFY, "receipt": "blocked"}));
    assert_eq!((ids("blocked"), ids("none"), ids("delivered")), (vec![1], vec![], vec![]));
    let shown = env.run("--json outbox show 1").assert_success().json_lines().remove(0);
    assert_eq!((&shown["receipt"], &shown["receipt_text"]), (&json!("blocked"), &json!("failed:user block")));
    assert_eq!(push(&address, &finished("success", at + 1)).0, 200);
    assert_eq!(next_event(&mut serve)["receipt"], "delivered");
    let status = env.run("--json outbox status").assert_success().json_lines().remove(0);
    assert_eq!(status["receipts"], json!({"delivered": 1, "blocked": 0, "failed": 0, "none": 0}));
    assert_eq!(status["sent"], 2);
    stop(serve);
}

#[test]
fn serve_delivers_what_another_process_queues() {
    let (mut env, mut serve, address) = env_with_serve();
    env.run("send --user luffy --no-wait --template backup").assert_success();
    // The receipt arrives after the message has its msgid.
    while env.sandbox().inbox().is_empty() {}
    let msgid = loop {
        let shown = env.run("--json outbox show 1").assert_success().json_lines().remove(0);
        if let Some(msgid) = shown["msgid"].as_str() {
            break msgid.to_owned();
        }
    };
    let fields = format!("<MsgID>{msgid}</MsgID><Status>success</Status>");
    assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "TEMPLATESENDJOBFINISH", &fields)).0, 200);
    assert_eq!(next_event(&mut serve)["receipt"], "delivered");
    assert_eq!(env.message_states(), "sent");
    stop(serve);
}

#[test]
fn bind_needs_no_port_while_serve_runs() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    configure_push(&env, "");
    // The phone reaches `serve` at the address of the redirect address.
    let text = env.read_config();
    let listen = text.split_once("[listen]\naddress = \"").unwrap().1.split('"').next().unwrap().to_owned();
    let own = text.split_once("[serve]\naddress = \"").unwrap().1.split('"').next().unwrap().to_owned();
    env.replace_in_config(&[(&own, &listen)]);
    let (mut serve, _) = start_serve(&env);
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&callback).0, 200);
    assert_eq!(next_event(&mut serve), json!({"event": "bound", "user": "luffy", "openid": LUFFY}));
    assert_eq!(bind.expect_line(), format!("bound luffy to {LUFFY} (luffy)"));
    assert_eq!(bind.wait().status(), Some(0));
    // The phone calls again.
    assert_eq!(page_title(&callback).0, 200);
    assert_eq!(env.count("pending_bindings"), 0);
    let unknown = format!("http://{listen}/callback/?code=0123&state=0123");
    assert_eq!(page_title(&unknown.parse().unwrap()).0, 403);
    // A binding whose wait has ended is over for the phone as well.
    let mut bind = env.spawn("bind --user luffy --rebind");
    let late = authorize(&bind.expect_line(), "nami");
    bind.signal(Signal::INT);
    assert_eq!(bind.wait().status(), Some(130));
    assert_eq!(page_title(&late).0, 403);
    assert_eq!(user(&env, "luffy")["openid"], LUFFY);
    stop(serve);
}

#[test]
fn one_serve_for_each_account() {
    let (env, serve, _) = env_with_serve();
    env.run("serve --listen 127.0.0.1:0").assert_snapshot(snapbox::str![[r#"
exit 1
--- stderr
error: another `wxbox serve` is running with this database
hint: stop the other `wxbox serve`: only one can run per account

"#]]);
    stop(serve);
    let (serve, _) = start_serve(&env);
    stop(serve);
}

#[test]
fn health_and_metrics_describe_the_service() {
    let (env, mut serve, address) = env_with_serve();
    assert_eq!(get(&address, "/healthz"), (200, "{\"status\":\"ok\"}\n".into()));
    env.run("send --user luffy hello").assert_success();
    assert_eq!(push(&address, &event_xml(NAMI, unix_time(), "VIEW", "")).0, 200);
    assert_eq!(next_event(&mut serve), json!({"event": "other", "name": "VIEW", "openid": NAMI, "user": null}));
    let (status, page) = get(&address, "/metrics");
    assert_eq!(status, 200);
    for line in [
        "wxbox_messages{state=\"sent\"} 1",
        "wxbox_oldest_queued_seconds 0",
        "wxbox_events_total{event=\"other\"} 1",
        "wxbox_http_requests_total{path=\"/push\",status=\"200\"} 1",
        "wxbox_http_requests_total{path=\"/healthz\",status=\"200\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(!page.contains("luffy") && !page.contains(LUFFY) && !page.contains(NAMI), "{page}");
    let proxied = http_client().get(format!("http://{address}/metrics")).header("X-Forwarded-For", "203.0.113.7");
    assert_eq!(proxied.send().unwrap().status(), 403);
    stop(serve);
}

#[test]
fn paths_are_taken_with_and_without_the_prefix() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "path = \"/events\"");
    env.replace_in_config(&[("[serve]\n", "[serve]\npublic_url = \"https://wx.example.com/wxbox\"\n")]);
    let (serve, _) = start_serve(&env);
    for path in ["/events", "/wxbox/events"] {
        assert_eq!(push_to(&address, path, &event_xml(LUFFY, unix_time(), "VIEW", "")).status(), 200, "{path}");
    }
    for path in ["/healthz", "/wxbox/healthz"] {
        assert_eq!(get(&address, path).0, 200);
    }
    for path in ["/push", "/wxboxevents", "/wxbox/wxbox/events", "/"] {
        assert_eq!(push_to(&address, path, &event_xml(LUFFY, unix_time(), "VIEW", "")).status(), 404, "{path}");
    }
    stop(serve);
}

#[test]
fn pushes_are_passed_on_as_they_came() {
    let reply = "<xml><Content>theirs</Content></xml>";
    let server = CannedServer::new(vec![
        http_response("200 OK", "text/xml", reply),
        http_response("200 OK", "text/plain", "success"),
        http_response("500 Internal Server Error", "text/plain", "broken"),
    ]);
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, &format!("forward_to = \"{}/wx?a=b\"", server.url()));
    let (serve, _) = start_serve(&env);
    let xml = event_xml(LUFFY, unix_time(), "VIEW", "");
    assert_eq!(push(&address, &xml), (200, reply.into()));
    // A repeat is passed on, too; an empty answer and a failure are answered by wxbox itself.
    assert_eq!(push(&address, &xml), (200, "success".into()));
    assert_eq!(push(&address, &xml), (200, "success".into()));
    // The check of the URL is not passed on.
    assert_eq!(get(&address, &format!("/push?{}&echostr=1", signed_query(1))).0, 200);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[0].line.starts_with("POST /wx?a=b&signature="), "{}", requests[0].line);
    assert_eq!(requests[0].body, xml);
    stop(serve);
}

#[test]
fn unknown_paths_are_logged_by_their_first_segment() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "");
    let mut serve = env.spawn("-v --json serve");
    next_event(&mut serve);
    for path in ["/in/backup/s3cret.send", "/in/s3cret.txt", "/other", "/healthz/s3cret", "/callback/wrong"] {
        assert_eq!(get(&address, path).0, 404, "{path}");
    }
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert!(!output.stderr().contains("s3cret"), "{}", output.stderr());
    for (path, count) in [("/in/…", 2), ("/other", 1), ("/healthz/…", 1), ("/callback/wrong", 1)] {
        let line = format!("GET {path} 404 ");
        assert_eq!(output.stderr().matches(&line).count(), count, "{}", output.stderr());
    }
}

/// Stops `serve`, and returns its warnings about pushes that were not passed on, without the text
/// that all have.
fn forward_warnings(serve: RunningCommand) -> Vec<String> {
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert_eq!(output.status(), Some(0), "{}", output.stderr());
    let cause = |line: &str| Some(line.split_once("cannot forward the push to push.forward_to: ")?.1.to_owned());
    output.stderr().lines().filter_map(cause).collect()
}

#[test]
fn each_cause_of_a_failed_forward_is_reported_once() {
    let status = |status: &str| http_response(status, "text/plain", "");
    let closed = || CannedResponse::Bytes(Vec::new());
    let server = CannedServer::new(vec![
        status("500 Internal Server Error"),
        status("500 Internal Server Error"),
        closed(),
        closed(),
        status("502 Bad Gateway"),
        status("200 OK"),
        status("502 Bad Gateway"),
        CannedResponse::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".to_vec()),
    ]);
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, &format!("forward_to = \"{}/wx\"", server.url()));
    let (serve, _) = start_serve(&env);
    for _ in 0..8 {
        assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "VIEW", "")), (200, "success".into()));
    }
    assert_eq!(
        forward_warnings(serve),
        [
            "it responded with HTTP 500",
            "connection closed before message completed",
            "it responded with HTTP 502",
            "it responded with HTTP 502",
            "end of file before message length reached",
        ]
    );
}

#[test]
fn refused_connection_of_forward_to_is_named() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, &format!("forward_to = \"http://{}/\"", unique_address()));
    let (serve, _) = start_serve(&env);
    assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "VIEW", "")), (200, "success".into()));
    assert_eq!(forward_warnings(serve), ["Connection refused (os error 111)"]);
}

#[test]
fn hangup_reads_the_config_again() {
    let (env, mut serve, address) = env_with_serve();
    let xml = |n| event_xml(LUFFY, unix_time() + n, "VIEW", "");
    assert_eq!(push(&address, &xml(0)).0, 200);
    next_event(&mut serve);
    let text = env.read_config();
    // With an invalid config, the old config stays in force.
    env.write_config(&text.replace("[push]", "[pusch]"));
    serve.signal(Signal::HUP);
    assert_eq!(push(&address, &xml(1)).0, 200);
    next_event(&mut serve);
    env.write_config(&text.replace("[push]", "[push]\npath = \"/other\""));
    serve.signal(Signal::HUP);
    // The reload takes effect at some moment.
    while push_to(&address, "/other", &xml(2)).status() != 200 {}
    next_event(&mut serve);
    assert_eq!(push(&address, &xml(3)).0, 404);
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert_eq!(output.status(), Some(0));
    assert!(output.stderr().contains("the old config stays in force"), "{}", output.stderr());
    assert!(output.stderr().contains("reloaded the config"), "{}", output.stderr());
}

/// The end of systemd's socket for notifications.
struct NotifySocket(UnixDatagram);

impl NotifySocket {
    /// Starts `serve` with such a socket, and waits until it is ready.
    fn start_serve(env: &TestEnv) -> (Self, RunningCommand) {
        let path = env.path("notify.sock");
        let socket = Self(UnixDatagram::bind(&path).unwrap());
        let mut command = env.command("--json serve");
        command.env("NOTIFY_SOCKET", &path);
        let serve = env.spawn_command(command, "serve");
        assert_eq!(socket.receive(), "READY=1");
        (socket, serve)
    }

    fn receive(&self) -> String {
        let mut bytes = [0; 256];
        let length = self.0.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap().trim().to_owned()
    }
}

#[test]
fn systemd_is_notified() {
    let env = TestEnv::with_bound_luffy();
    configure_push(&env, "");
    let (socket, serve) = NotifySocket::start_serve(&env);
    serve.signal(Signal::TERM);
    assert_eq!(socket.receive(), "STOPPING=1");
    assert_eq!(serve.wait().status(), Some(0));
}

#[test]
fn reload_without_a_config_file_is_reported_as_at_the_start() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "");
    let (socket, serve) = NotifySocket::start_serve(&env);
    std::fs::remove_file(env.path(".config/wxbox/config.toml")).unwrap();
    serve.signal(Signal::HUP);
    let reloading = socket.receive();
    assert!(reloading.starts_with("RELOADING=1\n"), "{reloading}");
    assert_eq!(socket.receive(), "READY=1");
    assert_eq!(push(&address, &event_xml(LUFFY, unix_time(), "VIEW", "")), (200, "success".into()));
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert_eq!(output.status(), Some(0));
    let warning = "cannot reload the config: there is no config file; the old config stays in force\n";
    assert!(output.stderr().contains(warning), "{}", output.stderr());
    let at_the_start = env.run("serve");
    assert!(at_the_start.stderr().starts_with("error: there is no config file\n"), "{}", at_the_start.stderr());
}

#[test]
fn locked_database_leaves_pushes_to_be_repeated() {
    let (env, serve, address) = env_with_serve();
    let lock = rusqlite::Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    std::thread::scope(|scope| {
        let pushed: Vec<_> = (0..3).map(|_| scope.spawn(|| push(&address, &xml).0)).collect();
        assert_eq!(get(&address, &format!("/push?{}&echostr=1", signed_query(1))), (200, "1".into()));
        assert_eq!(get(&address, "/healthz").0, 503);
        for status in pushed {
            assert_eq!(status.join().unwrap(), 503);
        }
    });
    lock.execute_batch("ROLLBACK").unwrap();
    // The result of a check is reused for a second.
    while get(&address, "/healthz").0 != 200 {}
    assert_eq!(push(&address, &xml).0, 200);
    assert_eq!(user(&env, "luffy")["reachable"], false);
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert_eq!(output.stderr().matches("cannot record events").count(), 1, "{}", output.stderr());
}

#[test]
fn reply_after_a_scan_is_encrypted_as_the_push_was() {
    let env = TestEnv::new();
    env.run("user add nami").assert_success();
    configure_push(&env, &format!("aes_key = \"{PUSH_AES_KEY}\""));
    let (mut serve, address) = start_serve(&env);
    let mut bind = env.spawn("--json bind --user nami --scan");
    let shown: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!((&shown["event"], &shown["user"]), (&json!("scan_url"), &json!("nami")));
    let scene: String = env.query("SELECT secret FROM pending_bindings");
    assert!(scene.starts_with("wxbox.") && scene.len() == 28, "{scene}");
    let fields = format!("<EventKey>qrscene_{scene}</EventKey><Ticket>t</Ticket>");
    let xml = event_xml(NAMI, unix_time(), "subscribe", &fields);
    let (query, body) = encrypt("wx0123456789abcdef", &xml);
    let url = format!("http://{address}/push?{query}");
    let reply = http_client().post(&url).body(body.clone()).send().unwrap().text().unwrap();
    let opened = push_settings("wx0123456789abcdef").open_trusted(reply.as_bytes());
    // A reply has no event; its text is in the fields.
    let opened = opened.unwrap();
    assert_eq!(opened.fields["Content"], "已绑定为 nami");
    assert_eq!(opened.fields["ToUserName"], NAMI);
    assert_eq!(next_event(&mut serve)["event"], "followed");
    assert_eq!(next_event(&mut serve), json!({"event": "bound", "user": "nami", "openid": NAMI}));
    let bound: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!(bound, json!({"event": "bound", "user": "nami", "openid": NAMI, "nickname": null}));
    assert_eq!(bind.wait().status(), Some(0));
    stop(serve);
}
