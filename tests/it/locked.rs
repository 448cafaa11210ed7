//! A database that another process keeps locked: it can be read; what would write says so in time; and what a message
//! under way came to is waited for, since nobody else knows it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use snapbox::str;
use url::Url;
use wxbox::delivery::{Event, Hand, Orders, Run, Work};
use wxbox::error::classify;
use wxbox::store::{Error, State, Store};
use wxbox::token::Account;
use wxbox::wechat::{Endpoint, Settings};

use crate::harness::{LUFFY, NAMI, World};
use crate::relay::{Relay, Side};

const MESSAGE: &str = "/cgi-bin/message/";
const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";
/// For what the program gives ten seconds.
const PATIENCE: Duration = Duration::from_millis(20);

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox("template list").ok();
    world
}

/// Locked until it is dropped.
fn lock(world: &World) -> Connection {
    let database = Connection::open(world.database()).unwrap();
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    database
}

fn open(world: &World) -> Store {
    Store::open(&world.database()).unwrap().patient_for(PATIENCE).unwrap()
}

/// Something that is written.
fn write(world: &World) -> Result<(), Error> {
    open(world).forget_files()
}

/// Messages by state, and the number of attempts.
fn stands(world: &World) -> String {
    let states = "SELECT group_concat(state, ' ') FROM (SELECT state FROM messages ORDER BY id)";
    world.sql(&format!("SELECT ({states}) || ', ' || (SELECT sum(attempts) FROM messages) || ' attempts'"))
}

#[track_caller]
fn arrived(world: &mut World, delivered: i64) {
    let stats = world.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&delivered.into(), &0.into()));
}

/// A delivery in this process, as `send` and `outbox flush` have it, of messages that are queued already.
fn deliver(world: &mut World, ids: &[i64], concurrency: usize) -> Run {
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let api_base = vec![Url::parse(config["network"]["api_base"].as_str().unwrap()).unwrap()];
    let settings =
        Settings { api_base, timeout: Duration::from_secs(60), proxy: None, ca_file: None, secret_from: None };
    let sandbox = world.sandbox();
    let account = Account {
        app_id: sandbox.app_id.clone(),
        secret: sandbox.app_secret.clone().into(),
        endpoint: Endpoint::Stable,
    };
    let orders = Orders {
        account,
        concurrency,
        rate: 0,
        wait: Duration::ZERO,
        max_attempts: 0,
        retain: Duration::from_secs(3600),
        deliver: true,
    };
    Run::begin(
        open(world),
        Hand::begin(settings).unwrap().ready().unwrap(),
        orders,
        Work::Messages(ids.to_vec()),
        || {},
    )
    .unwrap()
}

fn next(run: &Run) -> Event {
    run.events.recv_timeout(Duration::from_secs(60)).unwrap()
}

#[test]
fn it_can_be_read() {
    let world = world();
    let held = lock(&world);
    let lines =
        ["user list", "user show luffy", "user export", "outbox list", "outbox status", "token", "backup copy.db"];
    lines.iter().for_each(|line| drop(world.wxbox(line).ok()));
    world.wxbox("send -u luffy hello --dry-run").ok();
    drop(held);
}

/// With a log that has grown, and that who reads would move into the file.
#[test]
fn nor_does_the_end_of_a_reader_wait() {
    let world = world();
    // Somebody reads, so that it cannot be moved at once.
    let reader = Connection::open(world.database()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    let held = Connection::open(world.database()).unwrap();
    held.execute_batch("CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(500000)); BEGIN EXCLUSIVE").unwrap();
    let store = Store::open(&world.database()).unwrap().patient_for(Duration::from_secs(3600)).unwrap();
    drop(store);
    drop((held, reader));
}

#[test]
fn what_would_write_says_so_and_changes_nothing() {
    let world = world();
    let held = lock(&world);
    let report = classify(&write(&world).unwrap_err().into());
    drop(held);
    assert_eq!(report.exit.code(), 1);
    let said = format!("error: {}\nhint: {}\n", report.what, report.hint.unwrap());
    snapbox::assert_data_eq!(
        said.replace(world.home.path().to_str().unwrap(), "[HOME]"),
        str![[r#"
error: the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
hint: wait until the other wxbox, backup or sqlite3 is done with it, then try again; `fuser -v FILE` shows which process has it

"#]]
    );
    world.wxbox("user show luffy").ok();
}

#[test]
fn with_nothing_under_way_nothing_is_sent() {
    let mut world = world();
    world.wxbox("send -u luffy --no-wait hello").ok();
    let held = lock(&world);
    let run = deliver(&mut world, &[1], 1);
    assert!(matches!(next(&run), Event::Queued(1)));
    let error = loop {
        match next(&run) {
            Event::Broken(error) => break error,
            Event::Stopped(_) => {}
            Event::Settled { message, .. } => assert_eq!(message.state, State::Queued),
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(error.downcast_ref(), Some(Error::Busy { .. })), "{error}");
    drop(held);
    assert_eq!(stands(&world), "queued, 0 attempts");
    world.wxbox("outbox flush").ok();
    arrived(&mut world, 1);
}

#[test]
fn an_outcome_waits_for_longer_than_anything_else() {
    let mut world = world();
    let relay = Relay::between(&mut world);
    world.wxbox("send -u luffy --no-wait hello").ok();
    relay.hold(Side::Answer, MESSAGE);
    let run = deliver(&mut world, &[1], 1);
    relay.holds();
    let held = lock(&world);
    relay.release();
    assert!(matches!(next(&run), Event::Queued(1)));
    assert!(matches!(next(&run), Event::Locked { messages: 1, .. }));
    // Others have lost their patience meanwhile, more than once.
    for _ in 0..3 {
        assert!(matches!(write(&world), Err(Error::Busy { .. })));
    }
    drop(held);
    let Event::Settled { message, .. } = next(&run) else { panic!("it is told") };
    assert_eq!((message.state, message.attempts), (State::Sent, 1));
    assert!(matches!(next(&run), Event::Over));
    assert_eq!(stands(&world), "sent, 1 attempts");
    arrived(&mut world, 1);
}

/// A text hangs, a template's token is refused, and the new one cannot be kept.
#[test]
fn nor_does_a_token_that_cannot_be_kept_lose_an_outcome() {
    let mut world = World::of("[[faults]]\napi = \"/cgi-bin/message/template/send\"\nnth = [1]\nerrcode = 40001\n");
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("template list").ok();
    let relay = Relay::between(&mut world);
    world.wxbox("send -u luffy --no-wait hello").ok();
    world.wxbox(&format!("send -u luffy --no-wait {TEMPLATE}")).ok();
    relay.hold(Side::Answer, "/message/custom/send");
    relay.hold_too(Side::Answer, "/stable_token");
    let run = deliver(&mut world, &[1, 2], 2);
    relay.holds();
    relay.holds();
    let held = lock(&world);
    relay.let_pass("/stable_token");
    assert!(matches!(next(&run), Event::Queued(2)));
    let Event::Stopped(error) = next(&run) else { panic!("it stops") };
    assert!(error.to_string().contains("locked"), "{error}");
    relay.release();
    assert!(matches!(next(&run), Event::Locked { messages: 1, .. }));
    drop(held);
    let Event::Settled { message, .. } = next(&run) else { panic!("it is told") };
    assert_eq!((message.id, message.state), (1, State::Sent));
    while !matches!(next(&run), Event::Over) {}
    assert_eq!(stands(&world), "sent queued, 2 attempts");
    world.wxbox("outbox flush").ok();
    arrived(&mut world, 2);
}

/// Waits for the word that it waits, with the answer there and the database locked.
fn waiting(world: &World, relay: &Relay, what: &str) -> (std::process::Child, Vec<String>, Connection) {
    relay.hold(Side::Answer, MESSAGE);
    let mut command = world.command(&format!("send -u luffy --key k {what}"));
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    relay.holds();
    let held = lock(world);
    relay.release();
    let mut said = Vec::new();
    let mut lines = BufReader::new(run.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    said.extend(lines.next());
    (run, said, held)
}

#[test]
fn a_run_says_that_it_waits_and_goes_on() {
    let mut world = world();
    let relay = Relay::between(&mut world);
    let (run, said, held) = waiting(&world, &relay, "hello");
    assert!(said[0].contains("is locked by another process; one message is under way"), "{said:?}");
    drop(held);
    let end = run.wait_with_output().unwrap();
    assert!(end.status.success() && end.stderr.is_empty(), "{end:?}");
    assert_eq!(stands(&world), "sent, 1 attempts");
    arrived(&mut world, 1);
}

#[test]
fn whoever_does_not_wait_is_told_what_was_not_written_down() {
    for (what, status, state) in [("hello", 6, "unknown, 1 attempts"), (TEMPLATE, 0, "sent, 2 attempts")] {
        let mut world = world();
        let relay = Relay::between(&mut world);
        let (run, _, held) = waiting(&world, &relay, what);
        kill_process(Pid::from_child(&run), Signal::INT).unwrap();
        let end = run.wait_with_output().unwrap();
        assert_eq!(end.status.code(), Some(130));
        let said = String::from_utf8(end.stderr).unwrap().replace(world.home.path().to_str().unwrap(), "[HOME]");
        snapbox::assert_data_eq!(
            said,
            str![[r#"
stopping; waiting up to two seconds for the answer under way
error: message 1 was tried (now sent), and that could not be written down: the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
error: the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
hint: wait until the other wxbox, backup or sqlite3 is done with it, then try again; `fuser -v FILE` shows which process has it
interrupted

"#]]
        );
        drop(held);
        world.wxbox("-q outbox flush").ok();
        assert_eq!(stands(&world), state);
        assert_eq!(world.wxbox(&format!("send -u luffy --key k {what}")).status(), Some(status));
        arrived(&mut world, 1);
    }
}
