//! WeChat's side of the pushes: signed requests to a running wxbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::blocking::Response;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustix::process::Signal;
use wxbox::wechat::push::{AesKey, PushSettings};

use crate::support::env::{RunningCommand, TestEnv, http_client, unique_address};

/// The Token in the config of the tests.
pub const PUSH_TOKEN: &str = "pushToken0123456789";
/// The EncodingAESKey of tests that encrypt.
pub const PUSH_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Adds `[push]`, with these lines, and `[serve]` to the config, and returns the address of
/// `serve`.
pub fn configure_push(env: &TestEnv, lines: &str) -> String {
    let address = unique_address();
    let text = env.read_config();
    env.write_config(&format!("{text}\n[serve]\naddress = \"{address}\"\n[push]\ntoken = \"{PUSH_TOKEN}\"\n{lines}\n"));
    address
}

/// Starts `serve` and waits until it listens. Returns it with the address.
pub fn start_serve(env: &TestEnv) -> (RunningCommand, String) {
    let mut serve = env.spawn("--json serve");
    let event = next_event(&mut serve);
    assert_eq!(event["event"], "listening");
    (serve, event["address"].as_str().unwrap().to_owned())
}

/// Returns an environment with luffy bound and a running `serve`, with its address.
pub fn env_with_serve() -> (TestEnv, RunningCommand, String) {
    let env = TestEnv::with_bound_luffy();
    configure_push(&env, "");
    let (serve, address) = start_serve(&env);
    (env, serve, address)
}

/// Returns the next event of `serve` without its time.
pub fn next_event(serve: &mut RunningCommand) -> serde_json::Value {
    let mut event: serde_json::Value = serde_json::from_str(&serve.expect_line()).unwrap();
    assert!(event.as_object_mut().unwrap().remove("at").unwrap().as_str().unwrap().ends_with('Z'));
    event
}

/// Stops `serve`.
#[track_caller]
pub fn stop(serve: RunningCommand) {
    serve.signal(Signal::TERM);
    assert_eq!(serve.wait().status(), Some(0));
}

/// Returns the status and the body of a page of `serve`.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let response = http_client().get(format!("http://{address}{path}")).send().unwrap();
    (response.status().as_u16(), response.text().unwrap())
}

/// Returns the seconds since 1970.
pub fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Returns the signature of these parts, as WeChat computes it.
pub fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a signed query string for a request at this time.
pub fn signed_query(timestamp: u64) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let (timestamp, nonce) = (timestamp.to_string(), format!("nonce{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let signature = sign(&[PUSH_TOKEN, &timestamp, &nonce]);
    format!("signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

/// Returns the XML of an event of that person at that time; `fields` are further elements.
pub fn event_xml(openid: &str, created_at: u64, event: &str, fields: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>\
         <CreateTime>{created_at}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>\
         {fields}</xml>"
    )
}

/// Pushes a plain body to `path` of this address, and returns the response.
pub fn push_to(address: &str, path: &str, body: &str) -> Response {
    let url = format!("http://{address}{path}?{}", signed_query(unix_time()));
    http_client().post(url).header("Content-Type", "text/xml").body(body.to_owned()).send().unwrap()
}

/// Pushes a plain event, and returns the status and the body of the response.
pub fn push(address: &str, body: &str) -> (u16, String) {
    let response = push_to(address, "/push", body);
    (response.status().as_u16(), response.text().unwrap())
}

/// Returns the settings with which the account of the tests encrypts and decrypts.
pub fn push_settings(app_id: &str) -> PushSettings {
    PushSettings {
        app_id: app_id.to_owned(),
        token: PUSH_TOKEN.to_owned().into(),
        aes_keys: vec![AesKey::decode(&PUSH_AES_KEY.to_owned().into()).unwrap()],
    }
}

/// Encrypts a body. Returns the query string and the body of the push.
pub fn encrypt(app_id: &str, xml: &str) -> (String, String) {
    let (timestamp, nonce) = (unix_time().to_string(), "nonce".to_owned());
    let sealed = push_settings(app_id).seal_reply(xml, &timestamp, &nonce, [7; 16]);
    let element = |name: &str| {
        let (_, rest) = sealed.split_once(&format!("<{name}><![CDATA[")).unwrap();
        rest.split("]]>").next().unwrap().to_owned()
    };
    let signature = sign(&[PUSH_TOKEN, &timestamp, &nonce]);
    let query = format!(
        "signature={signature}&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={}",
        element("MsgSignature")
    );
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[{}]]></Encrypt></xml>",
        element("Encrypt")
    );
    (query, body)
}
