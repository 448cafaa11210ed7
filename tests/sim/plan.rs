//! A history as data: the operations that a seed generates, and the shortest list of them that
//! still fails.

use crate::wechat::{FAULTS, STRICT_EXPIRY_MS};

/// SplitMix64: small, and the same on every machine.
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// Returns one of the rows, each as often as its weight.
    fn weighted<T: Copy>(&mut self, rows: &[T], weight: impl Fn(&T) -> usize) -> T {
        let all: Vec<T> = rows.iter().flat_map(|row| std::iter::repeat_n(*row, weight(row))).collect();
        self.pick(&all)
    }
}

/// The options with which a process delivers.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub machine: usize,
    pub concurrency: usize,
    pub rate: u32,
    pub wait_s: u64,
    pub max_attempts: u32,
    pub deliver: bool,
}

pub const FLUSH: Setup = Setup { machine: 0, concurrency: 8, rate: 0, wait_s: 30, max_attempts: 0, deliver: true };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Template,
    /// A text in this many parts.
    Parts(u64),
    /// A text with a template that is sent instead when WeChat refuses it.
    Fallback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Nth(u64),
    Failed,
    Unknown,
}

/// An operation of an operator, the machine or the network. It is adapted to the situation at that
/// time, so that any subset of a plan is a plan. A process is given by its number among those that
/// run.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `send` with a key and an expiry in seconds; to all bound users if there is no user.
    Send(Option<usize>, Form, Option<u8>, Option<u64>, Setup),
    /// `send --batch` of this many lines, some with a key.
    Batch(u64, Form, Setup),
    Flush(Setup),
    Retry(Pick, Setup),
    /// Cancels the nth queued message.
    Cancel(u64),
    CancelAll,
    Unbind(usize),
    /// Binds a user to one of three phones.
    Bind(usize, u64),
    Rename(usize),
    Remove(usize),
    /// Prunes what is older than this many seconds by the clock of a machine.
    Prune(u64, usize),
    QuotaClear,
    /// The fault occurs this many times in the next requests to a host, or to both; with `true` in
    /// those for tokens.
    Arm(&'static str, u8, Option<usize>, bool),
    /// Another program makes WeChat replace the token.
    Revoke,
    /// A process dies after this many actions of its next steps.
    Kill(u64, u8),
    /// `serve` starts, if the machine has none.
    Serve(Setup),
    /// SIGTERM.
    Terminate(u64),
    /// SIGSTOP for this many ms.
    Pause(u64, i64),
    /// The system refuses threads.
    NoThreads(u64),
    /// The system clock of a machine is set to differ by this many ms.
    Leap(usize, i64),
    /// The virtual machine is paused by its host for this many ms.
    Freeze(usize, i64),
    /// The machine sleeps for this many ms.
    Suspend(usize, i64),
    Reboot(usize),
    /// Another program keeps the database locked for this many ms.
    Lock(i64),
    /// A statement that writes fails: the nth from now.
    DiskFault(u8),
    /// The outbox has a long history.
    History,
    /// Time passes, in ms.
    Advance(i64),
    /// WeChat pushes an event, and a process of this machine records it; with `true` only when it is
    /// repeated.
    Push(Push, usize, bool),
}

/// An event of the account.
#[derive(Clone, Copy, Debug)]
pub enum Push {
    /// A user follows the account, or no longer.
    Follow(usize, bool),
    /// The receipt of the nth message that WeChat accepted, counted from the last one, with a status.
    Receipt(u64, usize),
    /// The nth event again, counted from the last one.
    Again(u64),
}

#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub kind: Kind,
    /// The seed for the randomness during the operation.
    pub noise: u64,
}

pub const USERS: usize = 4;
/// A recipient without a user.
pub const BARE: usize = USERS;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const SPANS: [i64; 9] =
    [SECOND, 5 * SECOND, 30 * SECOND, 3 * MINUTE, 12 * MINUTE, 12 * MINUTE, HOUR, 5 * HOUR, 2 * DAY];
const LEAPS: [i64; 7] = [-30 * DAY, -3 * HOUR, -20 * SECOND, 5 * MINUTE, HOUR, 2 * DAY, 100 * DAY];
const FORMS: [Form; 6] = [Form::Text, Form::Template, Form::Template, Form::Template, Form::Parts(3), Form::Fallback];
const EXPIRIES: [Option<u64>; 5] = [None, None, None, None, Some(STRICT_EXPIRY_MS as u64 / 1000)];

impl Setup {
    fn random(rng: &mut Rng) -> Self {
        let machine = rng.index(2);
        let (concurrency, rate) = (rng.pick(&[1, 1, 2, 8]), rng.pick(&[0, 0, 0, 2]));
        let (wait_s, max_attempts) = (rng.pick(&[0, 0, 5, 30]), rng.pick(&[0, 0, 0, 2]));
        Self { machine, concurrency, rate, wait_s, max_attempts, deliver: true }
    }
}

fn span(rng: &mut Rng) -> i64 {
    let longest = rng.pick(&SPANS);
    1 + rng.below(longest as u64) as i64
}

type Generator = fn(&mut Rng) -> Kind;

/// The chances of operations in a thousand.
const KINDS: &[(usize, Generator)] = &[
    (170, |rng| {
        let (user, key) = (rng.index(USERS), rng.pick(&[None, Some(1), Some(2)]));
        let setup = Setup { deliver: rng.chance(70), ..Setup::random(rng) };
        let to = rng.pick(&[Some(user), Some(user), Some(BARE), None]);
        Kind::Send(to, rng.pick(&FORMS), key, rng.pick(&EXPIRIES), setup)
    }),
    (30, |rng| Kind::Batch(3 + rng.below(8), rng.pick(&FORMS), Setup::random(rng))),
    (130, |rng| Kind::Flush(Setup::random(rng))),
    (40, |rng| {
        let nth = Pick::Nth(rng.below(8));
        Kind::Retry(rng.pick(&[nth, Pick::Failed, Pick::Unknown]), Setup::random(rng))
    }),
    (20, |rng| Kind::Cancel(rng.below(8))),
    (5, |_| Kind::CancelAll),
    (15, |rng| Kind::Unbind(rng.index(USERS))),
    (30, |rng| Kind::Bind(rng.index(USERS), rng.below(3))),
    (5, |rng| Kind::Rename(rng.index(USERS))),
    (5, |rng| Kind::Remove(rng.index(USERS))),
    (15, |rng| Kind::Prune(rng.pick(&[1, 60, 86_400]), rng.index(2))),
    (5, |_| Kind::QuotaClear),
    // The fault follows.
    (150, |rng| Kind::Arm("", rng.pick(&[1, 1, 1, 2, 3, 8]), rng.pick(&[None, Some(0), Some(1)]), rng.chance(12))),
    (12, |_| Kind::Revoke),
    (40, |rng| Kind::Kill(rng.below(8), rng.below(6) as u8)),
    (10, |rng| Kind::Terminate(rng.below(8))),
    (20, |rng| Kind::Pause(rng.below(8), span(rng))),
    (5, |rng| Kind::NoThreads(rng.below(8))),
    (20, |rng| Kind::Leap(rng.index(2), rng.pick(&LEAPS))),
    (15, |rng| Kind::Freeze(rng.index(2), span(rng))),
    (5, |rng| Kind::Suspend(rng.index(2), span(rng))),
    (10, |rng| Kind::Reboot(rng.index(2))),
    (10, |rng| Kind::Lock(1 + rng.below(20_000) as i64)),
    (20, |rng| Kind::DiskFault(1 + rng.below(12) as u8)),
    // Rare, because the store pauses while it deletes one.
    (1, |_| Kind::History),
    (212, |rng| Kind::Advance(span(rng))),
];

fn push(rng: &mut Rng) -> Kind {
    let pushes = [
        Push::Follow(rng.index(USERS), rng.chance(50)),
        Push::Receipt(rng.below(3), rng.index(3)),
        Push::Again(rng.below(3)),
    ];
    let push = rng.pick(&pushes);
    Kind::Push(push, rng.index(2), rng.chance(30) && !matches!(push, Push::Again(_)))
}

/// Returns the plan of a seed.
pub fn plan(seed: u64) -> Vec<Op> {
    let mut rng = Rng(seed);
    // Half of the histories have few kinds of operations and faults, which then meet more often.
    let (is_narrow, mut faults) = (rng.chance(50), FAULTS.to_vec());
    let kinds: Vec<_> = KINDS.iter().filter(|row| !is_narrow || row.0 >= 130 || rng.chance(50)).collect();
    if is_narrow {
        faults = (0..1 + rng.below(4)).map(|_| rng.weighted(FAULTS, |it| it.weight)).collect();
    }
    let mut ops = Vec::new();
    for _ in 0..8 + rng.below(40) {
        let mut kind = rng.weighted(&kinds, |row| row.0).1(&mut rng);
        if let Kind::Arm(fault, _, _, token) = &mut kind {
            let of_tokens: Vec<_> = FAULTS.iter().copied().filter(|it| it.of_tokens).collect();
            *fault = rng.weighted(if *token { &of_tokens } else { &faults }, |it| it.weight).name;
        }
        ops.push(Op { kind, noise: rng.next() });
    }
    let mut insert = |rng: &mut Rng, kind| ops.insert(rng.index(ops.len() + 1), Op { kind, noise: rng.next() });
    // One history in three has a long-lived process, some have two.
    while rng.chance(35) {
        let setup = Setup { wait_s: rng.pick(&[0, 5, 30]), ..Setup::random(&mut rng) };
        insert(&mut rng, Kind::Serve(setup));
    }
    // Events take no time, so a history without them is the same.
    for _ in 0..rng.pick(&[0, 2, 6, 12]) {
        let kind = push(&mut rng);
        insert(&mut rng, kind);
    }
    ops
}

/// Returns the shortest plan found by leaving out operations that still fails.
pub fn shrink(mut plan: Vec<Op>, mut fails: impl FnMut(&[Op]) -> bool) -> Vec<Op> {
    let mut chunk = plan.len().div_ceil(2);
    while chunk > 0 {
        let (before, mut at) = (plan.len(), 0);
        while at < plan.len() {
            let end = plan.len().min(at + chunk);
            let shorter = [&plan[..at], &plan[end..]].concat();
            if fails(&shorter) { plan = shorter } else { at += chunk }
        }
        // Single operations are left out until none can be.
        if chunk > 1 || plan.len() == before {
            chunk /= 2;
        }
    }
    plan
}
