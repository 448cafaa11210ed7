//! Who follows: not known, not yet, no longer.

use serde_json::{Value, json};

use crate::harness::{LUFFY, NAMI, World, ZORO};

/// luffy follows and has written, zoro does not follow; both are bound.
fn crew() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("user add zoro --openid {ZORO}")).ok();
    world
}

/// `reachable`, `follows` and `has_followed`.
fn known(world: &World, name: &str) -> Value {
    let shown = &world.wxbox(&format!("--json user show {name}")).ok().json()[0];
    json!([shown["reachable"], shown["follows"], shown["has_followed"]])
}

fn follows(world: &World, name: &str) -> String {
    let shown = world.wxbox(&format!("user show {name}")).ok();
    let row = shown.stdout().lines().find_map(|line| line.strip_prefix("Follows")).map(str::trim);
    row.unwrap_or_default().to_owned()
}

#[test]
fn who_never_followed_is_told_apart_from_who_has_left() {
    let mut world = crew();
    assert_eq!(known(&world, "zoro"), json!([true, null, false]));
    assert_eq!(follows(&world, "zoro"), "not known; `wxbox user sync` asks WeChat");
    assert!(!world.wxbox("user list").ok().stdout().contains("follow"));
    assert!(world.wxbox("user sync").ok().stdout().starts_with("zoro does not follow the account, and cannot"));
    assert_eq!(known(&world, "luffy"), json!([true, true, true]));
    assert_eq!(follows(&world, "luffy"), "yes");
    assert_eq!(known(&world, "zoro"), json!([false, false, false]));
    assert!(follows(&world, "zoro").starts_with("no, not since the binding"));
    let list = world.wxbox("user list").ok();
    assert_eq!(list.stdout(), format!("luffy\t{LUFFY}\t\t\t\nzoro\t{ZORO}\t\t\tdoes not follow\n"));

    world.sandbox().form("follow", "person=zoro&follows=1");
    assert!(world.wxbox("user sync").ok().stdout().starts_with("zoro follows the account now\n"));
    assert_eq!(known(&world, "zoro"), json!([true, true, true]));
    world.sandbox().form("follow", "person=zoro&follows=0");
    let left = world.wxbox("--json user sync").ok().json();
    assert_eq!((&left[0]["event"], &left[0]["has_followed"]), (&json!("unfollowed"), &json!(true)));
    assert_eq!(known(&world, "zoro"), json!([false, false, true]));
    assert_eq!(follows(&world, "zoro"), "no longer");
    assert!(world.wxbox("user list").ok().stdout().ends_with("\thas unfollowed\n"));
    world.sandbox().form("follow", "person=zoro&follows=1");
    assert!(world.wxbox("user sync").ok().stdout().starts_with("zoro follows the account again\n"));

    // Another phone, of which nothing is known.
    world.wxbox(&format!("bind --user zoro --rebind --openid {NAMI}")).ok();
    assert_eq!(known(&world, "zoro"), json!([true, null, false]));
}

#[test]
fn answers_to_messages_tell_who_follows() {
    let mut world = crew();
    let told = |world: &World, line: &str, status| assert_eq!(world.wxbox(line).status(), Some(status), "{line}");
    told(&world, "send -u luffy hello", 0);
    assert_eq!(known(&world, "luffy"), json!([true, true, true]));
    told(&world, "send -u zoro -t backup", 5);
    assert_eq!(known(&world, "zoro"), json!([false, false, false]));
    let all = world.wxbox("send --all -t backup").ok();
    assert!(all.stderr().contains("(`wxbox user list` shows why): zoro"), "{}", all.stderr());
    world.sandbox().form("follow", "person=luffy&follows=0");
    told(&world, "send -u luffy -t backup", 5);
    assert_eq!(known(&world, "luffy"), json!([false, false, true]));
    let nobody = world.wxbox("send --all -t backup");
    assert_eq!(nobody.status(), Some(4));
    assert!(nobody.stderr().contains("hint: `wxbox user list` shows why"), "{}", nobody.stderr());
    world.sandbox().form("follow", "person=luffy&follows=1");
    told(&world, "send -u luffy -t backup", 0);
    assert_eq!(known(&world, "luffy"), json!([true, true, true]));
}

#[test]
fn what_was_asked_about_a_follower_is_kept() {
    let mut world = crew();
    world.wxbox(&format!("follower show {ZORO}")).ok();
    assert_eq!(known(&world, "zoro"), json!([false, false, false]));
    // Nobody is left out for it: who was bound just now is about to follow.
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable NOTNULL"), 0);
    world.sandbox().form("follow", "person=zoro&follows=1");
    world.wxbox(&format!("follower show {ZORO}")).ok();
    assert_eq!(known(&world, "zoro"), json!([true, true, true]));
}
