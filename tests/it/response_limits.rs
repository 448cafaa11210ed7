//! Limits on responses, and servers that a request must not reach: servers that flood, trickle,
//! nest or redirect; proxies with passwords; IPv6.

use std::net::TcpListener;

use snapbox::str;

use crate::support::canned_server::{
    ACCEPTED_BODY, CannedResponse, CannedServer, TOKEN_BODY, http_response, json_response,
};
use crate::support::env::{CommandOutput, LUFFY, TestEnv, authorize, page_title};

/// Fetches a token.
fn fetch_token(answer: CannedResponse, network: &str) -> CommandOutput {
    let server = CannedServer::new(vec![answer]);
    server.env("", network).run("token")
}

#[test]
fn redirects_are_never_followed() {
    let elsewhere = CannedServer::new(vec![]);
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let away = |path: &str| {
            let to = format!("{}{path}", elsewhere.url());
            CannedResponse::Bytes(
                format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into(),
            )
        };
        let server = CannedServer::new(vec![away("/token"), json_response(TOKEN_BODY), away("/send"), away("/list")]);
        let env = server.env("", "");
        let expected = "the response is a redirect, which wxbox does not follow";
        for (line, status) in [("token", 1), ("send -u luffy hi", 6), ("template list", 1)] {
            let ran = env.run(line);
            assert!(ran.status() == Some(status) && ran.stderr().contains(expected), "{line}: {}", ran.stderr());
        }
    }
    // The token is not sent to the second host's address either, and `doctor` only checks.
    let server = CannedServer::new(vec![CannedResponse::Bytes(
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            elsewhere.url()
        )
        .into(),
    )]);
    server.env("", "").run("token").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot get an access token: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 302): the response is a redirect, which wxbox does not follow
hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response

"#]]);
}

#[test]
fn endless_response_times_out() {
    let cases = [
        CannedResponse::Throttle,
        CannedResponse::Flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n"),
        CannedResponse::Flood("", "HTTP/1.1 100 Continue\r\n\r\n"),
        CannedResponse::Flood("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        CannedResponse::Flood("HTTP/1.1 200 OK\r\n", "A: b\r\n"),
        CannedResponse::Flood("HTTP/1.1 200 OK\r\nA: ", "bbbbbbbb"),
        CannedResponse::Flood("", "HTTP/1.1 200 OK"),
        CannedResponse::Flood("", "\r\n"),
        CannedResponse::Flood("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", "        "),
        CannedResponse::Flood("HTTP/1.1 200 OK\r\n\r\n", "        "),
    ];
    for (n, case) in cases.into_iter().enumerate() {
        let ran = fetch_token(case, "timeout = \"600ms\"");
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{n}: {}", ran.stderr());
        assert!(ran.stderr().starts_with("error: cannot get an access token: "), "{n}: {}", ran.stderr());
    }
}

#[test]
fn a_body_is_read_no_further_than_the_limit() {
    // Unlike a timeout, this is reported specifically, and much earlier.
    let body = CannedResponse::Flood("HTTP/1.1 200 OK\r\n\r\n", "        ");
    fetch_token(body, "timeout = \"60s\"").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot get an access token: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is too long
hint: check network.api_base and network.proxy: a proxy or firewall may have sent the response

"#]]);
}

#[test]
fn nested_or_compressed_response_is_rejected() {
    let nested = |depth: usize| {
        format!("{{\"access_token\":\"t\",\"expires_in\":7200,\"x\":{}0{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    fetch_token(json_response(&nested(100)), "").assert_success();
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let packed =
        [format!("{head}Content-Encoding: gzip\r\n\r\n").as_bytes(), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"]
            .concat();
    for case in [json_response(&nested(128)), json_response(&nested(1_000_000)), CannedResponse::Bytes(packed)] {
        let ran = fetch_token(case, "");
        assert!(ran.status() == Some(1) && ran.stderr().contains("the response is not JSON"), "{}", ran.stderr());
    }
}

#[test]
fn duplicate_json_key_takes_last_and_numbers_are_strict() {
    let twice = r#"{"errcode":0,"errcode":40013,"errmsg":"x","access_token":"t","expires_in":7200}"#;
    assert_eq!(fetch_token(json_response(twice), "").status(), Some(3));
    for answer in [
        r#"{"errcode":1e400}"#,
        r#"{"errcode":99999999999999999999,"access_token":"t","expires_in":7200}"#,
        r#"{"errcode":1.5,"access_token":"t","expires_in":7200}"#,
        r#"{"access_token":"t\n","expires_in":7200}"#,
        r#"{"access_token":["t"],"expires_in":7200}"#,
    ] {
        let ran = fetch_token(json_response(answer), "");
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{answer}: {}", ran.stderr());
    }
}

#[test]
fn success_requires_errcode() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response("{}"),
        json_response(r#"{"errcode":null}"#),
        json_response(r#"{"errcode":"?"}"#),
    ]);
    let env = server.env("", "");
    for line in ["quota clear --yes", &format!("follower remark {LUFFY} captain"), "template remove T --yes"] {
        let ran = env.run(line);
        assert!(ran.status() == Some(1) && ran.stderr().contains("errcode is missing"), "{line}: {}", ran.stderr());
    }
    let long = "9".repeat(5000);
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(&format!(r#"{{"errcode":0,"msgid":"{long}"}}"#)),
        json_response(ACCEPTED_BODY),
    ]);
    let env = server.env("", "");
    for msgid in [serde_json::Value::Null, "9007199254740993".into()] {
        assert_eq!(env.run("--json send -u luffy hi").assert_success().json_lines()[0]["msgid"], msgid);
    }
}

#[test]
fn proxy_password_is_sent_only_to_proxy() {
    let password = "p%40ssw0rd-to-look-for";
    let private = [password, "p@ssw0rd-to-look-for", "dXNlcjpwQHNzdzByZC10by1sb29rLWZvcg"];
    let refusals = || {
        vec![
            http_response("407 Proxy Authentication Required", "text/plain", ""),
            http_response("403 Forbidden", "text/html", "no"),
            CannedResponse::Bytes(b"rubbish\r\n\r\n".to_vec()),
            CannedResponse::Bytes(Vec::new()),
        ]
    };
    for by_variable in [false, true] {
        for line in ["-vv token", "--json -vv token", "-vv send -u luffy hi", "-vv template list"] {
            // Each rejection is followed by one more request, for its status.
            let twice = refusals().into_iter().zip(refusals()).flat_map(|(one, more)| [one, more]);
            let proxy = CannedServer::new(twice.collect());
            let (at, server) =
                (proxy.url().replace("http://", &format!("http://user:{password}@")), CannedServer::new(vec![]));
            let own = if by_variable { String::new() } else { format!("proxy = \"{at}\"") };
            let mut env = server.env("", &own);
            env.replace_in_config(&[(&format!("\"{}\"", server.url()), "\"https://wechat.invalid\"")]);
            if by_variable {
                env.set_variable("HTTPS_PROXY", &at);
            }
            for _ in refusals() {
                assert_output_lacks(&env.run(line), &private);
            }
            for asked in proxy.requests() {
                assert_eq!(asked.line, "CONNECT wechat.invalid:443 HTTP/1.1");
                assert_eq!(asked.header("proxy-authorization"), Some(&*format!("Basic {}==", private[2])), "{asked:?}");
            }
        }
    }
    // No server listens at this address, and a command checks that.
    let mut env = TestEnv::without_config();
    let dead = format!("http://user:{password}@127.0.0.1:1");
    env.set_variable("HTTPS_PROXY", &dead);
    for config in ["", &format!("[network]\nproxy = \"{dead}\"\n"), &format!("[network]\nproxy = \"{dead}:x\"\n")] {
        env.write_config(&format!("app_id = \"wx1\"\napp_secret = \"x\"\n{config}"));
        for line in [
            "-vv token",
            "-vv doctor",
            "--json -vv doctor",
            "config show --origin",
            "--json config show",
            "-vv bind -u x",
        ] {
            assert_output_lacks(&env.run(line), &private);
        }
    }
}

#[track_caller]
fn assert_output_lacks(ran: &CommandOutput, private: &[&str]) {
    for text in private {
        assert!(!ran.stdout().contains(text) && !ran.stderr().contains(text), "{}{}", ran.stdout(), ran.stderr());
    }
}

#[test]
fn send_over_ipv6() {
    let Ok(free) = TcpListener::bind("[::1]:0") else {
        return eprintln!("not tried: this machine has no ::1");
    };
    let listen = free.local_addr().unwrap();
    drop(free);
    let env = TestEnv::without_config();
    let mut sandbox = env.spawn("sandbox --json --listen [::1]:0");
    let at: serde_json::Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
    let text = |key: &str| at[key].as_str().unwrap();
    let url = text("url");
    assert!(url.starts_with("http://[::1]:"), "{url}");
    env.write_config(&format!(
        "app_id = \"{}\"\napp_secret = \"{}\"\nredirect_uri = \"http://{listen}/callback/\"\n\
         [listen]\naddress = \"{listen}\"\n[network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n",
        text("app_id"),
        text("app_secret")
    ));
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("bind --user luffy");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    bind.wait().assert_success();
    env.run("send -u luffy hi").assert_success();
    let checks = env.run("--json doctor").json_lines();
    let bad: Vec<_> = checks.iter().filter(|check| check["status"] == "failure").collect();
    assert!(bad.is_empty(), "{bad:?}");
}
