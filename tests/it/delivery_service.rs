//! The delivery service of a long-lived process: it delivers what other processes queue.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use rusqlite::Connection;
use url::Url;
use wxbox::access_token::Account;
use wxbox::delivery::{DeliveryEvent, DeliveryOptions, DeliveryService, DeliveryServiceEvent, DeliveryServiceSettings};
use wxbox::store::{Message, MessageState};
use wxbox::wechat::{Client, ClientSettings, Endpoint};

use crate::support::TEST_TIMEOUT;
use crate::support::env::{NAMI, TEMPLATE_ARGS, TestEnv};
use crate::support::proxy::{Direction, InterceptingProxy};

const CUSTOM_PATH: &str = "/cgi-bin/message/custom";

/// A service in this process, with its events.
struct RunningService {
    service: DeliveryService,
    events: Receiver<DeliveryServiceEvent>,
}

/// Returns the settings in the config file.
fn settings(env: &mut TestEnv) -> DeliveryServiceSettings {
    let config: toml::Table = env.read_config().parse().unwrap();
    let api_base = vec![Url::parse(config["network"]["api_base"].as_str().unwrap()).unwrap()];
    let client_settings =
        ClientSettings { api_base, timeout: TEST_TIMEOUT, proxy: None, ca_file: None, secret_source: None };
    let sandbox = env.sandbox();
    let options = DeliveryOptions {
        account: Account {
            app_id: sandbox.app_id.clone(),
            secret: sandbox.app_secret.clone().into(),
            endpoint: Endpoint::Stable,
        },
        concurrency: 4,
        rate: 0,
        wait: Duration::from_secs(20),
        max_attempts: 0,
        retain: Duration::from_secs(3600),
        deliver: true,
    };
    DeliveryServiceSettings { client: Client::new(&client_settings).unwrap(), options }
}

fn start(env: &TestEnv, settings: DeliveryServiceSettings) -> RunningService {
    let (sink, events) = unbounded();
    // The test may have ended.
    let service = DeliveryService::start(env.database_path(), settings, move |event| drop(sink.send(event))).unwrap();
    RunningService { service, events }
}

/// Returns whether the event only reports the progress of a run. On a busy machine a process may
/// hold the database for longer than usual.
fn is_progress(event: &DeliveryServiceEvent) -> bool {
    let DeliveryServiceEvent::Run(event) = event else { return false };
    matches!(event, DeliveryEvent::AttemptEnded { .. } | DeliveryEvent::DatabaseLocked { .. })
}

#[track_caller]
fn settled_message(event: DeliveryServiceEvent) -> Message {
    match event {
        DeliveryServiceEvent::Run(DeliveryEvent::Settled { message, .. }) => *message,
        event => panic!("{event:?}"),
    }
}

impl RunningService {
    /// Returns the next event that is not about the progress of a run.
    fn next_event(&self) -> DeliveryServiceEvent {
        loop {
            let event = self.events.recv_timeout(TEST_TIMEOUT).unwrap();
            if !is_progress(&event) {
                return event;
            }
        }
    }

    /// Waits for a message that a run has finished with.
    #[track_caller]
    fn expect_settled(&self) -> Message {
        settled_message(self.next_event())
    }

    #[track_caller]
    fn expect_sent(&self, id: i64) {
        let message = self.expect_settled();
        assert_eq!((message.id, message.state), (id, MessageState::Sent), "{message:?}");
    }

    #[track_caller]
    fn expect_failing(&self) -> String {
        match self.next_event() {
            DeliveryServiceEvent::Failing { error, .. } => error.to_string(),
            event => panic!("{event:?}"),
        }
    }

    #[track_caller]
    fn expect_recovered(&self) {
        let event = self.next_event();
        assert!(matches!(event, DeliveryServiceEvent::Recovered), "{event:?}");
    }

    /// Stops the service, and returns the messages that it settles before it ends.
    #[track_caller]
    fn stop(self, timeout: Duration) -> Vec<Message> {
        self.service.stop(Instant::now() + timeout);
        self.service.join();
        let mut events: Vec<_> = self.events.iter().collect();
        assert!(matches!(events.pop(), Some(DeliveryServiceEvent::Stopped)));
        let settled = events.into_iter().map(|event| match event {
            DeliveryServiceEvent::Run(DeliveryEvent::Settled { message, .. }) => *message,
            event => panic!("{event:?}"),
        });
        settled.collect()
    }
}

/// Queues messages from another process.
#[track_caller]
fn queue(env: &TestEnv, what: &str) {
    env.run(&format!("-q send --no-wait {what}")).assert_success();
}

/// Waits until the messages have these states.
#[track_caller]
fn await_states(env: &TestEnv, states: &str) {
    let deadline = Instant::now() + TEST_TIMEOUT;
    while env.message_states() != states {
        assert!(Instant::now() < deadline, "{}", env.message_states());
    }
}

fn execute(env: &TestEnv, sql: &str) {
    Connection::open(env.database_path()).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn service_delivers_what_another_process_queues() {
    let mut env = TestEnv::with_bound_luffy();
    queue(&env, "-u luffy before");
    let settings = settings(&mut env);
    let running = start(&env, settings);
    running.expect_sent(1);
    queue(&env, "-u luffy during");
    running.expect_sent(2);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
    assert_eq!(env.message_states(), "sent sent");
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE claimed_by NOTNULL"), 0);
}

#[test]
fn message_does_not_wait_for_hanging_request() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("template list").assert_success();
    let relay = InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(Direction::Request, CUSTOM_PATH);
    let settings = settings(&mut env);
    let running = start(&env, settings);
    queue(&env, "-u luffy hello");
    relay.expect_arrival();
    queue(&env, &format!("-u luffy {TEMPLATE_ARGS}"));
    running.expect_sent(2);
    // The first request is still in flight, and is abandoned at the deadline.
    let settled = running.stop(Duration::ZERO);
    let states: Vec<_> = settled.iter().map(|message| (message.id, message.state)).collect();
    assert_eq!(states, [(1, MessageState::Unknown)]);
    assert_eq!(env.message_states(), "unknown sent");
    drop(relay);
}

#[test]
fn stop_waits_for_response() {
    let mut env = TestEnv::with_bound_luffy();
    let relay = InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(Direction::Response, CUSTOM_PATH);
    let settings = settings(&mut env);
    let running = start(&env, settings);
    queue(&env, "-u luffy hello");
    relay.expect_arrival();
    running.service.stop(Instant::now() + TEST_TIMEOUT);
    // Nothing more is started.
    queue(&env, "-u luffy later");
    relay.resume_all();
    running.expect_sent(1);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
    assert_eq!(env.message_states(), "sent queued");
}

#[test]
fn reload_ends_run_and_releases_what_it_has_not_started() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("template list").assert_success();
    let relay = InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(Direction::Response, CUSTOM_PATH);
    let mut settings = settings(&mut env);
    settings.options.concurrency = 1;
    queue(&env, "-u luffy hello");
    queue(&env, &format!("-u luffy {TEMPLATE_ARGS}"));
    let running = start(&env, settings.clone());
    relay.expect_arrival();
    // The run has claimed both, and has only one request in flight.
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE claimed_by NOTNULL"), 2);
    running.service.reload(settings);
    running.expect_sent(2);
    relay.resume_all();
    running.expect_sent(1);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

#[test]
fn scheduled_message_leaves_when_it_is_due() {
    let mut env = TestEnv::with_bound_luffy();
    queue(&env, "-u luffy hello");
    execute(&env, "UPDATE messages SET due_at = due_at + 1500");
    let settings = settings(&mut env);
    let running = start(&env, settings);
    running.expect_sent(1);
    let sql = "SELECT started_at >= created_at + 1500 FROM attempts JOIN messages ON messages.id = message_id";
    assert!(env.query::<bool>(sql));
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

#[test]
fn refused_message_is_retried_within_seconds() {
    let mut env = TestEnv::with_bound_luffy();
    env.set_text_fault("nth = 1\nerrcode = -1");
    let settings = settings(&mut env);
    let running = start(&env, settings);
    queue(&env, "-u luffy hello");
    let message = running.expect_settled();
    assert_eq!((message.state, message.attempts), (MessageState::Sent, 2));
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

#[test]
fn two_services_send_each_message_once() {
    let mut env = TestEnv::with_scenario("crowd = 100\n");
    env.add_generated_users(100);
    let settings = settings(&mut env);
    let services = [start(&env, settings.clone()), start(&env, settings)];
    queue(&env, &format!("--all {TEMPLATE_ARGS}"));
    let mut ids: Vec<i64> = Vec::new();
    while ids.len() < 100 {
        let mut select = crossbeam_channel::Select::new();
        for running in &services {
            select.recv(&running.events);
        }
        let ready = select.ready_timeout(TEST_TIMEOUT).unwrap();
        let event = services[ready].events.recv().unwrap();
        if is_progress(&event) {
            continue;
        }
        let message = settled_message(event);
        assert_eq!(message.state, MessageState::Sent);
        ids.push(message.id);
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=100).collect::<Vec<_>>());
    for running in services {
        assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
    }
    let stats = env.sandbox().stats();
    assert_eq!((&stats["delivered"], &stats["twice"]), (&100.into(), &0.into()));
    assert_eq!(stats["calls"]["/cgi-bin/message/template/send"], 100);
}

#[test]
fn locked_database_is_reported_once_and_waited_for() {
    let mut env = TestEnv::with_bound_luffy();
    queue(&env, "-u luffy hello");
    let settings = settings(&mut env);
    let lock = Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let running = start(&env, settings);
    assert!(running.expect_failing().contains("locked"));
    drop(lock);
    running.expect_recovered();
    running.expect_sent(1);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

#[test]
fn database_that_is_not_there_yet_is_used_once_it_is() {
    let mut env = TestEnv::with_bound_luffy();
    queue(&env, "-u luffy hello");
    let settings = settings(&mut env);
    let path = env.database_path();
    std::fs::rename(&path, env.path("away.db")).unwrap();
    std::fs::create_dir(&path).unwrap();
    let running = start(&env, settings);
    running.expect_failing();
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(env.path("away.db"), &path).unwrap();
    running.expect_recovered();
    running.expect_sent(1);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

#[test]
fn refused_account_is_tried_at_once_with_new_settings() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    let settings = settings(&mut env);
    let mut wrong = settings.clone();
    wrong.options.account.secret = "0".repeat(32).into();
    let running = start(&env, wrong);
    queue(&env, "-u luffy hello");
    assert!(running.expect_failing().contains("AppSecret"));
    running.service.reload(settings);
    running.expect_recovered();
    running.expect_sent(1);
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}

/// The death of a process changes nothing in the database.
#[test]
fn messages_of_killed_process_are_recovered() {
    let mut env = TestEnv::with_bound_luffy();
    let relay = InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(Direction::Request, CUSTOM_PATH);
    let send = env.spawn("-q send -u luffy hello");
    relay.expect_arrival();
    let settings = settings(&mut env);
    let running = start(&env, settings);
    // After it has delivered another message, the service knows that a live process has claimed the
    // first one.
    env.run("template list").assert_success();
    queue(&env, &format!("-u luffy {TEMPLATE_ARGS}"));
    running.expect_sent(2);
    send.signal(rustix::process::Signal::KILL);
    send.wait();
    await_states(&env, "unknown sent");
    assert_eq!(running.stop(TEST_TIMEOUT).len(), 0);
}
