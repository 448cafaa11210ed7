//! Tests of the platform through its HTTP interface: whole requests and whole replies.

mod accounts;
mod authorize;
mod custom;
mod faults;
mod followers;
mod malformed_input;
mod media;
mod message_types;
mod pages;
mod push;
mod qrcode;
mod quota;
mod server;
mod stats;
mod subscribe;
mod tags;
mod template;

use serde_json::{Value, json};

use super::{Platform, Scenario};
use crate::http_server::{HttpResponse, Request};

const START: i64 = 1_795_300_000_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const LUFFY: &str = "oLuffy_wears_the_straw_hat_1";
const NAMI: &str = "oNami_draws_maps_of_the_sea1";
const ZORO: &str = "oZoro_cannot_find_the_way_22";
const CREDENTIALS: &str = "appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef";

/// A platform and its current time.
struct TestPlatform {
    platform: Platform,
    now: i64,
}

impl TestPlatform {
    fn new() -> Self {
        Self::with_scenario("")
    }

    fn with_scenario(toml: &str) -> Self {
        Self { platform: Platform::new(Scenario::from_toml(toml).unwrap(), START), now: START }
    }

    fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> HttpResponse {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_ref().to_vec(),
            peer: ([203, 0, 113, 9], 4711).into(),
        };
        self.platform.handle(&request, self.now)
    }

    fn get(&mut self, target: &str) -> Value {
        let reply = self.request("GET", target, &[], "");
        parse(&reply)
    }

    fn post(&mut self, target: &str, body: &str) -> Value {
        let reply = self.request("POST", target, &[], body);
        parse(&reply)
    }

    fn post_form(&mut self, target: &str, body: &str) -> HttpResponse {
        self.request("POST", target, &[], body)
    }

    fn page(&mut self, target: &str) -> String {
        let reply = self.request("GET", target, &[("accept-language", "en")], "");
        assert_eq!(reply.header_value("content-type"), Some("text/html; charset=utf-8"), "{target}");
        String::from_utf8(reply.body().to_vec()).unwrap()
    }

    fn token(&mut self) -> String {
        text(&self.get(&format!("/cgi-bin/token?grant_type=client_credential&{CREDENTIALS}"))["access_token"])
    }

    fn stable(&mut self, force: bool) -> Value {
        let body = json!({
            "grant_type": "client_credential",
            "appid": "wx0123456789abcdef",
            "secret": "0123456789abcdef0123456789abcdef",
            "force_refresh": force,
        });
        self.post("/cgi-bin/stable_token", &body.to_string())
    }

    /// Returns the errcode of an API call with that token.
    fn token_errcode(&mut self, token: &str) -> i64 {
        errcode_of(&self.get(&format!("/cgi-bin/get_api_domain_ip?access_token={token}")))
    }

    /// Posts to an API with the current stable token.
    fn call(&mut self, path: &str, body: &str) -> Value {
        let token = text(&self.stable(false)["access_token"]);
        self.post(&format!("{path}?access_token={token}"), body)
    }

    fn send_text(&mut self, openid: &str) -> i64 {
        let body = json!({"touser": openid, "msgtype": "text", "text": {"content": "hello"}});
        errcode_of(&self.call("/cgi-bin/message/custom/send", &body.to_string()))
    }

    fn inbox(&mut self) -> Value {
        self.get("/sandbox/inbox.json")
    }
}

fn parse(reply: &HttpResponse) -> Value {
    assert_eq!(reply.status(), 200);
    serde_json::from_slice(reply.body()).unwrap()
}

/// Returns the errcode, or 0 if there is none.
fn errcode_of(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
