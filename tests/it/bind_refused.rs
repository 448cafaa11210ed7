//! What comes in while `bind` waits and is refused: it is said, and counted when the time is up.

use std::io::{Read, Write};
use std::net::TcpStream;

use url::Url;

use crate::bind::with_luffy;
use crate::harness::{allow, open};
use crate::pty::Terminal;

/// Sends bytes to where the phone goes, and gives the first line of the answer.
fn ask(to: &Url, bytes: &str) -> String {
    let mut socket = TcpStream::connect(to.socket_addrs(|| None).unwrap()[0]).unwrap();
    socket.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn each_refusal_is_said_at_v_and_all_are_counted_at_the_end() {
    let world = with_luffy();
    let mut bind = world.spawn("-v bind --user luffy --timeout 4s");
    let link = allow(&bind.next_line(), "luffy");
    let head = "GET /callback/?code=C&state=S HTTP/1.1\r\nHost: a\r\n";
    let cookie = |bytes| format!("Cookie: a={}\r\n", "x".repeat(bytes));
    for (request, status) in [
        // These come to the handler: what a proxy makes of a plain GET, and the cookies of a whole domain.
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "403"),
        (format!("{head}{}\r\n", cookie(30_000)), "403"),
        (format!("{head}{}\r\n", "X-A: b\r\n".repeat(120)), "403"),
        (format!("{head}{}\r\n", cookie(50_000)), "431"),
        (format!("{head}{}\r\n", cookie(50_000)), "431"),
        (format!("{head}{}\r\n", "X-A: b\r\n".repeat(140)), "431"),
        (format!("{head}Content-Length: 5000\r\n\r\n"), "413"),
        ("GET / HTTP/1.1\r\n\r\n".into(), "400"),
        ("\u{16}\u{3}\u{1}\u{0}".into(), "400"),
    ] {
        assert!(ask(&link, &request).starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}");
    }
    let ran = bind.end();
    assert_eq!(ran.status(), Some(8));
    for said in [
        "info: turned away a call: a wrong or missing state\n",
        "info: refused a request: its header is too large (cookies of the domain, perhaps) (HTTP 431)\n",
        "info: refused a request: it has too many header lines (HTTP 431)\n",
        "info: refused a request: its body is too large (HTTP 413)\n",
        "info: refused a request: it has no Host header, or several (HTTP 400)\n",
        "info: refused a request: it came by https, and this listener speaks http (HTTP 400)\n",
        "9 requests were refused: 3 × a wrong or missing state, 2 × its header is too large",
    ] {
        assert!(ran.stderr().contains(said), "{said}{}", ran.stderr());
    }
}

#[test]
fn who_looks_on_is_told_dimly_and_each_thing_once() {
    let mut world = with_luffy();
    world.set("NO_COLOR", "1");
    let mut terminal = Terminal::start(world.command("bind --user luffy --qr none --short-link"), 60, 300);
    let screen = terminal.until("waiting for the phone").contents();
    let line = |begin: &str| screen.lines().find_map(|line| line.strip_prefix(begin)).unwrap().trim().to_owned();
    let short: Url = line("Short link: ").parse().unwrap();
    let link = allow(&format!("http://{}", line("http://")), "luffy");
    assert_eq!(open(&short).0, 302);
    terminal.until("a phone has opened the short link");
    let mut other = link.clone();
    other.set_path("/favicon.ico");
    other.set_query(None);
    assert_eq!((open(&other).0, open(&other).0), (404, 404));
    let text = terminal.until("another path than that").contents();
    assert_eq!(text.matches("another path than that").count(), 1, "{text}");
    // Somebody's proxy.
    other.set_query(link.query());
    assert_eq!(open(&other).0, 404);
    terminal.until("warning: the phone came back with the right state, but to another path");
    assert_eq!(open(&link).0, 200);
    assert!(terminal.end().status.success());
}
