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

use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default| args.get(at).and_then(|it| it.parse().ok()).unwrap_or(default);
    let mut rig = world::Rig::new();
    if args.first().is_some_and(|it| it == "--seed") {
        let ops = plan::plan(number(1, 0));
        println!("{}", world::play(&mut rig, &ops, true).trace.join("\n"));
        return;
    }
    if args.first().is_some_and(|it| it == "--survey") {
        return survey(&mut rig, number(1, 1000));
    }
    let (count, first) = (number(0, 20_000_u64), number(1, 0_u64));
    rig.coverage = true;
    let (begun, mut met) = (Instant::now(), std::collections::BTreeMap::new());
    for seed in first..first + count {
        let ops = plan::plan(seed);
        let outcome = world::play(&mut rig, &ops, false);
        for (pair, times) in outcome.met {
            *met.entry(pair).or_insert(0) += times;
        }
        if let Some(violation) = outcome.violation {
            println!("seed {seed}, history {} of this run: {violation}", seed - first + 1);
            let rule = violation.split(':').next().unwrap_or_default().to_owned();
            let short = plan::shrink(ops, |ops| {
                world::play(&mut rig, ops, false).violation.is_some_and(|it| it.starts_with(&rule))
            });
            println!("{short:#?}\n{}", world::play(&mut rig, &short, true).trace.join("\n"));
            std::process::exit(1);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{count} histories in {seconds:.1} s, {:.0} a second", count as f64 / seconds);
    println!("{}", check::table(&met));
}

/// Prints how many histories break each rule, and the first that does.
fn survey(rig: &mut world::Rig, count: u64) {
    let mut found = std::collections::BTreeMap::<String, (u64, u64, String)>::new();
    for seed in 0..count {
        if let Some(violation) = world::play(rig, &plan::plan(seed), false).violation {
            let (rule, what) = violation.rsplit_once(": ").unwrap();
            found.entry(rule.to_owned()).or_insert((0, seed, what.to_owned())).0 += 1;
        }
    }
    for (rule, (times, seed, what)) in found {
        println!("{times:>6} {rule}: first seed {seed}: {what}");
    }
}
