//! Responses that are delayed, throttled or missing, tested at the HTTP server itself: its limits
//! and its shutdown apply to them, too.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wxbox::http_server::{HttpResponse, HttpServer, Limits, ResponseMode, ServerHandle};

use crate::support::TEST_TIMEOUT;

fn start_server(limits: Limits, reply: impl Fn() -> HttpResponse + Send + Sync + 'static) -> ServerHandle {
    HttpServer::bind("127.0.0.1:0", limits).unwrap().start(move |_| reply()).unwrap()
}

fn send_request(addr: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    socket
}

fn read_to_close(mut socket: &TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn no_response_ends_at_timeout() {
    let limits = Limits { idle_timeout: Duration::from_millis(50), ..Limits::sandbox() };
    let server = start_server(limits, || HttpResponse::text(200, "unheard").with_mode(ResponseMode::NoResponse));
    assert_eq!(read_to_close(&send_request(server.local_addr())), "");
}

#[test]
fn no_response_connection_is_evicted() {
    let limits = Limits { max_connections: 1, ..Limits::sandbox() };
    let server = start_server(limits, || HttpResponse::text(200, "unheard").with_mode(ResponseMode::NoResponse));
    let mut silent = send_request(server.local_addr());
    silent.set_nonblocking(true).unwrap();
    // New connections are rejected while the handler is working on the request.
    while silent.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        let _ = send_request(server.local_addr());
    }
}

#[test]
fn shutdown_waits_for_no_delayed_reply() {
    for manner in [ResponseMode::NoResponse, ResponseMode::Throttled(Duration::from_secs(3600))] {
        let server = start_server(Limits::sandbox(), move || HttpResponse::text(200, "unheard").with_mode(manner));
        let socket = send_request(server.local_addr());
        server.stop();
        // The connection is closed or reset by the shutdown of the server.
        let count = (&socket).read(&mut [0; 64]).unwrap_or_else(|error| {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            0
        });
        assert!(count <= 1, "{manner:?}: {count}");
    }
}

#[test]
fn delayed_reply_is_complete_and_keeps_connection() {
    let server =
        start_server(Limits::sandbox(), || HttpResponse::text(200, "late").with_delay(Duration::from_millis(20)));
    let mut socket = send_request(server.local_addr());
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(read_to_close(&socket).matches("\r\n\r\nlate").count(), 2);
}
