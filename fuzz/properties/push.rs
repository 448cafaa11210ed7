//! Pushes: nothing is accepted without a right signature, a repeat has the same key and the same
//! answer, and a response to a rejected push repeats no part of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tempfile::TempDir;
use wxbox::clock::Timestamp;
use wxbox::http_server::{HttpResponse, Request};
use wxbox::i18n::Lang;
use wxbox::serve::{EventRecorder, PushEndpoint};
use wxbox::wechat::push::{AesKey, PushMessage, PushQuery, PushSettings};

use super::xml::element_depth;

const TOKEN: &str = "pushToken0123456789";
const APP_ID: &str = "wx0123456789abcdef";
const KEYS: [&str; 2] = ["abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"];

/// Returns the account's settings with these of the keys.
pub fn settings(app_id: &str, keys: &[usize]) -> PushSettings {
    let aes_keys = keys.iter().map(|key| AesKey::decode(&KEYS[*key].to_owned().into()).unwrap()).collect();
    PushSettings { app_id: app_id.to_owned(), token: TOKEN.to_owned().into(), aes_keys }
}

/// Returns the signature of these parts, as WeChat computes it.
pub fn sign(parts: &[&str]) -> String {
    let mut parts = [parts, &[TOKEN]].concat();
    parts.sort_unstable();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the text between these two.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

struct EndpointFixture {
    endpoint: PushEndpoint,
    _dir: TempDir,
}

/// An endpoint for plain pushes, and one for encrypted ones.
static ENDPOINTS: LazyLock<[EndpointFixture; 2]> = LazyLock::new(|| {
    [&[] as &[usize], &[0]].map(|keys| {
        let dir =
            tempfile::tempdir_in(["/dev/shm", "/tmp"].iter().find(|dir| std::path::Path::new(dir).is_dir()).unwrap());
        let dir = dir.unwrap();
        let recorder = EventRecorder::start(dir.path().join("wxbox.db"), APP_ID.to_owned(), |_| {}).unwrap();
        let endpoint = PushEndpoint::new(settings(APP_ID, keys), Arc::new(recorder), None, Lang::Zh, |_| {});
        EndpointFixture { endpoint, _dir: dir }
    })
});

/// A push with its placeholders filled in.
struct Push {
    query: String,
    body: Vec<u8>,
    parameters: BTreeMap<String, String>,
}

/// The input is a query string, and after a newline the body. In the query, `$T` is the time, `$S`
/// the right signature and `$M` the right signature of the encrypted part. The part after `$E` in
/// the body is encrypted.
fn parse_input(bytes: &[u8], now: u64) -> Push {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let query = String::from_utf8_lossy(&bytes[..at]).replace("$T", &now.to_string());
    let mut body = bytes.get(at + 1..).unwrap_or_default().to_vec();
    if let Some(content) = body.strip_prefix(b"$E") {
        let sealed = settings(APP_ID, &[0]).seal_reply(&String::from_utf8_lossy(content), "1", "n", [7; 16]);
        let encrypted = between(&sealed, "<Encrypt><![CDATA[", "]]>").unwrap();
        body = format!("<xml><ToUserName>gh</ToUserName><Encrypt>{encrypted}</Encrypt></xml>").into_bytes();
    }
    let parse = |query: &str| {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            parameters.entry(name).or_insert(value);
        }
        parameters
    };
    let parameters: BTreeMap<String, String> = parse(&query);
    let [timestamp, nonce] = signed_parameters(&parameters);
    let text = String::from_utf8_lossy(&body);
    let encrypted = between(&text, "<Encrypt>", "</Encrypt>").unwrap_or_default();
    let query =
        query.replace("$S", &sign(&[&timestamp, &nonce])).replace("$M", &sign(&[&timestamp, &nonce, encrypted]));
    Push { parameters: parse(&query), query, body }
}

fn signed_parameters(parameters: &BTreeMap<String, String>) -> [String; 2] {
    ["timestamp", "nonce"].map(|name| parameters.get(name).cloned().unwrap_or_default())
}

/// Fails if an accepted push was not signed, or if a repeat of it has another key.
fn assert_accepted_rightly(settings: &PushSettings, push: &Push, message: &PushMessage, now: Timestamp) {
    let [timestamp, nonce] = signed_parameters(&push.parameters);
    let given = |name: &str| push.parameters.get(name).cloned().unwrap_or_default();
    assert_eq!(given("signature"), sign(&[&timestamp, &nonce]), "accepted without a right signature");
    assert_eq!(message.is_encrypted, !settings.aes_keys.is_empty());
    assert!(!message.openid.is_empty());
    if message.is_encrypted {
        let trusted = settings.open_trusted(&push.body).expect("it can be decrypted");
        assert_eq!(trusted.fields, message.fields);
        let other = push.query.replace(&given("msg_signature"), &"0".repeat(40));
        assert!(settings.open(&PushQuery::parse(&other), &push.body, now).is_err(), "msg_signature does not count");
    } else {
        let age = (now.0 / 1000).abs_diff(timestamp.parse().expect("a time"));
        assert!(age <= 600, "accepted at the age of {age} s");
    }
    let query = format!("signature={}&timestamp={timestamp}&nonce=again", sign(&[&timestamp, "again"]));
    if !message.is_encrypted {
        let repeat = settings.open(&PushQuery::parse(&query), &push.body, now).expect("a repeat is accepted");
        assert_eq!(repeat.dedupe_key(), message.dedupe_key());
    }
    assert!(element_depth(&message.fields) <= 16);
}

/// Checks one push.
pub fn check_push(bytes: &[u8]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let push = parse_input(bytes, now);
    let query = PushQuery::parse(&push.query);
    let time = Timestamp(i64::try_from(now).unwrap() * 1000);
    for keys in [&[] as &[usize], &[0], &[1, 0]] {
        let settings = settings(APP_ID, keys);
        if let Ok(message) = settings.open(&query, &push.body, time) {
            assert_accepted_rightly(&settings, &push, &message, time);
        }
        drop(settings.open_trusted(&push.body));
        if let Ok(echo) = settings.verify_url(&query) {
            let [timestamp, nonce] = signed_parameters(&push.parameters);
            assert_eq!(push.parameters["signature"], sign(&[&timestamp, &nonce]));
            assert_eq!(echo, push.parameters["echostr"]);
        }
    }
    for fixture in &*ENDPOINTS {
        for method in ["GET", "POST", "PUT"] {
            let answer = |_| send_request(fixture, method, &push);
            let [first, second] = [0, 1].map(answer);
            assert_eq!(
                (first.status(), first.body()),
                (second.status(), second.body()),
                "a repeat is answered otherwise"
            );
            let expected = HttpResponse::status_only(first.status());
            match first.status() {
                200 => assert!(method != "PUT"),
                403 | 405 | 413 => assert_eq!(first.body(), expected.body(), "a rejection contains parts of the push"),
                status => panic!("status {status}"),
            }
        }
    }
}

/// Returns the status with which the endpoints for plain and for encrypted pushes answer.
pub fn statuses(bytes: &[u8], method: &str) -> [u16; 2] {
    let push = parse_input(bytes, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    [0, 1].map(|index| send_request(&ENDPOINTS[index], method, &push).status())
}

fn send_request(fixture: &EndpointFixture, method: &str, push: &Push) -> HttpResponse {
    fixture.endpoint.handle(&Request {
        method: method.to_owned(),
        path: "/push".to_owned(),
        query: push.query.clone(),
        headers: Vec::new(),
        body: push.body.clone(),
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
    })
}
