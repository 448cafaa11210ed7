//! Every call that wxbox makes, compared with the platform's pages as tests/fixtures/endpoints.toml
//! records them: path, method, query and body. A difference on either side fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use toml::Value as Shape;
use url::Url;
use wxbox::http_server::{HttpResponse, HttpServer, Limits, Request};

use crate::media::PNG;
use crate::message_types::load_bodies;
use crate::support::canned_server::{CannedServer, RecordedRequest, json_response};
use crate::support::env::{LUFFY, TestEnv, page_title, unique_address};

/// A call as its page documents it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    page: String,
    path: String,
    method: String,
    #[serde(default)]
    query: toml::Table,
    body: Option<toml::Table>,
    /// The form field that holds a file.
    file: Option<String>,
    /// The query parameters in the required order.
    order: Option<Vec<String>>,
    fragment: Option<String>,
    /// A successful response.
    answer: String,
}

fn load_endpoints() -> Vec<Endpoint> {
    #[derive(Deserialize)]
    struct File {
        endpoint: Vec<Endpoint>,
    }
    toml::from_str::<File>(include_str!("../fixtures/endpoints.toml")).unwrap().endpoint
}

const STABLE_TOKEN_PATH: &str = "/cgi-bin/stable_token";
const TEMPLATE_LIST_PATH: &str = "/cgi-bin/template/get_all_private_template";
const TEMPLATE_SEND_PATH: &str = "/cgi-bin/message/template/send";
const AUTHORIZE_PATH: &str = "/connect/oauth2/authorize";

/// Command lines that make each call, with the calls that WeChat receives for them in this order;
/// after a space, a response other than the documented one. Leaving out a call that `src/wechat`
/// names fails the test.
const CASES: &[(&str, &[&str])] = &[
    ("token", &[STABLE_TOKEN_PATH]),
    ("send -u luffy '备份完成 🎉 \"<&>\\'", &[STABLE_TOKEN_PATH, "/cgi-bin/message/custom/send"]),
    ("send -u luffy -t T-1 -d host=db1", &[STABLE_TOKEN_PATH, TEMPLATE_LIST_PATH, TEMPLATE_SEND_PATH]),
    (
        "send -u luffy -t T-1 -d host=数据库1 --data-color host=#173177 --url https://example.com/?a=1&b=2 \
         --miniprogram wx0123456789abcdef:pages/log",
        &[STABLE_TOKEN_PATH, TEMPLATE_LIST_PATH, TEMPLATE_SEND_PATH],
    ),
    ("template list", &[STABLE_TOKEN_PATH, TEMPLATE_LIST_PATH]),
    ("template add 43216", &[STABLE_TOKEN_PATH, "/cgi-bin/template/api_add_template", TEMPLATE_LIST_PATH]),
    (
        "template add 43216 --keyword 服务器 --keyword 时间",
        &[STABLE_TOKEN_PATH, "/cgi-bin/template/api_add_template", TEMPLATE_LIST_PATH],
    ),
    (
        "follower list",
        &[STABLE_TOKEN_PATH, "/cgi-bin/user/get", "/cgi-bin/user/get {\"total\":1,\"count\":0,\"next_openid\":\"\"}"],
    ),
    ("follower show oLuffy_wears_the_straw_hat_1", &[STABLE_TOKEN_PATH, "/cgi-bin/user/info"]),
    ("follower remark oLuffy_wears_the_straw_hat_1 船长", &[STABLE_TOKEN_PATH, "/cgi-bin/user/info/updateremark"]),
    ("user sync", &[STABLE_TOKEN_PATH, "/cgi-bin/user/info/batchget"]),
    ("quota show /cgi-bin/user/get", &[STABLE_TOKEN_PATH, "/cgi-bin/openapi/quota/get"]),
    ("quota clear --yes", &[STABLE_TOKEN_PATH, "/cgi-bin/clear_quota"]),
    (
        "quota clear --yes",
        &[
            "/cgi-bin/stable_token {\"errcode\":45009,\"errmsg\":\"reach max api daily quota limit\"}",
            "/cgi-bin/clear_quota/v2",
        ],
    ),
    ("explain 6aac005a-01bfdbee-79769285", &[STABLE_TOKEN_PATH, "/cgi-bin/openapi/rid/get"]),
    (
        "template remove T-1 --yes",
        &[STABLE_TOKEN_PATH, TEMPLATE_LIST_PATH, "/cgi-bin/template/del_private_template", TEMPLATE_LIST_PATH],
    ),
];

/// Documented parameters that wxbox never sends.
const UNUSED_PARAMETERS: &[&str] = &[
    "/cgi-bin/message/subscribe/bizsend lang",
    "/cgi-bin/message/subscribe/bizsend miniprogram_state",
    "/cgi-bin/message/template/send topcolor",
    "/cgi-bin/qrcode/create action_info.scene.scene_id",
    "/cgi-bin/user/info lang",
    "/cgi-bin/user/info/batchget user_list[].lang",
    "/connect/oauth2/authorize forcePopup",
];

/// Returns the paths that the client's code names, without its tests.
fn client_paths() -> BTreeSet<String> {
    let path = Regex::new(r#""[^"\s]*?(/(?:cgi-bin|sns|connect|wxa|wxaapi)/[a-z0-9_/]+)"#).unwrap();
    let files = crate::architecture::rust_files("src/wechat");
    let code = files.values().map(|text| text.split("#[cfg(test)]\nmod tests {").next().unwrap());
    code.flat_map(|text| path.captures_iter(text).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

/// Compares a value with its shape; the optional names that are present are added to `seen`.
fn compare(shape: &Shape, found: &Value, at: &str, seen: &mut BTreeSet<String>, wrong: &mut Vec<String>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match (shape, found) {
        (Shape::String(kind), found) => {
            let fits = match kind.as_str() {
                "string" => found.as_str().is_some_and(|text| !text.is_empty()),
                "boolean" => found.is_boolean(),
                "number" => found.is_u64(),
                fixed => found.as_str().is_some_and(|text| fixed[1..].split('|').any(|one| one == text)),
            };
            if !fits {
                wrong.push(format!("{at} is {found}, not {kind}"));
            }
        }
        (Shape::Array(shapes), Value::Array(items)) if !items.is_empty() => {
            items.iter().for_each(|item| compare(&shapes[0], item, &format!("{at}[]"), seen, wrong));
        }
        (Shape::Table(shapes), Value::Object(fields)) => {
            for (name, found) in fields {
                let optional = shapes.get(&format!("{name}?"));
                if optional.is_some() {
                    seen.insert(below(name));
                }
                match (shapes.get(name).or(optional), shapes.get("*")) {
                    (Some(shape), _) => compare(shape, found, &below(name), seen, wrong),
                    (None, Some(shape)) => compare(shape, found, &below("*"), seen, wrong),
                    (None, None) => wrong.push(format!("{} is not on the page", below(name))),
                }
            }
            let lacks = |name: &&String| !name.ends_with('?') && *name != "*" && !fields.contains_key(*name);
            wrong.extend(shapes.keys().filter(lacks).map(|name| format!("{} is missing", below(name))));
        }
        _ => wrong.push(format!("{at} is {found}, not a {}", shape.type_str())),
    }
}

/// Collects the optional names of a shape.
fn optional_names(shape: &Shape, at: &str, names: &mut Vec<String>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match shape {
        Shape::Array(shapes) => optional_names(&shapes[0], &format!("{at}[]"), names),
        Shape::Table(shapes) => {
            for (name, shape) in shapes {
                let plain = below(name.trim_end_matches('?'));
                if name.ends_with('?') {
                    names.push(plain.clone());
                }
                optional_names(shape, &plain, names);
            }
        }
        _ => {}
    }
}

/// Returns the parameters of a query in order; each may occur once.
fn query_parameters(url: &Url) -> serde_json::Map<String, Value> {
    let mut found = serde_json::Map::new();
    for (name, value) in url.query_pairs() {
        assert_eq!(found.insert(name.clone().into_owned(), value.into_owned().into()), None, "{name} is there twice");
    }
    found
}

/// Returns the error in a request that must be a form with one file. The file name needs an
/// extension, because WeChat relies on it.
fn form_error(field: &str, request: &RecordedRequest) -> Option<String> {
    let boundary =
        request.header("content-type").and_then(|value| value.strip_prefix("multipart/form-data; boundary="));
    let Some(boundary) = boundary else { return Some("it is no form".into()) };
    let boundary = regex::escape(boundary);
    let pattern = format!(
        "(?s)^--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"[a-z]+\\.[a-z0-9]+\"\r\n\
         Content-Type: [a-z]+/[a-z0-9]+\r\n\r\n.+\r\n--{boundary}--\r\n$"
    );
    (!Regex::new(&pattern).unwrap().is_match(&request.body)).then(|| format!("its form is {:?}", request.body))
}

/// Returns the errors in a request; the optional names that are present are added to `seen`.
fn request_errors(
    endpoint: &Endpoint,
    method: &str,
    url: &Url,
    request: &RecordedRequest,
) -> (Vec<String>, BTreeSet<String>) {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    if method != endpoint.method || url.path() != endpoint.path {
        wrong.push(format!("it is {method} {}", url.path()));
    }
    let query = query_parameters(url);
    if endpoint.order.as_ref().is_some_and(|order| !query.keys().eq(order)) {
        wrong.push(format!("its query is {:?}", url.query()));
    }
    if url.fragment() != endpoint.fragment.as_deref() {
        wrong.push(format!("its fragment is {:?}", url.fragment()));
    }
    compare(&Shape::Table(endpoint.query.clone()), &Value::Object(query), "", &mut seen, &mut wrong);
    if let Some(field) = &endpoint.file {
        wrong.extend(form_error(field, request));
        return (wrong, seen);
    }
    let Some(shape) = &endpoint.body else {
        if !request.body.is_empty() {
            wrong.push("it has a body".into());
        }
        return (wrong, seen);
    };
    if request.header("content-type") != Some("application/json; charset=utf-8") {
        wrong.push(format!("its content type is {:?}", request.header("content-type")));
    }
    if request.body.contains("\\u") {
        wrong.push("its body is escaped".into());
    }
    let body: Value = serde_json::from_str(&request.body).unwrap();
    compare(&Shape::Table(shape.clone()), &body, "", &mut seen, &mut wrong);
    (wrong, seen)
}

/// The requests that were sent: the optional names of each endpoint.
struct Coverage {
    endpoints: Vec<Endpoint>,
    covered_paths: BTreeSet<String>,
    covered_optional: BTreeSet<String>,
}

impl Coverage {
    fn endpoint(&self, path: &str) -> &Endpoint {
        let found = self.endpoints.iter().find(|endpoint| endpoint.path == path);
        found.unwrap_or_else(|| panic!("tests/fixtures/endpoints.toml lacks {path}"))
    }

    fn server(&self, paths: &[&str]) -> CannedServer {
        let answer = |asked: &&str| match asked.split_once(' ') {
            Some((_, answer)) => json_response(answer),
            None => json_response(&self.endpoint(asked).answer),
        };
        CannedServer::new(paths.iter().map(answer).collect())
    }

    /// Compares the requests that the server received with these calls, in this order.
    fn record_requests(&mut self, line: &str, server: &CannedServer, paths: &[&str]) {
        let requests = server.requests();
        assert_eq!(requests.len(), paths.len(), "{line}: {requests:?}");
        let paths = paths.iter().map(|asked| asked.split(' ').next().unwrap());
        for (path, request) in paths.zip(&requests) {
            let mut words = request.line.split(' ');
            let method = words.next().unwrap();
            let url = Url::parse(&format!("http://host{}", words.next().unwrap())).unwrap();
            self.record_request(line, path, method, &url, request);
        }
    }

    fn record_request(&mut self, line: &str, path: &str, method: &str, url: &Url, request: &RecordedRequest) {
        let endpoint = self.endpoint(path);
        let (wrong, seen) = request_errors(endpoint, method, url, request);
        assert_eq!(wrong, Vec::<String>::new(), "{line}: {path}, see {}", endpoint.page);
        self.covered_optional.extend(seen.iter().map(|name| format!("{path} {name}")));
        self.covered_paths.insert(path.to_owned());
    }
}

/// Records the phone's link, the exchange of its code, and the link for a person who does not
/// follow yet.
fn record_bind(coverage: &mut Coverage) {
    let unfollowed =
        "/cgi-bin/user/info {\"subscribe\":0,\"openid\":\"oLuffy_wears_the_straw_hat_1\",\"tagid_list\":[]}";
    let paths = ["/sns/oauth2/access_token", "/sns/userinfo", STABLE_TOKEN_PATH, unfollowed, "/cgi-bin/qrcode/create"];
    let server = coverage.server(&paths);
    let (env, listen) = (TestEnv::without_config(), unique_address());
    env.write_config(&format!(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"canned-secret\"\nredirect_uri = \"http://{listen}/callback/?a=b\"\n\
         [listen]\naddress = \"{listen}\"\n[network]\napi_base = \"{}\"\n",
        server.url()
    ));
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("bind --user luffy --qr none");
    let link = Url::parse(&bind.expect_line()).unwrap();
    let link_request = RecordedRequest { line: String::new(), headers: Vec::new(), body: String::new() };
    coverage.record_request("bind", AUTHORIZE_PATH, "GET", &link, &link_request);
    // The query is percent-encoded once, and no character with a meaning in a URL is left
    // unencoded.
    let raw = link.query().unwrap().split('&').find_map(|part| part.strip_prefix("redirect_uri=")).unwrap();
    assert!(!raw.contains([':', '/', '?', '=']), "{raw}");
    let callback = percent_decode_str(raw).decode_utf8().unwrap().into_owned();
    assert_eq!(callback, format!("http://{listen}/callback/?a=b"));
    let state = query_parameters(&link)["state"].as_str().unwrap().to_owned();
    assert!(state.len() <= 128 && state.bytes().all(|b| b.is_ascii_alphanumeric()), "{state}");
    let (status, _) = page_title(&Url::parse(&format!("{callback}&code=0a1&state={state}")).unwrap());
    assert_eq!(status, 200);
    bind.wait().assert_success();
    coverage.record_requests("bind", &server, &paths);
}

/// Records the call that `doctor` alone makes. Its checks run concurrently, so the platform answers
/// by path.
fn record_doctor(coverage: &mut Coverage) {
    const PATH: &str = "/cgi-bin/callback/check";
    let answers: BTreeMap<String, String> =
        coverage.endpoints.iter().map(|endpoint| (endpoint.path.clone(), endpoint.answer.clone())).collect();
    let recorded = Arc::new(Mutex::new(None));
    let record = Arc::clone(&recorded);
    let server = HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap();
    let server = server.start(move |request: Request| {
        let answer = answers.get(&request.path).cloned().unwrap_or_default();
        if request.path == PATH {
            *record.lock().unwrap() = Some(request);
        }
        HttpResponse::json(200, answer)
    });
    let server = server.unwrap();
    let env = TestEnv::without_config();
    env.write_config(&format!(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"canned-secret\"\n[push]\ntoken = \"pushToken\"\n\
         [network]\napi_base = \"http://{}\"\n",
        server.local_addr()
    ));
    env.run("doctor");
    let request = recorded.lock().unwrap().take().expect("a request of the doctor");
    let url = Url::parse(&format!("http://host{PATH}?{}", request.query)).unwrap();
    let (headers, body) = (request.headers, String::from_utf8(request.body).unwrap());
    let recorded = RecordedRequest { line: String::new(), headers, body };
    coverage.record_request("doctor", PATH, &request.method, &url, &recorded);
}

#[test]
fn every_request_matches_its_documentation() {
    let mut coverage =
        Coverage { endpoints: load_endpoints(), covered_paths: BTreeSet::new(), covered_optional: BTreeSet::new() };
    let named = client_paths();
    let path = |asked: &str| asked.split(' ').next().unwrap().to_owned();
    for (line, paths) in CASES.iter().filter(|(_, paths)| paths.iter().all(|asked| named.contains(&path(asked)))) {
        let server = coverage.server(paths);
        server.env("", "").run(line).assert_success();
        coverage.record_requests(line, &server, paths);
    }
    for body in load_bodies() {
        let paths = body.call_paths(STABLE_TOKEN_PATH);
        let server = coverage.server(&paths);
        server
            .env("", "")
            .run_with_stdin("send -u luffy --message -", body.without_touser().to_string())
            .assert_success();
        coverage.record_requests(&body.kind, &server, &paths);
    }
    let upload = [STABLE_TOKEN_PATH, "/cgi-bin/media/upload"];
    let server = coverage.server(&upload);
    let env = server.env("", "");
    env.write_file("chart.png", PNG);
    env.run("media upload chart.png").assert_success();
    coverage.record_requests("media upload", &server, &upload);
    let classic = ["/cgi-bin/token"];
    let server = coverage.server(&classic);
    let env = server.env("", "");
    env.prepend_config("token_endpoint = \"classic\"");
    env.run("token").assert_success();
    coverage.record_requests("token", &server, &classic);
    record_bind(&mut coverage);
    record_doctor(&mut coverage);

    assert_eq!(coverage.covered_paths, named, "sent here, and named in src/wechat");
    let mut unused = Vec::new();
    for endpoint in coverage.endpoints.iter().filter(|endpoint| coverage.covered_paths.contains(&endpoint.path)) {
        let mut names = Vec::new();
        optional_names(&Shape::Table(endpoint.query.clone()), "", &mut names);
        optional_names(&Shape::Table(endpoint.body.clone().unwrap_or_default()), "", &mut names);
        unused.extend(names.into_iter().map(|name| format!("{} {name}", endpoint.path)));
    }
    unused.retain(|name| !coverage.covered_optional.contains(name));
    unused.sort();
    let expected: Vec<_> = UNUSED_PARAMETERS
        .iter()
        .filter(|parameter| coverage.covered_paths.contains(parameter.split(' ').next().unwrap()))
        .collect();
    assert_eq!(unused.iter().collect::<Vec<_>>(), expected, "optional, and never sent");
}

#[test]
fn mismatch_is_detected() {
    let endpoints = load_endpoints();
    let send = endpoints.iter().find(|endpoint| endpoint.path == TEMPLATE_SEND_PATH).unwrap();
    let request = |body: &str| RecordedRequest {
        line: String::new(),
        headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
        body: body.into(),
    };
    let good =
        format!(r#"{{"touser":"{LUFFY}","template_id":"T","url":"https://e","data":{{"host":{{"value":"x"}}}}}}"#);
    let at = |target: &str| Url::parse(&format!("http://host{target}")).unwrap();
    let url = at("/cgi-bin/message/template/send?access_token=x");
    let wrong = |method: &str, url: &Url, body: &str| request_errors(send, method, url, &request(body)).0.join("; ");
    assert_eq!(wrong("POST", &url, &good), "");
    assert_eq!(request_errors(send, "POST", &url, &request(&good)).1, BTreeSet::from(["url".to_owned()]));
    let cases = [
        ("\"touser\"", "\"to_user\"", "to_user is not on the page; touser is missing"),
        ("\"T\"", "12", "template_id is 12, not string"),
        ("\"T\"", "\"\"", "template_id is \"\", not string"),
        ("\"value\":\"x\"", "\"value\":null", "data.*.value is null, not string"),
        ("{\"value\":\"x\"}", "\"x\"", "data.* is \"x\", not a table"),
        ("\"url\"", "\"link\"", "link is not on the page"),
        ("\"x\"", "\"\\u4e2d\"", "its body is escaped"),
    ];
    for (part, other, expected) in cases {
        assert!(good.contains(part));
        assert_eq!(wrong("POST", &url, &good.replace(part, other)), expected);
    }
    assert_eq!(wrong("GET", &url, &good), "it is GET /cgi-bin/message/template/send");
    assert_eq!(wrong("POST", &at("/cgi-bin/message/template/send"), &good), "access_token is missing");
    let more = at("/cgi-bin/message/template/send?access_token=x&touser=y");
    assert_eq!(wrong("POST", &more, &good), "touser is not on the page");
}
