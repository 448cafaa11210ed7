//! The follow state of users: unknown, not yet following, no longer following.

use serde_json::{Value, json};

use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO};
use crate::support::pty::Terminal;

/// Returns an environment with two bound users: luffy follows and has written, zoro does not
/// follow.
fn env_with_followers() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add zoro --openid {ZORO}")).assert_success();
    env
}

/// Returns `reachable`, `follows` and `has_followed`.
fn follow_fields(env: &TestEnv, name: &str) -> Value {
    let user = &env.run(&format!("--json user show {name}")).assert_success().json_lines()[0];
    json!([user["reachable"], user["follows"], user["has_followed"]])
}

fn follow_text(env: &TestEnv, name: &str) -> String {
    let ran = env.run(&format!("user show {name}")).assert_success();
    let row = ran.stdout().lines().find_map(|line| line.strip_prefix("Follows")).map(str::trim);
    row.unwrap_or_default().to_owned()
}

#[test]
fn never_followed_differs_from_unfollowed() {
    let mut env = env_with_followers();
    assert_eq!(follow_fields(&env, "zoro"), json!([true, null, false]));
    assert_eq!(follow_text(&env, "zoro"), "unknown; run `wxbox user sync` to ask WeChat");
    assert!(!env.run("user list").assert_success().stdout().contains("follow"));
    assert!(env.run("user sync").assert_success().stdout().starts_with("zoro does not follow the account and cannot"));
    assert_eq!(follow_fields(&env, "luffy"), json!([true, true, true]));
    assert_eq!(follow_text(&env, "luffy"), "yes");
    assert_eq!(follow_fields(&env, "zoro"), json!([false, false, false]));
    assert!(follow_text(&env, "zoro").starts_with("no, not since the binding"));
    let list = env.run("user list").assert_success();
    assert_eq!(list.stdout(), format!("luffy\t{LUFFY}\t\t\t\nzoro\t{ZORO}\t\t\tdoes not follow\n"));

    env.sandbox().post_form("follow", "person=zoro&follows=1");
    assert!(env.run("user sync").assert_success().stdout().starts_with("zoro now follows the account\n"));
    assert_eq!(follow_fields(&env, "zoro"), json!([true, true, true]));
    env.sandbox().post_form("follow", "person=zoro&follows=0");
    let unfollowed = env.run("--json user sync").assert_success().json_lines();
    assert_eq!((&unfollowed[0]["event"], &unfollowed[0]["has_followed"]), (&json!("unfollowed"), &json!(true)));
    assert_eq!(follow_fields(&env, "zoro"), json!([false, false, true]));
    assert_eq!(follow_text(&env, "zoro"), "no (unfollowed)");
    assert!(env.run("user list").assert_success().stdout().ends_with("\tunfollowed\n"));
    env.sandbox().post_form("follow", "person=zoro&follows=1");
    assert!(env.run("user sync").assert_success().stdout().starts_with("zoro follows the account again\n"));

    // The follow state of another phone is unknown.
    env.run(&format!("bind --user zoro --rebind --openid {NAMI}")).assert_success();
    assert_eq!(follow_fields(&env, "zoro"), json!([true, null, false]));
}

#[test]
fn message_outcomes_update_follow_state() {
    let mut env = env_with_followers();
    let assert_status = |env: &TestEnv, line: &str, status| assert_eq!(env.run(line).status(), Some(status), "{line}");
    assert_status(&env, "send -u luffy hello", 0);
    assert_eq!(follow_fields(&env, "luffy"), json!([true, true, true]));
    assert_status(&env, "send -u zoro -t backup", 5);
    assert_eq!(follow_fields(&env, "zoro"), json!([false, false, false]));
    let all = env.run("send --all -t backup").assert_success();
    assert!(all.stderr().contains("(`wxbox user list` shows why): zoro"), "{}", all.stderr());
    env.sandbox().post_form("follow", "person=luffy&follows=0");
    assert_status(&env, "send -u luffy -t backup", 5);
    assert_eq!(follow_fields(&env, "luffy"), json!([false, false, true]));
    let nobody = env.run("send --all -t backup");
    assert_eq!(nobody.status(), Some(4));
    assert!(nobody.stderr().contains("hint: run `wxbox user list` to see why"), "{}", nobody.stderr());
    env.sandbox().post_form("follow", "person=luffy&follows=1");
    assert_status(&env, "send -u luffy -t backup", 0);
    assert_eq!(follow_fields(&env, "luffy"), json!([true, true, true]));
}

#[test]
fn queried_follow_state_is_cached() {
    let mut env = env_with_followers();
    env.run(&format!("follower show {ZORO}")).assert_success();
    assert_eq!(follow_fields(&env, "zoro"), json!([false, false, false]));
    // The user is not skipped: a person who was just bound is about to follow.
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode NOTNULL"), 0);
    env.sandbox().post_form("follow", "person=zoro&follows=1");
    env.run(&format!("follower show {ZORO}")).assert_success();
    assert_eq!(follow_fields(&env, "zoro"), json!([true, true, true]));
}

#[test]
fn user_list_shows_why_a_person_cannot_be_reached() {
    let env = TestEnv::new();
    for (name, openid) in [("luffy", LUFFY), ("nami", NAMI), ("zoro", ZORO)] {
        env.run(&format!("user add {name} --openid {openid}")).assert_success();
    }
    env.run("user add robin").assert_success();
    let list = |options: &str| env.run(&format!("user list {options}")).assert_success().stdout().to_owned();
    let status = |name: &str| {
        let listed = list("");
        let row = listed.lines().find(|line| line.starts_with(&format!("{name}\t"))).unwrap();
        row.split('\t').nth(4).unwrap().to_owned()
    };
    let reason = |name: &str| {
        let user = &env.run(&format!("--json user show {name}")).assert_success().json_lines()[0];
        assert_eq!(user["reachable"], user["reason"].is_null());
        user["reason"].clone()
    };
    let change = |sql: &str| {
        let sql = format!("UPDATE bindings SET {sql} WHERE openid = '{NAMI}'");
        rusqlite::Connection::open(env.database_path()).unwrap().execute_batch(&sql).unwrap();
    };
    assert_eq!((status("robin"), reason("robin")), ("not bound".into(), "not_bound".into()));
    assert_eq!((status("zoro"), reason("zoro")), (String::new(), Value::Null));
    assert_eq!(env.run("send --user zoro -t backup").status(), Some(5));
    assert_eq!((status("zoro"), reason("zoro")), ("does not follow".into(), "not_following".into()));
    change("follows = 0, has_followed = 1");
    assert_eq!((status("nami"), reason("nami")), ("unfollowed".into(), "unfollowed".into()));
    change("follows = 1, unreachable_errcode = 40003");
    assert_eq!((status("nami"), reason("nami")), ("refused (40003)".into(), "refused".into()));
    // A person who wrote long ago gets templates, and texts after writing again.
    let long_ago = "UPDATE bindings SET last_wrote_at = 1583076600000";
    rusqlite::Connection::open(env.database_path()).unwrap().execute_batch(long_ago).unwrap();
    assert_eq!((status("luffy"), reason("luffy")), (String::new(), Value::Null));
    let user = env.run("--json user show luffy").assert_success().json_lines().remove(0);
    assert_eq!(user["texts_until"], "2020-03-03T15:30:00Z");
    assert_eq!(list("--reachable"), format!("luffy\t{LUFFY}\t\t\t\n"));
    let names = |options: &str| -> Vec<String> {
        list(options).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names("--unreachable"), ["nami", "robin", "zoro"]);
    assert_eq!(names("--unreachable --bound"), ["nami", "zoro"]);
    let unreachable = env.run("--json user list --unreachable").assert_success().json_lines();
    assert_eq!(unreachable.len(), 3);
    // On a terminal, the column is shown only if it is not empty.
    let screen = |options: &str| {
        let ended = Terminal::start(env.command(&format!("user list {options}")), 20, 80).wait();
        ended.text()
    };
    assert!(!screen("--reachable").contains("STATUS"));
    let all = screen("");
    assert!(all.contains("STATUS") && all.contains("not bound") && all.contains("does not follow"), "{all}");
    assert!(screen("--reachable --unbound").contains("no matching users"));
}
