//! A message to a user goes to the openid that the user is bound to when the attempt begins, and to
//! no other.

use crate::support::env::{LUFFY, NAMI, TEMPLATE_ARGS, TestEnv};

/// The openid of luffy's new phone, which is nami's in the sandbox.
const NEW_OPENID: &str = NAMI;

fn set_faults(env: &mut TestEnv, plan: &str) {
    env.sandbox().post_form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/*\"\n{plan}\n"));
}

/// Returns the openids that received a message, in order.
fn recipients(env: &mut TestEnv) -> Vec<String> {
    let inbox = env.sandbox().inbox();
    inbox.iter().map(|message| message["openid"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Once the binding command has ended, a claimed message that was not attempted yet goes to the new
/// phone, or is not sent.
#[test]
fn claimed_message_follows_new_binding() {
    for (change, state) in
        [(format!("bind -u luffy --rebind --openid {NEW_OPENID}"), "sent"), ("unbind -u luffy".to_owned(), "cancelled")]
    {
        let mut env = TestEnv::with_bound_luffy();
        set_faults(&mut env, "nth = 1\nhang = \"before\"");
        for _ in 0..2 {
            env.run(&format!("-q send -u luffy --no-wait {TEMPLATE_ARGS}")).assert_success();
        }
        // The first message is in flight and the second is claimed: a process claims twice as many
        // messages as it sends at a time.
        let run = env.spawn("outbox flush");
        while env.sandbox().stats()["calls"]["/cgi-bin/message/template/send"] != 1 {}
        env.run(&change).assert_success();
        run.signal(rustix::process::Signal::TERM);
        run.wait();
        env.run("outbox flush");
        assert!(env.message_states().ends_with(state), "{change}: {}", env.message_states());
        let got = recipients(&mut env);
        assert!(!got.contains(&LUFFY.to_owned()), "{change}: {got:?}");
        assert_eq!(got.len(), usize::from(state == "sent"), "{change}");
    }
}

#[test]
fn ambiguous_message_is_not_sent_to_new_phone() {
    let mut env = TestEnv::with_bound_luffy();
    set_faults(&mut env, "nth = 1\nreset = \"after\"");
    env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
    env.run(&format!("bind -u luffy --rebind --openid {NEW_OPENID}")).assert_success();
    env.query::<i64>("UPDATE messages SET due_at = 1 RETURNING 1");
    assert_eq!(env.run("outbox flush").status(), Some(6));
    assert_eq!((env.message_states().as_str(), recipients(&mut env)), ("unknown", vec![LUFFY.to_owned()]));
}

#[test]
fn retry_follows_new_binding_and_reports_it() {
    let mut env = TestEnv::with_bound_luffy();
    set_faults(&mut env, "nth = 1\nerrcode = 43004");
    env.run(&format!("send -u luffy {TEMPLATE_ARGS}"));
    env.run("unbind -u luffy").assert_success();
    let ran = env.run("outbox retry 1");
    assert_eq!(ran.status(), Some(4), "who is not bound gets nothing");
    assert!(ran.stderr().contains("its user is not bound"), "{}", ran.stderr());
    env.run(&format!("bind -u luffy --openid {NEW_OPENID}")).assert_success();
    let ran = env.run("outbox retry 1").assert_success();
    assert!(ran.stderr().contains(NEW_OPENID), "{}", ran.stderr());
    assert_eq!(recipients(&mut env), [NEW_OPENID]);
    assert_eq!(
        env.query::<String>("SELECT group_concat(openid, ' ' ORDER BY number) FROM attempts"),
        format!("{LUFFY} {NEW_OPENID}"),
        "each attempt says where it went"
    );
}

#[test]
fn explicit_openid_is_not_rebound() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("send --openid {LUFFY} --no-wait {TEMPLATE_ARGS}")).assert_success();
    env.run(&format!("bind -u luffy --rebind --openid {NEW_OPENID}")).assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(recipients(&mut env), [LUFFY]);
}

#[test]
fn dedupe_key_is_per_user() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("send -u luffy --key K {TEMPLATE_ARGS}")).assert_success();
    env.run(&format!("bind -u luffy --rebind --openid {NEW_OPENID}")).assert_success();
    assert!(
        env.run(&format!("send -u luffy --key K {TEMPLATE_ARGS}"))
            .assert_success()
            .stdout()
            .starts_with("sent nothing")
    );
    // The openid is another recipient than the user.
    env.run(&format!("send --openid {NEW_OPENID} --key K {TEMPLATE_ARGS}")).assert_success();
    assert_eq!(recipients(&mut env), [LUFFY, NEW_OPENID]);
}

/// A user who is rebound while `send` looks up the user counts as bound all the time.
#[test]
fn rebinding_during_send_does_not_stop_it() {
    let mut env = TestEnv::with_bound_luffy();
    let lock = rusqlite::Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = env.spawn(&format!("send -u luffy --no-wait {TEMPLATE_ARGS}"));
    lock.execute("UPDATE bindings SET openid = ?1", [NEW_OPENID]).unwrap();
    lock.execute_batch("COMMIT").unwrap();
    run.wait().assert_success();
    env.run("outbox flush").assert_success();
    assert_eq!(recipients(&mut env), [NEW_OPENID]);
}
