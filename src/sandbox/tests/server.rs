//! Tests of the sandbox on a real port.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;
use crate::http_server::{HttpServer, Limits};
use crate::sandbox::{LogLine, RequestLine, Sandbox};

fn start(toml: &str) -> (Sandbox, SocketAddr, Arc<Mutex<Vec<RequestLine>>>) {
    let server = HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap();
    let addr = server.local_addr();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&lines);
    let scenario = Scenario::from_toml(toml).unwrap();
    let add = move |line| {
        if let LogLine::Request(line) = line {
            requests.lock().unwrap().push(line);
        }
    };
    let sandbox = Sandbox::start(scenario, server, add).unwrap();
    (sandbox, addr, lines)
}

fn fetch(addr: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn each_request_is_logged_without_secrets() {
    let (sandbox, addr, lines) = start("");
    let listening = serde_json::to_value(sandbox.listening()).unwrap();
    assert_eq!((&listening["event"], &listening["url"]), (&json!("listening"), &json!(format!("http://{addr}"))));
    assert!(sandbox.listening().to_string().contains("wx0123456789abcdef"));
    let answer = fetch(addr, &format!("/cgi-bin/token?grant_type=client_credential&{CREDENTIALS}"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("access_token"), "{answer}");
    fetch(addr, "/cgi-bin/nonsense?secret=x");
    fetch(addr, "/sandbox/phones");
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].unknown && lines[1].errcode == Some(40066));
    let shown = format!("{} {}", lines[0], serde_json::to_string(&lines[0]).unwrap());
    assert!(shown.contains("/cgi-bin/token") && !shown.contains("secret") && !shown.contains('?'), "{shown}");
}

/// Sends the requests of a browser with a page whose name resolves to this machine.
#[test]
fn requests_of_other_sites_are_rejected() {
    let (_sandbox, addr, lines) = start("");
    let port = addr.port();
    let ask = |method: &str, target: &str, headers: &str| {
        let mut stream = TcpStream::connect(addr).unwrap();
        let end = "Content-Length: 0\r\nConnection: close\r\n\r\n";
        write!(stream, "{method} {target} HTTP/1.1\r\n{headers}{end}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let token = format!("/cgi-bin/token?grant_type=client_credential&{CREDENTIALS}");
    for (method, target) in
        [("GET", "/"), ("GET", "/sandbox/inbox.json"), ("POST", "/sandbox/clear"), ("GET", token.as_str())]
    {
        let evil = format!("Host: evil.example:{port}\r\n");
        let same = format!("{evil}Origin: http://evil.example:{port}\r\nSec-Fetch-Site: same-origin\r\n");
        let other = format!("Host: {addr}\r\nOrigin: http://evil.example\r\n");
        for headers in [evil, same, other] {
            assert_eq!(ask(method, target, &headers), "403", "{method} {target} {headers}");
        }
        for headers in [format!("Host: localhost:{port}\r\n"), format!("Host: {addr}\r\nOrigin: http://{addr}\r\n")] {
            assert_ne!(ask(method, target, &headers), "403", "{method} {target} {headers}");
        }
    }
    assert!(lines.lock().unwrap().iter().any(|line| line.path == "/sandbox/clear"));
}

#[test]
fn double_callback_is_called_before_phone_is_redirected() {
    let (_sandbox, addr, lines) = start("double_callback = true");
    let callback = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = callback.local_addr().unwrap().port();
    let link = format!(
        "/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}%2Fcb%2F\
         &response_type=code&scope=snsapi_base&state=xyz"
    );
    let phone = std::thread::spawn(move || fetch(addr, &link));
    let (mut stream, _) = callback.accept().unwrap();
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).unwrap();
    let head = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let target = head.split(' ').nth(1).unwrap();
    // The phone has no response yet, and the platform answers requests in the meantime.
    assert!(!phone.is_finished());
    assert!(fetch(addr, "/sandbox/inbox.json").ends_with("[]"));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    drop(stream);
    let answer = phone.join().unwrap();
    assert!(answer.contains(&format!("Location: http://127.0.0.1:{port}{target}\r\n")), "{target}\n{answer}");
    let lines = lines.lock().unwrap();
    let authorize = lines.iter().find(|line| line.path == "/connect/oauth2/authorize").unwrap();
    assert_eq!(authorize.to.as_deref(), Some(LUFFY));
}

/// Uploads that many bytes as an image, and returns the response.
fn upload(addr: SocketAddr, size: usize) -> String {
    let answer = fetch(addr, &format!("/cgi-bin/token?grant_type=client_credential&{CREDENTIALS}"));
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let head = "--XX\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\n";
    let file = [media::PNG, &vec![0; size - media::PNG.len()]].concat();
    let body = [head.as_bytes(), &file, b"\r\n--XX--\r\n"].concat();
    let mut stream = TcpStream::connect(addr).unwrap();
    let target = format!("/cgi-bin/media/upload?type=image&access_token={}", text(&answer["access_token"]));
    write!(
        stream,
        "POST {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn largest_file_is_accepted_and_larger_one_is_rejected() {
    let (_sandbox, addr, _) = start("");
    let answer = upload(addr, 10 << 20);
    assert!(answer.contains("\"media_id\":"), "{answer}");
    let answer = upload(addr, (10 << 20) + 1);
    assert!(answer.contains("\"errcode\":40006"), "{answer}");
}
