//! Tests of the fault plan: which values it accepts, which calls trigger a fault, and whether a
//! call is executed.

use super::*;
use crate::http_server::ResponseMode;

const SERVER_ADDRESSES_API: &str = "/cgi-bin/get_api_domain_ip";
const CUSTOM_SEND_API: &str = "/cgi-bin/message/custom/send";

impl TestPlatform {
    /// Calls a path and returns the log text of the fault that triggered, or an empty text.
    fn fault_log(&mut self, target: &str, body: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: if body.is_empty() { "GET" } else { "POST" }.into(),
            path: path.into(),
            query: query.into(),
            headers: Vec::new(),
            body: body.into(),
            peer: ([127, 0, 0, 1], 4711).into(),
        };
        self.platform.handle_logged(&request, self.now).fault.unwrap_or_default()
    }

    /// Returns the numbers of those of the first `calls` calls that trigger a fault, from 1.
    fn triggered_calls(&mut self, calls: u64) -> Vec<u64> {
        (1..=calls).filter(|_| !self.fault_log(SERVER_ADDRESSES_API, "").is_empty()).collect()
    }

    fn text_to(&mut self, openid: &str, content: &str) -> HttpResponse {
        let token = text(&self.stable(false)["access_token"]);
        let body = json!({"touser": openid, "msgtype": "text", "text": {"content": content}}).to_string();
        self.request("POST", &format!("{CUSTOM_SEND_API}?access_token={token}"), &[], &body)
    }
}

fn with_fault(rest: &str) -> TestPlatform {
    TestPlatform::with_scenario(&format!("[[faults]]\napi = \"{SERVER_ADDRESSES_API}\"\n{rest}"))
}

#[test]
fn fault_triggers_for_selected_calls() {
    let cases: &[(&str, &[u64])] = &[
        ("errcode = -1", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("errcode = -1\nnth = 3", &[3]),
        ("errcode = -1\nnth = [3, 5]", &[3, 5]),
        ("errcode = -1\nevery = 4", &[4, 8]),
        ("errcode = -1\ntimes = 2", &[1, 2]),
        ("errcode = -1\nevery = 3\ntimes = 2", &[3, 6]),
        ("errcode = -1\nprobability = 1.0\ntimes = 1", &[1]),
    ];
    for (rest, calls) in cases {
        assert_eq!(with_fault(rest).triggered_calls(10), *calls, "{rest}");
    }
}

#[test]
fn random_fault_repeats_only_with_same_seed() {
    let rest = |seed: u64| format!("errcode = -1\nprobability = 0.1\nseed = {seed}");
    let first = with_fault(&rest(1)).triggered_calls(1000);
    assert_eq!(first, with_fault(&rest(1)).triggered_calls(1000));
    assert_eq!(first, with_fault("errcode = -1\nprobability = 0.1").triggered_calls(1000));
    assert_ne!(first, with_fault(&rest(2)).triggered_calls(1000));
    assert!((60..140).contains(&first.len()), "{}", first.len());
}

#[test]
fn faults_count_separately_and_first_response_wins() {
    let mut sandbox = TestPlatform::with_scenario(
        "[[faults]]\nnth = 1\nstatus = 502\n[[faults]]\nnth = [1, 2]\nerrcode = 45009\n\
         [[faults]]\ntimes = 1\nreset = \"after\"\n[[faults]]\ntimes = 4\ndelay = \"50ms\"\n\
         [[faults]]\nnth = 1\ndelay = \"1s\"\n",
    );
    let applied: Vec<String> = (0..5).map(|_| sandbox.fault_log(SERVER_ADDRESSES_API, "")).collect();
    let expected =
        ["delay 50ms, delay 1s, status 502", "delay 50ms, errcode 45009", "delay 50ms, reset after", "delay 50ms", ""];
    assert_eq!(applied, expected);
}

#[test]
fn fault_filters_by_path_and_openid() {
    let mut sandbox = TestPlatform::with_scenario(&format!(
        "[[faults]]\napi = \"/cgi-bin/message/*\"\nto = \"{LUFFY}\"\nerrcode = 45011\n\
         [[faults]]\napi = \"/sns/*\"\nerrcode = -1\n[[faults]]\napi = \"/cgi-bin/user/info\"\nto = \"{NAMI}\"\nstatus = 500\n"
    ));
    let to = |openid: &str| json!({"touser": openid, "msgtype": "text"}).to_string();
    assert_eq!(sandbox.fault_log(CUSTOM_SEND_API, &to(LUFFY)), "errcode 45011");
    assert_eq!(sandbox.fault_log("/cgi-bin/message/template/send", &to(LUFFY)), "errcode 45011");
    assert_eq!(sandbox.fault_log(CUSTOM_SEND_API, &to(NAMI)), "");
    assert_eq!(sandbox.fault_log(CUSTOM_SEND_API, "not JSON"), "");
    assert_eq!(sandbox.fault_log(&format!("/cgi-bin/user/info?openid={NAMI}"), ""), "status 500");
    assert_eq!(sandbox.fault_log(&format!("/cgi-bin/user/info?openid={LUFFY}"), ""), "");
    assert_eq!(sandbox.fault_log("/sns/auth?openid=x", ""), "errcode -1");
    assert_eq!(sandbox.fault_log(SERVER_ADDRESSES_API, ""), "");
    // Requests outside the API trigger no fault and are not counted.
    let mut all = TestPlatform::with_scenario("[[faults]]\nnth = 1\nstatus = 500\n");
    for target in ["/cgi-bin/nothing", "/", "/sandbox/inbox.json", "/connect/oauth2/authorize"] {
        assert_eq!(all.fault_log(target, ""), "", "{target}");
    }
    assert_eq!(all.fault_log(SERVER_ADDRESSES_API, ""), "status 500");
}

#[test]
fn fault_changes_call_and_response() {
    let cases = [
        ("errcode = 45009", 0, 200, ResponseMode::Normal, "errcode 45009"),
        ("status = 502", 0, 502, ResponseMode::Normal, "status 502"),
        ("status = 503\nprocessed = true", 1, 503, ResponseMode::Normal, "status 503 processed"),
        ("truncated = true", 1, 200, ResponseMode::Truncated, "truncated"),
        ("reset = \"before\"", 0, 200, ResponseMode::Reset, "reset before"),
        ("reset = \"after\"", 1, 200, ResponseMode::Reset, "reset after"),
        ("hang = \"before\"", 0, 200, ResponseMode::NoResponse, "hang before"),
        ("hang = \"after\"", 1, 200, ResponseMode::NoResponse, "hang after"),
        ("drip = \"200ms\"", 1, 200, ResponseMode::Throttled(std::time::Duration::from_millis(200)), "drip 200ms"),
        ("content_type = \"text/html\"", 1, 200, ResponseMode::Normal, "content_type text/html"),
        ("delay = \"1m 30s\"", 1, 200, ResponseMode::Normal, "delay 1m 30s"),
    ];
    for (rest, arrived, status, manner, words) in cases {
        let mut sandbox = TestPlatform::with_scenario(&format!("[[faults]]\napi = \"{CUSTOM_SEND_API}\"\n{rest}"));
        let reply = sandbox.text_to(LUFFY, "hello");
        assert_eq!(sandbox.inbox().as_array().unwrap().len(), arrived, "{rest}");
        assert_eq!((reply.status(), reply.mode()), (status, manner), "{rest}");
        let body = json!({"touser": LUFFY}).to_string();
        assert_eq!(sandbox.fault_log(CUSTOM_SEND_API, &body), words);
    }
}

#[test]
fn fault_keeps_rest_of_response() {
    let mut sandbox = TestPlatform::with_scenario(&format!(
        "[[faults]]\napi = \"{CUSTOM_SEND_API}\"\nnth = 1\nerrcode = 45009\n[[faults]]\nnth = 2\nerrcode = 77\n"
    ));
    let refused: Value = serde_json::from_slice(sandbox.text_to(LUFFY, "hello").body()).unwrap();
    assert_eq!(refused["errcode"], 45009);
    assert!(text(&refused["errmsg"]).starts_with("reach max api daily quota limit rid: "), "{refused}");
    let mut sandbox =
        TestPlatform::with_scenario("[[faults]]\ncontent_type = \"text/html\"\n[[faults]]\ndelay = \"50ms\"\n");
    let reply = sandbox.request("GET", SERVER_ADDRESSES_API, &[], "");
    assert_eq!(errcode_of(&parse(&reply)), 41001);
    assert_eq!(reply.header_value("content-type"), Some("text/html"));
    assert_eq!(reply.delay().as_millis(), 50);
    let mut sandbox = TestPlatform::with_scenario("[[faults]]\nstatus = 502\n");
    let reply = sandbox.request("GET", SERVER_ADDRESSES_API, &[], "");
    assert_eq!(reply.header_value("content-type"), Some("text/html; charset=utf-8"));
    assert!(String::from_utf8_lossy(reply.body()).starts_with("<html>"));
    assert_eq!(sandbox.platform.call_counters.used(SERVER_ADDRESSES_API), 0);
}

#[test]
fn invalid_faults_are_rejected_with_their_line() {
    let cases = [
        ("api = \"/cgi-bin/mesage/*\"\nerrcode = 1", "line 2: faults.api cannot be “/cgi-bin/mesage/*”"),
        ("nth = 0\nerrcode = 1", "line 2: faults.nth cannot be “0”"),
        ("nth = []\nerrcode = 1", "line 2: faults.nth cannot be “”"),
        ("every = 0\nerrcode = 1", "line 2: faults.every cannot be “0”"),
        ("probability = 0.0\nerrcode = 1", "line 2: faults.probability cannot be “0”"),
        ("probability = nan\nerrcode = 1", "line 2: faults.probability cannot be “NaN”"),
        ("probability = 1.1\nerrcode = 1", "line 2: faults.probability cannot be “1.1”"),
        ("nth = 1\nevery = 2\nerrcode = 1", "line 2: a fault can have only one of nth, every, probability"),
        ("seed = 2\nerrcode = 1", "line 2: faults.seed requires probability"),
        ("times = 0\nerrcode = 1", "line 2: faults.times cannot be “0”"),
        ("to = \"luffy\"\nerrcode = 1", "line 2: faults.to cannot be “luffy”"),
        ("errcode = 0", "line 2: faults.errcode cannot be “0”"),
        ("status = 101", "line 2: faults.status cannot be “101”"),
        ("processed = true\nerrcode = 1", "line 2: faults.processed requires status"),
        ("truncated = false", "line 2: faults.truncated cannot be “false”"),
        ("content_type = \"a\\r\\nb\"", "line 2: faults.content_type cannot be"),
        ("drip = \"0s\"", "line 2: faults.drip cannot be “0s”"),
        ("delay = \"soon\"", "line 2: faults.delay cannot be “soon”"),
        ("delay = \"2h\"", "line 2: faults.delay cannot be “2h”"),
        ("", "line 2: a fault must have one of errcode, status, truncated,"),
        ("errcode = 1\nreset = \"after\"", "line 2: a fault can have only one of errcode, status,"),
        ("reset = \"middle\"", "unknown variant, expected `before` or `after`"),
        ("reste = \"after\"", "unknown field `reste`"),
        ("nth = \"x\"\nerrcode = 1", "line 3: "),
    ];
    for (rest, reason) in cases {
        let toml = format!("snapshot = true\n[[faults]]\n{rest}\n");
        let error = Scenario::from_toml(&toml).unwrap_err().to_string();
        let clean: String = error.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')).collect();
        assert!(clean.contains(reason), "{rest}: {clean}");
    }
}

#[test]
fn faults_can_be_replaced_at_run_time() {
    let mut sandbox = TestPlatform::with_scenario("[[faults]]\nstatus = 502\nnth = 2\n");
    assert_eq!(sandbox.fault_log(SERVER_ADDRESSES_API, ""), "");
    assert_eq!(sandbox.post_form("/sandbox/faults", "[[faults]]\nerrcode = 45011\nnth = 1\n").status(), 303);
    assert_eq!(sandbox.fault_log(SERVER_ADDRESSES_API, ""), "errcode 45011");
    for body in ["[[faults]]\nerror = 1", "crowd = 3", "\"", "[[faults]]"] {
        let reply = sandbox.post_form("/sandbox/faults", body);
        assert_eq!(reply.status(), 400, "{body}");
        assert!(String::from_utf8_lossy(reply.body()).starts_with("line "), "{body}");
    }
    assert_eq!(sandbox.request("POST", "/sandbox/faults", &[("sec-fetch-site", "cross-site")], "").status(), 403);
    let page = sandbox.page("/");
    assert!(page.contains("<code>*: errcode 45011, nth 1</code> applied once"), "{page}");
    assert_eq!(sandbox.post_form("/sandbox/faults", "").status(), 303);
    assert_eq!(sandbox.fault_log(SERVER_ADDRESSES_API, ""), "");
    assert!(!sandbox.page("/").contains("errcode 45011"));
}

#[test]
fn revoked_tokens_are_invalid_and_new_ones_work() {
    let mut sandbox = TestPlatform::new();
    let (classic, stable) = (sandbox.token(), text(&sandbox.stable(false)["access_token"]));
    assert_eq!(sandbox.post_form("/sandbox/tokens", "revoke=0").status(), 404);
    assert_eq!((sandbox.token_errcode(&classic), sandbox.token_errcode(&stable)), (0, 0));
    assert_eq!(sandbox.post_form("/sandbox/tokens", "revoke=1").status(), 303);
    assert_eq!((sandbox.token_errcode(&classic), sandbox.token_errcode(&stable)), (40001, 40001));
    let fresh = text(&sandbox.stable(false)["access_token"]);
    assert_ne!(fresh, stable);
    assert_eq!(sandbox.token_errcode(&fresh), 0);
}
