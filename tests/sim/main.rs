//! Simulations of delivery: random histories of real runs over a real database, with time, network
//! and faults from one seed. See README.md.

// Clippy's allowance for tests covers test functions, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, dead_code)]

use plan::{BARE, Fault, Form, Kind, Op, Pick, Setup};

mod check;
mod events;
mod operator;
mod plan;
mod service;
mod wechat;
mod world;

/// How many histories each of the two tests plays.
const HISTORIES: u64 = 2_500;

/// Simulates the histories of these seeds, and prints the shortest form of the first that fails.
fn play(seeds: impl Iterator<Item = u64>) {
    let mut rig = world::Rig::new();
    for seed in seeds {
        let ops = plan::plan(seed);
        if let Some(violation) = world::play(&mut rig, &ops, false).violation {
            let rule = violation.split(':').next().unwrap_or_default().to_owned();
            let short = plan::shrink(ops, |ops| {
                world::play(&mut rig, ops, false).violation.is_some_and(|it| it.starts_with(&rule))
            });
            let lines = world::play(&mut rig, &short, true).trace;
            panic!("seed {seed}: {violation}\n{}", lines.join("\n"));
        }
    }
}

/// A change of the lines around an old fault must be made in its patch, too, or `bite.sh` fails.
#[test]
fn each_patch_applies() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(root.join("tests/sim/patches")).unwrap() {
        let path = entry.unwrap().path();
        let (mut text, mut hunks) = (String::new(), Vec::<String>::new());
        let patch = std::fs::read_to_string(&path).unwrap();
        for line in patch.lines() {
            if line.starts_with("diff ") || line.starts_with("@@ ") {
                assert!(hunks.drain(..).all(|hunk| text.contains(&hunk)), "{path:?}");
            }
            match line.split_at_checked(1) {
                _ if line.starts_with("--- ") => {}
                _ if line.starts_with("+++ b/") => text = std::fs::read_to_string(root.join(&line[6..])).unwrap(),
                Some(("@", _)) => hunks.push(String::new()),
                Some((" " | "-", old)) => {
                    if let Some(hunk) = hunks.last_mut() {
                        *hunk += &format!("{old}\n");
                    }
                }
                _ => {}
            }
        }
        assert!(!hunks.is_empty() && hunks.iter().all(|hunk| text.contains(hunk)), "{path:?}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn no_history_breaks_a_promise() {
    play(0..HISTORIES);
}

#[test]
fn no_other_history_breaks_a_promise() {
    play(HISTORIES..2 * HISTORIES);
}

/// Simulates these operations, and checks that no rule is violated.
fn passes(kinds: &[Kind]) {
    passes_with(&kinds.iter().map(|kind| (*kind, 1)).collect::<Vec<_>>());
}

/// Plays these operations, each with its noise; the rules hold.
fn passes_with(ops: &[(Kind, u64)]) {
    let plan: Vec<Op> = ops.iter().map(|(kind, noise)| Op { kind: *kind, noise: *noise }).collect();
    let outcome = world::play(&mut world::Rig::new(), &plan, true);
    assert_eq!(outcome.violation, None, "{}", outcome.trace.join("\n"));
}

fn arm(code: Fault, times: u8) -> Kind {
    Kind::Arm { fault: code, times, host: None, token: false }
}

/// A run whose retry was due used to be busy until the rate allowed it.
#[test]
fn a_due_retry_waits_for_the_rate() {
    let setup = Setup { rate: 2, ..Setup::flush(0) };
    let send = Kind::Send { user: Some(1), form: Form::Template, key: None, expire_s: None, setup };
    passes(&[arm(Fault::Errcode(42001), 1), send]);
}

/// A run whose retry was due used to be busy until a request in flight ended.
#[test]
fn a_due_retry_waits_for_a_request_in_flight() {
    let setup = Setup { concurrency: 1, ..Setup::flush(0) };
    let batch = Kind::Batch { lines: 3, form: Form::Template, setup };
    passes(&[arm(Fault::Errcode(-1), 1), arm(Fault::Slow, 2), batch, Kind::Advance { ms: 30_000 }]);
}

/// After a reboot, only the system clock gave the age of an attempt, and it may have been set
/// since.
#[test]
fn a_template_is_not_repeated_by_a_clock_of_another_boot() {
    let send = Kind::Send { user: Some(1), form: Form::Template, key: None, expire_s: None, setup: Setup::flush(0) };
    let fast = Kind::Leap { machine: 0, ms: 300_000 };
    let right = Kind::Leap { machine: 0, ms: 0 };
    let wait = |s: i64| Kind::Advance { ms: s * 1000 };
    passes(&[fast, arm(Fault::Lost, 1), send, wait(5), Kind::Reboot(0), right, wait(620)]);
}

/// A run reported that a part stays queued, and then that it was cancelled with the part before it.
#[test]
fn a_part_is_reported_once() {
    let setup = Setup { deliver: false, ..Setup::flush(0) };
    let send = Kind::Send { user: Some(BARE), form: Form::Parts(3), key: None, expire_s: None, setup };
    let slow = Setup { concurrency: 1, rate: 2, wait_s: 0, ..Setup::flush(0) };
    let later = Kind::Advance { ms: 147_158_000 };
    passes(&[send, Kind::Retry(Pick::Nth(1), Setup::flush(1)), later, Kind::Flush(slow), Kind::Advance { ms: 60_000 }]);
}

/// A run reported that an expired part stays queued, and its final state when the part before it was
/// sent.
#[test]
fn an_expired_part_is_reported_once() {
    let setup = Setup { deliver: false, ..Setup::flush(0) };
    let send = Kind::Send { user: Some(BARE), form: Form::Parts(3), key: None, expire_s: None, setup };
    passes(&[send, Kind::Advance { ms: 95_000_000 }, Kind::Flush(Setup::flush(0))]);
}

/// A run reported that the message with the same key is queued, while a service was sending it.
#[test]
fn a_duplicate_is_reported_after_its_message() {
    let serve = Kind::Serve(Setup { concurrency: 1, rate: 2, ..Setup::flush(0) });
    let setup = Setup { concurrency: 1, wait_s: 0, ..Setup::flush(1) };
    let batch = Kind::Batch { lines: 7, form: Form::Parts(3), setup };
    let later = Kind::Advance { ms: 73_449_230 };
    passes_with(&[(serve, 12143852720663582419), (later, 1966475278201787951), (batch, 10238629934626132024)]);
}

/// A message whose result could not be stored was reported as queued as well, because the failed
/// step had claimed it again for its fallback.
#[test]
fn a_result_that_is_not_stored_is_reported_once() {
    let setup = Setup { concurrency: 1, wait_s: 5, ..Setup::flush(0) };
    let batch = Kind::Batch { lines: 4, form: Form::Fallback, setup };
    let setup = Setup { concurrency: 1, wait_s: 0, ..Setup::flush(0) };
    let send = Kind::Send { user: None, form: Form::Fallback, key: None, expire_s: None, setup };
    passes_with(&[
        (arm(Fault::Errcode(45047), 1), 16430433033398806438),
        (batch, 6360618195631335525),
        (send, 5467354856572134819),
        (Kind::DiskFault(6), 4443619239935013072),
        (Kind::Advance { ms: 35 }, 4391064090095810231),
    ]);
}

#[test]
fn a_history_is_the_same_each_time() {
    let mut rig = world::Rig::new();
    for seed in 0..50 {
        let mut trace = || world::play(&mut rig, &plan::plan(seed), true).trace;
        assert_eq!(trace(), trace(), "seed {seed}");
    }
}
