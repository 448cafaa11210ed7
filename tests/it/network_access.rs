//! Obstacles between wxbox and WeChat: a proxy, a certificate, the clock.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wxbox::http_server::{HttpResponse, HttpServer, Limits, ServerHandle, ServerTls};

use crate::support::certificate::TestCertificate;
use crate::support::env::{TestEnv, http_client};

/// Starts a proxy that answers every request with this response, and returns its URL.
fn start_proxy(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]).and_then(|_| client.write_all(answer.as_bytes()));
        }
    });
    at
}

fn env_with_api(api_base: &str, network: &str) -> TestEnv {
    let env = TestEnv::without_config();
    env.write_config(&format!(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"0123456789abcdef0123456789abcdef\"\n\
         [network]\napi_base = \"{api_base}\"\ntimeout = \"20s\"\n{network}\n"
    ));
    env
}

#[test]
fn proxy_response_and_proxy_origin_are_reported() {
    for (answer, said) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned(), "it responded with HTTP 403 instead of opening a tunnel"),
        ("HTTP/1.1 407 Who\r\n\r\n".into(), "it responded with HTTP 407 instead of opening a tunnel"),
        ("HTTP/1.0 201 Created\r\n\r\n".into(), "it responded with HTTP 201 instead of opening a tunnel"),
        (format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(9_000)), "a header of more than 8 KiB"),
        ("SSH-2.0-OpenSSH\r\n".into(), "it does not open a tunnel"),
    ] {
        let at = start_proxy(answer);
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "network.proxy"] {
            let value = format!("http://me:geheim@{at}");
            let own = if name == "network.proxy" { format!("proxy = \"{value}\"") } else { String::new() };
            let mut env = env_with_api("https://wechat.invalid", &own);
            env.set_variable(if own.is_empty() { name } else { "NO_PROXY" }, &value);
            let ran = env.run("token");
            let expected = format!("through the proxy http://{at} ({name}): ");
            assert!(ran.stderr().contains(&expected) && ran.stderr().contains(said), "{}", ran.stderr());
            assert!(ran.stderr().contains(&format!("hint: check the proxy in {name}")), "{}", ran.stderr());
            assert!(!ran.stderr().contains("geheim") && ran.status() == Some(1), "{}", ran.stderr());
        }
    }
}

#[test]
fn unusable_proxy_fails_only_when_used() {
    for value in ["http://[x", "gopher://proxy:1", "socks5://127.0.0.1:1080"] {
        let mut env = env_with_api("https://wechat.invalid", "");
        let ran = env.set_variable("HTTPS_PROXY", value).run("token");
        assert!(ran.stderr().contains("error: HTTPS_PROXY is not a usable proxy"), "{}", ran.stderr());
        assert_eq!(ran.status(), Some(3));
        let ran = env.run("doctor");
        assert!(ran.stdout().contains("proxy: HTTPS_PROXY is not a usable proxy"), "{}", ran.stdout());
        let ran = env.set_variable("NO_PROXY", "wechat.invalid").run("token");
        assert!(ran.stderr().contains("cannot reach wechat.invalid: failed to lookup"), "{}", ran.stderr());
    }
}

/// Starts a server with that certificate which acts as WeChat and returns a token.
fn start_wechat(certificate: &str, key: &str) -> ServerHandle {
    let tls = ServerTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let token = |_| HttpResponse::json(200, r#"{"access_token":"50_token","expires_in":7200}"#);
    HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap().with_tls(Some(tls)).start(token).unwrap()
}

#[test]
fn certificates_of_ssl_variables_are_trusted() {
    let own = TestCertificate::new();
    let server = start_wechat(&own.certificate_pem, &own.key_pem);
    let base = format!("https://{}", server.local_addr());
    let ran = env_with_api(&base, "").run("token");
    assert!(ran.stderr().contains("does not trust the authority that signed"), "{}", ran.stderr());
    assert!(ran.stderr().contains("network.ca_file") && ran.status() == Some(1), "{}", ran.stderr());

    let mut env = env_with_api(&base, "");
    let file = env.write_file("certs/company.pem", &own.certificate_pem);
    env.set_variable("SSL_CERT_FILE", file.to_str().unwrap()).run("token").assert_success();
    let mut env = env_with_api(&base, "");
    env.set_variable("SSL_CERT_DIR", &format!("/nonexistent:{}", file.parent().unwrap().display()))
        .run("token")
        .assert_success();
    env_with_api(&base, &format!("ca_file = \"{}\"", file.display())).run("token").assert_success();

    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let mut env = env_with_api(&base, "");
        let ran = env.set_variable(name, "/nonexistent").run("token");
        assert!(
            ran.stderr().contains(&format!("certificates in /nonexistent, which {name} names: ")),
            "{}",
            ran.stderr()
        );
        assert_eq!(ran.status(), Some(3));
    }
}

#[test]
fn expired_certificate_suggests_checking_clock() {
    for (from, until, said) in [(1990, 2000, "has expired"), (2200, 2300, "is not valid yet")] {
        let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let server = start_wechat(&certificate, &key.serialize_pem());
        let mut env = env_with_api(&format!("https://{}", server.local_addr()), "");
        let file = env.write_file("company.pem", &certificate);
        let ran = env.set_variable("SSL_CERT_FILE", file.to_str().unwrap()).run("token");
        assert!(
            ran.stderr().contains(&format!("the certificate {said} by the clock of this machine")),
            "{}",
            ran.stderr()
        );
        assert!(ran.stderr().contains("hint: check the clock of this machine"), "{}", ran.stderr());
    }
}

#[test]
fn demo_without_temp_dir_is_reported() {
    let mut env = TestEnv::without_config();
    let ran = env.set_variable("TMPDIR", "/nonexistent").run("demo");
    let expected =
        "error: cannot create a directory for the demo in /nonexistent: No such file or directory (os error 2)\n";
    assert!(ran.stderr().starts_with(expected), "{}", ran.stderr());
    assert!(ran.stderr().contains("TMPDIR") && ran.status() == Some(1));
}

/// A silent connection is not a rejection; a slow one and a failed TLS handshake are.
#[test]
fn server_counts_rejected_connections() {
    use wxbox::http_server::HttpRejection;
    let own = TestCertificate::new();
    let tls = ServerTls::new(own.certificate_pem.as_bytes(), own.key_pem.as_bytes()).unwrap();
    let brief = Limits { head_timeout: std::time::Duration::from_millis(200), ..Limits::callback() };
    let open = |tls| {
        HttpServer::bind("127.0.0.1:0", brief.clone())
            .unwrap()
            .with_tls(tls)
            .start(|_| HttpResponse::text(200, ""))
            .unwrap()
    };
    let send = |server: &ServerHandle, bytes: &[u8]| {
        let mut socket = TcpStream::connect(server.local_addr()).unwrap();
        socket.write_all(bytes).unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    };
    let plain = open(None);
    [b"".as_slice(), b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].iter().for_each(|bytes| send(&plain, bytes));
    assert_eq!(plain.rejections().take_counts(), [(HttpRejection::Timeout, 1)].into());
    let secure = open(Some(tls));
    send(&secure, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    // A client that trusts other certificates sends an alert.
    let _ = http_client().get(format!("https://{}/", secure.local_addr())).send();
    let mut reasons: Vec<HttpRejection> = (0..2).map(|_| secure.rejections().events().recv().unwrap()).collect();
    reasons.sort();
    assert_eq!(reasons, [HttpRejection::HttpToTls, HttpRejection::UntrustedCertificate]);
}
