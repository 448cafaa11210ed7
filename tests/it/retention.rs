//! `send.retain`: finished messages older than it are deleted when a message is sent.

use crate::support::env::TestEnv;

const DAY_MS: i64 = 86_400_000;

/// Returns an environment with three messages that were sent that many milliseconds ago.
fn env_with_aged_messages(ages: [i64; 3]) -> TestEnv {
    let mut env = TestEnv::with_bound_luffy();
    env.sandbox();
    for id in 1..=3 {
        env.run(&format!("send -u luffy text-{id}")).assert_success();
    }
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    for (id, age) in (1..).zip(ages) {
        let sql = "UPDATE messages SET created_at = created_at - ?2, sent_at = sent_at - ?2,
                   updated_at = updated_at - ?2, finished_at = finished_at - ?2 WHERE id = ?1";
        assert_eq!(database.execute(sql, [id, age]).unwrap(), 1);
    }
    env
}

fn remaining_messages(env: &TestEnv) -> String {
    let sql = "SELECT group_concat(m.id || ' ' || c.json, ', ' ORDER BY m.id) FROM messages m JOIN payloads c ON c.id = m.payload_id";
    assert_eq!(env.count("messages"), env.count("payloads"));
    env.query::<String>(sql).replace(r#"{"type":"text","content":""#, "").replace("\"}", "")
}

#[test]
fn pruning_removes_old_message_with_content() {
    let env = env_with_aged_messages([92 * DAY_MS, 90 * DAY_MS + 60_000, 90 * DAY_MS - 60_000]);
    env.run("send -u luffy now").assert_success();
    assert_eq!(remaining_messages(&env), "3 text-3, 4 now");
    assert_eq!(env.count("attempts"), 2);
}

/// Deleting waits for the disk, so it does not happen at each send.
#[test]
fn pruning_may_lag_by_one_percent() {
    let env = env_with_aged_messages([90 * DAY_MS + DAY_MS / 2, 90 * DAY_MS, 0]);
    env.run("send -u luffy now").assert_success();
    assert_eq!(remaining_messages(&env), "1 text-1, 2 text-2, 3 text-3, 4 now");
    env.run("outbox prune --older-than 90d").assert_success();
    assert_eq!(remaining_messages(&env), "3 text-3, 4 now");
}

/// Applies a change to the database, and checks that of the old messages only the first remains.
#[track_caller]
fn assert_only_first_remains(env: &TestEnv, change: &str) {
    rusqlite::Connection::open(env.database_path()).unwrap().execute(change, []).unwrap();
    env.run("send -u luffy now").assert_success();
    assert_eq!(remaining_messages(env), "1 text-1, 3 text-3, 4 now");
}

#[test]
fn retried_message_is_kept_and_delays_no_pruning() {
    let env = env_with_aged_messages([200 * DAY_MS, 200 * DAY_MS, 0]);
    let again = "UPDATE messages SET finished_at = finished_at + 150 * 86400000 WHERE id = 1";
    assert_only_first_remains(&env, again);
}

/// The message was finished while WeChat's time was unknown: its age counts from WeChat's next
/// response.
#[test]
fn message_finished_by_local_clock_is_kept() {
    let env = env_with_aged_messages([200 * DAY_MS, 200 * DAY_MS, 0]);
    assert_only_first_remains(&env, "UPDATE messages SET finished_at = NULL WHERE id = 1");
    let since = env.query::<i64>("SELECT finished_at FROM messages WHERE id = 1");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(since > i64::try_from(now.as_millis()).unwrap() - DAY_MS, "{since}");
}

/// An unsent part waits for the part before it, however old that is.
#[test]
fn part_with_waiting_successor_is_kept() {
    let mut env = TestEnv::with_bound_luffy();
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 1\nreset = \"before\"\n");
    let text = "a line of a text that is too long for one message\n".repeat(60);
    assert_eq!(env.run_with_stdin("send -u luffy --split -", text).status(), Some(6));
    let states = "SELECT group_concat(state, ' ' ORDER BY id) FROM messages";
    assert_eq!(env.query::<String>(states), "unknown queued");
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    database.execute("UPDATE messages SET updated_at = 1, finished_at = 1, created_at = 1", []).unwrap();
    drop(database);
    assert_eq!(env.run("outbox prune --older-than 1d").assert_success().stdout(), "deleted 0 messages\n");
    env.run("send --openid oNami_draws_maps_of_the_sea1 -t backup -d host=a -d size=b -d time=c").assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(env.query::<String>(states), "unknown queued sent");
    // Once the user has resolved the part, the rest is deleted.
    env.run("outbox retry 1").assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(env.query::<String>(states), "sent sent sent");
}

/// The clock was fast when the message was sent.
#[test]
fn future_message_does_not_delay_pruning() {
    let env = env_with_aged_messages([-400 * DAY_MS, 92 * DAY_MS, 0]);
    env.run("send -u luffy now").assert_success();
    assert_eq!(remaining_messages(&env), "1 text-1, 3 text-3, 4 now");
}

#[test]
fn another_accounts_messages_stay() {
    let env = env_with_aged_messages([200 * DAY_MS, 200 * DAY_MS, 0]);
    let theirs = "UPDATE messages SET app_id = 'wxffffffffffffffff' WHERE id = 1";
    assert_only_first_remains(&env, theirs);
}
