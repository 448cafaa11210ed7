//! Tests of the HTTP/1 state machine: byte streams in, requests and rejections out.

use super::*;

const HOST_HEADER: &str = "Host: a\r\n";

fn new_connection() -> Http1Connection {
    let limits = Limits { head_bytes: 512, body_bytes: 64, ..Limits::sandbox() };
    Http1Connection::new(&limits, SocketAddr::from(([127, 0, 0, 1], 1)))
}

/// Feeds `parts`, responds to every request with "ok", and returns a transcript: `GET /path?query
/// [body]` for a request, a status for a response, `.` for the end of the connection.
fn transcript(parts: &[&[u8]]) -> Vec<String> {
    let mut connection = new_connection();
    let mut transcript = Vec::new();
    for part in parts {
        if !connection.wants_input() {
            break;
        }
        connection.feed(part);
        loop {
            let request = connection.advance();
            drain_output(&mut connection, &mut transcript);
            let Some(Request { method, path, query, body, .. }) = request else { break };
            transcript.push(format!("{method} {path}?{query} [{}]", String::from_utf8_lossy(&body)));
            connection.respond(HttpResponse::text(200, "ok"));
            drain_output(&mut connection, &mut transcript);
        }
    }
    if connection.state() == ConnectionState::Done {
        transcript.push(".".into());
    }
    transcript
}

fn drain_output(connection: &mut Http1Connection, transcript: &mut Vec<String>) {
    let output = String::from_utf8(connection.pending_output().to_vec()).unwrap();
    connection.mark_sent(output.len());
    transcript.extend(output.match_indices("HTTP/1.").map(|(at, _)| output[at + 9..at + 12].to_owned()));
}

/// Returns byte streams with their transcripts.
fn stream_cases() -> Vec<(Vec<u8>, Vec<String>)> {
    let long = "x".repeat(600);
    let text =
        |text: String, events: &[&str]| (text.into_bytes(), events.iter().map(|&event| event.to_owned()).collect());
    let chunked = |body: &str, events: &[&str]| {
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Transfer-Encoding: Chunked\r\n\r\n{body}"), events)
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
        // The request before invalid bytes is still answered.
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
        // Incomplete requests get no response.
        text(format!("GET / HTTP/1.1\r\n{HOST_HEADER}"), &[]),
        text(format!("POST / HTTP/1.1\r\n{HOST_HEADER}Content-Length: 3\r\n\r\nab"), &[]),
        text(String::new(), &[]),
    ]
}

#[test]
fn stream_is_parsed() {
    for (bytes, expected) in stream_cases() {
        assert_eq!(transcript(&[&bytes]), expected, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn split_position_does_not_matter() {
    for (bytes, expected) in stream_cases() {
        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(transcript(&[left, right]), expected, "{:?} at {at}", String::from_utf8_lossy(&bytes));
        }
        let single_bytes: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(transcript(&single_bytes), expected, "{:?} byte by byte", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn next_request_waits_until_response_is_sent() {
    let mut connection = new_connection();
    assert_eq!(connection.state(), ConnectionState::Reading);
    connection.feed(format!("GET /1 HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert_eq!(connection.advance().unwrap().path, "/1");
    assert!(connection.advance().is_none() && !connection.wants_input());
    assert_eq!(connection.state(), ConnectionState::Working);
    connection.respond(HttpResponse::text(200, ""));
    assert!(connection.advance().is_none());
    assert_eq!(connection.state(), ConnectionState::Writing);
    connection.mark_sent(connection.pending_output().len());
    assert_eq!(connection.advance().unwrap().path, "/2");
    connection.close_after_response();
    connection.respond(HttpResponse::text(200, ""));
    connection.mark_sent(connection.pending_output().len());
    assert_eq!(connection.state(), ConnectionState::Done);
}

#[test]
fn kept_alive_connection_is_idle_until_next_byte() {
    let mut connection = new_connection();
    connection.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(connection.advance().is_some());
    connection.respond(HttpResponse::text(200, ""));
    connection.mark_sent(connection.pending_output().len());
    assert_eq!(connection.state(), ConnectionState::Idle);
    connection.feed(b"G");
    assert_eq!(connection.state(), ConnectionState::Reading);
}

#[test]
fn rejection_after_head_request_has_body() {
    let mut connection = new_connection();
    connection.feed(format!("HEAD / HTTP/1.1\r\n{HOST_HEADER}\r\n\0").as_bytes());
    assert!(connection.advance().is_some());
    connection.respond(HttpResponse::text(200, "unseen"));
    assert!(!String::from_utf8_lossy(connection.pending_output()).contains("unseen"));
    connection.mark_sent(connection.pending_output().len());
    assert!(connection.advance().is_none());
    assert!(String::from_utf8_lossy(connection.pending_output()).ends_with("400 Bad Request\n"));
}

#[test]
fn headers_are_lower_case_and_utf_8() {
    let mut connection = new_connection();
    connection.feed(b"GET /?a=%E7%BB%91&a=2 HTTP/1.1\r\nHOST: a\r\nX-Bin: \xff\xfe\r\nAccept-Language: zh\r\n\r\n");
    let request = connection.advance().unwrap();
    assert_eq!(request.header("accept-language"), Some("zh"));
    assert_eq!(request.header("x-bin"), None);
    assert_eq!(request.param("a").as_deref(), Some("绑"));
    assert!(!format!("{request:?}").contains("BB"));
}

#[test]
fn truncated_response_has_full_length_and_is_last() {
    let mut connection = new_connection();
    connection.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(connection.advance().is_some());
    connection.respond(HttpResponse::text(200, "12345").with_mode(ResponseMode::Truncated));
    let output = String::from_utf8(connection.pending_output().to_vec()).unwrap();
    assert!(output.contains("\r\nContent-Length: 5\r\n") && output.ends_with("\r\n\r\n12"), "{output}");
    connection.mark_sent(output.len());
    assert!(connection.advance().is_none());
    assert_eq!(connection.state(), ConnectionState::Done);
}

#[test]
fn no_response_keeps_the_connection_open_and_silent() {
    let mut connection = new_connection();
    connection.feed(format!("GET / HTTP/1.1\r\n{HOST_HEADER}\r\nGET /2 HTTP/1.1\r\n{HOST_HEADER}\r\n").as_bytes());
    assert!(connection.advance().is_some());
    connection.never_respond();
    assert_eq!(connection.state(), ConnectionState::NoResponse);
    assert!(connection.advance().is_none() && connection.pending_output().is_empty() && !connection.wants_input());
}
