//! The HTTP server under load and attack: the valid request is always answered.

#![allow(clippy::unwrap_used)]

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use wxbox::http_server::{HttpResponse, HttpServer, Limits, Request, ServerHandle};

use crate::support::TEST_TIMEOUT;

fn start_server(limits: Limits, handler: impl Fn(Request) -> HttpResponse + Send + Sync + 'static) -> ServerHandle {
    HttpServer::bind("127.0.0.1:0", limits).unwrap().start(handler).unwrap()
}

fn echo(request: Request) -> HttpResponse {
    match request.path.as_str() {
        "/right" => HttpResponse::text(200, format!("right {}", request.query)),
        "/body" => HttpResponse::bytes(200, "application/octet-stream", request.body),
        "/panic" => panic!("the handler's own fault"),
        _ => HttpResponse::text(404, "wrong"),
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    set_timeouts(TcpStream::connect(addr).unwrap())
}

fn set_timeouts(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket.set_write_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket
}

/// Sends bytes and reads until the connection closes.
fn send_request(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = connect(addr);
    socket.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply).unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

fn get_request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()
}

/// Waits until the server closes or resets the connection; returns `false` after the timeout.
fn is_closed_by_server(mut socket: &TcpStream) -> bool {
    match socket.read(&mut [0; 64]) {
        Ok(count) => count == 0,
        Err(error) => matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
    }
}

#[test]
fn response_is_one_piece_and_connection_closes() {
    let server = start_server(Limits::callback(), echo);
    let reply = send_request(server.local_addr(), b"GET /right?a=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\nConnection: close\r\n"), "{reply}");
    assert!(reply.ends_with("\r\n\r\nright a=1"), "{reply}");
}

#[test]
fn a_large_body_comes_and_goes_whole() {
    let server = start_server(Limits::sandbox(), echo);
    let body: Vec<u8> = (0..16_u32 << 20).map(|n| (n % 251) as u8).collect();
    let mut socket = connect(server.local_addr());
    let mut sender = socket.try_clone().unwrap();
    let head = format!(
        "POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    sender.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let sent = body.clone();
    let writer = thread::spawn(move || sender.write_all(&sent).unwrap());
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply).unwrap();
    writer.join().unwrap();
    assert!(reply.ends_with(&body), "{} bytes", reply.len());
}

#[test]
fn oversized_body_is_rejected_with_response() {
    let server = start_server(Limits::callback(), echo);
    let mut socket = connect(server.local_addr());
    socket.write_all(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").unwrap();
    socket.write_all(&[b'x'; 100_000]).unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = start_server(Limits::sandbox(), echo);
    let mut all: Vec<u8> = Vec::new();
    for n in 0..50 {
        all.extend(format!("GET /right?{n} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes());
    }
    all.extend(get_request("/right?last"));
    let reply = send_request(server.local_addr(), &all);
    let order: Vec<&str> = reply.lines().filter_map(|line| line.strip_prefix("right ")).collect();
    // A response body has no line end: the next status line follows it directly.
    let want: Vec<String> = (0..50).map(|n| format!("{n}HTTP/1.1 200 OK")).chain(["last".into()]).collect();
    assert_eq!(order, want);
}

#[test]
fn half_closed_client_still_gets_its_reply() {
    let server = start_server(Limits::sandbox(), echo);
    let mut socket = connect(server.local_addr());
    socket.write_all(b"GET /right HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("right "), "{reply}");
}

#[test]
fn handler_panic_fails_only_its_request() {
    let limits = Limits { handler_threads: 1, ..Limits::callback() };
    let server = start_server(limits, echo);
    for _ in 0..3 {
        assert!(send_request(server.local_addr(), &get_request("/panic")).starts_with("HTTP/1.1 500 "));
    }
    assert!(send_request(server.local_addr(), &get_request("/right")).starts_with("HTTP/1.1 200 "));
}

#[test]
fn idle_and_slow_connections_time_out() {
    let brief = Duration::from_millis(200);
    let server = start_server(Limits { head_timeout: brief, ..Limits::sandbox() }, echo);
    let silent = connect(server.local_addr());
    let partial = connect(server.local_addr());
    let _ = (&partial).write_all(b"GET / HT");
    assert!(is_closed_by_server(&silent) && is_closed_by_server(&partial));

    let server = start_server(Limits { idle_timeout: brief, ..Limits::sandbox() }, echo);
    let mut idle = connect(server.local_addr());
    idle.write_all(b"GET /right HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut reply = String::new();
    idle.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("right ") && !reply.contains("Connection: close"), "{reply}");
}

#[test]
fn oldest_incomplete_connection_is_evicted() {
    let limits = Limits { max_connections: 4, ..Limits::callback() };
    let server = start_server(limits, echo);
    let first = connect(server.local_addr());
    let others: Vec<_> = (0..3).map(|_| connect(server.local_addr())).collect();
    assert!(send_request(server.local_addr(), &get_request("/right")).starts_with("HTTP/1.1 200 "));
    assert!(is_closed_by_server(&first));
    for mut other in others {
        other.write_all(&get_request("/right")).unwrap();
        let mut reply = String::new();
        other.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
}

/// The client address of the attack.
#[cfg(target_os = "linux")]
const OTHER_CLIENT_ADDR: [u8; 4] = [127, 0, 0, 2];

/// Connects from another address of this machine.
#[cfg(target_os = "linux")]
pub fn connect_from_other_address(addr: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from((OTHER_CLIENT_ADDR, 0))).unwrap();
    connect(&socket, &addr).unwrap();
    set_timeouts(socket.into())
}

/// A slow request survives: all other connections of the flood are accepted, and most are evicted,
/// before its rest arrives.
#[test]
#[cfg(target_os = "linux")]
fn busy_client_evicts_only_its_own_connections() {
    let server = start_server(Limits { max_connections: 16, ..Limits::callback() }, echo);
    let addr = server.local_addr();
    let [silent, slow] = [(); 2].map(|()| connect(addr));
    (&slow).write_all(b"GET /ri").unwrap();
    let flood: Vec<_> = (0..50).map(|_| connect_from_other_address(addr)).collect();
    // A client that sends its request immediately is answered even if the server accepts it last.
    let mut quick = connect_from_other_address(addr);
    quick.write_all(&get_request("/right?quick")).unwrap();
    let mut reply = String::new();
    quick.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("right quick"), "{reply}");
    assert!(is_closed_by_server(&flood[0]));
    for (mut socket, rest) in [(slow, get_request("/right")[7..].to_vec()), (silent, get_request("/right"))] {
        socket.write_all(&rest).unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).unwrap();
        assert!(reply.ends_with("right "), "{reply}");
    }
}

#[test]
fn full_handler_queue_responds_503_at_once() {
    let (begun, begins) = bounded(8);
    let (release, released) = bounded::<()>(0);
    let limits = Limits { max_connections: 8, handler_threads: 1, ..Limits::callback() };
    let server = start_server(limits, move |_| {
        begun.send(()).unwrap();
        let _ = released.recv();
        HttpResponse::text(200, "done")
    });
    let (say, said) = bounded(8);
    let client = || {
        let (addr, say) = (server.local_addr(), say.clone());
        thread::spawn(move || say.send(send_request(addr, &get_request("/"))).unwrap());
    };
    // One request is being handled and six are queued; one more is too many.
    client();
    begins.recv_timeout(TEST_TIMEOUT).unwrap();
    (0..7).for_each(|_| client());
    let first = said.recv_timeout(TEST_TIMEOUT).unwrap();
    assert!(first.starts_with("HTTP/1.1 503 "), "{first}");
    drop(release);
    for _ in 0..7 {
        let reply = said.recv_timeout(TEST_TIMEOUT).unwrap();
        assert!(reply.ends_with("done"), "{reply}");
    }
}

#[test]
fn connection_limit_rejects_new_connections() {
    let (begun, begins) = bounded(1);
    let (release, released) = bounded::<()>(0);
    let limits = Limits { max_connections: 1, handler_threads: 1, ..Limits::callback() };
    let server = start_server(limits, move |_| {
        begun.send(()).unwrap();
        let _ = released.recv();
        HttpResponse::text(200, "done")
    });
    let mut busy = connect(server.local_addr());
    busy.write_all(&get_request("/")).unwrap();
    begins.recv_timeout(TEST_TIMEOUT).unwrap();
    assert!(is_closed_by_server(&connect(server.local_addr())));
    drop(release);
    let mut reply = String::new();
    busy.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("done"), "{reply}");
}

#[test]
fn shutdown_finishes_replies_and_rejects_new_requests() {
    let (begun, begins) = bounded(1);
    let (release, released) = bounded::<()>(1);
    let server = start_server(Limits::sandbox(), move |_| {
        begun.send(()).unwrap();
        let _ = released.recv();
        HttpResponse::text(200, "the last word")
    });
    let addr = server.local_addr();
    let idle = connect(addr);
    let mut asking = connect(addr);
    asking.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    begins.recv_timeout(TEST_TIMEOUT).unwrap();
    let stopping = thread::spawn(move || server.stop());
    // The idle connection is closed once the shutdown has begun.
    assert!(is_closed_by_server(&idle));
    release.send(()).unwrap();
    let mut reply = String::new();
    asking.read_to_string(&mut reply).unwrap();
    assert!(reply.contains("Connection: close") && reply.ends_with("the last word"), "{reply}");
    stopping.join().unwrap();
    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn stuck_handler_does_not_block_shutdown() {
    let (begun, begins) = bounded(1);
    let (release, released) = bounded::<()>(0);
    let server = start_server(Limits { handler_threads: 1, ..Limits::callback() }, move |_| {
        begun.send(()).unwrap();
        let _ = released.recv();
        HttpResponse::text(200, "")
    });
    // One request is being handled, the other one waits for the thread.
    let asking = [(); 2].map(|()| connect(server.local_addr()));
    asking.iter().for_each(|mut socket| socket.write_all(&get_request("/")).unwrap());
    begins.recv_timeout(TEST_TIMEOUT).unwrap();
    server.stop();
    for mut socket in asking {
        let mut reply = String::new();
        socket.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("Retry-After: 5"), "{reply}");
    }
    drop(release);
}

#[test]
fn handlers_are_hurried_at_the_end_of_the_time() {
    let (begun, begins) = bounded(1);
    let (hurry, hurried) = bounded::<()>(1);
    let server = start_server(Limits::serve(), move |_| {
        begun.send(()).unwrap();
        let _ = hurried.recv();
        HttpResponse::text(200, "in a hurry")
    });
    let (idle, mut asking) = (connect(server.local_addr()), connect(server.local_addr()));
    asking.write_all(&get_request("/")).unwrap();
    begins.recv_timeout(TEST_TIMEOUT).unwrap();
    server.stop_within(Duration::ZERO, || hurry.send(()).unwrap());
    assert!(is_closed_by_server(&idle));
    let mut reply = String::new();
    asking.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("in a hurry"), "{reply}");
    // Without a pending request, the stop does not wait.
    let server = start_server(Limits::serve(), echo);
    let idle = connect(server.local_addr());
    server.stop_within(TEST_TIMEOUT, || panic!("nothing is pending"));
    assert!(is_closed_by_server(&idle));
}

/// Returns the names of this process's threads that belong to HTTP servers.
#[cfg(target_os = "linux")]
fn server_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("http-")).count()
}

/// Trickles (`n` below 20) or floods bytes until it is stopped, and signals when it has begun.
#[cfg(target_os = "linux")]
fn flood(addr: SocketAddr, n: usize, is_stopped: &AtomicBool, under_way: &Sender<()>) {
    let mut is_signalled = false;
    let mut signal_once = || {
        if !std::mem::replace(&mut is_signalled, true) {
            under_way.send(()).unwrap();
        }
    };
    while !is_stopped.load(Ordering::Relaxed) {
        if n < 20 {
            // Trickle: one byte, and then nothing until the server closes the connection.
            let socket = connect_from_other_address(addr);
            let _ = (&socket).write_all(b"G");
            signal_once();
            let _ = socket.set_read_timeout(Some(Duration::from_millis(50)));
            let _ = (&socket).read(&mut [0; 1]);
        } else {
            // Flood: a header line without an end, or garbage, until the server closes the
            // connection.
            let mut socket = connect_from_other_address(addr);
            let rubbish = b"\0\xff\x16\x03".repeat(4096);
            let (begin, piece): (&[u8], &[u8]) =
                if n < 22 { (b"GET / HTTP/1.1\r\nX: ", &[b'a'; 16384]) } else { (b"\x16", &rubbish) };
            let _ = socket.write_all(begin);
            while socket.write_all(piece).is_ok() && !is_stopped.load(Ordering::Relaxed) {
                signal_once();
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn valid_request_is_answered_during_flood() {
    let server = start_server(Limits::callback(), echo);
    let addr = server.local_addr();
    let idle: Vec<TcpStream> = (0..1_500).map(|_| connect_from_other_address(addr)).collect();
    let over = Arc::new(AtomicBool::new(false));
    let (under_way, seen) = bounded(64);
    let attackers: Vec<_> = (0..24)
        .map(|n| {
            let (over, under_way) = (Arc::clone(&over), under_way.clone());
            thread::spawn(move || flood(addr, n, &over, &under_way))
        })
        .collect();
    for _ in 0..24 {
        seen.recv_timeout(TEST_TIMEOUT).unwrap();
    }
    // Send as many as possible while the valid requests are answered.
    let bad: Vec<_> = (0..4)
        .map(|_| {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                for n in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let mut socket = BufReader::new(connect_from_other_address(addr));
                    let path = if n % 2 == 0 { "/wrong?state=x&code=y" } else { "/%00%ff" };
                    // The server may have evicted this connection for another one.
                    if socket.get_mut().write_all(&get_request(path)).is_ok() {
                        let mut reply = Vec::new();
                        let _ = socket.read_to_end(&mut reply);
                        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 404 "));
                    }
                }
            })
        })
        .collect();
    for n in 0..50 {
        let reply = send_request(addr, &get_request(&format!("/right?{n}")));
        assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with(&format!("right {n}")), "{reply}");
    }
    assert!(server_threads() < 200);
    over.store(true, Ordering::Relaxed);
    bad.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(send_request(addr, &get_request("/right")).ends_with("right "));
    attackers.into_iter().for_each(|thread| thread.join().unwrap());
    drop(idle);
}
