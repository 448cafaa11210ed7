//! `bind` beside a signal, and beside other commands that change the person.

use std::io::Read;

use rustix::process::Signal;

use crate::bind::{told, with_luffy};
use crate::bind_trouble::phone_waits;
use crate::harness::{LUFFY, allow, phone};
use crate::scripted::Scripted;

/// The database stays locked until everything is over.
#[test]
fn a_signal_ends_the_wait_for_a_locked_database_and_the_phone_gets_a_page() {
    let answer = format!("{{\"openid\":\"{LUFFY}\",\"access_token\":\"t\",\"scope\":\"snsapi_base\"}}");
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut world = with_luffy();
        let wechat = Scripted::start();
        let (bind, mut phone) = phone_waits(&mut world, &wechat, "bind --user luffy");
        let held = rusqlite::Connection::open(world.database()).unwrap();
        held.execute_batch("BEGIN IMMEDIATE").unwrap();
        wechat.answer(200, &answer);
        bind.signal(signal);
        let mut page = String::new();
        phone.read_to_string(&mut page).unwrap();
        assert!(page.ends_with("</html>"), "{page}");
        let ended = bind.end();
        assert_eq!(ended.status(), Some(status), "{}", ended.stderr());
        assert!(ended.stderr().ends_with("interrupted\n"), "{}", ended.stderr());
        drop(held);
        assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings"), 0);
    }
}

#[test]
fn the_phone_gets_a_page_though_wechat_does_not_answer() {
    let mut world = with_luffy();
    let wechat = Scripted::start();
    let (bind, mut phone) = phone_waits(&mut world, &wechat, "bind --user luffy");
    bind.signal(Signal::TERM);
    let mut page = String::new();
    phone.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 403") && page.ends_with("</html>"), "{page}");
    assert_eq!((bind.end().status(), world.sql::<i64>("SELECT count(*) FROM bindings")), (Some(143), 0));
}

#[test]
fn who_is_renamed_during_the_wait_is_told_by_the_new_name() {
    let world = with_luffy();
    let mut bind = world.spawn("--json bind --user luffy");
    let link: serde_json::Value = serde_json::from_str(&bind.next_line()).unwrap();
    let callback = allow(link["url"].as_str().unwrap(), "luffy");
    world.wxbox("user edit luffy --rename lucy").ok();
    let page = phone().get(callback).send().unwrap().text().unwrap();
    assert!(page.contains(">lucy<"), "{page}");
    let ended = told(bind).ok();
    let bound = ended.json().pop().unwrap();
    assert_eq!((&bound["event"], &bound["user"]), (&"bound".into(), &"lucy".into()));
}
