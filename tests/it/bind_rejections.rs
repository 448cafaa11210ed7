//! Requests that `bind` rejects while it waits: each is reported, and counted when the time is up.

use std::io::{Read, Write};
use std::net::TcpStream;

use url::Url;

use crate::bind::env_with_luffy;
use crate::support::env::{authorize, page_title};
use crate::support::pty::Terminal;

/// Sends bytes to the callback's address, and returns the first line of the response.
fn send_raw_request(to: &Url, bytes: &str) -> String {
    let mut socket = TcpStream::connect(to.socket_addrs(|| None).unwrap()[0]).unwrap();
    socket.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn rejections_are_logged_at_v_and_counted_at_end() {
    let env = env_with_luffy();
    let mut bind = env.spawn("-v bind --user luffy --timeout 4s");
    let link = authorize(&bind.expect_line(), "luffy");
    let head = "GET /callback/?code=C&state=S HTTP/1.1\r\nHost: a\r\n";
    let cookie = |bytes| format!("Cookie: a={}\r\n", "x".repeat(bytes));
    for (request, status) in [
        // These requests reach the handler: a plain GET that a proxy rewrote, and the cookies of a
        // whole domain.
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
        assert!(send_raw_request(&link, &request).starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}");
    }
    let ran = bind.wait();
    assert_eq!(ran.status(), Some(8));
    for said in [
        "info: rejected a callback: the state is wrong or missing\n",
        "info: rejected a request: the request header is too large; the domain may set large cookies (HTTP 431)\n",
        "info: rejected a request: the request has too many header lines (HTTP 431)\n",
        "info: rejected a request: the body is too large (HTTP 413)\n",
        "info: rejected a request: the Host header is missing or given twice (HTTP 400)\n",
        "info: rejected a request: the client used https, but this listener serves http (HTTP 400)\n",
        "rejected 9 requests: 3 × the state is wrong or missing, 2 × the request header is too large",
    ] {
        assert!(ran.stderr().contains(said), "{said}{}", ran.stderr());
    }
}

#[test]
fn terminal_shows_each_rejection_once_muted() {
    let mut env = env_with_luffy();
    env.set_variable("NO_COLOR", "1");
    let mut terminal = Terminal::start(env.command("bind --user luffy --qr none --short-link"), 60, 300);
    let screen = terminal.wait_for("waiting for the phone").contents();
    let line = |begin: &str| screen.lines().find_map(|line| line.strip_prefix(begin)).unwrap().trim().to_owned();
    let short: Url = line("Short link: ").parse().unwrap();
    let link = authorize(&format!("http://{}", line("http://")), "luffy");
    assert_eq!(page_title(&short).0, 302);
    terminal.wait_for("a phone opened the short link");
    let mut other = link.clone();
    other.set_path("/favicon.ico");
    other.set_query(None);
    assert_eq!((page_title(&other).0, page_title(&other).0), (404, 404));
    let text = terminal.wait_for("the path differs from the path of redirect_uri").contents();
    assert_eq!(text.matches("the path differs from the path of redirect_uri").count(), 1, "{text}");
    // A user behind a proxy.
    other.set_query(link.query());
    assert_eq!(page_title(&other).0, 404);
    terminal.wait_for("warning: rejected the callback: its state is correct, but its path is not");
    assert_eq!(page_title(&link).0, 200);
    assert!(terminal.wait().status.success());
}
