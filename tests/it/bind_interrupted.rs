//! `bind` while a signal arrives or while other commands change the user.

use std::io::Read;

use rustix::process::Signal;

use crate::bind::{env_with_luffy, finish_after_report};
use crate::bind_errors::start_pending_callback;
use crate::support::env::{LUFFY, authorize, http_client};
use crate::support::scripted_server::ScriptedServer;

/// The database stays locked until the end of the test.
#[test]
fn signal_while_database_locked_ends_bind_and_serves_page() {
    let answer = format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}");
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut env = env_with_luffy();
        let wechat = ScriptedServer::start();
        let (bind, mut phone) = start_pending_callback(&mut env, &wechat, "bind --user luffy");
        let lock = rusqlite::Connection::open(env.database_path()).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        wechat.respond(200, &answer);
        bind.signal(signal);
        let mut page = String::new();
        phone.read_to_string(&mut page).unwrap();
        assert!(page.ends_with("</html>"), "{page}");
        let ended = bind.wait();
        assert_eq!(ended.status(), Some(status), "{}", ended.stderr());
        assert!(ended.stderr().ends_with("interrupted\n"), "{}", ended.stderr());
        drop(lock);
        assert_eq!(env.count("bindings"), 0);
    }
}

#[test]
fn signal_while_wechat_stalls_serves_page() {
    let mut env = env_with_luffy();
    let wechat = ScriptedServer::start();
    let (bind, mut phone) = start_pending_callback(&mut env, &wechat, "bind --user luffy");
    bind.signal(Signal::TERM);
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 403") && page.ends_with("</html>"), "{page}");
    assert_eq!((bind.wait().status(), env.count("bindings")), (Some(143), 0));
}

#[test]
fn renamed_user_is_reported_by_new_name() {
    let env = env_with_luffy();
    let mut bind = env.spawn("--json bind --user luffy");
    let link: serde_json::Value = serde_json::from_str(&bind.expect_line()).unwrap();
    let callback = authorize(link["url"].as_str().unwrap(), "luffy");
    env.run("user edit luffy --rename lucy").assert_success();
    let page = http_client().get(callback).send().unwrap().text().unwrap();
    assert!(page.contains(">lucy<"), "{page}");
    let ended = finish_after_report(bind).assert_success();
    let bound = ended.json_lines().pop().unwrap();
    assert_eq!((&bound["event"], &bound["user"]), (&"bound".into(), &"lucy".into()));
}
