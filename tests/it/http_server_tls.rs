//! The HTTP server with TLS: the same limits apply from the first byte of a handshake.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use wxbox::http_server::{
    HttpResponse, HttpServer, Limits, Request, ResponseMode, ServerHandle, ServerTls, TlsConfigError,
};
use wxbox::pem::PemError;

use crate::http_server::connect_from_other_address;
use crate::support::TEST_TIMEOUT;
use crate::support::certificate::TestCertificate;

fn start_server(own: &TestCertificate, limits: Limits) -> ServerHandle {
    let tls = ServerTls::new(own.certificate_pem.as_bytes(), own.key_pem.as_bytes()).unwrap();
    let answer = |request: Request| match request.path.as_str() {
        "/body" => HttpResponse::bytes(200, "application/octet-stream", request.body),
        "/drip" => HttpResponse::text(200, "drop by drop").with_mode(ResponseMode::Throttled(Duration::from_millis(1))),
        path => HttpResponse::text(200, format!("right {path}")),
    };
    HttpServer::bind("127.0.0.1:0", limits).unwrap().with_tls(Some(tls)).start(answer).unwrap()
}

fn connect_tcp(addr: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket.set_write_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket
}

fn connect_tls(own: &TestCertificate, addr: SocketAddr) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::from(addr.ip());
    StreamOwned::new(ClientConnection::new(Arc::new(own.client_config()), name).unwrap(), connect_tcp(addr))
}

fn send_request(own: &TestCertificate, addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect_tls(own, addr);
    stream.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    // Without a close_notify alert this would be an error.
    stream.read_to_end(&mut reply).unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

/// Waits until the server closes the connection, after any response; returns `false` after the
/// timeout.
fn is_closed_by_server(mut socket: impl Read) -> bool {
    let mut scratch = [0; 4096];
    loop {
        match socket.read(&mut scratch) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

#[test]
fn response_ends_with_close_notify() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits::callback());
    let reply = send_request(&own, server.local_addr(), b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\nConnection: close\r\n") && reply.ends_with("right /a"), "{reply}");
    let reply = send_request(&own, server.local_addr(), b"GET /drip HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(reply.ends_with("drop by drop"), "{reply}");
}

#[test]
fn connection_carries_large_bodies_and_many_requests() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits::sandbox());
    let body: Vec<u8> = (0..5_u32 << 20).map(|n| (n % 251) as u8).collect();
    let mut all = Vec::new();
    for _ in 0..3 {
        all.extend(format!("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes());
        all.extend(&body);
    }
    all.extend(b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let mut stream = connect_tls(&own, server.local_addr());
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    // Each side may have to send more than the other accepts before it has been read itself.
    stream.sock.set_nonblocking(true).unwrap();
    let (mut sent, mut reply, mut scratch) = (0, Vec::new(), vec![0; 1 << 16]);
    loop {
        if sent < all.len() {
            match stream.write(&all[sent..]) {
                Ok(count) => sent += count,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        match stream.read(&mut scratch) {
            Ok(0) => break,
            Ok(count) => reply.extend(&scratch[..count]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        let more = if sent < all.len() || stream.conn.wants_write() { PollFlags::OUT } else { PollFlags::empty() };
        poll(&mut [PollFd::new(&stream.sock, PollFlags::IN | more)], None).unwrap();
    }
    let count = |what: &[u8]| memchr::memmem::find_iter(&reply, what).count();
    assert_eq!((count(b"HTTP/1.1 200 OK"), count(&body)), (4, 3));
    assert!(reply.ends_with(b"right /last"));
}

#[test]
fn handshake_times_out_like_head() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits { head_timeout: Duration::from_millis(200), ..Limits::callback() });
    let (silent, partial) = (connect_tcp(server.local_addr()), connect_tcp(server.local_addr()));
    // The first bytes of a ClientHello that announces 512 bytes.
    (&partial).write_all(b"\x16\x03\x01\x02\x00\x01\x00").unwrap();
    let mut greeted = connect_tls(&own, server.local_addr());
    while greeted.conn.is_handshaking() {
        greeted.conn.complete_io(&mut greeted.sock).unwrap();
    }
    assert!(is_closed_by_server(&silent) && is_closed_by_server(&partial) && is_closed_by_server(&greeted.sock));
}

#[test]
fn pending_handshakes_are_evicted() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits { max_connections: 4, ..Limits::callback() });
    let open: Vec<_> = (0..4).map(|_| connect_tcp(server.local_addr())).collect();
    for socket in &open {
        let _ = (&*socket).write_all(b"\x16\x03\x01\x02\x00");
    }
    let reply = send_request(&own, server.local_addr(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    assert!(is_closed_by_server(&open[0]));
}

/// A distant phone: during its handshake, more clients connect than the server has capacity for.
#[test]
#[cfg(target_os = "linux")]
fn busy_client_evicts_no_other_handshake() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits { max_connections: 16, ..Limits::callback() });
    let addr = server.local_addr();
    let mut phone = connect_tls(&own, addr);
    phone.conn.write_tls(&mut phone.sock).unwrap();
    let flood: Vec<_> = (0..50).map(|_| connect_from_other_address(addr)).collect();
    flood.iter().for_each(|socket| drop((&*socket).write_all(b"\x16\x03\x01\x02\x00")));
    // The connections after this one fill the server.
    assert!(is_closed_by_server(&flood[flood.len() - 20]));
    phone.write_all(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut reply = String::new();
    phone.read_to_string(&mut reply).unwrap();
    assert!(reply.ends_with("right /late"), "{reply}");
}

#[test]
fn plaintext_is_closed_without_affecting_others() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits::callback());
    for rubbish in [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), &[0xff; 100], &[0x16; 100_000]] {
        let socket = connect_tcp(server.local_addr());
        // The server may close the connection before all is sent.
        let _ = (&socket).write_all(rubbish);
        assert!(is_closed_by_server(&socket));
    }
    assert!(send_request(&own, server.local_addr(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn one_byte_records_are_limited() {
    let own = TestCertificate::new();
    let server = start_server(&own, Limits { head_timeout: TEST_TIMEOUT * 10, ..Limits::callback() });
    let mut stream = connect_tls(&own, server.local_addr());
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    // This is less than a head may have, but more TLS records than the server accepts for one.
    let sent = (0..30_000).take_while(|_| stream.write_all(b"a").and_then(|()| stream.flush()).is_ok()).count();
    assert!(sent < 30_000 || is_closed_by_server(&stream.sock), "{sent}");
    let mut reply = Vec::new();
    assert!(stream.read_to_end(&mut reply).is_err() && reply.is_empty());
}

#[test]
fn invalid_certificate_and_key_have_own_errors() {
    let (own, other) = (TestCertificate::new(), TestCertificate::new());
    let cases = [
        (own.certificate_pem.as_str(), other.key_pem.as_str(), TlsConfigError::KeyMismatch),
        ("", &own.key_pem, TlsConfigError::Certificate(PemError::NotPem)),
        (&own.key_pem, &own.key_pem, TlsConfigError::Certificate(PemError::KeyInstead)),
        (&own.certificate_pem, "", TlsConfigError::Key(PemError::NotPem)),
        (&own.certificate_pem, &own.certificate_pem, TlsConfigError::Key(PemError::CertificateInstead)),
        (&own.certificate_pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END", TlsConfigError::EncryptedKey),
        (
            &own.certificate_pem,
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n",
            TlsConfigError::EncryptedKey,
        ),
        (
            &own.certificate_pem,
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            TlsConfigError::BadKey,
        ),
        (
            &own.certificate_pem,
            "-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n",
            TlsConfigError::Key(PemError::Damaged(1)),
        ),
    ];
    for (certificate, key, expected) in cases {
        assert_eq!(ServerTls::new(certificate.as_bytes(), key.as_bytes()).unwrap_err(), expected);
    }
    let invalid = own.certificate_pem.replacen("MII", "MIX", 1);
    let found = ServerTls::new(invalid.as_bytes(), own.key_pem.as_bytes()).unwrap_err();
    assert!(matches!(found, TlsConfigError::Certificate(PemError::Damaged(_))), "{found:?}");
    // Certificate and key in one file, with Windows line ends.
    let both = format!("{}{}", own.certificate_pem, own.key_pem).replace('\n', "\r\n");
    assert!(ServerTls::new(both.as_bytes(), both.as_bytes()).is_ok());
}
