//! The bytes of a connection: what comes of them does not depend on where they were cut, and stays within limits.

use std::net::SocketAddr;

use wxbox::http_server::{ConnectionState, Http1Connection, HttpResponse, Limits, Request};

fn limits() -> Limits {
    Limits { head_bytes: 512, body_bytes: 64, ..Limits::sandbox() }
}

/// The first byte says how the rest is cut.
pub fn check_http_stream(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else { return };
    let whole = feed_stream(stream, stream.len().max(1));
    assert_eq!(feed_stream(stream, usize::from(*size).max(1)), whole, "it matters where the stream is cut");
    assert_agrees_with_httparse(stream, whole.first());
}

#[derive(Debug, PartialEq, Eq)]
enum ConnectionEvent {
    Request { method: String, target: (String, String), headers: Vec<(String, String)>, body: Vec<u8> },
    Reply(u16),
    Closed,
}

/// Feeds the stream in pieces, answers each request, and tells what was asked and answered.
fn feed_stream(stream: &[u8], size: usize) -> Vec<ConnectionEvent> {
    let limits = limits();
    let mut wire = Http1Connection::new(&limits, SocketAddr::from(([127, 0, 0, 1], 1)));
    let mut said = Vec::new();
    for piece in stream.chunks(size) {
        if !wire.wants_input() {
            break;
        }
        wire.feed(piece);
        loop {
            let request = wire.advance();
            drain_replies(&mut wire, &mut said);
            let Some(request) = request else { break };
            assert_request_valid(&request, &limits);
            let Request { method, path, query, headers, body, .. } = request;
            said.push(ConnectionEvent::Request { method, target: (path, query), headers, body });
            wire.respond(HttpResponse::text(200, "ok"));
            drain_replies(&mut wire, &mut said);
        }
    }
    if wire.state() == ConnectionState::Done {
        said.push(ConnectionEvent::Closed);
    }
    said
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

/// What is pending goes out, and is whole HTTP.
fn drain_replies(wire: &mut Http1Connection, said: &mut Vec<ConnectionEvent>) {
    let out = wire.pending_output().to_vec();
    wire.mark_sent(out.len());
    let mut rest = out.as_slice();
    while !rest.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut reply = httparse::Response::new(&mut headers);
        let Ok(httparse::Status::Complete(end)) = reply.parse(rest) else { panic!("a reply that is none") };
        let status = reply.code.unwrap();
        let length = reply.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.map_or(0, |header| std::str::from_utf8(header.value).unwrap().parse().unwrap());
        // Whole, or for HEAD and an interim reply, not there at all.
        rest = &rest[end..];
        rest = if rest.is_empty() || status == 100 { rest } else { &rest[length..] };
        said.push(ConnectionEvent::Reply(status));
    }
}

/// The first thing that is said, against what the parser says of the beginning within the limit.
fn assert_agrees_with_httparse(stream: &[u8], first: Option<&ConnectionEvent>) {
    let limit = limits().head_bytes;
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut headers);
    match (request.parse(&stream[..stream.len().min(limit)]), first) {
        (Ok(httparse::Status::Complete(_)), Some(ConnectionEvent::Request { method, headers, .. })) => {
            assert_eq!((Some(method.as_str()), request.headers.len() >= headers.len()), (request.method, true));
        }
        // It may be well written and still not be taken, or its body be under way.
        (Ok(httparse::Status::Complete(_)), Some(ConnectionEvent::Reply(100 | 400 | 413 | 417 | 501 | 503)) | None) => {
        }
        (Ok(httparse::Status::Partial), None) if stream.len() < limit => {}
        (Ok(httparse::Status::Partial), Some(ConnectionEvent::Reply(431))) if stream.len() >= limit => {}
        (Err(httparse::Error::TooManyHeaders), Some(ConnectionEvent::Reply(431))) => {}
        (Err(_), Some(ConnectionEvent::Reply(400))) => {}
        (parsed, said) => panic!("{parsed:?}, but {said:?}"),
    }
}
