//! The way to WeChat, where it is barred: a proxy, a certificate, the clock.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wxbox::http::{Door, Limits, Reply, Running, Tls};

use crate::certificate::Certificate;
use crate::harness::{World, phone};

/// A proxy that answers every request with this, and where it is.
fn proxy(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]).and_then(|_| client.write_all(answer.as_bytes()));
        }
    });
    at
}

fn world_of(api_base: &str, network: &str) -> World {
    let world = World::empty();
    world.config(&format!(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"0123456789abcdef0123456789abcdef\"\n\
         [network]\napi_base = \"{api_base}\"\ntimeout = \"20s\"\n{network}\n"
    ));
    world
}

#[test]
fn what_a_proxy_answers_is_told_and_what_names_it() {
    for (answer, said) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned(), "it answers with HTTP 403, and opens no tunnel"),
        ("HTTP/1.1 407 Who\r\n\r\n".into(), "it answers with HTTP 407, and opens no tunnel"),
        ("HTTP/1.0 201 Created\r\n\r\n".into(), "it answers with HTTP 201, and opens no tunnel"),
        (format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(9_000)), "a header of more than 8 KiB"),
        ("SSH-2.0-OpenSSH\r\n".into(), "it opens no tunnel"),
    ] {
        let at = proxy(answer);
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "network.proxy"] {
            let value = format!("http://me:geheim@{at}");
            let own = if name == "network.proxy" { format!("proxy = \"{value}\"") } else { String::new() };
            let mut world = world_of("https://wechat.invalid", &own);
            world.set(if own.is_empty() { name } else { "NO_PROXY" }, &value);
            let ran = world.wxbox("token");
            let expected = format!("by way of the proxy http://{at} ({name}): ");
            assert!(ran.stderr().contains(&expected) && ran.stderr().contains(said), "{}", ran.stderr());
            assert!(ran.stderr().contains(&format!("hint: check the proxy that {name} names")), "{}", ran.stderr());
            assert!(!ran.stderr().contains("geheim") && ran.status() == Some(1), "{}", ran.stderr());
        }
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_unless_it_is_not_asked() {
    for value in ["http://[x", "gopher://proxy:1", "socks5://127.0.0.1:1080"] {
        let mut world = world_of("https://wechat.invalid", "");
        let ran = world.set("HTTPS_PROXY", value).wxbox("token");
        assert!(ran.stderr().contains("error: HTTPS_PROXY names no proxy that can be used"), "{}", ran.stderr());
        assert_eq!(ran.status(), Some(3));
        let ran = world.wxbox("doctor");
        assert!(ran.stdout().contains("proxy: HTTPS_PROXY names no proxy"), "{}", ran.stdout());
        let ran = world.set("NO_PROXY", "wechat.invalid").wxbox("token");
        assert!(ran.stderr().contains("cannot reach wechat.invalid: failed to lookup"), "{}", ran.stderr());
    }
}

/// A server of WeChat's with that certificate, which gives a token.
fn wechat(certificate: &str, key: &str) -> Running {
    let tls = Tls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let token = |_| Reply::json(200, r#"{"access_token":"50_token","expires_in":7200}"#);
    Door::bind("127.0.0.1:0", Limits::sandbox()).unwrap().speaking(Some(tls)).open(token).unwrap()
}

#[test]
fn certificates_of_the_usual_variables_are_trusted() {
    let own = Certificate::new();
    let server = wechat(&own.certificate, &own.key);
    let base = format!("https://{}", server.local_addr());
    let ran = world_of(&base, "").wxbox("token");
    assert!(ran.stderr().contains("signed by an authority that is not trusted here"), "{}", ran.stderr());
    assert!(ran.stderr().contains("network.ca_file") && ran.status() == Some(1), "{}", ran.stderr());

    let mut world = world_of(&base, "");
    let file = world.write("certs/company.pem", &own.certificate);
    world.set("SSL_CERT_FILE", file.to_str().unwrap()).wxbox("token").ok();
    let mut world = world_of(&base, "");
    world.set("SSL_CERT_DIR", &format!("/nonexistent:{}", file.parent().unwrap().display())).wxbox("token").ok();
    world_of(&base, &format!("ca_file = \"{}\"", file.display())).wxbox("token").ok();

    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let mut world = world_of(&base, "");
        let ran = world.set(name, "/nonexistent").wxbox("token");
        assert!(ran.stderr().contains(&format!("cannot use /nonexistent, which {name} names: ")), "{}", ran.stderr());
        assert_eq!(ran.status(), Some(3));
    }
}

#[test]
fn a_certificate_out_of_its_time_leads_to_the_clock() {
    for (from, until, said) in [(1990, 2000, "has expired"), (2200, 2300, "is not valid yet")] {
        let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let server = wechat(&certificate, &key.serialize_pem());
        let mut world = world_of(&format!("https://{}", server.local_addr()), "");
        let file = world.write("company.pem", &certificate);
        let ran = world.set("SSL_CERT_FILE", file.to_str().unwrap()).wxbox("token");
        assert!(
            ran.stderr().contains(&format!("its certificate {said}, by the clock of this machine")),
            "{}",
            ran.stderr()
        );
        assert!(ran.stderr().contains("hint: check the clock of this machine"), "{}", ran.stderr());
    }
}

#[test]
fn a_demo_without_a_place_says_which() {
    let mut world = World::empty();
    let ran = world.set("TMPDIR", "/nonexistent").wxbox("demo");
    let said = "error: cannot make a directory for the demo in /nonexistent: No such file or directory (os error 2)\n";
    assert!(ran.stderr().starts_with(said), "{}", ran.stderr());
    assert!(ran.stderr().contains("TMPDIR") && ran.status() == Some(1));
}

/// A connection that says nothing is no refusal; what is slow, and what cannot agree on TLS, is.
#[test]
fn a_door_counts_what_it_refuses() {
    use wxbox::http::Refused;
    let own = Certificate::new();
    let tls = Tls::new(own.certificate.as_bytes(), own.key.as_bytes()).unwrap();
    let brief = Limits { head_time: std::time::Duration::from_millis(200), ..Limits::callback() };
    let open =
        |tls| Door::bind("127.0.0.1:0", brief.clone()).unwrap().speaking(tls).open(|_| Reply::text(200, "")).unwrap();
    let send = |door: &Running, bytes: &[u8]| {
        let mut socket = TcpStream::connect(door.local_addr()).unwrap();
        socket.write_all(bytes).unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    };
    let plain = open(None);
    [b"".as_slice(), b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].iter().for_each(|it| send(&plain, it));
    assert_eq!(plain.refusals().take(), [(Refused::Slow, 1)].into());
    let secure = open(Some(tls));
    send(&secure, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    // What trusts only others says so.
    let _ = phone().get(format!("https://{}/", secure.local_addr())).send();
    let mut heard: Vec<Refused> = (0..2).map(|_| secure.refusals().events().recv().unwrap()).collect();
    heard.sort();
    assert_eq!(heard, [Refused::HttpToTls, Refused::Certificate]);
}
