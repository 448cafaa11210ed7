//! Tests of the values that each parser accepts and rejects.

use std::time::Duration;

use super::ConfigTestDir;
use crate::config::{Config, ListenAddress, values};

fn with_account(text: &str) -> Config {
    ConfigTestDir::with_config(text).load().unwrap()
}

#[test]
fn api_base_must_be_https_or_loopback() {
    let cases = [
        ("https://api.weixin.qq.com", Some("https://api.weixin.qq.com/")),
        ("https://proxy.example/wx/", Some("https://proxy.example/wx/")),
        ("https://proxy.example/wx", Some("https://proxy.example/wx/")),
        ("http://127.0.0.1:8899", Some("http://127.0.0.1:8899/")),
        ("http://127.9.0.1", Some("http://127.9.0.1/")),
        ("http://[::1]:1", Some("http://[::1]:1/")),
        ("http://localhost:1", Some("http://localhost:1/")),
        ("http://localhost.example.com", None),
        ("http://127.0.0.1.example.com", None),
        ("http://api.weixin.qq.com", None),
        ("http://0.0.0.0", None),
        ("https://user:pw@x.example", None),
        ("https://x.example/?a=b", None),
        ("https://x.example/#a", None),
        ("ftp://127.0.0.1", None),
        ("api.weixin.qq.com", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(values::parse_api_base(text).as_ref().map(url::Url::as_str), expected, "{text}");
    }
    assert_eq!(values::parse_base_url("http://open.example/x").unwrap().as_str(), "http://open.example/x/");
    let one = with_account("network.api_base = 'https://a.example'");
    assert_eq!(one.network.api_base.len(), 1);
    let two = with_account("network.api_base = ['https://b.example', 'https://a.example']");
    assert_eq!(two.network.api_base[0].as_str(), "https://b.example/");
    for bad in ["[]", "['https://a.example', 1]", "['https://a.example', 'http://b.example']"] {
        assert!(ConfigTestDir::with_config(format!("network.api_base = {bad}")).load().is_err(), "{bad}");
    }
}

#[test]
fn redirect_uri_must_be_http_without_fragment_or_user() {
    for good in ["http://203.0.113.7/callback/", "https://x.example:8443/a?b=c", "http://[2001:db8::1]/"] {
        assert_eq!(values::parse_redirect_uri(good).unwrap().as_str(), good);
    }
    let bad = ["/callback/", "x.example/a", "http://", "http:///x#y", "https://x.example/#a", "https://u@x.example/"];
    for bad in bad.into_iter().chain(["https://u:p@x.example/", "ftp://x.example/", "weixin://x", ""]) {
        assert_eq!(values::parse_redirect_uri(bad), None, "{bad}");
    }
}

#[test]
fn listen_address_is_optional_host_and_port() {
    for good in ["0.0.0.0:80", "[::1]:8080", ":80", "localhost:8080", "127.0.0.1:0"] {
        assert_eq!(good.parse::<ListenAddress>().unwrap().to_string(), good);
    }
    for bad in ["80", "", ":", "x", "::1:80", "[::1]", "a b:1", "x:+1", "x:65536", "http://x:80", "x:"] {
        assert!(bad.parse::<ListenAddress>().is_err(), "{bad}");
    }
    let every = ":80".parse::<ListenAddress>().unwrap().resolve().unwrap();
    assert_eq!(every.iter().map(ToString::to_string).collect::<Vec<_>>(), ["[::]:80", "0.0.0.0:80"]);
}

#[test]
fn listen_address_defaults_to_port_of_redirect_uri() {
    let cases = [
        ("redirect_uri = 'http://x.example/'", Some(":80")),
        ("redirect_uri = 'http://x.example:8080/'", Some(":8080")),
        ("redirect_uri = 'https://x.example/'", None),
        ("redirect_uri = 'https://x.example/'\nlisten = { tls_cert = 'c', tls_key = 'k' }", Some(":443")),
        ("redirect_uri = 'https://x.example/'\nlisten.address = '127.0.0.1:1'", Some("127.0.0.1:1")),
        ("", None),
    ];
    for (text, expected) in cases {
        let address = with_account(text).listen_address();
        assert_eq!(address.ok().map(|address| address.to_string()).as_deref(), expected, "{text}");
    }
}

#[test]
fn durations_colors_and_numbers_are_parsed() {
    for (text, seconds) in [("10s", 10), ("1h 30m", 5400), ("90d", 7_776_000)] {
        assert_eq!(values::parse_timeout(text), Some(Duration::from_secs(seconds)), "{text}");
    }
    for bad in ["0s", "0", "5", "-1s", "", "1000y", "soon"] {
        assert_eq!(values::parse_timeout(bad), None, "{bad}");
    }
    assert_eq!(values::parse_duration("0s"), Some(Duration::ZERO));
    assert!(values::parse_color("#17aF77").is_some());
    for bad in ["#fff", "173177", "#17317g", "#1731777", "red", ""] {
        assert_eq!(values::parse_color(bad), None, "{bad}");
    }
    assert_eq!(with_account("send.concurrency = 1_0").send.concurrency.value, 10);
    assert_eq!(with_account("send.rate = 0x10").send.rate.value, 16);
    for bad in ["-1", "1.0", "'1'", "99999999999999999999"] {
        assert!(ConfigTestDir::with_config(format!("send.rate = {bad}")).load().is_err(), "{bad}");
    }
}

#[test]
fn template_data_keeps_order_and_digits() {
    let config =
        with_account("[templates.t]\nid = 'x'\n[templates.t.data]\nzoo = 1.50\nant = '甲'\nmid = { value = 7.0e1 }\n");
    let data: Vec<_> = config.templates["t"].data.iter().map(|(k, v)| (k.as_str(), v.value.value.as_str())).collect();
    assert_eq!(data, [("zoo", "1.50"), ("ant", "甲"), ("mid", "7.0e1")]);
}

#[test]
fn debug_output_of_config_contains_no_secret() {
    let place =
        ConfigTestDir::with_config("app_secret = 's3cr3t'\nnetwork.proxy = 'http://u5er:s3cr3t@proxy.example:3128'");
    let config = place.load().unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("u5er"), "{shown}");
    let proxy = config.network.proxy.unwrap();
    assert_eq!(proxy.masked(), "http://***@proxy.example:3128/");
    assert!(proxy.expose_url().contains("u5er:s3cr3t"));
    let environment = place.environment(&[("WXBOX_APP_SECRET", "s3cr3t")]);
    assert!(!format!("{environment:?}").contains("s3cr3t"));
}
