//! The bytes of an HTTP connection: the result does not depend on where they are split, and stays
//! within the limits.

use std::net::SocketAddr;

use wxbox::http_server::{ConnectionState, Http1Connection, HttpResponse, Limits, Request};

fn limits() -> Limits {
    Limits { head_bytes: 512, body_bytes: 64, ..Limits::sandbox() }
}

/// The first byte is the size of the pieces into which the rest is split.
pub fn check_http_stream(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else { return };
    let expected = feed_stream(stream, stream.len().max(1));
    assert_eq!(
        feed_stream(stream, usize::from(*size).max(1)),
        expected,
        "the result depends on where the stream is split"
    );
    assert_agrees_with_httparse(stream, expected.first());
}

#[derive(Debug, PartialEq, Eq)]
enum ConnectionEvent {
    Request { method: String, target: (String, String), headers: Vec<(String, String)>, body: Vec<u8> },
    Response(u16),
    Closed,
}

/// Feeds the stream in pieces, responds to each request, and returns all events.
fn feed_stream(stream: &[u8], size: usize) -> Vec<ConnectionEvent> {
    let limits = limits();
    let mut connection = Http1Connection::new(&limits, SocketAddr::from(([127, 0, 0, 1], 1)));
    let mut events = Vec::new();
    for piece in stream.chunks(size) {
        if !connection.wants_input() {
            break;
        }
        connection.feed(piece);
        loop {
            let request = connection.advance();
            drain_responses(&mut connection, &mut events);
            let Some(request) = request else { break };
            assert_request_valid(&request, &limits);
            let Request { method, path, query, headers, body, .. } = request;
            events.push(ConnectionEvent::Request { method, target: (path, query), headers, body });
            connection.respond(HttpResponse::text(200, "ok"));
            drain_responses(&mut connection, &mut events);
        }
    }
    if connection.state() == ConnectionState::Done {
        events.push(ConnectionEvent::Closed);
    }
    events
}

fn assert_request_valid(request: &Request, limits: &Limits) {
    let Request { method, path, query, headers, body, .. } = request;
    assert!(path.starts_with('/') || (path == "*" && method == "OPTIONS"), "{path}");
    assert!(!path.contains(['?', '#']) && !query.contains('#'));
    assert!(body.len() <= limits.body_bytes && headers.len() <= 128);
    let bytes = method.len() + path.len() + query.len() + headers.iter().map(|(a, b)| a.len() + b.len()).sum::<usize>();
    assert!(bytes <= limits.head_bytes);
    assert!(headers.iter().all(|(name, _)| !name.is_empty() && !name.contains(|c: char| c.is_ascii_uppercase())));
    let _ = (request.param("code"), request.header("accept-language"));
}

/// Takes the pending output, which must be complete HTTP responses.
fn drain_responses(connection: &mut Http1Connection, events: &mut Vec<ConnectionEvent>) {
    let output = connection.pending_output().to_vec();
    connection.mark_sent(output.len());
    let mut rest = output.as_slice();
    while !rest.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut headers);
        let Ok(httparse::Status::Complete(end)) = response.parse(rest) else { panic!("a malformed response") };
        let status = response.code.unwrap();
        let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.map_or(0, |header| std::str::from_utf8(header.value).unwrap().parse().unwrap());
        // A response to HEAD and an interim response have no body.
        rest = &rest[end..];
        rest = if rest.is_empty() || status == 100 { rest } else { &rest[length..] };
        events.push(ConnectionEvent::Response(status));
    }
}

/// Compares the first event with the result of httparse for the bytes within the limit.
fn assert_agrees_with_httparse(stream: &[u8], first: Option<&ConnectionEvent>) {
    let limit = limits().head_bytes;
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut headers);
    match (request.parse(&stream[..stream.len().min(limit)]), first) {
        (Ok(httparse::Status::Complete(_)), Some(ConnectionEvent::Request { method, headers, .. })) => {
            assert_eq!((Some(method.as_str()), request.headers.len() >= headers.len()), (request.method, true));
        }
        // A well-formed head may still be refused, or its body incomplete.
        (
            Ok(httparse::Status::Complete(_)),
            Some(ConnectionEvent::Response(100 | 400 | 413 | 417 | 501 | 503)) | None,
        ) => {}
        (Ok(httparse::Status::Partial), None) if stream.len() < limit => {}
        (Ok(httparse::Status::Partial), Some(ConnectionEvent::Response(431))) if stream.len() >= limit => {}
        (Err(httparse::Error::TooManyHeaders), Some(ConnectionEvent::Response(431))) => {}
        (Err(_), Some(ConnectionEvent::Response(400))) => {}
        (parsed, event) => panic!("{parsed:?}, but {event:?}"),
    }
}
