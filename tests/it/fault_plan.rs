//! The sandbox's fault plan over real connections: what a client sees of each fault, and what arrived all the same.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{LUFFY, World, phone};

/// Generous: it only keeps a broken sandbox from hanging the tests.
const PATIENCE: Duration = Duration::from_secs(60);
const SEND: &str = "/cgi-bin/message/custom/send";

/// A sandbox with this fault for texts, and a token for it.
fn with(fault: &str) -> (World, String) {
    let mut world = World::of(&format!("[[faults]]\napi = \"{SEND}\"\n{fault}\n"));
    let token = token(&mut world);
    (world, token)
}

fn token(world: &mut World) -> String {
    let sandbox = world.sandbox();
    let query = format!("grant_type=client_credential&appid={}&secret={}", sandbox.app_id, sandbox.app_secret);
    let answer = phone().get(format!("{}/cgi-bin/token?{query}", sandbox.url)).send().unwrap();
    let answer: Value = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn connect(world: &mut World) -> TcpStream {
    let socket = TcpStream::connect(world.sandbox().url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Asks for a text to be sent, on a connection that could be kept.
fn send(mut socket: &TcpStream, token: &str) {
    let body = json!({"touser": LUFFY, "msgtype": "text", "text": {"content": "hello"}}).to_string();
    let length = body.len();
    let head =
        format!("POST {SEND}?access_token={token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

/// Reads until the end of the connection.
fn rest(mut socket: &TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// Reads one answer: its head, and the body that the head announces.
fn answer(mut socket: &TcpStream) -> (String, String) {
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

fn faults(world: &mut World) -> Vec<(String, Value)> {
    world
        .sandbox()
        .lines()
        .into_iter()
        .filter(|it| it["path"] == SEND)
        .map(|it| (it["fault"].to_string(), it["errcode"].clone()))
        .collect()
}

#[test]
fn a_reset_comes_before_or_after_the_message() {
    for (when, arrived, errcode) in [("before", 0, Value::Null), ("after", 1, json!(0))] {
        let (mut world, token) = with(&format!("reset = \"{when}\""));
        let socket = connect(&mut world);
        send(&socket, &token);
        assert_eq!(rest(&socket).unwrap_err().kind(), ErrorKind::ConnectionReset, "{when}");
        assert_eq!(world.sandbox().inbox().len(), arrived, "{when}");
        assert_eq!(faults(&mut world), [(format!("\"reset {when}\""), errcode)]);
    }
}

#[test]
fn a_truncated_answer_announces_more_than_comes() {
    let (mut world, token) = with("truncated = true");
    let socket = connect(&mut world);
    send(&socket, &token);
    let said = rest(&socket).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.ends_with("\r\nContent-Length: 27") && !head.contains("Connection: close"), "{head}");
    assert_eq!(body, "{\"errcode\":0,");
    assert_eq!(world.sandbox().inbox().len(), 1);
}

#[test]
fn a_hanging_call_is_left_by_the_client_alone() {
    for (when, arrived) in [("before", 0), ("after", 1)] {
        let (mut world, token) = with(&format!("hang = \"{when}\""));
        let mut socket = connect(&mut world);
        send(&socket, &token);
        // The line is written once the call is done with.
        assert_eq!(faults(&mut world)[0].0, format!("\"hang {when}\""));
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "{when}");
        socket.set_nonblocking(false).unwrap();
        assert_eq!(world.sandbox().inbox().len(), arrived, "{when}");
        // The sandbox notices that the client leaves, and ends its side.
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(rest(&socket).unwrap(), "");
    }
}

#[test]
fn an_answer_drips() {
    let (mut world, token) = with("drip = \"1ms\"\ntimes = 1");
    let socket = connect(&mut world);
    send(&socket, &token);
    let (_, body) = answer(&socket);
    assert_eq!(world.sandbox().inbox().len(), 1);
    assert_eq!(body, r#"{"errcode":0,"errmsg":"ok"}"#);
    // The connection is as good as before.
    send(&socket, &token);
    answer(&socket);
    // At a byte an hour nothing is to be seen of the second one.
    world.sandbox().form("faults", "[[faults]]\ndrip = \"1h\"\n");
    send(&socket, &token);
    let mut byte = [0];
    (&socket).read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"H");
    assert_eq!(world.sandbox().inbox().len(), 3);
    socket.set_nonblocking(true).unwrap();
    assert_eq!((&socket).read(&mut byte).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_page_or_a_refusal_in_place_of_the_answer() {
    let plan = "nth = 1\nstatus = 502\n[[faults]]\nnth = 2\nstatus = 504\nprocessed = true\n\
                [[faults]]\nnth = 3\nerrcode = 45009\n[[faults]]\nnth = 4\ncontent_type = \"text/html\"\n";
    let (mut world, token) = with("nth = 99\nerrcode = 1");
    world.sandbox().form("faults", format!("[[faults]]\n{plan}"));
    let socket = connect(&mut world);
    let mut said = Vec::new();
    for _ in 0..4 {
        send(&socket, &token);
        let (head, body) = answer(&socket);
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap().to_owned();
        let status = head.split(' ').nth(1).unwrap().to_owned();
        said.push((status, kind, body.split(" rid").next().unwrap().to_owned(), world.sandbox().inbox().len()));
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
    assert_eq!(said, expected);
}

#[test]
fn answers_that_are_delayed_wait_side_by_side() {
    let (mut world, token) = with("delay = \"1h\"");
    let waiting: Vec<TcpStream> = (0..64).map(|_| connect(&mut world)).collect();
    for socket in &waiting {
        send(socket, &token);
    }
    // Every call takes effect, and other requests are answered, while all of them wait.
    let mut struck = 0;
    while struck < waiting.len() {
        struck += faults(&mut world).iter().filter(|(fault, _)| fault == "\"delay 1h\"").count();
    }
    for mut socket in &waiting {
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    world.sandbox().form("faults", "[[faults]]\ndelay = \"1ms\"\n");
    let socket = connect(&mut world);
    for _ in 0..3 {
        send(&socket, &token);
        assert!(answer(&socket).1.contains("\"errcode\":"));
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let world = World::empty();
    world.write("world.toml", "phone = \"luffy\"\n\n[[faults]]\nreset = \"after\"\nerrcode = 45009\n");
    world.wxbox("sandbox --world world.toml").is(snapbox::str![[r#"
exit 3
--- stderr
error: cannot use the world world.toml: line 3: a fault takes no more than one of errcode, status, truncated, reset, hang, drip, content_type, delay

"#]]);
    let mut world = World::new();
    let answer =
        phone().post(format!("{}/sandbox/faults", world.sandbox().url)).body("[[faults]]\nnth = 1").send().unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().unwrap().starts_with("line 1: a fault takes one of "));
}

#[test]
fn a_revoked_token_is_refused_and_the_line_says_what_a_fault_did() {
    let mut world = World::new();
    let old = token(&mut world);
    world.sandbox().form("tokens", "revoke=1");
    let socket = connect(&mut world);
    send(&socket, &old);
    assert!(answer(&socket).1.starts_with(r#"{"errcode":40001,"#));
    let new = token(&mut world);
    send(&socket, &new);
    assert_eq!(answer(&socket).1, r#"{"errcode":0,"errmsg":"ok"}"#);
}

#[test]
fn the_documented_faults_are_ones_that_can_be() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```toml\n[[faults]]").unwrap();
    let (example, rest) = rest.split_once("```").unwrap();
    let example = format!("[[faults]]{example}");
    assert_eq!(wxbox::sandbox::World::from_toml(&example).unwrap().faults.len(), 3);
    // Each row of the table, with whatever stands between backticks in its first cell.
    let table =
        rest.lines().skip_while(|line| !line.starts_with("| ---")).skip(1).take_while(|line| line.starts_with('|'));
    let keys: Vec<&str> = table.map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(keys.len(), 8);
    let help = World::empty().wxbox("help sandbox").ok();
    for key in keys {
        let world = wxbox::sandbox::World::from_toml(&format!("[[faults]]\n{key}\n")).unwrap();
        assert_eq!(world.faults.len(), 1, "{key}");
        assert!(help.stdout().contains(&format!("\n  {key} ")), "{key}");
    }
}
