//! Large bodies at the same time: the server's memory for them is limited, and it rejects a request
//! that exceeds the limit.

use std::io::{Read, Write};
use std::net::TcpStream;

use wxbox::http_server::{HttpResponse, HttpServer, Limits, MemoryBudget, Request};

use crate::support::TEST_TIMEOUT;

const LARGE_BODY_BYTES: usize = 48 << 10;

/// Opens a connection and sends the head of a request with a body of that length.
fn send_head(addr: std::net::SocketAddr, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n";
    write!(socket, "{head}Content-Length: {length}\r\n\r\n").unwrap();
    socket
}

/// Returns the first bytes of the response, up to the status.
fn read_status(socket: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the body, and returns whether the response repeats all of it.
fn send_body(mut socket: TcpStream, length: usize) -> bool {
    socket.write_all(&vec![b'x'; length]).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    answer.ends_with(&vec![b'x'; length])
}

#[test]
fn large_bodies_share_memory_budget() {
    let limits = Limits { body_bytes: 64 << 10, body_budget: MemoryBudget::new(100 << 10), ..Limits::sandbox() };
    let echo = |request: Request| HttpResponse::bytes(200, "application/octet-stream", request.body);
    let server = HttpServer::bind("127.0.0.1:0", limits).unwrap().start(echo).unwrap();
    let addr = server.local_addr();
    let mut two = [send_head(addr, LARGE_BODY_BYTES), send_head(addr, LARGE_BODY_BYTES)];
    assert!(two.iter_mut().all(|socket| read_status(socket) == "HTTP/1.1 100"));

    assert_eq!(read_status(&mut send_head(addr, LARGE_BODY_BYTES)), "HTTP/1.1 503");
    // Small bodies are always accepted.
    let mut small = send_head(addr, 9);
    assert_eq!(read_status(&mut small), "HTTP/1.1 100");
    assert!(send_body(small, 9));

    // A client that disconnects or is answered frees its memory.
    let [first, second] = two;
    assert!(send_body(first, LARGE_BODY_BYTES));
    let mut third = send_head(addr, LARGE_BODY_BYTES);
    assert_eq!(read_status(&mut third), "HTTP/1.1 100");
    drop(second);
    // The server may notice the disconnect after the new request: both orders are valid.
    let fourth = std::iter::repeat_with(|| send_head(addr, LARGE_BODY_BYTES))
        .take(1000)
        .find_map(|mut socket| (read_status(&mut socket) == "HTTP/1.1 100").then_some(socket));
    assert!(send_body(third, LARGE_BODY_BYTES) && send_body(fourth.unwrap(), LARGE_BODY_BYTES));
}
