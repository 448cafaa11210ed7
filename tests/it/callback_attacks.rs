//! Attackers at the callback who know or guess a part of the valid callback, and machines that run
//! out of file descriptors while it waits.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, Signal, prlimit};
use url::Url;

use crate::bind::{env_with_luffy, finish_after_report};
use crate::run_command::command_after_shell;
use crate::support::env::{LUFFY, NAMI, RunningCommand, TestEnv, authorize, http_client, page_title, unique_address};

fn query_value(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// Returns the callback URL with this code and this state.
fn callback_url(at: &Url, code: &str, state: &str) -> Url {
    let mut url = at.clone();
    url.set_query(Some(&format!("code={code}&state={state}")));
    url
}

fn bound_openids(env: &TestEnv) -> Option<String> {
    env.query("SELECT group_concat(openid) FROM bindings")
}

fn exchange_count(env: &mut TestEnv) -> usize {
    env.sandbox().requests().iter().filter(|line| line.contains("/sns/oauth2/access_token")).count()
}

#[test]
fn code_without_state_is_rejected() {
    let mut env = env_with_luffy();
    env.run("user add nami").assert_success();
    // The attacker is a follower of the account, too: the code is genuine, and for this account.
    let elsewhere = unique_address();
    let mut command = env.command(&format!("bind --user nami --listen {elsewhere}"));
    command.env("WXBOX_REDIRECT_URI", format!("http://{elsewhere}/callback/"));
    let mut theirs = env.spawn_command(command, "bind --user nami");
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let attacker_url = authorize(&theirs.expect_line(), "nami");
    let right = authorize(&bind.expect_line(), "luffy");
    let (code, state) = (query_value(&attacker_url, "code"), query_value(&right, "state"));
    let uid = env.query::<String>("SELECT uid FROM users WHERE username = 'luffy'");
    assert!(state.starts_with(&uid) && state.len() >= uid.len() + 22);
    let digits = &state[uid.len()..];
    let other = if digits.starts_with('a') { "b" } else { "a" };
    let guesses = [
        query_value(&attacker_url, "state"),
        uid.clone(),
        format!("{uid}{}", &query_value(&attacker_url, "state")[uid.len()..]),
        format!("{uid}{other}{}", &digits[1..]),
        format!("{state}0"),
        state.to_uppercase(),
        format!("{uid}%00{digits}"),
        format!("%20{state}"),
        format!("{state}&state={state}"),
        format!("{state}&code={code}"),
    ];
    for guess in &guesses {
        let status = page_title(&callback_url(&right, &code, guess)).0;
        assert_eq!(status, if guess.contains('&') { 400 } else { 403 }, "{guess}");
    }
    for n in 0..500 {
        assert_eq!(page_title(&callback_url(&right, &code, &format!("{uid}{n:022}"))).0, 403);
    }
    env.sandbox().requests();
    assert_eq!(page_title(&right).0, 200);
    finish_after_report(bind).assert_success();
    assert_eq!(bound_openids(&env).as_deref(), Some(LUFFY));
    assert_eq!(exchange_count(&mut env), 1, "nothing of the stranger's was shown to WeChat");
}

#[test]
fn two_scans_of_one_code_bind_the_first_and_report_it() {
    let mut env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let link = bind.expect_line();
    let (second, first) = (authorize(&link, "luffy"), authorize(&link, "nami"));
    assert_eq!(page_title(&first), (200, "绑定成功".into()));
    let line = bind.expect_line();
    assert_eq!(line, format!("bound luffy to {NAMI} (nami)"));
    assert_eq!(page_title(&second), (409, "链接已被使用".into()));
    bind.signal(Signal::INT);
    bind.wait().assert_success();
    assert_eq!((bound_openids(&env).as_deref(), exchange_count(&mut env)), (Some(NAMI), 1));
    // The operator fixes the mistake.
    let mut bind = env.spawn("bind --user luffy --rebind --timeout 10m");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    finish_after_report(bind).assert_success();
    assert_eq!(bound_openids(&env).as_deref(), Some(LUFFY));
}

#[test]
fn two_concurrent_callbacks_bind_one() {
    let mut env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let link = bind.expect_line();
    let calls = ["luffy", "nami", "luffy", "nami"].map(|person| authorize(&link, person));
    let calls = calls.map(|url| std::thread::spawn(move || page_title(&url).0));
    let mut statuses = calls.map(|call| call.join().unwrap());
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1] / 100), (200, 4), "{statuses:?}");
    finish_after_report(bind).assert_success();
    assert_eq!((env.count("bindings"), exchange_count(&mut env)), (1, 1));
}

#[test]
fn used_code_and_state_are_rejected() {
    let mut env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let first = authorize(&bind.expect_line(), "luffy");
    assert_eq!(page_title(&first).0, 200);
    finish_after_report(bind).assert_success();
    let mut bind = env.spawn("bind --user luffy --rebind --timeout 10m");
    let link = bind.expect_line();
    assert_eq!(page_title(&first).0, 403, "the whole of it: the state was another's");
    let right = authorize(&link, "nami");
    let replayed = callback_url(&right, &query_value(&first, "code"), &query_value(&right, "state"));
    assert_eq!(page_title(&replayed), (409, "授权码已被使用".into()), "its code: WeChat takes it once");
    let swapped = callback_url(&right, &query_value(&right, "code"), &query_value(&first, "state"));
    assert_eq!(page_title(&swapped).0, 403);
    assert_eq!(bound_openids(&env).as_deref(), Some(LUFFY));
    assert_eq!(page_title(&right).0, 200);
    finish_after_report(bind).assert_success();
    assert_eq!((bound_openids(&env).as_deref(), exchange_count(&mut env)), (Some(NAMI), 3));
}

#[test]
fn calls_that_arrive_out_of_order_bind_once() {
    let mut env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let link = bind.expect_line();
    let [first, second, third] = [(); 3].map(|()| authorize(&link, "luffy"));
    // The phone tapped three times, and a middlebox delivered the last callback first.
    assert_eq!(page_title(&third).0, 200);
    assert_eq!(page_title(&first).0, 409);
    assert_eq!(page_title(&third).0, 200, "the same page for the same call");
    assert_eq!(page_title(&second).0, 409);
    finish_after_report(bind).assert_success();
    assert_eq!((bound_openids(&env).as_deref(), exchange_count(&mut env)), (Some(LUFFY), 1));
}

fn socket_addr(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).unwrap()[0]
}

/// Opens connections that send nothing and stay open.
fn open_idle_connections(at: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count).filter_map(|_| TcpStream::connect(at).ok()).collect()
}

fn spawn_with_file_limit(env: &TestEnv, count: u32, line: &str) -> RunningCommand {
    env.spawn_command(command_after_shell(env, &format!("ulimit -n {count}"), line), line)
}

#[test]
fn low_file_limit_still_serves_phone_among_idle_connections() {
    for count in [64, 32] {
        let env = env_with_luffy();
        let mut bind = spawn_with_file_limit(&env, count, "bind --user luffy --timeout 10m");
        let right = authorize(&bind.expect_line(), "luffy");
        let idle = open_idle_connections(socket_addr(&right), 200);
        assert_eq!(page_title(&right).0, 200);
        // The requests behind the binding also find a free file descriptor.
        finish_after_report(bind).assert_success();
        drop(idle);
        let mut sandbox = spawn_with_file_limit(&env, count, "sandbox --json --listen 127.0.0.1:0");
        let started: serde_json::Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
        let url = Url::parse(started["url"].as_str().unwrap()).unwrap();
        let idle = open_idle_connections(socket_addr(&url), 200);
        assert_eq!(page_title(&url.join("/").unwrap()).0, 200);
        drop(idle);
    }
}

/// The limit is lowered during the wait, so that accepting itself fails.
#[test]
fn failed_accept_keeps_listener_running() {
    let env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --timeout 10m");
    let right = authorize(&bind.expect_line(), "luffy");
    let before =
        prlimit(Some(bind.pid()), Resource::Nofile, Rlimit { current: Some(24), maximum: Some(4096) }).unwrap();
    let idle = open_idle_connections(socket_addr(&right), 100);
    for _ in 0..20 {
        // Each connection is accepted in place of one that is idle.
        let mut socket = TcpStream::connect(socket_addr(&right)).unwrap();
        socket.write_all(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut page = String::new();
        socket.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 404 "), "{page}");
    }
    prlimit(
        Some(bind.pid()),
        Resource::Nofile,
        Rlimit { current: before.current.map(|limit| limit.min(4096)), maximum: Some(4096) },
    )
    .unwrap();
    assert_eq!(page_title(&right).0, 200);
    finish_after_report(bind).assert_success();
    drop(idle);
}

#[test]
fn guessed_short_link_reveals_nothing() {
    let mut env = env_with_luffy();
    let mut bind = env.spawn("--json bind --user luffy --short-link --timeout 10m");
    let event: serde_json::Value = serde_json::from_str(&bind.expect_line()).unwrap();
    let short = Url::parse(event["short_link"].as_str().unwrap()).unwrap();
    let (before, digits) = short.as_str().rsplit_once('/').unwrap();
    assert_eq!(digits.len(), 14, "83 bits");
    let near =
        [&digits[1..], &digits[..13], &digits.to_ascii_uppercase(), &format!("{digits}0"), &format!("{digits}/")];
    let far = (0..500).map(|n| format!("{n:014}"));
    for guess in near.iter().map(|guess| (*guess).to_owned()).filter(|guess| guess != digits).chain(far) {
        let answer = http_client().get(format!("{before}/{guess}")).send().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (404, None), "{guess}");
    }
    // The valid short link still redirects, and the binding is made.
    let answer = http_client().get(short).send().unwrap();
    let link = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(link, event["url"].as_str().unwrap());
    assert_eq!(page_title(&authorize(&link, "luffy")).0, 200);
    finish_after_report(bind).assert_success();
    assert_eq!((bound_openids(&env).as_deref(), exchange_count(&mut env)), (Some(LUFFY), 1));
}
