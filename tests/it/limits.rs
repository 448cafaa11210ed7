//! What an answer may cost, and where a request never goes: servers that flood, drip, nest, send elsewhere; proxies
//! with passwords; IPv6.

use std::net::TcpListener;

use snapbox::str;

use crate::canned::{Answer, Canned, OK, TOKEN, answer, json};
use crate::harness::{LUFFY, Ran, World, allow, open};

/// Asks for a token.
fn token(answer: Answer, network: &str) -> Ran {
    let server = Canned::new(vec![answer]);
    server.world("", network).wxbox("token")
}

#[test]
fn no_redirect_is_followed_wherever_it_leads() {
    let elsewhere = Canned::new(vec![]);
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let away = |path: &str| {
            let to = format!("{}{path}", elsewhere.url());
            Answer::Bytes(
                format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into(),
            )
        };
        let server = Canned::new(vec![away("/token"), json(TOKEN), away("/send"), away("/list")]);
        let world = server.world("", "");
        let said = "it sends elsewhere, which is not followed";
        for (line, status) in [("token", 1), ("send -u luffy hi", 6), ("template list", 1)] {
            let ran = world.wxbox(line);
            assert!(ran.status() == Some(status) && ran.stderr().contains(said), "{line}: {}", ran.stderr());
        }
    }
    // The first host's word is not taken for the second's address either, and `doctor` only looks.
    let server = Canned::new(vec![Answer::Bytes(
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            elsewhere.url()
        )
        .into(),
    )]);
    server.world("", "").wxbox("token").is(str![[r#"
exit 1
--- stderr
error: no access token: 127.0.0.1:[PORT] gave an answer that is not WeChat's (HTTP 302): it sends elsewhere, which is not followed
hint: a proxy or firewall may stand between; see network.api_base and network.proxy

"#]]);
}

#[test]
fn whoever_never_comes_to_an_end_is_left() {
    let cases = [
        Answer::Drip,
        Answer::Flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n"),
        Answer::Flood("", "HTTP/1.1 100 Continue\r\n\r\n"),
        Answer::Flood("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        Answer::Flood("HTTP/1.1 200 OK\r\n", "A: b\r\n"),
        Answer::Flood("HTTP/1.1 200 OK\r\nA: ", "bbbbbbbb"),
        Answer::Flood("", "HTTP/1.1 200 OK"),
        Answer::Flood("", "\r\n"),
        Answer::Flood("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", "        "),
        Answer::Flood("HTTP/1.1 200 OK\r\n\r\n", "        "),
    ];
    for (n, case) in cases.into_iter().enumerate() {
        let ran = token(case, "timeout = \"600ms\"");
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{n}: {}", ran.stderr());
        assert!(ran.stderr().starts_with("error: no access token: "), "{n}: {}", ran.stderr());
    }
}

#[test]
fn a_body_is_read_no_further_than_the_limit() {
    // Unlike a time-out it is said for what it is, and long before.
    let body = Answer::Flood("HTTP/1.1 200 OK\r\n\r\n", "        ");
    token(body, "timeout = \"60s\"").is(str![[r#"
exit 1
--- stderr
error: no access token: 127.0.0.1:[PORT] gave an answer that is not WeChat's (HTTP 200): it is too long
hint: a proxy or firewall may stand between; see network.api_base and network.proxy

"#]]);
}

#[test]
fn what_is_nested_or_packed_is_no_answer() {
    let nested = |depth: usize| {
        format!("{{\"access_token\":\"t\",\"expires_in\":7200,\"x\":{}0{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    token(json(&nested(100)), "").ok();
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let packed =
        [format!("{head}Content-Encoding: gzip\r\n\r\n").as_bytes(), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"]
            .concat();
    for case in [json(&nested(128)), json(&nested(1_000_000)), Answer::Bytes(packed)] {
        let ran = token(case, "");
        assert!(ran.status() == Some(1) && ran.stderr().contains("it is not JSON"), "{}", ran.stderr());
    }
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts_and_numbers_are_not_guessed() {
    let twice = r#"{"errcode":0,"errcode":40013,"errmsg":"x","access_token":"t","expires_in":7200}"#;
    assert_eq!(token(json(twice), "").status(), Some(3));
    for answer in [
        r#"{"errcode":1e400}"#,
        r#"{"errcode":99999999999999999999,"access_token":"t","expires_in":7200}"#,
        r#"{"errcode":1.5,"access_token":"t","expires_in":7200}"#,
        r#"{"access_token":"t\n","expires_in":7200}"#,
        r#"{"access_token":["t"],"expires_in":7200}"#,
    ] {
        let ran = token(json(answer), "");
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{answer}: {}", ran.stderr());
    }
}

#[test]
fn what_was_done_is_done_only_where_wechat_says_so() {
    let server = Canned::new(vec![json(TOKEN), json("{}"), json(r#"{"errcode":null}"#), json(r#"{"errcode":"?"}"#)]);
    let world = server.world("", "");
    for line in ["quota clear --yes", &format!("follower remark {LUFFY} captain"), "template remove T --yes"] {
        let ran = world.wxbox(line);
        assert!(ran.status() == Some(1) && ran.stderr().contains("errcode is missing"), "{line}: {}", ran.stderr());
    }
    let long = "9".repeat(5000);
    let server = Canned::new(vec![json(TOKEN), json(&format!(r#"{{"errcode":0,"msgid":"{long}"}}"#)), json(OK)]);
    let world = server.world("", "");
    for msgid in [serde_json::Value::Null, "9007199254740993".into()] {
        assert_eq!(world.wxbox("--json send -u luffy hi").ok().json()[0]["msgid"], msgid);
    }
}

#[test]
fn a_proxys_password_is_sent_to_the_proxy_and_told_to_nobody() {
    let password = "p%40ssw0rd-to-look-for";
    let private = [password, "p@ssw0rd-to-look-for", "dXNlcjpwQHNzdzByZC10by1sb29rLWZvcg"];
    let refusals = || {
        vec![
            answer("407 Proxy Authentication Required", "text/plain", ""),
            answer("403 Forbidden", "text/html", "no"),
            Answer::Bytes(b"rubbish\r\n\r\n".to_vec()),
            Answer::Bytes(Vec::new()),
        ]
    };
    for by_variable in [false, true] {
        for line in ["-vv token", "--json -vv token", "-vv send -u luffy hi", "-vv template list"] {
            // Each time it is asked once more, for its status.
            let twice = refusals().into_iter().zip(refusals()).flat_map(|(one, more)| [one, more]);
            let proxy = Canned::new(twice.collect());
            let (at, server) =
                (proxy.url().replace("http://", &format!("http://user:{password}@")), Canned::new(vec![]));
            let own = if by_variable { String::new() } else { format!("proxy = \"{at}\"") };
            let mut world = server.world("", &own);
            world.reconfigure(&[(&format!("\"{}\"", server.url()), "\"https://wechat.invalid\"")]);
            if by_variable {
                world.set("HTTPS_PROXY", &at);
            }
            for _ in refusals() {
                silent_of(&world.wxbox(line), &private);
            }
            for asked in proxy.requests() {
                assert_eq!(asked.line, "CONNECT wechat.invalid:443 HTTP/1.1");
                assert_eq!(asked.header("proxy-authorization"), Some(&*format!("Basic {}==", private[2])), "{asked:?}");
            }
        }
    }
    // Where nobody listens, and where it is looked at.
    let mut world = World::empty();
    let dead = format!("http://user:{password}@127.0.0.1:1");
    world.set("HTTPS_PROXY", &dead);
    for config in ["", &format!("[network]\nproxy = \"{dead}\"\n"), &format!("[network]\nproxy = \"{dead}:x\"\n")] {
        world.config(&format!("app_id = \"wx1\"\napp_secret = \"x\"\n{config}"));
        for line in [
            "-vv token",
            "-vv doctor",
            "--json -vv doctor",
            "config show --origin",
            "--json config show",
            "-vv bind -u x",
        ] {
            silent_of(&world.wxbox(line), &private);
        }
    }
}

#[track_caller]
fn silent_of(ran: &Ran, private: &[&str]) {
    for text in private {
        assert!(!ran.stdout().contains(text) && !ran.stderr().contains(text), "{}{}", ran.stdout(), ran.stderr());
    }
}

#[test]
fn the_whole_job_over_ipv6() {
    let Ok(free) = TcpListener::bind("[::1]:0") else {
        return eprintln!("not tried: this machine has no ::1");
    };
    let listen = free.local_addr().unwrap();
    drop(free);
    let world = World::empty();
    let mut sandbox = world.spawn("sandbox --json --listen [::1]:0");
    let at: serde_json::Value = serde_json::from_str(&sandbox.next_line()).unwrap();
    let text = |key: &str| at[key].as_str().unwrap();
    let url = text("url");
    assert!(url.starts_with("http://[::1]:"), "{url}");
    world.config(&format!(
        "app_id = \"{}\"\napp_secret = \"{}\"\nredirect_uri = \"http://{listen}/callback/\"\n\
         [listen]\naddress = \"{listen}\"\n[network]\napi_base = \"{url}\"\nopen_base = \"{url}\"\n",
        text("app_id"),
        text("app_secret")
    ));
    world.wxbox("user add luffy").ok();
    let mut bind = world.spawn("bind --user luffy");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    bind.end().ok();
    world.wxbox("send -u luffy hi").ok();
    let checks = world.wxbox("--json doctor").json();
    let bad: Vec<_> = checks.iter().filter(|it| it["status"] == "failure").collect();
    assert!(bad.is_empty(), "{bad:?}");
}
