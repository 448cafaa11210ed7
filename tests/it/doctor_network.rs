//! The report of `doctor` if the database, the clock or the network has a fault, and if a check
//! stalls.

use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;
use snapbox::str;
use wxbox::http_server::{HttpResponse, HttpServer, Limits, ServerHandle};

use crate::doctor::{assert_problems, problem_lines};
use crate::support::canned_server::TOKEN_BODY;
use crate::support::env::{LUFFY, TestEnv, unique_address};
use crate::support::pty::Terminal;

/// Returns an environment whose config points at that API, with luffy bound.
fn env_with_api(api: &str, network: &str) -> TestEnv {
    let (env, listen) = (TestEnv::without_config(), unique_address());
    env.write_config(&format!(
        "app_id = \"wx0123456789abcdef\"\napp_secret = \"0123456789abcdef0123456789abcdef\"\n\
         redirect_uri = \"http://{listen}/callback/\"\n[listen]\naddress = \"{listen}\"\n\
         [network]\nopen_base = \"http://127.0.0.1\"\napi_base = \"{api}\"\n{network}\n"
    ));
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env
}

/// Starts a platform that answers one call and reports another time.
fn start_server_with_date(date: std::time::SystemTime) -> (ServerHandle, String) {
    let server = HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap();
    let date = httpdate::fmt_http_date(date);
    let running = server.start(move |request| {
        let body =
            if request.path == "/cgi-bin/stable_token" { TOKEN_BODY } else { r#"{"errcode":76021,"errmsg":"x"}"# };
        HttpResponse::json(200, body).with_header("Date", &date)
    });
    let running = running.unwrap();
    let url = format!("http://{}", running.local_addr());
    (running, url)
}

#[test]
fn wrong_clock_is_reported() {
    let now = std::time::SystemTime::now();
    let span = std::time::Duration::from_secs;
    for (date, expected) in [
        (now + span(2 * 3600), "failure clock: the clock is 1h 59m"),
        (now - span(2 * 3600), "failure clock: the clock is 2h"),
        (now - span(120), "warning clock: the clock is 2m"),
    ] {
        let (_running, url) = start_server_with_date(date);
        let found = problem_lines(&env_with_api(&url, "").run("--json doctor")).join("\n");
        assert!(found.starts_with(expected), "{found}");
        let direction = if date > now { " behind 127.0.0.1" } else { " ahead of 127.0.0.1" };
        assert!(found.contains(direction) && found.contains("timedatectl set-ntp true"), "{found}");
    }
}

#[test]
fn unreachable_host_is_reported() {
    assert_problems(
        &env_with_api("http://127.0.0.1:1", ""),
        str![[r#"
failure tls: cannot reach 127.0.0.1:1: Connection refused (os error 111) | start `wxbox sandbox`, or correct network.api_base
failure token: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111) | start `wxbox sandbox`, or correct network.api_base

"#]],
    );
    // With a second host that is reachable, all checks pass.
    let (_running, url) = start_server_with_date(std::time::SystemTime::now());
    let env = env_with_api("http://127.0.0.1:1", "");
    env.replace_in_config(&[("\"http://127.0.0.1:1\"", &format!("[\"http://127.0.0.1:1\", \"{url}\"]"))]);
    assert_problems(
        &env,
        str![[r#"
warning tls: cannot reach 127.0.0.1:1: Connection refused (os error 111) | start `wxbox sandbox`, or correct network.api_base
warning apis: cannot determine which APIs the account can use | -

"#]],
    );
}

#[test]
fn unknown_host_and_missing_proxy_are_reported() {
    let env = env_with_api("https://wechat.invalid", "");
    let found = problem_lines(&env.run("--json doctor"));
    assert!(found[0].starts_with("failure names: cannot resolve wechat.invalid: "), "{found:?}");
    assert!(found[1].starts_with("failure tls: cannot reach wechat.invalid: "), "{found:?}");
    let mut env = env_with_api("https://wechat.invalid", "proxy = \"http://user:geheim@127.0.0.1:1\"");
    assert_problems(
        &env,
        str![[r#"
failure proxy: cannot connect to http://127.0.0.1:1 (network.proxy): Connection refused (os error 111) | check the proxy in network.proxy, or remove it
failure tls: cannot reach wechat.invalid: through the proxy http://127.0.0.1:1 (network.proxy): Connection refused (os error 111) | check the proxy in network.proxy, or remove it
failure token: cannot get an access token: cannot reach wechat.invalid: through the proxy http://127.0.0.1:1 (network.proxy): Connection refused (os error 111) | check the proxy in network.proxy, or remove it

"#]],
    );
    env.replace_in_config(&[("proxy = \"http://user:geheim@127.0.0.1:1\"", "")]);
    env.set_variable("HTTPS_PROXY", "http://user:geheim@127.0.0.1:1");
    assert_problems(
        &env,
        str![[r#"
failure proxy: cannot connect to http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111) | check the proxy in HTTPS_PROXY, or remove it
failure tls: cannot reach wechat.invalid: through the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111) | check the proxy in HTTPS_PROXY, or remove it
failure token: cannot get an access token: cannot reach wechat.invalid: through the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111) | check the proxy in HTTPS_PROXY, or remove it

"#]],
    );
    env.set_variable("NO_PROXY", "wechat.invalid");
    let found = problem_lines(&env.run("--json doctor"));
    assert!(found[0].starts_with("failure names: cannot resolve wechat.invalid: "), "{found:?}");
    env_with_api("https://wechat.invalid", "ca_file = \"config.toml\"").run("-q doctor").assert_snapshot(str![[r#"
exit 3
--- stdout
failure  names: cannot resolve wechat.invalid: failed to lookup address information: Name or service not known
         fix: check the network and /etc/resolv.conf; behind a proxy, set network.proxy
failure  TLS: cannot use the CA file [HOME]/.config/wxbox/config.toml: the file contains no usable block that begins with -----BEGIN

"#]]);
}

#[test]
fn stalled_check_is_reported_without_blocking() {
    // The API stalls: the sandbox would end the request after two minutes.
    let env = TestEnv::with_scenario("[[faults]]\nhang = \"before\"");
    env.replace_in_config(&[("[network]\n", "[network]\ntimeout = \"1s\"\n")]);
    assert_problems(
        &env,
        str![[r#"
failure token: no response from 127.0.0.1:[PORT]: timed out | check the network, network.api_base and network.proxy

"#]],
    );
    // The host accepts connections and sends nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_problems(
        &env_with_api(&format!("http://{}", silent.local_addr().unwrap()), "timeout = \"1s\""),
        str![[r#"
failure tls: no response from 127.0.0.1:[PORT]: timed out | check the network, network.api_base and network.proxy
failure token: cannot get an access token: no response from 127.0.0.1:[PORT]: timed out | check the network, network.api_base and network.proxy

"#]],
    );
    // A file without an end.
    let env = TestEnv::new();
    assert!(Command::new("mkfifo").arg(env.path("secret")).status().unwrap().success());
    let mut line = env.command("doctor");
    line.env("WXBOX_APP_SECRET_FILE", env.path("secret"));
    let ran = env.spawn_command(line, "doctor").wait();
    assert_eq!(ran.status(), Some(3));
    assert!(ran.stdout().starts_with("failure  config: no response within 4 seconds\n"), "{}", ran.stdout());
}

#[test]
fn unusable_database_is_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("backup broken.db").assert_success();
    let mut bytes = std::fs::read(env.path("broken.db")).unwrap();
    bytes[4096..8192].fill(0x55);
    std::fs::write(env.path("broken.db"), bytes).unwrap();
    let found = problem_lines(&env.run("--json --database broken.db doctor")).join("\n");
    assert!(found.starts_with("failure database: the database broken.db is damaged"), "{found}");
    assert!(found.contains("`wxbox help recovery`"), "{found}");
    env.write_file("text", "a shopping list\n".repeat(100));
    env.assert_session(str![[r#"
$ wxbox --database text -q doctor
failure  database: text is not a database
         fix: check --database, WXBOX_DATABASE or the key database; if the file was a database before, see `wxbox help recovery`; the file was not changed
exit 3
$ wxbox --database text/wxbox.db -q doctor
failure  database: cannot open the database text/wxbox.db: Not a directory (os error 20)
         fix: check that the user of wxbox can write the file and its directory
exit 3

"#]]);
    // A database of a development build is named, and left unchanged.
    let old = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/unreleased.db");
    std::fs::copy(old, env.path("old.db")).unwrap();
    let before = std::fs::read(env.path("old.db")).unwrap();
    let ran = env.run("--database old.db doctor");
    assert_eq!(ran.status(), Some(3));
    assert!(ran.stdout().contains("was created by a development version before the first release"), "{}", ran.stdout());
    assert!(before == std::fs::read(env.path("old.db")).unwrap());
}

#[test]
fn undelivered_messages_are_reported() {
    let env = TestEnv::with_bound_luffy();
    env.run("send --user luffy --no-wait hello").assert_success();
    assert!(env.run("-v doctor").assert_success().stdout().contains("outbox: 1 message is queued, the oldest for "));
    env.query::<i64>("UPDATE messages SET due_at = due_at - 7500000, created_at = created_at - 7500000 RETURNING id");
    assert_problems(
        &env,
        str![[r#"
warning outbox: 1 message has been due for 2h 5m, and no process is sending them | keep `wxbox serve` running, or run `wxbox outbox flush` every few minutes with cron or a systemd timer

"#]],
    );
    // A live process owns the others: it will deliver this one.
    env.query::<i64>(
        "INSERT INTO messages (app_id, openid, type, state, created_at, updated_at, due_at, expire_after, expires_at, claimed_by)
         SELECT app_id, openid, type, state, created_at, updated_at, due_at, expire_after, expires_at, '00' FROM messages RETURNING id",
    );
    let lock = std::fs::File::create(env.path(".local/share/wxbox/wxbox.db-worker-00")).unwrap();
    lock.lock().unwrap();
    assert_eq!(problem_lines(&env.run("--json doctor")), Vec::<String>::new());
    drop(lock);
    assert_problems(
        &env,
        str![[r#"
warning outbox: 2 messages are due, the first for 2h 5m, and no process is sending them | keep `wxbox serve` running, or run `wxbox outbox flush` every few minutes with cron or a systemd timer

"#]],
    );
    env.query::<i64>(
        "UPDATE messages SET state = 'unknown', claimed_by = NULL, created_at = created_at + 7500000 RETURNING id",
    );
    assert_problems(
        &env,
        str![[r#"
warning outbox: 2 messages of the last day may or may not have arrived | run `wxbox outbox list --state unknown` to see them, and `wxbox outbox retry --unknown` to send them again; recipients may get them twice

"#]],
    );
    env.query::<i64>("UPDATE messages SET created_at = created_at - 90000000 RETURNING id");
    assert_eq!(problem_lines(&env.run("--json doctor")), Vec::<String>::new());
}

#[test]
fn terminal_output_is_colored_and_signal_ends_wait() {
    let env = TestEnv::new();
    env.replace_in_config(&[("id = \"backup", "id = \"gone")]);
    let ended = Terminal::start(env.command("-v doctor"), 60, 200).wait().assert_status(3);
    let text = ended.text();
    assert!(ended.is_echo_on && !ended.screen.hide_cursor() && !text.contains("looking"), "{text}");
    assert!(text.ends_with("1 failure, 0 warnings; 16 checks passed"), "{text}");
    let colour = |word: &str| {
        let row = text.lines().position(|line| line.starts_with(word)).unwrap();
        ended.screen.cell(row.try_into().unwrap(), 0).unwrap().fgcolor()
    };
    assert_eq!([colour("ok "), colour("failure ")], [vt100::Color::Idx(2), vt100::Color::Idx(1)]);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let env = env_with_api(&format!("http://{}", silent.local_addr().unwrap()), "");
    let mut terminal = Terminal::start(env.command("doctor"), 40, 200);
    terminal.answer("checking, ", "\x03");
    let ended = terminal.wait().assert_status(130);
    assert!(ended.is_echo_on && !ended.screen.hide_cursor(), "{}", ended.text());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let env = env_with_api(&format!("http://{}", silent.local_addr().unwrap()), "");
    let run = env.spawn("doctor");
    // The test waits for the connection, so the signal does not arrive before it can be handled.
    let _asked = silent.accept().unwrap();
    run.signal(Signal::TERM);
    assert_eq!(run.wait().status(), Some(143));
}
