//! The follow state of users: unknown, not yet following, no longer following.

use serde_json::{Value, json};

use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO};

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
    assert!(env.run("user sync").assert_success().stdout().starts_with("zoro follows the account now\n"));
    assert_eq!(follow_fields(&env, "zoro"), json!([true, true, true]));
    env.sandbox().post_form("follow", "person=zoro&follows=0");
    let unfollowed = env.run("--json user sync").assert_success().json_lines();
    assert_eq!((&unfollowed[0]["event"], &unfollowed[0]["has_followed"]), (&json!("unfollowed"), &json!(true)));
    assert_eq!(follow_fields(&env, "zoro"), json!([false, false, true]));
    assert_eq!(follow_text(&env, "zoro"), "no longer");
    assert!(env.run("user list").assert_success().stdout().ends_with("\thas unfollowed\n"));
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
