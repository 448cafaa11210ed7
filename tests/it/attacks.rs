//! Strangers at the callback who know, or guess, a part of what the right call has; and machines that run out of
//! files while it waits.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, Signal, prlimit};
use url::Url;

use crate::bind::{told, with_luffy};
use crate::harness::{LUFFY, NAMI, Spawned, World, allow, open, own_address, phone};
use crate::run_child::after;

fn value(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// The call with this code and this state.
fn call(at: &Url, code: &str, state: &str) -> Url {
    let mut url = at.clone();
    url.set_query(Some(&format!("code={code}&state={state}")));
    url
}

fn bound(world: &World) -> Option<String> {
    world.sql("SELECT group_concat(openid) FROM bindings")
}

fn exchanges(world: &mut World) -> usize {
    world.sandbox().requests().iter().filter(|line| line.contains("/sns/oauth2/access_token")).count()
}

#[test]
fn a_strangers_code_is_of_no_use_without_the_state() {
    let mut world = with_luffy();
    world.wxbox("user add nami").ok();
    // The stranger is somebody whom the account binds, too: the code is real, and of this very account.
    let elsewhere = own_address();
    let mut command = world.command(&format!("bind --user nami --listen {elsewhere}"));
    command.env("WXBOX_REDIRECT_URI", format!("http://{elsewhere}/callback/"));
    let mut theirs = world.start(command, "bind --user nami");
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let stranger = allow(&theirs.next_line(), "nami");
    let right = allow(&bind.next_line(), "luffy");
    let (code, state) = (value(&stranger, "code"), value(&right, "state"));
    let uid = world.sql::<String>("SELECT uid FROM users WHERE username = 'luffy'");
    assert!(state.starts_with(&uid) && state.len() >= uid.len() + 22);
    let digits = &state[uid.len()..];
    let other = if digits.starts_with('a') { "b" } else { "a" };
    let guesses = [
        value(&stranger, "state"),
        uid.clone(),
        format!("{uid}{}", &value(&stranger, "state")[uid.len()..]),
        format!("{uid}{other}{}", &digits[1..]),
        format!("{state}0"),
        state.to_uppercase(),
        format!("{uid}%00{digits}"),
        format!("%20{state}"),
        format!("{state}&state={state}"),
        format!("{state}&code={code}"),
    ];
    for guess in &guesses {
        let status = open(&call(&right, &code, guess)).0;
        assert_eq!(status, if guess.contains('&') { 400 } else { 403 }, "{guess}");
    }
    for n in 0..500 {
        assert_eq!(open(&call(&right, &code, &format!("{uid}{n:022}"))).0, 403);
    }
    world.sandbox().requests();
    assert_eq!(open(&right).0, 200);
    told(bind).ok();
    assert_eq!(bound(&world).as_deref(), Some(LUFFY));
    assert_eq!(exchanges(&mut world), 1, "nothing of the stranger's was shown to WeChat");
}

#[test]
fn of_two_who_scan_the_same_code_the_first_is_bound_and_the_operator_sees_who() {
    let mut world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let link = bind.next_line();
    let (second, first) = (allow(&link, "luffy"), allow(&link, "nami"));
    assert_eq!(open(&first), (200, "绑定成功".into()));
    let line = bind.next_line();
    assert_eq!(line, format!("bound luffy to {NAMI} (nami)"));
    assert_eq!(open(&second), (409, "链接已被使用".into()));
    bind.signal(Signal::INT);
    bind.end().ok();
    assert_eq!((bound(&world).as_deref(), exchanges(&mut world)), (Some(NAMI), 1));
    // Which the operator mends.
    let mut bind = world.spawn("bind --user luffy --rebind --timeout 10m");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    told(bind).ok();
    assert_eq!(bound(&world).as_deref(), Some(LUFFY));
}

#[test]
fn of_two_who_call_at_the_same_time_one_is_bound() {
    let mut world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let link = bind.next_line();
    let calls = ["luffy", "nami", "luffy", "nami"].map(|person| allow(&link, person));
    let calls = calls.map(|url| std::thread::spawn(move || open(&url).0));
    let mut statuses = calls.map(|call| call.join().unwrap());
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1] / 100), (200, 4), "{statuses:?}");
    told(bind).ok();
    assert_eq!((world.sql::<i64>("SELECT count(*) FROM bindings"), exchanges(&mut world)), (1, 1));
}

#[test]
fn what_was_used_once_is_of_no_use_again() {
    let mut world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let first = allow(&bind.next_line(), "luffy");
    assert_eq!(open(&first).0, 200);
    told(bind).ok();
    let mut bind = world.spawn("bind --user luffy --rebind --timeout 10m");
    let link = bind.next_line();
    assert_eq!(open(&first).0, 403, "the whole of it: the state was another's");
    let right = allow(&link, "nami");
    let replayed = call(&right, &value(&first, "code"), &value(&right, "state"));
    assert_eq!(open(&replayed), (409, "授权已被使用".into()), "its code: WeChat takes it once");
    let swapped = call(&right, &value(&right, "code"), &value(&first, "state"));
    assert_eq!(open(&swapped).0, 403);
    assert_eq!(bound(&world).as_deref(), Some(LUFFY));
    assert_eq!(open(&right).0, 200);
    told(bind).ok();
    assert_eq!((bound(&world).as_deref(), exchanges(&mut world)), (Some(NAMI), 3));
}

#[test]
fn calls_that_arrive_out_of_order_bind_once() {
    let mut world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let link = bind.next_line();
    let [first, second, third] = [(); 3].map(|()| allow(&link, "luffy"));
    // The phone tapped three times, and a middle box put the last one first.
    assert_eq!(open(&third).0, 200);
    assert_eq!(open(&first).0, 409);
    assert_eq!(open(&third).0, 200, "the same page for the same call");
    assert_eq!(open(&second).0, 409);
    told(bind).ok();
    assert_eq!((bound(&world).as_deref(), exchanges(&mut world)), (Some(LUFFY), 1));
}

fn at(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).unwrap()[0]
}

/// Connections that say nothing, and are kept.
fn idle(at: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count).filter_map(|_| TcpStream::connect(at).ok()).collect()
}

fn under_few_files(world: &World, count: u32, line: &str) -> Spawned {
    world.start(after(world, &format!("ulimit -n {count}"), line), line)
}

#[test]
fn with_few_files_the_phone_is_answered_amid_idle_connections() {
    for count in [64, 32] {
        let world = with_luffy();
        let mut bind = under_few_files(&world, count, "bind --user luffy --timeout 10m");
        let right = allow(&bind.next_line(), "luffy");
        let kept = idle(at(&right), 200);
        assert_eq!(open(&right).0, 200);
        // Also what is looked up behind the binding finds a file to open.
        told(bind).ok();
        drop(kept);
        let mut sandbox = under_few_files(&world, count, "sandbox --json --listen 127.0.0.1:0");
        let started: serde_json::Value = serde_json::from_str(&sandbox.next_line()).unwrap();
        let url = Url::parse(started["url"].as_str().unwrap()).unwrap();
        let kept = idle(at(&url), 200);
        assert_eq!(open(&url.join("/").unwrap()).0, 200);
        drop(kept);
    }
}

/// The limit goes down while it waits, so that accepting itself fails.
#[test]
fn accepting_that_fails_is_no_end() {
    let world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --timeout 10m");
    let right = allow(&bind.next_line(), "luffy");
    let before =
        prlimit(Some(bind.pid()), Resource::Nofile, Rlimit { current: Some(24), maximum: Some(4096) }).unwrap();
    let kept = idle(at(&right), 100);
    for _ in 0..20 {
        // Each is taken in the place of one that is idle.
        let mut socket = TcpStream::connect(at(&right)).unwrap();
        socket.write_all(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut page = String::new();
        socket.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 404 "), "{page}");
    }
    prlimit(
        Some(bind.pid()),
        Resource::Nofile,
        Rlimit { current: before.current.map(|it| it.min(4096)), maximum: Some(4096) },
    )
    .unwrap();
    assert_eq!(open(&right).0, 200);
    told(bind).ok();
    drop(kept);
}

#[test]
fn a_short_link_that_is_guessed_tells_nothing() {
    let mut world = with_luffy();
    let mut bind = world.spawn("--json bind --user luffy --short-link --timeout 60s");
    let event: serde_json::Value = serde_json::from_str(&bind.next_line()).unwrap();
    let short = Url::parse(event["short_link"].as_str().unwrap()).unwrap();
    let (before, digits) = short.as_str().rsplit_once('/').unwrap();
    assert_eq!(digits.len(), 14, "83 bits");
    let near =
        [&digits[1..], &digits[..13], &digits.to_ascii_uppercase(), &format!("{digits}0"), &format!("{digits}/")];
    let far = (0..500).map(|n| format!("{n:014}"));
    for guess in near.iter().map(|it| (*it).to_owned()).filter(|it| it != digits).chain(far) {
        let answer = phone().get(format!("{before}/{guess}")).send().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (404, None), "{guess}");
    }
    // The right one leads on still, and the binding is made.
    let answer = phone().get(short).send().unwrap();
    let link = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(link, event["url"].as_str().unwrap());
    assert_eq!(open(&allow(&link, "luffy")).0, 200);
    told(bind).ok();
    assert_eq!((bound(&world).as_deref(), exchanges(&mut world)), (Some(LUFFY), 1));
}
