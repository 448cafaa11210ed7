//! Large bodies at one time: the door has memory for so much of them, and says so to who comes too late.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use wxbox::http_server::{HttpResponse, HttpServer, Limits, MemoryBudget, Request};

/// Generous: it only keeps a broken server from hanging the tests.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);
const LARGE_BODY_BYTES: usize = 48 << 10;

/// A connection that has sent the head of a request with a body of that length.
fn send_head(addr: std::net::SocketAddr, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n";
    write!(socket, "{head}Content-Length: {length}\r\n\r\n").unwrap();
    socket
}

/// The first bytes of the answer, up to a status.
fn read_status(socket: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the body; whether all of it came back.
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
    let door = HttpServer::bind("127.0.0.1:0", limits).unwrap().start(echo).unwrap();
    let addr = door.local_addr();
    let mut two = [send_head(addr, LARGE_BODY_BYTES), send_head(addr, LARGE_BODY_BYTES)];
    assert!(two.iter_mut().all(|it| read_status(it) == "HTTP/1.1 100"));

    assert_eq!(read_status(&mut send_head(addr, LARGE_BODY_BYTES)), "HTTP/1.1 503");
    // Small ones have their place in any case.
    let mut small = send_head(addr, 9);
    assert_eq!(read_status(&mut small), "HTTP/1.1 100");
    assert!(send_body(small, 9));

    // Who leaves and who is answered gives it back.
    let [first, second] = two;
    assert!(send_body(first, LARGE_BODY_BYTES));
    let mut third = send_head(addr, LARGE_BODY_BYTES);
    assert_eq!(read_status(&mut third), "HTTP/1.1 100");
    drop(second);
    // The door hears of that after it has heard of who comes now, or before: both are right.
    let fourth = std::iter::repeat_with(|| send_head(addr, LARGE_BODY_BYTES))
        .take(1000)
        .find_map(|mut it| (read_status(&mut it) == "HTTP/1.1 100").then_some(it));
    assert!(send_body(third, LARGE_BODY_BYTES) && send_body(fourth.unwrap(), LARGE_BODY_BYTES));
}
