//! Simulations of delivery: random histories of real runs over a real database, with time, network
//! and faults from one seed. See README.md.

// Clippy's allowance for tests covers test functions, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, dead_code)]

use std::ops::Range;
use std::thread;

use plan::{BARE, FLUSH, Form, Kind, Op, Pick, Setup};

mod check;
mod events;
mod operator;
mod plan;
mod service;
mod wechat;
mod world;

/// How many histories the test plays on each processor.
const HISTORIES: u64 = 2_500;

/// Simulates the histories of these seeds, and prints the shortest form of the first that fails.
fn play(seeds: Range<u64>) {
    let mut rig = world::Rig::new();
    for seed in seeds {
        let ops = plan::plan(seed);
        if let Some(violation) = world::play(&mut rig, &ops, false).violation {
            let (short, trace) = world::shrink(&mut rig, ops, &violation);
            panic!("seed {seed}: {violation}\n{short:?}\n{trace}");
        }
    }
}

#[test]
fn no_history_breaks_a_promise() {
    let processors = thread::available_parallelism().unwrap().get() as u64;
    thread::scope(|scope| {
        for nth in 0..processors {
            scope.spawn(move || play(nth * HISTORIES..(nth + 1) * HISTORIES));
        }
    });
}

/// A change of the lines around an old fault must be made in its patch, too, or `bite.sh` fails.
#[test]
fn each_patch_applies() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(root.join("tests/sim/patches")).unwrap() {
        let path = entry.unwrap().path();
        let patch = std::fs::read_to_string(&path).unwrap();
        for file in patch.split("diff --git a/").skip(1) {
            let source = std::fs::read_to_string(root.join(file.split(' ').next().unwrap())).unwrap();
            for hunk in file.split("\n@@ ").skip(1) {
                let lines = hunk.split_inclusive('\n').skip(1).filter(|line| line.starts_with([' ', '-']));
                assert!(source.contains(&lines.map(|line| &line[1..]).collect::<String>()), "{path:?}");
                count += 1;
            }
        }
    }
    assert!(count > 0);
}

#[test]
fn a_history_is_the_same_each_time() {
    let mut rig = world::Rig::new();
    for seed in 0..50 {
        let mut trace = || world::play(&mut rig, &plan::plan(seed), true).trace;
        assert_eq!(trace(), trace(), "seed {seed}");
    }
}

/// The table of faults counted a repeat as the first request of its message.
#[test]
fn a_repeat_is_counted_after_the_refusal() {
    let plan = ops(&[arm("Errcode(-1)", 1), send(1, Form::Template, FLUSH), wait(60_000)]);
    let met = world::play(&mut world::Rig::new(), &plan, false).met;
    let count = |fault: &str, situation| met.get(&(fault.to_owned(), situation)).copied();
    assert_eq!([count("Errcode(-1)", "first"), count("none", "after a refusal")], [Some(1), Some(1)]);
}

/// Returns the operations, each with its noise.
fn ops(kinds: &[(Kind, u64)]) -> Vec<Op> {
    kinds.iter().map(|(kind, noise)| Op { kind: *kind, noise: *noise }).collect()
}

/// Simulates these operations, and checks that no rule is violated.
fn passes(kinds: &[(Kind, u64)]) {
    let outcome = world::play(&mut world::Rig::new(), &ops(kinds), true);
    assert_eq!(outcome.violation, None, "{}", outcome.trace);
}

fn send(to: usize, form: Form, setup: Setup) -> (Kind, u64) {
    (Kind::Send(Some(to), form, None, None, setup), 1)
}

fn wait(ms: i64) -> (Kind, u64) {
    (Kind::Advance(ms), 1)
}

fn arm(fault: &'static str, times: u8) -> (Kind, u64) {
    (Kind::Arm(fault, times, None, false), 1)
}

const QUEUE: Setup = Setup { deliver: false, ..FLUSH };

/// A run whose retry was due used to be busy until the rate allowed it.
#[test]
fn a_due_retry_waits_for_the_rate() {
    passes(&[arm("Errcode(42001)", 1), send(1, Form::Template, Setup { rate: 2, ..FLUSH })]);
}

/// A run whose retry was due used to be busy until a request in flight ended.
#[test]
fn a_due_retry_waits_for_a_request_in_flight() {
    let batch = (Kind::Batch(3, Form::Template, Setup { concurrency: 1, ..FLUSH }), 1);
    passes(&[arm("Errcode(-1)", 1), arm("Slow", 2), batch, wait(30_000)]);
}

/// After a reboot, only the system clock gave the age of an attempt, and it may have been set
/// since.
#[test]
fn a_template_is_not_repeated_by_a_clock_of_another_boot() {
    let (fast, right, reboot) = ((Kind::Leap(0, 300_000), 1), (Kind::Leap(0, 0), 1), (Kind::Reboot(0), 1));
    passes(&[fast, arm("Lost", 1), send(1, Form::Template, FLUSH), wait(5_000), reboot, right, wait(620_000)]);
}

/// A run reported that a part stays queued, and then that it was cancelled with the part before it.
#[test]
fn a_part_is_reported_once() {
    let retry = (Kind::Retry(Pick::Nth(1), Setup { machine: 1, ..FLUSH }), 1);
    let flush = (Kind::Flush(Setup { concurrency: 1, rate: 2, wait_s: 0, ..FLUSH }), 1);
    passes(&[send(BARE, Form::Parts(3), QUEUE), retry, wait(147_158_000), flush, wait(60_000)]);
}

/// A run reported that an expired part stays queued, and its final state when the part before it was
/// sent.
#[test]
fn an_expired_part_is_reported_once() {
    passes(&[send(BARE, Form::Parts(3), QUEUE), wait(95_000_000), (Kind::Flush(FLUSH), 1)]);
}

/// The text that a template replaced stayed in the database.
#[test]
fn a_text_that_its_template_replaces_is_deleted() {
    passes(&[wait(200_000_000), send(1, Form::Fallback, FLUSH)]);
}

/// The simulator left out the check in which a service finds what became due while it was frozen.
#[test]
fn a_frozen_service_finds_what_became_due() {
    let fault = |times, host, noise| (Kind::Arm("Errcode(43117)", times, Some(host), false), noise);
    let base = Setup { concurrency: 2, rate: 0, wait_s: 0, max_attempts: 0, ..FLUSH };
    let queue = Setup { machine: 1, concurrency: 8, deliver: false, ..base };
    passes(&[
        fault(2, 0, 1_422_206_587_462_342_424),
        (Kind::Send(Some(2), Form::Template, None, None, queue), 15_792_576_275_096_045_841),
        (Kind::Flush(Setup { max_attempts: 2, ..base }), 11_535_852_917_790_062_352),
        fault(1, 1, 7_116_116_812_379_624_066),
        (Kind::DiskFault(5), 6_287_733_647_068_292_277),
        (Kind::Serve(Setup { rate: 2, wait_s: 30, ..base }), 11_300_469_553_984_625_084),
        (Kind::Freeze(0, 1_898_557), 651_368_877_285_982_710),
        (Kind::Advance(80_865), 9_746_050_001_208_209_750),
    ]);
}

/// A run reported that the message with the same key is queued, while a service was sending it.
#[test]
fn a_duplicate_is_reported_after_its_message() {
    let serve = Kind::Serve(Setup { concurrency: 1, rate: 2, ..FLUSH });
    let batch = Kind::Batch(7, Form::Parts(3), Setup { machine: 1, concurrency: 1, wait_s: 0, ..FLUSH });
    let later = Kind::Advance(73_449_230);
    passes(&[(serve, 12143852720663582419), (later, 1966475278201787951), (batch, 10238629934626132024)]);
}

/// A message whose result could not be stored was reported as queued as well, because the failed
/// step had claimed it again for its fallback.
#[test]
fn a_result_that_is_not_stored_is_reported_once() {
    let batch = Kind::Batch(4, Form::Fallback, Setup { concurrency: 1, wait_s: 5, ..FLUSH });
    let send = Kind::Send(None, Form::Fallback, None, None, Setup { concurrency: 1, wait_s: 0, ..FLUSH });
    passes(&[
        (Kind::Arm("Errcode(45047)", 1, None, false), 16430433033398806438),
        (batch, 6360618195631335525),
        (send, 5467354856572134819),
        (Kind::DiskFault(6), 4443619239935013072),
        (Kind::Advance(35), 4391064090095810231),
    ]);
}

/// A flush reported a message that it had sent once more, because another run had claimed it in the
/// meantime.
#[test]
fn a_message_that_another_run_released_is_reported_once() {
    let send = Kind::Send(None, Form::Template, Some(2), Some(3600), Setup { wait_s: 0, ..QUEUE });
    let one = Setup { machine: 1, concurrency: 1, ..FLUSH };
    passes(&[
        (Kind::Arm("Errcode(42001)", 8, None, false), 4110243365763236663),
        (send, 16727625232916876367),
        (Kind::Batch(10, Form::Template, Setup { wait_s: 0, ..one }), 4046222725293183289),
        (Kind::Flush(one), 6764258148300584884),
        (Kind::Bind(3, 0), 12574604220825678100),
        (Kind::Flush(Setup { rate: 2, wait_s: 0, ..FLUSH }), 5256056557830770190),
        (Kind::Advance(499_348), 513582275005662583),
    ]);
}

/// A step that gave a message up reported a duplicate of it first.
#[test]
fn a_duplicate_is_reported_after_the_result_of_the_same_step() {
    let send = |to, form, key, setup| Kind::Send(to, form, key, None, setup);
    let (one, two) = (Setup { machine: 1, concurrency: 1, wait_s: 0, ..FLUSH }, Setup { max_attempts: 2, ..FLUSH });
    passes(&[
        (Kind::Arm("Errcode(48001)", 8, Some(1), false), 5270089972699485271),
        (send(Some(BARE), Form::Template, Some(2), Setup { max_attempts: 2, ..one }), 1072312307602427796),
        (Kind::DiskFault(5), 7162345346788045243),
        (Kind::Arm("Cut", 1, None, false), 4299268212730005798),
        (Kind::Flush(Setup { rate: 2, ..two }), 13958012143531680164),
        (send(None, Form::Text, Some(1), Setup { wait_s: 5, ..one }), 16371780854645415907),
        (send(Some(1), Form::Text, None, Setup { concurrency: 2, ..one }), 7700483480651104618),
        (Kind::Flush(Setup { concurrency: 1, ..two }), 12418788097424052760),
        (Kind::Batch(6, Form::Template, Setup { concurrency: 1, rate: 2, wait_s: 5, ..FLUSH }), 10622745267566941486),
        (Kind::Advance(14_672), 8451763253000619442),
    ]);
}

/// A run made a message `failed` whose class WeChat refused, though a user had cancelled and retried it
/// since the run had claimed it, so that it had arrived.
#[test]
fn a_claim_that_is_lost_decides_nothing() {
    let send = Setup { concurrency: 1, rate: 2, wait_s: 0, ..FLUSH };
    passes(&[
        (Kind::Arm("Errcode(48001)", 1, None, false), 3094220298734046781),
        (Kind::Send(None, Form::Template, Some(1), None, send), 2776344571582831750),
        (Kind::Advance(197), 8054508435536842143),
        (Kind::Cancel(1), 1804629904254206827),
        (Kind::Arm("NotJson", 1, None, false), 18383273107929302798),
        (Kind::Retry(Pick::Nth(1), Setup { machine: 1, concurrency: 1, wait_s: 0, ..FLUSH }), 8983007681131449509),
    ]);
}

/// The simulation held it against a flush that it sent a message once that was due, because it had
/// reported the message as queued before.
#[test]
fn a_postponed_message_is_sent_by_a_long_flush() {
    let one = Setup { machine: 1, concurrency: 1, wait_s: 0, ..FLUSH };
    let queue = Setup { concurrency: 2, wait_s: 0, max_attempts: 2, ..QUEUE };
    passes(&[
        (Kind::Arm("Http502", 8, Some(0), false), 15878673057624201158),
        (Kind::Arm("Http502Taken", 1, None, false), 1038075904344453485),
        (Kind::Send(None, Form::Template, None, None, one), 2439699992842097766),
        (Kind::Send(None, Form::Fallback, None, None, queue), 16189255804820162325),
        (Kind::Advance(44_961), 14759706042437841787),
        (Kind::Send(Some(2), Form::Parts(3), Some(2), None, Setup { concurrency: 1, ..QUEUE }), 11101089116274278009),
        (Kind::Flush(one), 6058682270155146840),
        (Kind::Arm("Slow", 8, None, false), 13192637321286902090),
        (Kind::Advance(632_367), 16277394274034543280),
    ]);
}

/// Each run of a service used to have a client of its own in the simulation, and so did not know
/// WeChat's time.
#[test]
fn services_confirm_that_a_message_has_expired() {
    let send = Kind::Send(Some(3), Form::Template, Some(1), Some(3600), Setup { wait_s: 5, ..FLUSH });
    let serve = |machine| Kind::Serve(Setup { machine, concurrency: 2, ..FLUSH });
    passes(&[
        (Kind::Arm("Errcode(45009)", 1, None, false), 13440704040762731046),
        (send, 1455468464907047110),
        (Kind::Reboot(0), 3975733161577048810),
        (serve(0), 4224451693954780360),
        (serve(1), 2392300330917205105),
    ]);
}

/// A service that is paused, and then stopped, has its lock until it runs on.
#[test]
fn a_second_service_waits_for_the_end_of_the_first() {
    let serve = Kind::Serve(FLUSH);
    passes(&[
        send(BARE, Form::Template, QUEUE),
        (serve, 4577847850222378299),
        (Kind::Pause(0, 17_477_560), 1264820232839557498),
        (Kind::Terminate(0), 4963514439101154613),
        (serve, 17161234797167072118),
        wait(7_907_724),
    ]);
}

/// A limit: the host pauses the virtual machine after an attempt, and the system clock is set back
/// in that time. No clock of the machine shows that the ten minutes are over, and the time of
/// WeChat's response is not yet known when the repeat starts.
#[test]
fn open_a_paused_virtual_machine_with_a_wrong_clock_repeats() {
    let (fast, freeze) = ((Kind::Leap(0, 300_000), 1), (Kind::Freeze(0, 640_000), 1));
    let plan = ops(&[arm("NotJson", 1), fast, send(1, Form::Template, FLUSH), freeze]);
    let violation = world::play(&mut world::Rig::new(), &plan, false).violation;
    assert!(violation.is_some_and(|it| it.starts_with("a: nothing twice")), "it is mended: make it pass");
}
