//! Faults × text and template × one recipient and several: the state of the messages, the number of
//! attempts, the deliveries, and the exit status.

use serde_json::Value;

use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, TEMPLATE_ARGS, TestEnv};

/// The result of a fault: the state, the attempts, the deliveries and the exit status, for a text
/// and for a template to one recipient; then the same for five recipients of whom only the second
/// is affected by the fault.
struct FaultCase {
    fault: &'static str,
    text: ExpectedResult,
    template: ExpectedResult,
}

type ExpectedResult = (&'static str, i64, i64, i32);

/// The fault is triggered once, at the first call.
#[rustfmt::skip]
const FAULT_CASES: &[FaultCase] = &[
    FaultCase { fault: "errcode = -1", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "errcode = 45011", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "errcode = 42001", text: ("sent", 2, 1, 0), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "errcode = 45009", text: ("queued", 1, 0, 6), template: ("queued", 1, 0, 6) },
    FaultCase { fault: "errcode = 40003", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    FaultCase { fault: "errcode = 43004", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    FaultCase { fault: "errcode = 40037", text: ("failed", 1, 0, 5), template: ("failed", 1, 0, 5) },
    FaultCase { fault: "errcode = 40164", text: ("queued", 1, 0, 3), template: ("queued", 1, 0, 3) },
    FaultCase { fault: "status = 502", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "status = 502\nprocessed = true", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "truncated = true", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "reset = \"before\"", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "reset = \"after\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "hang = \"before\"", text: ("unknown", 1, 0, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "hang = \"after\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "drip = \"200ms\"", text: ("unknown", 1, 1, 6), template: ("sent", 2, 1, 0) },
    FaultCase { fault: "content_type = \"text/html\"", text: ("sent", 1, 1, 0), template: ("sent", 1, 1, 0) },
    FaultCase { fault: "delay = \"20ms\"", text: ("sent", 1, 1, 0), template: ("sent", 1, 1, 0) },
];

fn env_with_fault(fault: &str, nth: usize) -> TestEnv {
    let more = format!("crowd = 5\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = {nth}\ntimes = 1\n{fault}\n");
    let env = TestEnv::with_scenario(&more);
    env.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\""), ("[network]", "[network]\ntimeout = \"1s\"")]);
    env.run("token").assert_success();
    env
}

fn assert_single_recipient(fault: &str, what: &str, (state, attempts, arrived, exit): ExpectedResult) {
    let mut env = env_with_fault(fault, 1);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let ran = env.run(&format!("send --json -u luffy {what}"));
    let found = (ran.json_lines()[0]["state"].as_str().unwrap().to_owned(), ran.json_lines()[0]["attempts"].clone());
    let stats = env.sandbox().stats();
    assert_eq!((found.0.as_str(), found.1, ran.status()), (state, attempts.into(), Some(exit)), "{fault}");
    assert_eq!((&stats["delivered"], &stats["twice"]), (&arrived.into(), &0.into()), "{fault}");
    assert_eq!(env.count("attempts"), attempts, "{fault}");
    let open = "SELECT count(*) FROM attempts WHERE outcome IS NULL";
    assert_eq!(env.query::<i64>(open), 0, "{fault}: no attempt is left open");
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE claimed_by NOTNULL"), 0, "{fault}");
}

fn assert_multiple_recipients(fault: &str, what: &str, (state, attempts, arrived, _): ExpectedResult) {
    let mut env = env_with_fault(fault, 2);
    env.add_generated_users(5);
    let ran = env.run(&format!("send --json --all {what}"));
    let messages = ran.json_lines();
    let of = |state: &str| messages.iter().filter(|message| message["state"] == state).count();
    let stopped = fault.contains("40164") || fault.contains("45009");
    let refused = fault.contains("40037");
    // A fault of the whole account also affects all later recipients; none of their messages is
    // attempted.
    let (sent, not_sent) = match (state, stopped || refused) {
        ("sent", _) => (5, 0),
        (_, true) => (1, 4),
        (_, false) => (4, 1),
    };
    assert_eq!(messages.len(), 5, "{fault}");
    assert_eq!((of("sent"), messages.len() - of("sent")), (sent, not_sent), "{fault}: {messages:?}");
    if state != "sent" {
        assert_eq!(of(state), not_sent, "{fault}");
    }
    let tries: i64 = messages.iter().map(|message| message["attempts"].as_i64().unwrap()).sum();
    let untried = if stopped || refused { 3 } else { 0 };
    assert_eq!(tries, 4 - untried + attempts, "{fault}");
    let exit = match (state, not_sent) {
        ("sent", _) => 0,
        ("failed", _) => 7,
        _ => 6,
    };
    assert_eq!(ran.status(), Some(exit), "{fault}");
    let stats = env.sandbox().stats();
    let arrived = if state == "sent" { 5 } else { i64::try_from(sent).unwrap() + arrived };
    assert_eq!((&stats["delivered"], &stats["twice"]), (&arrived.into(), &0.into()), "{fault}");
}

#[test]
fn text_to_one_recipient() {
    FAULT_CASES.iter().for_each(|row| assert_single_recipient(row.fault, "hello", row.text));
}

#[test]
fn template_to_one_recipient() {
    FAULT_CASES.iter().for_each(|row| assert_single_recipient(row.fault, TEMPLATE_ARGS, row.template));
}

#[test]
fn text_to_multiple_recipients() {
    FAULT_CASES.iter().for_each(|row| assert_multiple_recipients(row.fault, "hello", row.text));
}

#[test]
fn template_to_multiple_recipients() {
    FAULT_CASES.iter().for_each(|row| assert_multiple_recipients(row.fault, TEMPLATE_ARGS, row.template));
}

/// A user whose message was rejected because they do not follow is skipped until a message reaches
/// them.
#[test]
fn unreachable_mark_lasts_until_delivery() {
    let env = env_with_fault("errcode = 43004", 1);
    env.add_generated_users(2);
    assert_eq!(env.run(&format!("send --all {TEMPLATE_ARGS}")).status(), Some(7));
    let reachable = "SELECT count(*) FROM bindings WHERE unreachable_errcode IS NULL";
    assert_eq!(env.query::<i64>(reachable), 1);
    let again = env.run(&format!("send --json --all {TEMPLATE_ARGS}")).assert_success();
    assert_eq!(again.json_lines().len(), 1);
    assert!(again.stderr().contains("crowd000001"), "{}", again.stderr());
    env.run(&format!("send -u crowd000001 {TEMPLATE_ARGS}")).assert_success();
    assert_eq!(env.query::<i64>(reachable), 2);
}

/// The second host receives the messages that the first did not: immediately if nothing was sent,
/// and as a further attempt after an HTTP 5xx, whose repeat WeChat drops. A failed host is not used
/// again for a while.
#[test]
fn failed_host_falls_back_to_next() {
    let scenario = "crowd = 3\n[[faults]]\napi = \"/cgi-bin/message/*\"\nstatus = 502\n";
    for (what, state, asked) in [("hello", "unknown", 1), (TEMPLATE_ARGS, "sent", 1)] {
        let (mut first, mut second) = (TestEnv::with_scenario(scenario), TestEnv::with_scenario("crowd = 3\n"));
        first.add_generated_users(3);
        let (one, other) = (first.sandbox().url.clone(), second.sandbox().url.clone());
        first.replace_in_config(&[
            (&format!("api_base = \"{one}\""), &format!("api_base = [\"{one}\", \"{other}\"]")),
            ("wait = \"0s\"", "wait = \"20s\""),
        ]);
        // The second host is the same platform and accepts the token of the first. Sandboxes share
        // no token, so it has its own.
        second.add_generated_users(3);
        let token = second.run("token").assert_success().stdout().trim().to_owned();
        first.run("token").assert_success();
        let database = rusqlite::Connection::open(first.database_path()).unwrap();
        database.execute("UPDATE tokens SET token = ?1", [&token]).unwrap();
        let ran = first.run(&format!("send --json -u crowd000001 {what}"));
        assert_eq!(ran.json_lines()[0]["state"], state, "{what}");
        let calls = |env: &mut TestEnv| env.sandbox().stats()["calls"].clone();
        let path =
            if what == TEMPLATE_ARGS { "/cgi-bin/message/template/send" } else { "/cgi-bin/message/custom/send" };
        assert_eq!(calls(&mut first)[path], asked);
        if state == "sent" {
            first.run(&format!("send -u crowd000002 -u crowd000003 {what}")).assert_success();
            assert_eq!(calls(&mut first)[path], 2, "once for two: then it rests");
            assert_eq!(second.sandbox().stats()["delivered"], 3);
        }
    }
}

#[test]
fn unreachable_host_is_skipped() {
    let mut env = TestEnv::with_bound_luffy();
    let url = env.sandbox().url.clone();
    let both = format!("api_base = [\"http://127.0.0.1:1\", \"{url}\"]");
    env.replace_in_config(&[(&format!("api_base = \"{url}\""), &both)]);
    env.run("send -u luffy hello").assert_success();
    assert_eq!(env.count("attempts"), 1);
}

#[test]
fn every_fault_case_is_a_sandbox_fault() {
    let applied_faults = |fault: &str| -> Vec<Value> {
        let mut env = env_with_fault(fault, 1);
        env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
        env.run(&format!("send -u luffy -t {BACKUP_TEMPLATE_ID} -d host=a -d size=b -d time=c"));
        env.sandbox().request_log().into_iter().filter(|line| !line["fault"].is_null()).collect()
    };
    for row in FAULT_CASES {
        assert_eq!(applied_faults(row.fault).len(), 1, "{}", row.fault);
    }
}
