//! A database that another process keeps locked: it can be read, and a command that would write
//! reports the lock in time. A command waits for the lock to record the outcome of a message in
//! flight, because no other process knows it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use snapbox::str;
use url::Url;
use wxbox::access_token::Account;
use wxbox::delivery::{DeliveryEvent, DeliveryOptions, DeliveryRun, DeliverySource};
use wxbox::report::classify;
use wxbox::store::{Error, MessageState, Store};
use wxbox::wechat::{Client, ClientSettings, Endpoint};

use crate::support::TEST_TIMEOUT;
use crate::support::env::{LUFFY, NAMI, TEMPLATE_ARGS, TestEnv};
use crate::support::proxy::{Direction, InterceptingProxy};

const MESSAGE_PATH: &str = "/cgi-bin/message/";
/// The busy timeout of the store in these tests; the program's is ten seconds.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

fn env_with_luffy() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run("template list").assert_success();
    env
}

/// Locks the database until the connection is dropped.
fn lock_database(env: &TestEnv) -> Connection {
    let database = Connection::open(env.database_path()).unwrap();
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    database
}

fn open_store(env: &TestEnv) -> Store {
    Store::open(&env.database_path()).unwrap().with_busy_timeout(BUSY_TIMEOUT).unwrap()
}

/// Performs a write.
fn write_something(env: &TestEnv) -> Result<(), Error> {
    open_store(env).delete_sent_files()
}

/// Returns the messages by state, and the number of attempts.
fn outbox_summary(env: &TestEnv) -> String {
    let states = "SELECT group_concat(state, ' ') FROM (SELECT state FROM messages ORDER BY id)";
    env.query(&format!("SELECT ({states}) || ', ' || (SELECT sum(attempts) FROM messages) || ' attempts'"))
}

#[track_caller]
fn assert_delivered(env: &mut TestEnv, delivered: i64) {
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&delivered.into(), &0.into()));
}

/// Starts a delivery of queued messages in this process, as `send` and `outbox flush` do.
fn start_delivery(env: &mut TestEnv, ids: &[i64], concurrency: usize) -> DeliveryRun {
    let config = env.read_config();
    let config: toml::Table = config.parse().unwrap();
    let api_base = vec![Url::parse(config["network"]["api_base"].as_str().unwrap()).unwrap()];
    let settings = ClientSettings { api_base, timeout: TEST_TIMEOUT, proxy: None, ca_file: None, secret_source: None };
    let sandbox = env.sandbox();
    let account = Account {
        app_id: sandbox.app_id.clone(),
        secret: sandbox.app_secret.clone().into(),
        endpoint: Endpoint::Stable,
    };
    let orders = DeliveryOptions {
        account,
        concurrency,
        rate: 0,
        wait: Duration::ZERO,
        max_attempts: 0,
        retain: Duration::from_secs(3600),
        deliver: true,
    };
    DeliveryRun::start(
        open_store(env),
        Client::new(&settings).unwrap(),
        orders,
        DeliverySource::Messages(ids.to_vec()),
        || {},
    )
    .unwrap()
}

/// Returns the next event that concerns a message or the run.
fn next_event(run: &DeliveryRun) -> DeliveryEvent {
    loop {
        match run.events.recv_timeout(TEST_TIMEOUT).unwrap() {
            DeliveryEvent::AttemptEnded { .. } => {}
            event => return event,
        }
    }
}

#[test]
fn locked_database_can_be_read() {
    let env = env_with_luffy();
    let lock = lock_database(&env);
    let lines =
        ["user list", "user show luffy", "user export", "outbox list", "outbox status", "token", "backup copy.db"];
    lines.iter().for_each(|line| drop(env.run(line).assert_success()));
    env.run("send -u luffy hello --dry-run").assert_success();
    drop(lock);
}

/// The write-ahead log has grown, so that a reader would move it into the database file at exit.
#[test]
fn reader_exit_does_not_wait_for_lock() {
    let env = env_with_luffy();
    // Another reader keeps the log from being moved immediately.
    let reader = Connection::open(env.database_path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    let lock = Connection::open(env.database_path()).unwrap();
    lock.execute_batch("CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(500000)); BEGIN EXCLUSIVE").unwrap();
    let store = Store::open(&env.database_path()).unwrap().with_busy_timeout(Duration::from_secs(3600)).unwrap();
    drop(store);
    drop((lock, reader));
}

#[test]
fn write_while_locked_fails_without_changes() {
    let env = env_with_luffy();
    let lock = lock_database(&env);
    let report = classify(&write_something(&env).unwrap_err().into());
    drop(lock);
    assert_eq!(report.exit.code(), 1);
    let expected = format!("error: {}\nhint: {}\n", report.message, report.hint.unwrap());
    snapbox::assert_data_eq!(
        expected.replace(env.home.path().to_str().unwrap(), "[HOME]"),
        str![[r#"
error: the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
hint: wait until the other wxbox, backup or sqlite3 has ended, then try again; run `fuser -v FILE` to see the process

"#]]
    );
    env.run("user show luffy").assert_success();
}

#[test]
fn lock_before_first_attempt_sends_nothing() {
    let mut env = env_with_luffy();
    env.run("send -u luffy --no-wait hello").assert_success();
    let lock = lock_database(&env);
    let run = start_delivery(&mut env, &[1], 1);
    assert!(matches!(next_event(&run), DeliveryEvent::Queued(1)));
    let error = loop {
        match next_event(&run) {
            DeliveryEvent::Aborted(error) => break error,
            DeliveryEvent::SendingStopped(_) => {}
            DeliveryEvent::Settled { message, .. } => assert_eq!(message.state, MessageState::Queued),
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(error.downcast_ref(), Some(Error::Busy { .. })), "{error}");
    drop(lock);
    assert_eq!(outbox_summary(&env), "queued, 0 attempts");
    env.run("outbox flush").assert_success();
    assert_delivered(&mut env, 1);
}

#[test]
fn outcome_waits_longest_for_lock() {
    let mut env = env_with_luffy();
    let relay = InterceptingProxy::in_front_of(&mut env);
    env.run("send -u luffy --no-wait hello").assert_success();
    relay.pause_at(Direction::Response, MESSAGE_PATH);
    let run = start_delivery(&mut env, &[1], 1);
    relay.expect_arrival();
    let lock = lock_database(&env);
    relay.resume_all();
    assert!(matches!(next_event(&run), DeliveryEvent::Queued(1)));
    assert!(matches!(next_event(&run), DeliveryEvent::DatabaseLocked { in_flight_count: 1, .. }));
    // Other writers have timed out in the meantime, more than once.
    for _ in 0..3 {
        assert!(matches!(write_something(&env), Err(Error::Busy { .. })));
    }
    drop(lock);
    let DeliveryEvent::Settled { message, .. } = next_event(&run) else { panic!("it is told") };
    assert_eq!((message.state, message.attempts), (MessageState::Sent, 1));
    assert!(matches!(next_event(&run), DeliveryEvent::Finished));
    assert_eq!(outbox_summary(&env), "sent, 1 attempts");
    assert_delivered(&mut env, 1);
}

/// A text stalls, a template's token is rejected, and the new token cannot be saved.
#[test]
fn unsaved_token_keeps_outcome() {
    let mut env =
        TestEnv::with_scenario("[[faults]]\napi = \"/cgi-bin/message/template/send\"\nnth = [1]\nerrcode = 40001\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run("template list").assert_success();
    let relay = InterceptingProxy::in_front_of(&mut env);
    env.run("send -u luffy --no-wait hello").assert_success();
    env.run(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
    relay.pause_at(Direction::Response, "/message/custom/send");
    relay.also_pause_at(Direction::Response, "/stable_token");
    let run = start_delivery(&mut env, &[1, 2], 2);
    relay.expect_arrival();
    relay.expect_arrival();
    let lock = lock_database(&env);
    relay.resume("/stable_token");
    assert!(matches!(next_event(&run), DeliveryEvent::Queued(2)));
    let DeliveryEvent::SendingStopped(error) = next_event(&run) else { panic!("it stops") };
    assert!(error.to_string().contains("locked"), "{error}");
    relay.resume_all();
    assert!(matches!(next_event(&run), DeliveryEvent::DatabaseLocked { in_flight_count: 1, .. }));
    drop(lock);
    let DeliveryEvent::Settled { message, .. } = next_event(&run) else { panic!("it is told") };
    assert_eq!((message.id, message.state), (1, MessageState::Sent));
    while !matches!(next_event(&run), DeliveryEvent::Finished) {}
    assert_eq!(outbox_summary(&env), "sent queued, 2 attempts");
    env.run("outbox flush").assert_success();
    assert_delivered(&mut env, 2);
}

/// Waits until the send reports that it waits, with the response received and the database locked.
fn start_send_while_locked(
    env: &TestEnv,
    relay: &InterceptingProxy,
    what: &str,
) -> (std::process::Child, Vec<String>, Connection) {
    relay.pause_at(Direction::Response, MESSAGE_PATH);
    let mut command = env.command(&format!("send -u luffy --key k {what}"));
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    relay.expect_arrival();
    let lock = lock_database(env);
    relay.resume_all();
    let mut stderr_lines = Vec::new();
    let mut lines = BufReader::new(run.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    stderr_lines.extend(lines.next());
    (run, stderr_lines, lock)
}

#[test]
fn send_reports_lock_wait_and_resumes() {
    let mut env = env_with_luffy();
    let relay = InterceptingProxy::in_front_of(&mut env);
    let (run, said, held) = start_send_while_locked(&env, &relay, "hello");
    assert!(said[0].contains("is locked by another process; 1 message is in flight"), "{said:?}");
    drop(held);
    let end = run.wait_with_output().unwrap();
    assert!(end.status.success() && end.stderr.is_empty(), "{end:?}");
    assert_eq!(outbox_summary(&env), "sent, 1 attempts");
    assert_delivered(&mut env, 1);
}

#[test]
fn ctrl_c_while_locked_reports_unsaved_results() {
    for (what, status, state) in [("hello", 6, "unknown, 1 attempts"), (TEMPLATE_ARGS, 0, "sent, 2 attempts")] {
        let mut env = env_with_luffy();
        let relay = InterceptingProxy::in_front_of(&mut env);
        let (run, _, held) = start_send_while_locked(&env, &relay, what);
        kill_process(Pid::from_child(&run), Signal::INT).unwrap();
        let end = run.wait_with_output().unwrap();
        assert_eq!(end.status.code(), Some(130));
        let stderr = String::from_utf8(end.stderr).unwrap().replace(env.home.path().to_str().unwrap(), "[HOME]");
        snapbox::assert_data_eq!(
            stderr,
            str![[r#"
stopping; waiting up to two seconds for responses
error: cannot save the result of message 1 (now sent): the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
error: the database [HOME]/.local/share/wxbox/wxbox.db is locked by another process
hint: wait until the other wxbox, backup or sqlite3 has ended, then try again; run `fuser -v FILE` to see the process
interrupted

"#]]
        );
        drop(held);
        env.run("-q outbox flush").assert_success();
        assert_eq!(outbox_summary(&env), state);
        assert_eq!(env.run(&format!("send -u luffy --key k {what}")).status(), Some(status));
        assert_delivered(&mut env, 1);
    }
}
