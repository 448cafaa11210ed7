//! Simulates the delivery histories from a seed on: `cargo run --release --example simulate --
//! [COUNT] [FIRST_SEED]`. With `--seed SEED` it prints one history line by line, with `--survey
//! COUNT` how many histories break each rule. See tests/sim/README.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::exit, dead_code)]

#[path = "../tests/sim/check.rs"]
mod check;
#[path = "../tests/sim/events.rs"]
mod events;
#[path = "../tests/sim/operator.rs"]
mod operator;
#[path = "../tests/sim/plan.rs"]
mod plan;
#[path = "../tests/sim/service.rs"]
mod service;
#[path = "../tests/sim/wechat.rs"]
mod wechat;
#[path = "../tests/sim/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

fn main() {
    let (flags, numbers): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|it| it.starts_with("--"));
    let is_survey = flags.iter().any(|it| it == "--survey");
    let number = |at: usize, default| numbers.get(at).map_or(default, |it| it.parse().expect("a number"));
    let mut rig = world::Rig::new();
    if flags.iter().any(|it| it == "--seed") {
        print!("{}", world::play(&mut rig, &plan::plan(number(0, 0)), true).trace);
        return;
    }
    let (count, first) = (number(0, 20_000), number(1, 0));
    rig.coverage = true;
    let (begun, mut met, mut found) = (Instant::now(), wechat::Met::new(), BTreeMap::new());
    let mut played = 0;
    for seed in first..first + count {
        let outcome = world::play(&mut rig, &plan::plan(seed), false);
        outcome.met.into_iter().for_each(|(pair, times)| *met.entry(pair).or_default() += times);
        played += 1;
        if let Some(violation) = outcome.violation {
            let rule = violation.split(": ").take(2).collect::<Vec<_>>().join(": ");
            found.entry(rule).or_insert((0, seed, violation)).0 += 1;
            if !is_survey {
                break;
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    for (rule, (times, seed, violation)) in &found {
        println!("{rule}: {times} of {played} histories; the first has seed {seed}: {violation}");
    }
    println!("{played} histories in {seconds:.1} s, {:.0} a second\n{}", played as f64 / seconds, check::table(&met));
    if let Some((_, seed, violation)) = found.into_values().next().filter(|_| !is_survey) {
        let (short, trace) = world::shrink(&mut rig, plan::plan(seed), &violation);
        short.iter().for_each(|op| println!("{op:?}"));
        print!("{trace}");
        std::process::exit(1);
    }
}
