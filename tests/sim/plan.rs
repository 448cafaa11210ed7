//! A history as data: the operations that a seed generates, and the shortest list of them that
//! still fails.

use crate::wechat::STRICT_EXPIRY_MS;

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

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The faults of one request. To add one: a variant, a weight in [`FAULTS`], its effect in
/// `wechat.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// No connection.
    Refused,
    /// The connection ends before WeChat receives the request.
    ResetBefore,
    /// WeChat processes the request, then the connection ends.
    ResetAfter,
    /// No response arrives before the timeout, though WeChat processed the request.
    Lost,
    /// No response arrives before the timeout; WeChat did not process the request.
    Swallowed,
    /// WeChat processes the request after seconds; the response comes too late.
    TakenLate,
    /// The response comes just before the timeout.
    Slow,
    /// WeChat processes the request; the response is truncated.
    Cut,
    /// WeChat processes the request; the response is a page of a proxy.
    NotJson,
    /// A gateway's error, after WeChat processed the request.
    Http502Taken,
    /// A gateway's error, before WeChat received the request.
    Http502,
    /// WeChat's own refusal.
    Errcode(i64),
    /// WeChat drops the repeat, and responds with an errcode for that.
    DuplicateAnswered,
}

/// The faults of requests, each as often as it is listed.
#[rustfmt::skip]
pub const FAULTS: &[Fault] = &[
    Fault::Refused, Fault::ResetBefore, Fault::ResetAfter, Fault::ResetAfter, Fault::Lost, Fault::Swallowed,
    Fault::TakenLate, Fault::Slow, Fault::Cut, Fault::NotJson, Fault::Http502Taken, Fault::Http502Taken,
    Fault::Http502, Fault::DuplicateAnswered, Fault::Errcode(-1), Fault::Errcode(-1), Fault::Errcode(40001),
    Fault::Errcode(42001), Fault::Errcode(45009), Fault::Errcode(45047), Fault::Errcode(43004), Fault::Errcode(43101),
    Fault::Errcode(43117), Fault::Errcode(47003), Fault::Errcode(40037), Fault::Errcode(40003), Fault::Errcode(40164),
    Fault::Errcode(48001),
];

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Template,
    /// A text in this many parts.
    Parts(u8),
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
/// time, so that any subset of a plan is a plan. To add one: a variant, its chance in
/// [`Kind::random`], its effect in `operator.rs`.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `send`; to all bound users if there is no user.
    Send {
        user: Option<usize>,
        form: Form,
        key: Option<u8>,
        expire_s: Option<u64>,
        setup: Setup,
    },
    /// `send --batch` of this many lines, some with a key.
    Batch {
        lines: u8,
        form: Form,
        setup: Setup,
    },
    Flush(Setup),
    Retry(Pick, Setup),
    Cancel(u64),
    CancelAll,
    Unbind(usize),
    Bind(usize, u8),
    Rename(usize),
    Remove(usize),
    Prune {
        older_than_s: u64,
        machine: usize,
    },
    QuotaClear,
    /// The fault occurs in the next requests to a host, or to both; with `token` in requests for
    /// tokens.
    Arm {
        fault: Fault,
        times: u8,
        host: Option<usize>,
        token: bool,
    },
    /// Another program makes WeChat replace the token.
    Revoke,
    /// A process dies after this many actions of its next steps.
    Kill {
        process: u64,
        after: u8,
    },
    /// `serve` starts, if the machine has none.
    Serve(Setup),
    /// SIGTERM.
    Terminate(u64),
    /// SIGSTOP for this long.
    Pause {
        process: u64,
        ms: i64,
    },
    /// The system refuses threads.
    NoThreads(u64),
    /// The system clock is set.
    Leap {
        machine: usize,
        ms: i64,
    },
    /// The virtual machine is paused by its host.
    Freeze {
        machine: usize,
        ms: i64,
    },
    /// The machine sleeps.
    Suspend {
        machine: usize,
        ms: i64,
    },
    Reboot(usize),
    /// Another program keeps the database locked.
    Lock {
        ms: i64,
    },
    /// A statement that writes fails: the nth from now.
    DiskFault(u8),
    /// The outbox has a long history.
    History,
    Advance {
        ms: i64,
    },
    /// WeChat pushes an event, and a process of this machine records it.
    Push {
        push: Push,
        machine: usize,
    },
}

/// An event of the account. A late one is recorded when it is repeated.
#[derive(Clone, Copy, Debug)]
pub enum Push {
    Follow {
        user: usize,
        follows: bool,
        is_late: bool,
    },
    /// The receipt of the nth message that WeChat accepted, counted from the last one.
    Receipt {
        nth: u64,
        status: u8,
        is_late: bool,
    },
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

impl Setup {
    fn random(rng: &mut Rng, deliver: bool) -> Self {
        Self {
            machine: rng.below(2) as usize,
            concurrency: rng.pick(&[1, 1, 2, 8]),
            rate: rng.pick(&[0, 0, 0, 2]),
            wait_s: rng.pick(&[0, 0, 5, 30]),
            max_attempts: rng.pick(&[0, 0, 0, 2]),
            deliver,
        }
    }

    pub fn flush(machine: usize) -> Self {
        Self { machine, concurrency: 8, rate: 0, wait_s: 30, max_attempts: 0, deliver: true }
    }
}

fn span(rng: &mut Rng) -> i64 {
    let most =
        rng.pick(&[SECOND, 5 * SECOND, 30 * SECOND, 3 * MINUTE, 12 * MINUTE, 12 * MINUTE, HOUR, 5 * HOUR, 2 * DAY]);
    1 + rng.below(most as u64) as i64
}

impl Push {
    fn random(rng: &mut Rng) -> Self {
        let (nth, is_late) = (rng.below(3), rng.chance(30));
        match rng.below(3) {
            0 => Self::Follow { user: rng.below(USERS as u64) as usize, follows: rng.chance(50), is_late },
            1 => Self::Receipt { nth, status: rng.below(3) as u8, is_late },
            _ => Self::Again(nth),
        }
    }
}

impl Kind {
    fn random(rng: &mut Rng) -> Self {
        let user = rng.below(USERS as u64) as usize;
        let (machine, nth) = (rng.below(2) as usize, rng.below(8));
        let form =
            rng.pick(&[Form::Text, Form::Template, Form::Template, Form::Template, Form::Parts(3), Form::Fallback]);
        let leaps = [-30 * DAY, -3 * HOUR, -20 * SECOND, 5 * MINUTE, HOUR, 2 * DAY, 100 * DAY];
        match rng.below(1000) {
            0..170 => {
                let to = rng.pick(&[Some(user), Some(user), Some(BARE), None]);
                let key = rng.pick(&[None, Some(1), Some(2)]);
                let expire_s = rng.pick(&[None, None, None, None, Some(STRICT_EXPIRY_MS as u64 / 1000)]);
                let deliver = rng.chance(70);
                Self::Send { user: to, form, key, expire_s, setup: Setup::random(rng, deliver) }
            }
            170..200 => Self::Batch { lines: 3 + rng.below(8) as u8, form, setup: Setup::random(rng, true) },
            200..330 => Self::Flush(Setup::random(rng, true)),
            330..370 => Self::Retry(rng.pick(&[Pick::Nth(nth), Pick::Failed, Pick::Unknown]), Setup::random(rng, true)),
            370..390 => Self::Cancel(nth),
            390..395 => Self::CancelAll,
            395..410 => Self::Unbind(user),
            410..440 => Self::Bind(user, rng.below(3) as u8),
            440..445 => Self::Rename(user),
            445..450 => Self::Remove(user),
            450..465 => Self::Prune { older_than_s: rng.pick(&[1, 60, 86_400]), machine },
            465..470 => Self::QuotaClear,
            470..620 => Self::Arm {
                fault: rng.pick(FAULTS),
                times: rng.pick(&[1, 1, 1, 2, 3, 8]),
                host: rng.pick(&[None, Some(0), Some(1)]),
                token: rng.chance(12),
            },
            620..630 | 786..788 => Self::Revoke,
            630..670 => Self::Kill { process: nth, after: rng.below(6) as u8 },
            670..680 => Self::Terminate(nth),
            680..700 => Self::Pause { process: nth, ms: span(rng) },
            700..705 => Self::NoThreads(nth),
            705..725 => Self::Leap { machine, ms: rng.pick(&leaps) },
            725..740 => Self::Freeze { machine, ms: span(rng) },
            740..745 => Self::Suspend { machine, ms: span(rng) },
            745..755 => Self::Reboot(machine),
            755..765 => Self::Lock { ms: 1 + rng.below(20_000) as i64 },
            765..785 => Self::DiskFault(1 + rng.below(12) as u8),
            // Rare, because the store pauses while it deletes one.
            785 => Self::History,
            _ => Self::Advance { ms: span(rng) },
        }
    }
}

/// Returns the plan of a seed.
pub fn plan(seed: u64) -> Vec<Op> {
    let mut rng = Rng(seed);
    let length = 8 + rng.below(40);
    let mut ops: Vec<Op> = (0..length).map(|_| Op { kind: Kind::random(&mut rng), noise: rng.next() }).collect();
    // One history in three has a long-lived process, some have two.
    while rng.chance(35) {
        let at = rng.below(ops.len() as u64) as usize;
        let setup = Setup { wait_s: rng.pick(&[0, 5, 30]), ..Setup::random(&mut rng, true) };
        ops.insert(at, Op { kind: Kind::Serve(setup), noise: rng.next() });
    }
    // Events take no time, so a history without them is the same.
    for _ in 0..rng.pick(&[0, 2, 6, 12]) {
        let at = rng.below(ops.len() as u64 + 1) as usize;
        let kind = Kind::Push { push: Push::random(&mut rng), machine: rng.below(2) as usize };
        ops.insert(at, Op { kind, noise: rng.next() });
    }
    ops
}

/// Returns the shortest plan found by leaving out operations that still fails.
pub fn shrink(mut plan: Vec<Op>, mut fails: impl FnMut(&[Op]) -> bool) -> Vec<Op> {
    let mut chunk = plan.len().div_ceil(2);
    while chunk > 0 {
        let (before, mut at) = (plan.len(), 0);
        while at < plan.len() {
            let shorter: Vec<Op> =
                plan.iter().enumerate().filter(|(n, _)| !(at..at + chunk).contains(n)).map(|(_, op)| *op).collect();
            if fails(&shorter) { plan = shorter } else { at += chunk }
        }
        if chunk == 1 && plan.len() == before {
            break;
        }
        chunk = if chunk == 1 { 1 } else { chunk / 2 };
    }
    plan
}
