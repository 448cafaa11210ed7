//! The state machine of a connection: byte streams in, requests and refusals out.

use super::*;

const HOST: &str = "Host: a\r\n";

fn wire() -> Wire {
    let limits = Limits { head_bytes: 512, body_bytes: 64, ..Limits::sandbox() };
    Wire::new(&limits, SocketAddr::from(([127, 0, 0, 1], 1)))
}

/// Feeds `parts`, answers every request with "ok", and tells what was asked and what went out, in short:
/// `GET /path?query [body]` for a request, a status for a reply, `.` where the connection ended.
fn talk(parts: &[&[u8]]) -> Vec<String> {
    let mut wire = wire();
    let mut said = Vec::new();
    for part in parts {
        if !wire.wants_bytes() {
            break;
        }
        wire.feed(part);
        loop {
            let request = wire.advance();
            flush(&mut wire, &mut said);
            let Some(Request { method, path, query, body, .. }) = request else { break };
            said.push(format!("{method} {path}?{query} [{}]", String::from_utf8_lossy(&body)));
            wire.answer(Reply::text(200, "ok"));
            flush(&mut wire, &mut said);
        }
    }
    if wire.stage() == Stage::Over {
        said.push(".".into());
    }
    said
}

fn flush(wire: &mut Wire, said: &mut Vec<String>) {
    let out = String::from_utf8(wire.pending().to_vec()).unwrap();
    wire.wrote(out.len());
    said.extend(out.match_indices("HTTP/1.").map(|(at, _)| out[at + 9..at + 12].to_owned()));
}

/// Streams of bytes and what becomes of them.
fn table() -> Vec<(Vec<u8>, Vec<String>)> {
    let long = "x".repeat(600);
    let text = |text: String, said: &[&str]| (text.into_bytes(), said.iter().map(|it| (*it).to_owned()).collect());
    let chunked = |body: &str, said: &[&str]| {
        text(format!("POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: Chunked\r\n\r\n{body}"), said)
    };
    let sixty_four = format!("POST /? [{}]", "x".repeat(64));
    vec![
        text(format!("GET / HTTP/1.1\r\n{HOST}\r\n"), &["GET /? []", "200"]),
        text(format!("\r\nGET /a%20b?c=d?e HTTP/1.1\r\n{HOST}\r\n"), &["GET /a%20b?c=d?e []", "200"]),
        text("GET / HTTP/1.0\r\n\r\n".into(), &["GET /? []", "200", "."]),
        text("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".into(), &["GET /? []", "200"]),
        text(format!("GET / HTTP/1.1\r\n{HOST}Connection: foo, CLOSE\r\n\r\n"), &["GET /? []", "200", "."]),
        text(format!("GET http://b/x?y=1#z HTTP/1.1\r\n{HOST}\r\n"), &["GET /x?y=1 []", "200"]),
        text(format!("GET https://b?y HTTP/1.1\r\n{HOST}\r\n"), &["GET /?y []", "200"]),
        text(format!("OPTIONS * HTTP/1.1\r\n{HOST}\r\n"), &["OPTIONS *? []", "200"]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\nabc"), &["POST /? [abc]", "200"]),
        text(
            format!("POST /1 HTTP/1.1\r\n{HOST}Content-Length: 1\r\n\r\naGET /2 HTTP/1.1\r\n{HOST}\r\n"),
            &["POST /1? [a]", "200", "GET /2? []", "200"],
        ),
        text(
            format!("POST / HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab"),
            &["100", "POST /? [ab]", "200"],
        ),
        // A request, then rubbish: the first is answered all the same.
        text(format!("GET / HTTP/1.1\r\n{HOST}\r\n\0\0\0\0"), &["GET /? []", "200", "400", "."]),
        text("\0".into(), &["400", "."]),
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), vec!["400".into(), ".".into()]),
        text("GET / HTTP/1.1\r\n\r\n".into(), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST}{HOST}\r\n"), &["400", "."]),
        text(format!("GET / HTTP/2.0\r\n{HOST}\r\n"), &["400", "."]),
        text(format!("GET x HTTP/1.1\r\n{HOST}\r\n"), &["400", "."]),
        text(format!("CONNECT a:80 HTTP/1.1\r\n{HOST}\r\n"), &["400", "."]),
        text(format!("GET ftp://a/ HTTP/1.1\r\n{HOST}\r\n"), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST}A : b\r\n\r\n"), &["400", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST}A: b\r\n c\r\n\r\n"), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: +3\r\n\r\nabc"), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 3, 3\r\n\r\nabc"), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), &["400", "."]),
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
            format!("POST / HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            &["100", "POST /? []", "200"],
        ),
        text(format!("POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n"), &["501", "."]),
        text(
            format!("POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
            &["501", "."],
        ),
        text(
            format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            &["400", "."],
        ),
        text("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(), &["400", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 65\r\n\r\n"), &["413", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 99999999999999999999999\r\n\r\n"), &["413", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 65\r\n\r\n"), &["413", "."]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Expect: tea\r\nContent-Length: 1\r\n\r\n"), &["417", "."]),
        text(format!("GET /{long} HTTP/1.1\r\n{HOST}\r\n"), &["431", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST}A: {long}"), &["431", "."]),
        text(format!("GET / HTTP/1.1\r\n{HOST}{}\r\n", "A:\r\n".repeat(140)), &["431", "."]),
        text("\r\n".repeat(300), &["431", "."]),
        // Not complete: nothing is said.
        text(format!("GET / HTTP/1.1\r\n{HOST}"), &[]),
        text(format!("POST / HTTP/1.1\r\n{HOST}Content-Length: 3\r\n\r\nab"), &[]),
        text(String::new(), &[]),
    ]
}

#[test]
fn each_stream_is_understood() {
    for (bytes, said) in table() {
        assert_eq!(talk(&[&bytes]), said, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn it_does_not_matter_where_a_stream_is_split() {
    for (bytes, said) in table() {
        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(talk(&[left, right]), said, "{:?} at {at}", String::from_utf8_lossy(&bytes));
        }
        let drops: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(talk(&drops), said, "{:?} byte by byte", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn the_next_request_waits_for_the_reply_to_be_out() {
    let mut wire = wire();
    assert_eq!(wire.stage(), Stage::Reading);
    wire.feed(format!("GET /1 HTTP/1.1\r\n{HOST}\r\nGET /2 HTTP/1.1\r\n{HOST}\r\n").as_bytes());
    assert_eq!(wire.advance().unwrap().path, "/1");
    assert!(wire.advance().is_none() && !wire.wants_bytes());
    assert_eq!(wire.stage(), Stage::Working);
    wire.answer(Reply::text(200, ""));
    assert!(wire.advance().is_none());
    assert_eq!(wire.stage(), Stage::Writing);
    wire.wrote(wire.pending().len());
    assert_eq!(wire.advance().unwrap().path, "/2");
    wire.close_after_reply();
    wire.answer(Reply::text(200, ""));
    wire.wrote(wire.pending().len());
    assert_eq!(wire.stage(), Stage::Over);
}

#[test]
fn a_kept_connection_is_idle_until_its_next_byte() {
    let mut wire = wire();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.answer(Reply::text(200, ""));
    wire.wrote(wire.pending().len());
    assert_eq!(wire.stage(), Stage::Idle);
    wire.feed(b"G");
    assert_eq!(wire.stage(), Stage::Reading);
}

#[test]
fn a_refusal_after_head_has_its_body() {
    let mut wire = wire();
    wire.feed(format!("HEAD / HTTP/1.1\r\n{HOST}\r\n\0").as_bytes());
    assert!(wire.advance().is_some());
    wire.answer(Reply::text(200, "unseen"));
    assert!(!String::from_utf8_lossy(wire.pending()).contains("unseen"));
    wire.wrote(wire.pending().len());
    assert!(wire.advance().is_none());
    assert!(String::from_utf8_lossy(wire.pending()).ends_with("400 Bad Request\n"));
}

#[test]
fn headers_come_in_lower_case_and_only_as_text() {
    let mut wire = wire();
    wire.feed(b"GET /?a=%E7%BB%91&a=2 HTTP/1.1\r\nHOST: a\r\nX-Bin: \xff\xfe\r\nAccept-Language: zh\r\n\r\n");
    let request = wire.advance().unwrap();
    assert_eq!(request.header("accept-language"), Some("zh"));
    assert_eq!(request.header("x-bin"), None);
    assert_eq!(request.param("a").as_deref(), Some("绑"));
    assert!(!format!("{request:?}").contains("BB"));
}

#[test]
fn half_a_reply_announces_the_whole_and_is_the_last() {
    let mut wire = wire();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST}\r\nGET /2 HTTP/1.1\r\n{HOST}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.answer(Reply::text(200, "12345").in_manner(Manner::Half));
    let out = String::from_utf8(wire.pending().to_vec()).unwrap();
    assert!(out.contains("\r\nContent-Length: 5\r\n") && out.ends_with("\r\n\r\n12"), "{out}");
    wire.wrote(out.len());
    assert!(wire.advance().is_none());
    assert_eq!(wire.stage(), Stage::Over);
}

#[test]
fn whoever_falls_silent_says_nothing_more() {
    let mut wire = wire();
    wire.feed(format!("GET / HTTP/1.1\r\n{HOST}\r\nGET /2 HTTP/1.1\r\n{HOST}\r\n").as_bytes());
    assert!(wire.advance().is_some());
    wire.fall_silent();
    assert_eq!(wire.stage(), Stage::Silent);
    assert!(wire.advance().is_none() && wire.pending().is_empty() && !wire.wants_bytes());
}
