//! A message to a person goes to whom the person is bound to when the attempt begins, and to nobody else.

use crate::harness::{LUFFY, NAMI, World};

const TEMPLATE: &str = "-t backup -d host=db1 -d size=1 -d time=now";
/// luffy's new phone: it is nami's in the sandbox.
const NEW: &str = NAMI;

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world
}

fn faults(world: &mut World, plan: &str) {
    world.sandbox().form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/*\"\n{plan}\n"));
}

/// The phones that got something, in order.
fn phones(world: &mut World) -> Vec<String> {
    let inbox = world.sandbox().inbox();
    inbox.iter().map(|it| it["openid"].as_str().unwrap_or_default().to_owned()).collect()
}

fn states(world: &World) -> String {
    world.sql("SELECT group_concat(state, ' ' ORDER BY id) FROM messages")
}

/// What a run holds and has not begun is another phone's, or nobody's, from the moment that the command has ended.
#[test]
fn what_a_run_holds_follows_the_binding() {
    for (change, state) in
        [(format!("bind -u luffy --rebind --openid {NEW}"), "sent"), ("unbind -u luffy".to_owned(), "cancelled")]
    {
        let mut world = world();
        faults(&mut world, "nth = 1\nhang = \"before\"");
        for _ in 0..2 {
            world.wxbox(&format!("-q send -u luffy --no-wait {TEMPLATE}")).ok();
        }
        // The first is under way, and the second held: a process has twice as many as it sends at a time.
        let run = world.spawn("outbox flush");
        while world.sandbox().stats()["calls"]["/cgi-bin/message/template/send"] != 1 {}
        world.wxbox(&change).ok();
        run.signal(rustix::process::Signal::TERM);
        run.end();
        world.wxbox("outbox flush");
        assert!(states(&world).ends_with(state), "{change}: {}", states(&world));
        let got = phones(&mut world);
        assert!(!got.contains(&LUFFY.to_owned()), "{change}: {got:?}");
        assert_eq!(got.len(), usize::from(state == "sent"), "{change}");
    }
}

#[test]
fn what_may_have_arrived_is_not_repeated_to_another_phone() {
    let mut world = world();
    faults(&mut world, "nth = 1\nreset = \"after\"");
    world.wxbox(&format!("send -u luffy {TEMPLATE}"));
    world.wxbox(&format!("bind -u luffy --rebind --openid {NEW}")).ok();
    world.sql::<i64>("UPDATE messages SET due_at = 1 RETURNING 1");
    assert_eq!(world.wxbox("outbox flush").status(), Some(6));
    assert_eq!((states(&world).as_str(), phones(&mut world)), ("unknown", vec![LUFFY.to_owned()]));
}

#[test]
fn a_retry_follows_the_binding_and_says_so() {
    let mut world = world();
    faults(&mut world, "nth = 1\nerrcode = 43004");
    world.wxbox(&format!("send -u luffy {TEMPLATE}"));
    world.wxbox("unbind -u luffy").ok();
    let ran = world.wxbox("outbox retry 1");
    assert_eq!(ran.status(), Some(4), "who is not bound gets nothing");
    assert!(ran.stderr().contains("the person is not bound"), "{}", ran.stderr());
    world.wxbox(&format!("bind -u luffy --openid {NEW}")).ok();
    let ran = world.wxbox("outbox retry 1").ok();
    assert!(ran.stderr().contains(NEW), "{}", ran.stderr());
    assert_eq!(phones(&mut world), [NEW]);
    assert_eq!(
        world.sql::<String>("SELECT group_concat(openid, ' ' ORDER BY n) FROM attempts"),
        format!("{LUFFY} {NEW}"),
        "each attempt says where it went"
    );
}

#[test]
fn an_openid_that_was_given_stays() {
    let mut world = world();
    world.wxbox(&format!("send --openid {LUFFY} --no-wait {TEMPLATE}")).ok();
    world.wxbox(&format!("bind -u luffy --rebind --openid {NEW}")).ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(phones(&mut world), [LUFFY]);
}

#[test]
fn a_key_is_the_persons() {
    let mut world = world();
    world.wxbox(&format!("send -u luffy --key K {TEMPLATE}")).ok();
    world.wxbox(&format!("bind -u luffy --rebind --openid {NEW}")).ok();
    assert!(world.wxbox(&format!("send -u luffy --key K {TEMPLATE}")).ok().stdout().starts_with("nothing sent"));
    // The openid is another recipient.
    world.wxbox(&format!("send --openid {NEW} --key K {TEMPLATE}")).ok();
    assert_eq!(phones(&mut world), [LUFFY, NEW]);
}

/// Somebody bound anew while `send` looks the person up is bound all along.
#[test]
fn a_rebinding_beside_a_send_does_not_stop_it() {
    let mut world = world();
    let held = rusqlite::Connection::open(world.database()).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = world.spawn(&format!("send -u luffy --no-wait {TEMPLATE}"));
    held.execute("UPDATE bindings SET openid = ?1", [NEW]).unwrap();
    held.execute_batch("COMMIT").unwrap();
    run.end().ok();
    world.wxbox("outbox flush").ok();
    assert_eq!(phones(&mut world), [NEW]);
}
