//! The state machine of a connection: byte streams in, requests and refusals out.

use super::*;

const HOST_HEADER: &str = "Host: a\r\n";

fn connection() -> Http1Connection {
    let limits = Limits { head_bytes: 512, body_bytes: 64, ..Limits::sandbox() };
    Http1Connection::new(&limits, SocketAddr::from(([127, 0, 0, 1], 1)))
}

/// Feeds `parts`, answers every request with "ok", and tells what was asked and what went out, in short:
/// `GET /path?query [body]` for a request, a status for a reply, `.` where the connection ended.
fn transcript(parts: &[&[u8]]) -> Vec<String> {
    let mut wire = connection();
    let mut said = Vec::new();
    for part in parts {
        if !wire.wants_input() {
            break;
        }
        wire.feed(part);
        loop {
            let request = wire.advance();
            drain_output(&mut wire, &mut said);
            let Some(Request { method, path, query, body, .. }) = request else { break };
            said.push(format!("{method} {path}?{query} [{}]", String::from_utf8_lossy(&body)));
            wire.respond(HttpResponse::text(200, "ok"));
            drain_output(&mut wire, &mut said);
        }
    }
    if wire.state() == ConnectionState::Done {
        said.push(".".into());
    }
    said
}

fn drain_output(wire: &mut Http1Connection, said: &mut Vec<String>) {
    let out = String::from_utf8(wire.pending_output().to_vec()).unwrap();
    wire.mark_sent(out.len());
    said.extend(out.match_indices("HTTP/1.").map(|(at, _)| out[at + 9..at + 12].to_owned()));
}

/// Streams of bytes and what becomes of them.
fn stream_cases() -> Vec<(Vec<u8>, Vec<String>)> {
    let long = "x".repeat(600);
    let text = |text: String, said: &[&str]| (text.into_bytes(), said.iter().map(|it| (*it).to_owned()).collect());
    let chunked = |body: &str, said: &[&str]| {
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Transfer-Encoding: Chunked\r\n\r\n{body}"), said)
    };
    let sixty_four = format!("POST /? [{}]", "x".repeat(64));
    vec![
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["GET /? []", "200"]),
        text(format!("\r\nGET /a%20b?c=d?e HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["GET /a%20b?c=d?e []", "200"]),
        text("GET / HTTP/1.0\r\n\r\n".into(), &["GET /? []", "200", "."]),
        text("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".into(), &["GET /? []", "200"]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}Connection: foo, CLOSE\r\n\r\n"), &["GET /? []", "200", "."]),
        text(format!("GET http://b/x?y=1#z HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["GET /x?y=1 []", "200"]),
        text(format!("GET https://b?y HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["GET /?y []", "200"]),
        text(format!("OPTIONS * HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["OPTIONS *? []", "200"]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 3\r\n\r\nabc"), &["POST /? [abc]", "200"]),
        text(
            format!("POST /1 HTTP/1.1\r\n{HOST_HEADER}Content-Length: 1\r\n\r\naGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n"),
            &["POST /1? [a]", "200", "GET /2? []", "200"],
        ),
        text(
            format!("POST / HTTP/1.1\r\n{HOST_HEADER}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab"),
            &["100", "POST /? [ab]", "200"],
        ),
        // A request, then rubbish: the first is answered all the same.
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\n\0\0\0\0"), &["GET /? []", "200", "400", "."]),
        text("\0".into(), &["400", "."]),
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), vec!["400".into(), ".".into()]),
        text("GET / HTTP/1.1\r\n\r\n".into(), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}{HOST_HEADER}\r\n"), &["400", "."]),
        text(format!("GET / HTTP/2.0\r\n{HOST_HEADER}\r\n"), &["400", "."]),
        text(format!("GET x HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["400", "."]),
        text(format!("CONNECT a:80 HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["400", "."]),
        text(format!("GET ftp://a/ HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}A : b\r\n\r\n"), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}A: b\r\n c\r\n\r\n"), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: +3\r\n\r\nabc"), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 3, 3\r\n\r\nabc"), &["400", "."]),
        text(
            format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
            &["400", "."],
        ),
        chunked("0\r\n\r\n", &["POST /? []", "200"]),
        chunked(
            "2;a=b\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            &["POST /? [abc]", "200", "GET /2? []", "200"],
        ),
        chunked(&format!("40\r\n{}\r\n0\r\n\r\n", "x".repeat(64)), &[&sixty_four, "200"]),
        chunked("41\r\n", &["413", "."]),
        chunked("3f\r\n", &[]),
        chunked(&format!("3f\r\n{}\r\n2\r\nxx\r\n", "x".repeat(63)), &["413", "."]),
        chunked("ffffffffffffffff\r\n", &["413", "."]),
        chunked("\r\n", &["400", "."]),
        chunked("x\r\n", &["400", "."]),
        chunked("1\r\nabc", &["400", "."]),
        chunked(&format!("1;{}", "x".repeat(300)), &["400", "."]),
        chunked("0\r\nA b\r\n\r\n", &["400", "."]),
        chunked(&format!("0\r\n{}", "A: b\r\n".repeat(800)), &["400", "."]),
        text(
            format!(
                "POST / HTTP/1.1\r\n{HOST_HEADER}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            &["100", "POST /? []", "200"],
        ),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Transfer-Encoding: gzip, chunked\r\n\r\n"), &["501", "."]),
        text(
            format!("POST / HTTP/1.1\r\n{HOST_HEADER}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
            &["501", "."],
        ),
        text(
            format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            &["400", "."],
        ),
        text("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 65\r\n\r\n"), &["413", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 99999999999999999999999\r\n\r\n"), &["413", "."]),
        text(
            format!("POST / HTTP/1.1\r\n{HOST_HEADER}Expect: 100-continue\r\nContent-Length: 65\r\n\r\n"),
            &["413", "."],
        ),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Expect: tea\r\nContent-Length: 1\r\n\r\n"), &["417", "."]),
        text(format!("GET /{long} HTTP/1.1\r\n{HOST_HEADER}\r\n"), &["431", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}A: {long}"), &["431", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}{}\r\n", "A:\r\n".repeat(140)), &["431", "."]),
        text("\r\n".repeat(300), &["431", "."]),
        // Not complete: nothing is said.
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}"), &[]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 3\r\n\r\nab"), &[]),
        text(String::new(), &[]),
    ]
}

#[test]
fn each_stream_is_understood() {
    for (bytes, said) in stream_cases() {
        assert_eq!(transcript(&[&bytes]), said, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn it_does_not_matter_where_a_stream_is_split() {
    for (bytes, said) in stream_cases() {
        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(transcript(&[left, right]), said, "{:?} at {at}", String::from_utf8_lossy(&bytes));
        }
        let drops: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(transcript(&drops), said, "{:?} byte by byte", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn the_next_request_waits_for_the_reply_to_be_out() {
    let mut wire = connection();
    assert_eq!(wire.state(), ConnectionState::Reading);
    wire.feed(format!("GET /1 HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert_eq!(wire.advance().unwrap().path, "/1");
    assert!(wire.advance().is_none() && !wire.wants_input());
    assert_eq!(wire.state(), ConnectionState::Working);
    wire.respond(HttpResponse::text(200, ""));
    assert!(wire.advance().is_none());
    assert_eq!(wire.state(), ConnectionState::Writing);
    wire.mark_sent(wire.pending_output().len());
    assert_eq!(wire.advance().unwrap().path, "/2");
    wire.close_after_reply();
    wire.respond(HttpResponse::text(200, ""));
    wire.mark_sent(wire.pending_output().len());
    assert_eq!(wire.state(), ConnectionState::Done);
}

#[test]
fn a_kept_connection_is_idle_until_its_next_byte() {
    let mut wire = connection();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.respond(HttpResponse::text(200, ""));
    wire.mark_sent(wire.pending_output().len());
    assert_eq!(wire.state(), ConnectionState::Idle);
    wire.feed(b"G");
    assert_eq!(wire.state(), ConnectionState::Reading);
}

#[test]
fn a_refusal_after_head_has_its_body() {
    let mut wire = connection();
    wire.feed(format!("HEAD / HTTP/1.1\r\n{HOST_HEADER}\r\n\0").as_bytes());
    assert!(wire.advance().is_some());
    wire.respond(HttpResponse::text(200, "unseen"));
    assert!(!String::from_utf8_lossy(wire.pending_output()).contains("unseen"));
    wire.mark_sent(wire.pending_output().len());
    assert!(wire.advance().is_none());
    assert!(String::from_utf8_lossy(wire.pending_output()).ends_with("400 Bad Request\n"));
}

#[test]
fn headers_come_in_lower_case_and_only_as_text() {
    let mut wire = connection();
    wire.feed(b"GET /?a=%E7%BB%91&a=2 HTTP/1.1\r\nHOST: a\r\nX-Bin: \xff\xfe\r\nAccept-Language: zh\r\n\r\n");
    let request = wire.advance().unwrap();
    assert_eq!(request.header("accept-language"), Some("zh"));
    assert_eq!(request.header("x-bin"), None);
    assert_eq!(request.param("a").as_deref(), Some("绑"));
    assert!(!format!("{request:?}").contains("BB"));
}

#[test]
fn half_a_reply_announces_the_whole_and_is_the_last() {
    let mut wire = connection();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.respond(HttpResponse::text(200, "12345").with_mode(ResponseMode::Truncated));
    let out = String::from_utf8(wire.pending_output().to_vec()).unwrap();
    assert!(out.contains("\r\nContent-Length: 5\r\n") && out.ends_with("\r\n\r\n12"), "{out}");
    wire.mark_sent(out.len());
    assert!(wire.advance().is_none());
    assert_eq!(wire.state(), ConnectionState::Done);
}

#[test]
fn no_response_keeps_the_connection_open_and_silent() {
    let mut wire = connection();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.never_respond();
    assert_eq!(wire.state(), ConnectionState::NoResponse);
    assert!(wire.advance().is_none() && wire.pending_output().is_empty() && !wire.wants_input());
}
