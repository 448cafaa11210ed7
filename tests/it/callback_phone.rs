//! The requests of phones and attackers to the callback while `bind` waits, and the responses.

use std::net::TcpStream;

use reqwest::Method;
use reqwest::header::HeaderMap;
use rustix::process::Signal;
use snapbox::str;
use url::Url;

use crate::bind::finish_after_report;
use crate::support::env::{LUFFY, RunningCommand, TestEnv, authorize, http_client, page_title};
use crate::support::scripted_server::{ScriptedServer, use_in};

/// WeChat's response to an account that may not call an API.
const UNAUTHORIZED_BODY: &str = r#"{"errcode":48001,"errmsg":"api unauthorized"}"#;

/// Starts a bind, and returns it with the valid callback URL.
fn start_bind(line: &str) -> (TestEnv, RunningCommand, Url) {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    // A token is cached for the query whether luffy follows, because fetching one is reported at
    // -v.
    env.run("token").assert_success();
    let mut bind = env.spawn(line);
    let right = authorize(&bind.expect_line(), "luffy");
    (env, bind, right)
}

fn request_page(method: Method, url: &Url, language: &str) -> (u16, HeaderMap, String) {
    let answer = http_client().request(method, url.clone()).header("accept-language", language).send().unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, String::from_utf8(answer.bytes().unwrap().to_vec()).unwrap())
}

/// Returns the valid callback URL with another path and query.
fn replace_path_and_query(right: &Url, path: &str, query: &str) -> Url {
    let mut url = right.clone();
    url.set_path(path);
    url.set_query(Some(query));
    url
}

#[test]
fn invalid_callbacks_keep_waiting_and_bind_once() {
    let (mut env, mut bind, right) = start_bind("-v bind --user luffy");
    let value = |name: &str| right.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let (code, state) = (value("code"), value("state"));
    let half = &state[..state.len() - 1];
    let same = "/callback/";
    let calls = [
        (Method::GET, same, format!("state={state}"), 400, "尚未授权"),
        (Method::GET, same, format!("code=&state={state}"), 400, "尚未授权"),
        (Method::GET, same, format!("code={code}&state={half}"), 403, "链接无效"),
        (Method::GET, same, format!("code={code}"), 403, "链接无效"),
        (Method::GET, same, String::new(), 403, "链接无效"),
        (Method::GET, "/", format!("code={code}&state={state}"), 404, "页面不存在"),
        (Method::GET, "/favicon.ico", String::new(), 404, "页面不存在"),
        (Method::GET, "/callback/more", format!("code={code}&state={state}"), 404, "页面不存在"),
        (Method::POST, same, format!("code={code}&state={state}"), 405, "不支持的访问方式"),
        (Method::PUT, same, format!("code={code}&state={state}"), 405, "不支持的访问方式"),
        (Method::GET, same, format!("code={code}&code={code}&state={state}"), 400, "请求有误"),
        (Method::GET, same, format!("code=a%20b&state={state}"), 400, "授权无效"),
        (Method::GET, same, format!("code=never_given_out&state={state}"), 410, "授权已失效"),
        (Method::GET, same, format!("code=never_given_out&state={state}"), 410, "授权已失效"),
    ];
    for (method, path, query, status, title) in calls {
        let (got, headers, page) = request_page(method.clone(), &replace_path_and_query(&right, path, &query), "zh-CN");
        assert_eq!(got, status, "{method} {path}?{query}");
        assert!(page.contains(&format!("<title>{title}</title>")), "{method} {path}?{query}: {page}");
        assert!(!page.contains(&state) && !page.contains(&code) && !page.contains("never_given_out"), "{page}");
        assert_eq!(headers.get("allow").is_some(), status == 405);
    }
    let (status, _, page) = request_page(Method::HEAD, &right, "zh-CN");
    assert_eq!((status, page.as_str()), (405, ""));

    let (status, headers, page) = request_page(Method::GET, &right, "zh-CN");
    assert_eq!(status, 200);
    assert!(page.contains("绑定成功") && page.contains("luffy"), "{page}");
    assert_eq!(headers["cache-control"], "no-store");
    assert_ne!(bind.expect_line(), "");
    // These arrive while wxbox waits for the phone's second callback.
    assert_eq!(request_page(Method::GET, &right, "zh-CN").2, page);
    assert_eq!(
        page_title(&replace_path_and_query(&right, same, &format!("code=another&state={state}"))),
        (409, "链接已被使用".into())
    );
    bind.signal(Signal::INT);
    bind.wait().assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.
info: rejected a callback: the state is correct, but the code is missing; this may be a link checker
info: rejected a callback: the state is correct, but the code is missing; this may be a link checker
info: rejected a callback: the state is wrong or missing
info: rejected a callback: the state is wrong or missing
info: rejected a callback: the state is wrong or missing
warning: rejected the callback: its state is correct, but its path is not that of redirect_uri; configure the web server or tunnel so that it does not change the path
info: rejected a callback: the path differs from the path of redirect_uri
info: rejected a callback: the state is correct, but the path differs from the path of redirect_uri
info: rejected a callback: the method is not GET
info: rejected a callback: the method is not GET
info: rejected a callback: the state or the code is given twice
info: rejected a callback: the code is not a valid WeChat code
info: rejected a callback: WeChat rejected the code (errcode 40029)
info: rejected a callback: WeChat rejected the code (errcode 40029)
info: rejected a callback: the method is not GET

"#]]);
    let requests = env.sandbox().requests().into_iter().filter(|request| !request.contains("/cgi-bin/"));
    assert_eq!(
        requests.collect::<Vec<_>>(),
        [
            "POST /sandbox/authorize 0",
            "GET /sns/oauth2/access_token 40029",
            "GET /sns/oauth2/access_token 0",
            "GET /sns/userinfo 0"
        ]
    );
}

#[test]
fn pages_are_english_when_preferred() {
    let (_env, bind, right) = start_bind("bind --user luffy");
    let wrong = replace_path_and_query(&right, "/callback/", "code=x&state=y");
    assert!(request_page(Method::GET, &wrong, "en-US,en;q=0.9,zh;q=0.5").2.contains("<title>Link not valid</title>"));
    assert!(request_page(Method::GET, &wrong, "fr").2.contains("<title>链接无效</title>"));
    assert!(request_page(Method::GET, &right, "en").2.contains("<title>Binding complete</title>"));
    finish_after_report(bind).assert_success();
}

#[test]
fn repeated_callback_binds_once_and_shows_same_page() {
    let mut env = TestEnv::new();
    env.sandbox().post_form("settings", "double_callback=1");
    env.sandbox().requests();
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("bind --user luffy");
    // The sandbox itself has called once by the time the phone gets the address.
    let second = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&second), (200, "绑定成功".to_owned()));
    finish_after_report(bind).assert_success();
    let requests = env.sandbox().requests();
    assert_eq!(requests.iter().filter(|line| line.contains("/sns/oauth2/")).count(), 1, "{requests:?}");
}

#[test]
fn concurrent_callbacks_share_one_exchange() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    let mut bind = env.spawn("bind --user luffy --scope snsapi_base");
    let right = authorize(&bind.expect_line(), "luffy");
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let right = right.clone();
            std::thread::spawn(move || page_title(&right))
        })
        .collect();
    assert_eq!(wechat.expect_request(), "/sns/oauth2/access_token");
    // Other requests are answered in the meantime.
    assert_eq!(page_title(&replace_path_and_query(&right, "/callback/", "")).0, 403);
    wechat.respond(200, r#"{"access_token":"t","openid":"oOpenid","scope":"snsapi_base"}"#);
    for call in calls {
        assert_eq!(call.join().unwrap(), (200, "绑定成功".to_owned()));
    }
    // Then wxbox queries whether the person follows.
    assert_eq!(wechat.expect_request(), "/cgi-bin/stable_token");
    wechat.respond(200, UNAUTHORIZED_BODY);
    finish_after_report(bind).assert_success();
    assert_eq!(wechat.unexpected_requests(), 0);
}

#[test]
fn snapshot_user_is_not_bound_and_real_user_can_follow() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("token").assert_success();
    let mut bind = env.spawn("-v bind --user luffy");
    let link = bind.expect_line();
    env.sandbox().post_form("settings", "snapshot=1");
    let snapshot = authorize(&link, "luffy");
    assert_eq!(page_title(&snapshot), (403, "请使用完整服务".to_owned()));
    assert_eq!(page_title(&snapshot), (403, "请使用完整服务".to_owned()));
    env.sandbox().post_form("settings", "snapshot=0");
    assert_eq!(page_title(&authorize(&link, "luffy")), (200, "绑定成功".to_owned()));
    bind.wait().assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.
info: rejected a callback: it comes from the virtual user of a snapshot page
info: rejected a callback: it comes from the virtual user of a snapshot page

"#]]);
    assert_eq!(env.query::<String>("SELECT openid FROM bindings"), LUFFY);
}

#[test]
fn unreachable_wechat_makes_phone_reload() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let wechat = ScriptedServer::start();
    use_in(&mut env, &wechat, "");
    let mut bind = env.spawn("bind --user luffy --scope snsapi_base");
    let right = authorize(&bind.expect_line(), "luffy");
    wechat.drop_connection();
    wechat.respond(500, "oops");
    wechat.respond(200, "<html>log in to the hotel first</html>");
    wechat.respond(200, r#"{"errcode":-1,"errmsg":"system error"}"#);
    wechat.respond(200, r#"{"access_token":"t","scope":"snsapi_base"}"#);
    for _ in 0..5 {
        assert_eq!(page_title(&right), (502, "暂时无法连接微信".to_owned()));
    }
    wechat.respond(200, r#"{"access_token":"t","openid":"oOpenid","scope":"snsapi_base"}"#);
    wechat.respond(200, UNAUTHORIZED_BODY);
    assert_eq!(page_title(&right), (200, "绑定成功".to_owned()));
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_base&state=[STATE]#wechat_redirect
bound luffy to oOpenid
--- stderr
Open the URL in the WeChat app of luffy.
warning: cannot check the code of a callback: no response from 127.0.0.1:[PORT]: connection closed before message completed; the phone shows a page that asks the person to try again
warning: cannot check the code of a callback: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 500): the response is an HTTP error; the phone shows a page that asks the person to try again
warning: cannot check the code of a callback: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): the response is not JSON; the phone shows a page that asks the person to try again
warning: cannot check the code of a callback: WeChat returned -1 (system error): platform busy; the phone shows a page that asks the person to try again
warning: cannot check the code of a callback: the response of 127.0.0.1:[PORT] is not from WeChat (HTTP 200): openid is missing; the phone shows a page that asks the person to try again

"#]]);
}

#[test]
fn phone_is_served_among_idle_connections() {
    let (_env, bind, right) = start_bind("bind --user luffy");
    let at = right.socket_addrs(|| None).unwrap()[0];
    let idle: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(at).unwrap()).collect();
    assert_eq!(page_title(&right), (200, "绑定成功".to_owned()));
    finish_after_report(bind).assert_success();
    drop(idle);
}
