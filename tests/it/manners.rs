//! Replies that do not go out whole and at once, at the door itself: its limits and its end hold for them, too.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use wxbox::http::{Door, Limits, Manner, Reply, Running};

/// Generous: it only keeps a broken server from hanging the tests.
const PATIENCE: Duration = Duration::from_secs(60);

fn open(limits: Limits, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Running {
    Door::bind("127.0.0.1:0", limits).unwrap().open(move |_| reply()).unwrap()
}

fn ask(addr: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    socket
}

fn rest(mut socket: &TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn silence_ends_at_the_limit() {
    let limits = Limits { idle_time: Duration::from_millis(50), ..Limits::sandbox() };
    let door = open(limits, || Reply::text(200, "unheard").in_manner(Manner::Never));
    assert_eq!(rest(&ask(door.local_addr())), "");
}

#[test]
fn silence_makes_room_for_others() {
    let limits = Limits { connections: 1, ..Limits::sandbox() };
    let door = open(limits, || Reply::text(200, "unheard").in_manner(Manner::Never));
    let mut silent = ask(door.local_addr());
    silent.set_nonblocking(true).unwrap();
    // Newcomers are turned away as long as its request is in work.
    while silent.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        let _ = ask(door.local_addr());
    }
}

#[test]
fn a_stop_waits_neither_for_silence_nor_for_what_comes_late() {
    for manner in [Manner::Never, Manner::Drip(Duration::from_secs(3600))] {
        let door = open(Limits::sandbox(), move || Reply::text(200, "unheard").in_manner(manner));
        let socket = ask(door.local_addr());
        door.stop();
        // Closed or reset by the end of the door.
        let heard = (&socket).read(&mut [0; 64]).unwrap_or_else(|error| {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            0
        });
        assert!(heard <= 1, "{manner:?}: {heard}");
    }
}

#[test]
fn a_late_reply_comes_whole_and_the_connection_stays() {
    let door = open(Limits::sandbox(), || Reply::text(200, "late").delayed(Duration::from_millis(20)));
    let mut socket = ask(door.local_addr());
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(rest(&socket).matches("\r\n\r\nlate").count(), 2);
}
