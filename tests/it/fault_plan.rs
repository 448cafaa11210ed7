//! The sandbox's fault plan over real connections: the effect of each fault on a client, and the
//! messages that arrived nevertheless.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::TEST_TIMEOUT;
use crate::support::env::{LUFFY, TestEnv, http_client};

const SEND_PATH: &str = "/cgi-bin/message/custom/send";

/// Returns a sandbox with this fault for texts, and a token for it.
fn env_with_fault(fault: &str) -> (TestEnv, String) {
    let mut env = TestEnv::with_scenario(&format!("[[faults]]\napi = \"{SEND_PATH}\"\n{fault}\n"));
    let token = fetch_token(&mut env);
    (env, token)
}

fn fetch_token(env: &mut TestEnv) -> String {
    let sandbox = env.sandbox();
    let query = format!("grant_type=client_credential&appid={}&secret={}", sandbox.app_id, sandbox.app_secret);
    let answer = http_client().get(format!("{}/cgi-bin/token?{query}", sandbox.url)).send().unwrap();
    let answer: Value = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn connect(env: &mut TestEnv) -> TcpStream {
    let socket = TcpStream::connect(env.sandbox().url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket
}

/// Requests that a text be sent, on a connection that could be kept alive.
fn write_send_request(mut socket: &TcpStream, token: &str) {
    let body = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "hello"}}).to_string();
    let length = body.len();
    let head = format!(
        "POST {SEND_PATH}?access_token={token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

/// Reads until the connection closes.
fn read_to_close(mut socket: &TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// Reads one response: its head, and the body that the head announces.
fn read_response(mut socket: &TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    socket.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn logged_faults(env: &mut TestEnv) -> Vec<(String, Value)> {
    env.sandbox()
        .request_log()
        .into_iter()
        .filter(|line| line["path"] == SEND_PATH)
        .map(|line| (line["fault"].to_string(), line["errcode"].clone()))
        .collect()
}

/// Waits until `count` calls are in the log: a call without a response is logged at an unknown
/// moment after the request was written.
fn wait_for_faults(env: &mut TestEnv, count: usize) -> Vec<(String, Value)> {
    let mut logged = Vec::new();
    while logged.len() < count {
        logged.extend(logged_faults(env));
    }
    logged
}

#[test]
fn connection_reset_before_or_after_message() {
    for (when, arrived, errcode) in [("before", 0, Value::Null), ("after", 1, json!(0))] {
        let (mut env, token) = env_with_fault(&format!("reset = \"{when}\""));
        let socket = connect(&mut env);
        write_send_request(&socket, &token);
        assert_eq!(read_to_close(&socket).unwrap_err().kind(), ErrorKind::ConnectionReset, "{when}");
        assert_eq!(env.sandbox().inbox().len(), arrived, "{when}");
        assert_eq!(logged_faults(&mut env), [(format!("\"reset {when}\""), errcode)]);
    }
}

#[test]
fn truncated_response_is_shorter_than_its_length() {
    let (mut env, token) = env_with_fault("truncated = true");
    let socket = connect(&mut env);
    write_send_request(&socket, &token);
    let response = read_to_close(&socket).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.ends_with("\r\nContent-Length: 27") && !head.contains("Connection: close"), "{head}");
    assert_eq!(body, "{\"errcode\":0,");
    assert_eq!(env.sandbox().inbox().len(), 1);
}

#[test]
fn hang_lasts_until_client_closes() {
    for (when, arrived) in [("before", 0), ("after", 1)] {
        let (mut env, token) = env_with_fault(&format!("hang = \"{when}\""));
        let mut socket = connect(&mut env);
        write_send_request(&socket, &token);
        assert_eq!(wait_for_faults(&mut env, 1)[0].0, format!("\"hang {when}\""));
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "{when}");
        socket.set_nonblocking(false).unwrap();
        assert_eq!(env.sandbox().inbox().len(), arrived, "{when}");
        // The sandbox notices that the client closes, and closes its own side.
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read_to_close(&socket).unwrap(), "");
    }
}

#[test]
fn throttled_response_arrives_slowly() {
    let (mut env, token) = env_with_fault("drip = \"1ms\"\ntimes = 1");
    let socket = connect(&mut env);
    write_send_request(&socket, &token);
    let (_, body) = read_response(&socket);
    assert_eq!(env.sandbox().inbox().len(), 1);
    assert_eq!(body, r#"{"errcode":0,"errmsg":"ok"}"#);
    // The connection can still be used.
    write_send_request(&socket, &token);
    read_response(&socket);
    // At a byte an hour, nothing of the second response is visible.
    env.sandbox().post_form("faults", "[[faults]]\ndrip = \"1h\"\n");
    write_send_request(&socket, &token);
    let mut byte = [0];
    (&socket).read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"H");
    assert_eq!(env.sandbox().inbox().len(), 3);
    socket.set_nonblocking(true).unwrap();
    assert_eq!((&socket).read(&mut byte).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn html_page_or_rejection_is_reported() {
    let plan = "nth = 1\nstatus = 502\n[[faults]]\nnth = 2\nstatus = 504\nprocessed = true\n\
                [[faults]]\nnth = 3\nerrcode = 45009\n[[faults]]\nnth = 4\ncontent_type = \"text/html\"\n";
    let (mut env, token) = env_with_fault("nth = 99\nerrcode = 1");
    env.sandbox().post_form("faults", format!("[[faults]]\n{plan}"));
    let socket = connect(&mut env);
    let mut responses = Vec::new();
    for _ in 0..4 {
        write_send_request(&socket, &token);
        let (head, body) = read_response(&socket);
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap().to_owned();
        let status = head.split(' ').nth(1).unwrap().to_owned();
        responses.push((status, kind, body.split(" rid").next().unwrap().to_owned(), env.sandbox().inbox().len()));
    }
    let page =
        |status: &str| format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n");
    let row =
        |status: &str, kind: &str, body: &str, arrived| (status.to_owned(), kind.to_owned(), body.to_owned(), arrived);
    let expected = [
        row("502", "text/html; charset=utf-8", &page("502"), 0),
        row("504", "text/html; charset=utf-8", &page("504"), 1),
        row(
            "200",
            "application/json; encoding=utf-8",
            r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"#,
            1,
        ),
        row("200", "text/html", r#"{"errcode":0,"errmsg":"ok"}"#, 2),
    ];
    assert_eq!(responses, expected);
}

#[test]
fn delayed_responses_wait_concurrently() {
    let (mut env, token) = env_with_fault("delay = \"1h\"");
    let waiting: Vec<TcpStream> = (0..64).map(|_| connect(&mut env)).collect();
    for socket in &waiting {
        write_send_request(socket, &token);
    }
    // All calls take effect, and other requests are answered, while they wait.
    let faults = wait_for_faults(&mut env, waiting.len());
    assert!(faults.iter().all(|(fault, _)| fault == "\"delay 1h\""), "{faults:?}");
    for mut socket in &waiting {
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    env.sandbox().post_form("faults", "[[faults]]\ndelay = \"1ms\"\n");
    let socket = connect(&mut env);
    for _ in 0..3 {
        write_send_request(&socket, &token);
        assert!(read_response(&socket).1.contains("\"errcode\":"));
    }
}

#[test]
fn invalid_fault_plan_is_rejected() {
    let env = TestEnv::without_config();
    env.write_file("world.toml", "phone = \"luffy\"\n\n[[faults]]\nreset = \"after\"\nerrcode = 45009\n");
    env.run("sandbox --world world.toml").assert_snapshot(snapbox::str![[r#"
exit 3
--- stderr
error: cannot use the scenario world.toml: line 3: a fault can have only one of errcode, status, truncated, reset, hang, drip, content_type, delay, receipt, push

"#]]);
    let mut env = TestEnv::new();
    let answer =
        http_client().post(format!("{}/sandbox/faults", env.sandbox().url)).body("[[faults]]\nnth = 1").send().unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().unwrap().starts_with("line 1: a fault must have one of "));
}

#[test]
fn revoked_token_is_rejected_and_fault_is_logged() {
    let mut env = TestEnv::new();
    let old = fetch_token(&mut env);
    env.sandbox().post_form("tokens", "revoke=1");
    let socket = connect(&mut env);
    write_send_request(&socket, &old);
    assert!(read_response(&socket).1.starts_with(r#"{"errcode":40001,"#));
    let new = fetch_token(&mut env);
    write_send_request(&socket, &new);
    assert_eq!(read_response(&socket).1, r#"{"errcode":0,"errmsg":"ok"}"#);
}

#[test]
fn documented_faults_are_valid() {
    let page = include_str!("../../docs/sandbox-scenario.md");
    let (_, rest) = page.split_once("```toml\n[[faults]]").unwrap();
    let (example, rest) = rest.split_once("```").unwrap();
    let example = format!("[[faults]]{example}");
    assert_eq!(wxbox::sandbox::Scenario::from_toml(&example).unwrap().faults.len(), 3);
    // Each row of the table, and every text between backticks in its first cell.
    let table =
        rest.lines().skip_while(|line| !line.starts_with("| ---")).skip(1).take_while(|line| line.starts_with('|'));
    let keys: Vec<&str> = table.map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(keys.len(), 8);
    let help = TestEnv::without_config().run("help sandbox").assert_success();
    for key in keys {
        let env = wxbox::sandbox::Scenario::from_toml(&format!("[[faults]]\n{key}\n")).unwrap();
        assert_eq!(env.faults.len(), 1, "{key}");
        assert!(help.stdout().contains(&format!("\n  {key} ")), "{key}");
    }
}
