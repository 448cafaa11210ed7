//! `serve` that is told to stop while requests are pending: what it has accepted is answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use url::Url;

use crate::serve_durability::{SilentServer, check_url, read_rest, send_push};
use crate::support::env::{LUFFY, RunningCommand, TestEnv, authorize};
use crate::support::push::{configure_push, env_with_serve, event_xml, next_event, start_serve, stop, unix_time};
use crate::support::scripted_server::{ScriptedServer, use_in};

/// Starts a request of this URL, and returns the connection.
fn open(url: &Url) -> TcpStream {
    let mut stream = TcpStream::connect(url.socket_addrs(|| None).unwrap()[0]).unwrap();
    write!(stream, "GET {}?{} HTTP/1.1\r\nHost: a\r\n\r\n", url.path(), url.query().unwrap_or_default()).unwrap();
    stream
}

/// Reads the response of a connection that the server closes.
fn response(stream: TcpStream) -> String {
    String::from_utf8(read_rest(stream)).unwrap()
}

/// Asks `serve` to stop, and waits until it accepts no connections.
fn begin_stop(serve: &RunningCommand, address: &str) {
    serve.signal(Signal::TERM);
    while TcpStream::connect(address).is_ok() {}
}

/// Returns an environment in which luffy has no binding yet and `serve` answers phones, with a
/// scripted WeChat.
fn env_for_phone() -> (TestEnv, ScriptedServer) {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    configure_push(&env, "");
    let text = env.read_config();
    let address = |table: &str| {
        let (_, rest) = text.split_once(&format!("[{table}]\naddress = \"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    env.replace_in_config(&[(&address("serve"), &address("listen"))]);
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    (env, wechat)
}

fn confirm_luffy(wechat: &ScriptedServer) {
    wechat.respond(200, &format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}"));
    refuse_token(wechat);
}

/// Refuses the token of a process that asks whether luffy follows the account.
fn refuse_token(wechat: &ScriptedServer) {
    assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
    wechat.respond(200, "{\"errcode\":40013,\"errmsg\":\"invalid appid\"}");
}

#[test]
fn exchange_of_a_code_is_awaited() {
    let (env, wechat) = env_for_phone();
    let (mut serve, address) = start_serve(&env);
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    let phone = open(&callback);
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    // The phone calls twice.
    let again = open(&callback);
    begin_stop(&serve, &address);
    confirm_luffy(&wechat);
    for connection in [phone, again] {
        let page = response(connection);
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("绑定成功"), "{page}");
    }
    assert_eq!(next_event(&mut serve)["event"], "bound");
    assert_eq!(serve.wait().status(), Some(0));
    assert_eq!(bind.expect_line(), format!("bound luffy to {LUFFY}"));
    refuse_token(&wechat);
    assert_eq!(bind.wait().status(), Some(0));
}

#[test]
fn phone_is_told_to_try_again_after_a_long_exchange() {
    let (env, wechat) = env_for_phone();
    let (serve, address) = start_serve(&env);
    let mut bind = env.spawn("bind --user luffy");
    let link = bind.expect_line();
    let phone = open(&authorize(&link, "luffy"));
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    begin_stop(&serve, &address);
    // WeChat never answers.
    let page = response(phone);
    assert!(page.starts_with("HTTP/1.1 503") && page.contains("绑定尚未完成"), "{page}");
    assert_eq!(serve.wait().status(), Some(0));
    assert_eq!(env.count("bindings"), 0);
    wechat.drop_connection();
    // The binding still waits, and the next `serve` completes it.
    let (serve, _) = start_serve(&env);
    let phone = open(&authorize(&link, "luffy"));
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    confirm_luffy(&wechat);
    assert_eq!(bind.expect_line(), format!("bound luffy to {LUFFY}"));
    stop(serve);
    assert!(response(phone).starts_with("HTTP/1.1 200"));
}

#[test]
fn pushes_that_wait_for_another_program_are_answered() {
    let (env, other) = (TestEnv::with_bound_luffy(), SilentServer::new());
    let address = configure_push(&env, &other.config_line());
    let (serve, _) = start_serve(&env);
    let mut idle = TcpStream::connect(&address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_ne!(idle.read(&mut [0; 1024]).unwrap(), 0);
    let now = unix_time();
    let [first, second] = [0, 1].map(|n| {
        let connection = send_push(&address, &event_xml(LUFFY, now + n, "VIEW", ""));
        (connection, other.accept())
    });
    begin_stop(&serve, &address);
    // An idle connection is closed while the pushes are pending.
    assert_eq!(read_rest(idle), b"");
    let (connection, mut forwarded) = first;
    forwarded.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ntheirs").unwrap();
    let reply = response(connection);
    assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("theirs"), "{reply}");
    // The other program never answers the second one.
    let reply = response(second.0);
    assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("success"), "{reply}");
    let output = serve.wait();
    assert_eq!(output.status(), Some(0));
    assert!(output.stderr().contains("push.forward_to: timed out\n"), "{}", output.stderr());
}

#[test]
fn push_that_waits_for_the_database_is_answered() {
    let (env, serve, address) = env_with_serve();
    let lock = rusqlite::Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let connection = send_push(&address, &event_xml(LUFFY, unix_time(), "unsubscribe", ""));
    check_url(&address);
    begin_stop(&serve, &address);
    let reply = response(connection);
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("Retry-After: 5"), "{reply}");
    assert_eq!(serve.wait().status(), Some(0));
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(env.count("events"), 0);
}
