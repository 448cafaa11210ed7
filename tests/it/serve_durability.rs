//! `serve` that is killed around an event, cannot write, or is flooded with signals: each event has
//! its effect once, and the repeat gets the same answer.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, Signal, prlimit};

use crate::serve::user;
use crate::support::certificate::TestCertificate;
use crate::support::env::{LUFFY, RunningCommand, TestEnv, ZORO, http_client};
use crate::support::push::{
    PUSH_AES_KEY, PUSH_TOKEN, configure_push, env_with_serve, event_xml, get, push, push_to, signed_query, start_serve,
    stop, unix_time,
};

/// Waits until WeChat's check of the URL is answered. Requests that were sent before have been read
/// by then.
pub fn check_url(address: &str) {
    assert_eq!(get(address, &format!("/push?{}&echostr=7", signed_query(1))), (200, "7".into()));
}

fn kill(serve: RunningCommand) {
    serve.signal(Signal::KILL);
    serve.wait();
}

/// Sends a push, and returns the connection without reading the response.
pub fn send_push(address: &str, xml: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let query = signed_query(unix_time());
    let length = xml.len();
    write!(stream, "POST /push?{query} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{xml}").unwrap();
    stream
}

/// Reads until the connection ends, which a killed process resets.
pub fn read_rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

#[test]
fn kill_before_the_commit_leaves_no_effect() {
    let (env, serve, address) = env_with_serve();
    let lock = rusqlite::Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let xml = event_xml(LUFFY, unix_time(), "unsubscribe", "");
    let connection = send_push(&address, &xml);
    check_url(&address);
    kill(serve);
    assert_eq!(read_rest(connection), b"");
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(env.count("events"), 0);
    assert_eq!(user(&env, "luffy")["reachable"], true);
    let (serve, address) = start_serve(&env);
    assert_eq!(push(&address, &xml), (200, "success".into()));
    assert_eq!(user(&env, "luffy")["reachable"], false);
    stop(serve);
}

/// A server of `push.forward_to` that never answers. A push reaches it after the commit and before
/// the answer.
pub struct SilentServer(TcpListener);

impl SilentServer {
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn config_line(&self) -> String {
        format!("forward_to = \"http://{}/\"", self.0.local_addr().unwrap())
    }

    /// Waits for a request, and returns its connection.
    pub fn accept(&self) -> TcpStream {
        let (mut stream, _) = self.0.accept().unwrap();
        assert_ne!(stream.read(&mut [0; 1]).unwrap(), 0);
        stream
    }
}

/// Kills `serve` after it has committed an event and before it answers, and returns the address of
/// the next `serve`, which passes no push on.
fn kill_after_commit(
    env: &TestEnv,
    other: &SilentServer,
    address: &str,
    serve: RunningCommand,
    xml: &str,
) -> RunningCommand {
    let connection = send_push(address, xml);
    let _passed_on = other.accept();
    kill(serve);
    assert_eq!(read_rest(connection), b"");
    env.replace_in_config(&[(&other.config_line(), "")]);
    start_serve(env).0
}

#[test]
fn kill_after_the_commit_of_an_unfollow_has_one_effect() {
    let (env, other) = (TestEnv::with_bound_luffy(), SilentServer::new());
    let address = configure_push(&env, &other.config_line());
    let (serve, _) = start_serve(&env);
    let now = unix_time();
    let xml = event_xml(LUFFY, now, "unsubscribe", "");
    let serve = kill_after_commit(&env, &other, &address, serve, &xml);
    assert_eq!(user(&env, "luffy")["reachable"], false);
    assert_eq!(push(&address, &event_xml(LUFFY, now + 1, "subscribe", "")), (200, "success".into()));
    assert_eq!(push(&address, &xml), (200, "success".into()));
    assert_eq!(user(&env, "luffy")["reachable"], true);
    assert_eq!(env.count("events"), 2);
    stop(serve);
}

#[test]
fn kill_after_the_commit_of_a_receipt_has_one_effect() {
    let (env, other) = (TestEnv::with_bound_luffy(), SilentServer::new());
    let address = configure_push(&env, &other.config_line());
    let sent = env.run("--json send --user luffy --template backup").assert_success().json_lines().remove(0);
    let (serve, _) = start_serve(&env);
    let fields = format!("<MsgID>{}</MsgID><Status>failed:user block</Status>", sent["msgid"].as_str().unwrap());
    let xml = event_xml(LUFFY, unix_time(), "TEMPLATESENDJOBFINISH", &fields);
    let serve = kill_after_commit(&env, &other, &address, serve, &xml);
    let shown = || env.run("--json outbox show 1").assert_success().json_lines().remove(0);
    let before = shown();
    assert_eq!((&before["receipt"], &before["state"]), (&"blocked".into(), &"sent".into()));
    assert_eq!(push(&address, &xml), (200, "success".into()));
    assert_eq!(shown(), before);
    assert_eq!(env.count("events"), 1);
    stop(serve);
}

#[test]
fn kill_after_the_commit_of_a_scan_has_one_effect_and_the_same_reply() {
    let (env, other) = (TestEnv::new(), SilentServer::new());
    env.run("user add zoro").assert_success();
    let address = configure_push(&env, &other.config_line());
    let (serve, _) = start_serve(&env);
    let mut bind = env.spawn("bind --user zoro --scan");
    bind.expect_line();
    let scene: String = env.query("SELECT secret FROM pending_bindings");
    let xml = event_xml(ZORO, unix_time(), "subscribe", &format!("<EventKey>qrscene_{scene}</EventKey>"));
    let serve = kill_after_commit(&env, &other, &address, serve, &xml);
    assert_eq!(bind.expect_line(), format!("bound zoro to {ZORO}"));
    assert_eq!(bind.wait().status(), Some(0));
    let (status, reply) = push(&address, &xml);
    assert!(status == 200 && reply.contains("<Content><![CDATA[已绑定为 zoro]]></Content>"), "{status} {reply}");
    assert_eq!(push(&address, &xml), (200, reply));
    assert_eq!(env.count("bindings"), 1);
    stop(serve);
}

#[test]
fn sandbox_repeats_a_scan_whose_answer_was_lost() {
    // WeChat gives up after three attempts, which a busy machine can miss. Then the test starts
    // again.
    while !scan_is_repeated_after_kill() {}
}

/// Kills `serve` before it answers a scan, and starts it again. Returns `false` if it was not ready
/// for the last attempt.
fn scan_is_repeated_after_kill() -> bool {
    let other = SilentServer::new();
    let mut env = TestEnv::with_scenario("[push]\nretry_after = \"2s\"\n");
    env.run("user add zoro").assert_success();
    let address = configure_push(&env, &format!("aes_key = \"{PUSH_AES_KEY}\"\n{}", other.config_line()));
    let (serve, _) = start_serve(&env);
    env.sandbox().push_settings(&format!("http://{address}/push"), PUSH_TOKEN, PUSH_AES_KEY, "safe");
    let mut bind = env.spawn("bind --user zoro --scan");
    let url = bind.expect_line();
    env.sandbox().scan(&url, "zoro");
    let _passed_on = other.accept();
    kill(serve);
    env.replace_in_config(&[(&other.config_line(), "")]);
    let (serve, _) = start_serve(&env);
    assert_eq!(bind.expect_line(), format!("bound zoro to {ZORO}"));
    assert_eq!(bind.wait().status(), Some(0));
    // The reply to the repeat reaches the phone.
    let has_reply =
        |env: &mut TestEnv| env.sandbox().inbox().iter().any(|line| line.to_string().contains("已绑定为 zoro"));
    let is_lost = |env: &mut TestEnv| env.sandbox().pushes().iter().any(|it| it["attempt"] == 3 && it["status"] != 200);
    let is_repeated = loop {
        if has_reply(&mut env) {
            break true;
        }
        if is_lost(&mut env) {
            break false;
        }
    };
    stop(serve);
    is_repeated
}

#[test]
fn stop_abandons_a_request_that_hangs() {
    let mut env = TestEnv::with_scenario("[[faults]]\napi = \"/cgi-bin/message/*\"\nhang = \"after\"\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    configure_push(&env, "");
    env.replace_in_config(&[("[network]\n", "[network]\ntimeout = \"10m\"\n")]);
    env.run("send --user luffy --no-wait --template backup").assert_success();
    let (serve, _) = start_serve(&env);
    while env.sandbox().stats()["delivered"] != 1 {}
    stop(serve);
    // The service did not wait for it.
    assert_eq!(env.query::<String>("SELECT outcome FROM attempts"), "ambiguous");
    assert_eq!(env.message_states(), "queued");
    env.sandbox().post_form("faults", "");
    env.run("outbox flush").assert_success();
    assert_eq!(env.message_states(), "sent");
    assert_eq!(env.sandbox().stats()["delivered"], 1);
}

#[test]
fn unread_output_does_not_hinder_events_and_stop() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "");
    let mut child =
        env.command("--json serve").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    // This is more than a pipe holds.
    let (now, address) = (unix_time(), &address);
    std::thread::scope(|scope| {
        for thread in 0..16 {
            scope.spawn(move || {
                for n in 0..60 {
                    let name = format!("VIEW{}", "x".repeat(100));
                    assert_eq!(push(address, &event_xml(&format!("o{thread}"), now + n, &name, "")).0, 200);
                }
            });
        }
    });
    assert_eq!(env.count("events"), 960);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    // `wait_with_output` would read the output.
    let status = child.wait().unwrap();
    assert!(status.code().is_some(), "{status}");
}

#[test]
fn full_disk_leaves_pushes_to_be_repeated_and_health_recovers() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "");
    // A file that exceeds its size limit is an error, and no signal.
    let serve = env.command("--json serve");
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(serve.get_program())
        .args(serve.get_args())
        .env_clear()
        .current_dir(env.home.path());
    shell.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut serve = env.spawn_command(shell, "serve");
    serve.expect_line();
    let size = |name: &str| env.database_path().with_file_name(name).metadata().map_or(0, |metadata| metadata.len());
    let limit = |bytes: Option<u64>| {
        prlimit(Some(serve.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    };
    assert_eq!(get(&address, "/healthz").0, 200);
    let now = unix_time();
    let xml = |n| event_xml("oStranger", now + n, "VIEW", "");
    limit(Some(size("wxbox.db").max(size("wxbox.db-wal")) + 20_000));
    let first = (0..10_000).find(|n| push(&address, &xml(*n)).0 == 503).expect("the file cannot grow");
    check_url(&address);
    assert_eq!(get(&address, "/healthz").0, 503);
    limit(None);
    // The state recovers even if no event arrives.
    while get(&address, "/healthz").0 != 200 {}
    assert_eq!(push(&address, &xml(first)).0, 200);
    assert_eq!(env.count("events").unsigned_abs(), first + 1);
    serve.signal(Signal::TERM);
    let output = serve.wait();
    assert_eq!(output.stderr().matches("cannot record events").count(), 1, "{}", output.stderr());
}

#[test]
fn event_that_cannot_be_recorded_does_not_keep_out_others() {
    let (env, serve, address) = env_with_serve();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let trigger = "CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.openid = 'oBroken'
                   BEGIN SELECT RAISE(ABORT, 'broken'); END";
    database.execute_batch(trigger).unwrap();
    // While the lock is held, the events gather for one commit.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let now = unix_time();
    let connections: Vec<TcpStream> = ["oBroken", "oNami", "oZoro"]
        .iter()
        .map(|openid| send_push(&address, &event_xml(openid, now, "VIEW", "")))
        .collect();
    check_url(&address);
    database.execute_batch("ROLLBACK").unwrap();
    let statuses: Vec<String> = connections
        .into_iter()
        .map(|mut connection| {
            let mut line = [0; 12];
            connection.read_exact(&mut line).unwrap();
            String::from_utf8_lossy(&line).into_owned()
        })
        .collect();
    assert_eq!(statuses, ["HTTP/1.1 503", "HTTP/1.1 200", "HTTP/1.1 200"]);
    while get(&address, "/healthz").0 != 200 {}
    stop(serve);
}

#[test]
fn slow_server_of_forward_to_does_not_keep_out_pushes() {
    let (env, other) = (TestEnv::with_bound_luffy(), SilentServer::new());
    let address = configure_push(&env, &other.config_line());
    let mut serve = env.spawn("--json -v serve");
    serve.expect_line();
    let now = unix_time();
    let connections: Vec<TcpStream> =
        (0..60).map(|n| send_push(&address, &event_xml("oStranger", now + n, "VIEW", ""))).collect();
    check_url(&address);
    for mut connection in connections {
        let mut line = [0; 12];
        connection.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"HTTP/1.1 200");
    }
    assert_eq!(env.count("events"), 60);
    serve.signal(Signal::TERM);
    let stderr = serve.wait().stderr().to_owned();
    assert!(stderr.contains("cannot forward the push to push.forward_to: 12 pushes are waiting for it"), "{stderr}");
}

#[test]
fn many_reloads_leave_one_service() {
    let (env, serve, address) = env_with_serve();
    let threads = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", serve.pid().as_raw_pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap().trim().to_owned();
        line.parse::<usize>().unwrap()
    };
    let (before, now) = (threads(), unix_time());
    for n in 0..200 {
        serve.signal(Signal::HUP);
        if n % 10 == 0 {
            assert_eq!(push(&address, &event_xml("oStranger", now + n, "VIEW", "")).0, 200);
        }
    }
    // Those of replaced parts end when the last request that uses them ends.
    while threads() > before + 4 {}
    assert_eq!(push(&address, &event_xml("oStranger", now + 300, "VIEW", "")).0, 200);
    env.run("send --user luffy --no-wait --template backup").assert_success();
    while env.message_states() != "sent" {}
    stop(serve);
}

#[test]
fn one_of_two_that_start_at_once_serves() {
    let env = TestEnv::with_bound_luffy();
    configure_push(&env, "");
    for _ in 0..3 {
        let mut both = [(); 2].map(|()| env.spawn("--json serve --listen 127.0.0.1:0"));
        let lines = both.each_mut().map(RunningCommand::read_line);
        assert_eq!(lines.iter().flatten().count(), 1, "{lines:?}");
        for (process, line) in both.into_iter().zip(lines) {
            match line {
                Some(_) => stop(process),
                None => assert_eq!(process.wait().status(), Some(1)),
            }
        }
    }
}

#[test]
fn one_connection_takes_many_pushes() {
    let (env, serve, address) = env_with_serve();
    let mut stream = TcpStream::connect(&address).unwrap();
    let now = unix_time();
    for n in 0..100 {
        let (query, xml) = (signed_query(now), event_xml("oStranger", now + n, "VIEW", ""));
        let close = if n == 99 { "Connection: close\r\n" } else { "" };
        let length = xml.len();
        write!(stream, "POST /push?{query} HTTP/1.1\r\nHost: a\r\n{close}Content-Length: {length}\r\n\r\n{xml}")
            .unwrap();
    }
    let responses = String::from_utf8(read_rest(stream)).unwrap();
    assert_eq!(responses.matches("HTTP/1.1 200").count(), 100, "{responses}");
    assert_eq!(env.count("events"), 100);
    stop(serve);
}

#[test]
fn unusual_paths_and_methods_are_answered() {
    let env = TestEnv::with_bound_luffy();
    // The prefix of the path, which some proxies remove, is in both.
    let address = configure_push(&env, "path = \"/wxbox/push\"");
    env.replace_in_config(&[("[serve]\n", "[serve]\npublic_url = \"https://wx.example.com/wxbox\"\n")]);
    let (serve, _) = start_serve(&env);
    let xml = event_xml(LUFFY, unix_time(), "VIEW", "");
    for (path, status) in [
        ("/wxbox/push", 200),
        ("/wxbox/wxbox/push", 200),
        ("/push", 404),
        ("//wxbox/push", 404),
        ("/wxbox/%70ush", 404),
        ("/wxbox/push/", 404),
    ] {
        assert_eq!(push_to(&address, path, &xml).status(), status, "{path}");
    }
    assert_eq!(get(&address, &"/x".repeat(10_000)).0, 404);
    let head = |path: &str| {
        let response = http_client().head(format!("http://{address}{path}")).send().unwrap();
        (response.status().as_u16(), response.text().unwrap())
    };
    assert_eq!(head(&format!("/wxbox/push?{}&echostr=7", signed_query(1))), (200, String::new()));
    assert_eq!(head("/healthz"), (200, String::new()));
    assert_eq!(head("/metrics"), (200, String::new()));
    // A proxy that keeps the name that its client used.
    let named = http_client().get(format!("http://{address}/metrics")).header("Host", "wx.example.com");
    assert_eq!(named.send().unwrap().status(), 403);
    stop(serve);
}

#[test]
fn pushes_arrive_over_https() {
    let env = TestEnv::with_bound_luffy();
    let address = configure_push(&env, "");
    let own = TestCertificate::for_name(address.split_once(':').unwrap().0);
    env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
    env.write_file(".config/wxbox/key.pem", &own.key_pem);
    env.replace_in_config(&[
        ("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n"),
        ("redirect_uri = \"http://", "redirect_uri = \"https://"),
    ]);
    let (serve, _) = start_serve(&env);
    let client = own.http_client();
    for n in 0..20 {
        let url = format!("https://{address}/push?{}", signed_query(unix_time()));
        let response = client.post(url).body(event_xml(LUFFY, unix_time() + n, "VIEW", "")).send().unwrap();
        assert_eq!(response.status(), 200);
        // A new certificate is read while the connection is open.
        serve.signal(Signal::HUP);
    }
    assert_eq!(env.count("events"), 20);
    stop(serve);
}
