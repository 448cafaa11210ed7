//! The simulated world of a history: machines with their clocks, processes of wxbox over one real
//! database, and the operator. The processes consist of the real scheduler, store, token code and
//! HTTP client above the transport. No code here sleeps.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use wxbox::access_token::{self, Account};
use wxbox::clock::{ClockReading, Timestamp};
use wxbox::delivery::{
    DeliveryEvent, DeliveryOptions, DeliverySource, NextStep, Scheduler, SendJob, SendResult, StepAction, StepEvents,
    StepTime, TaggedSubmission,
};
use wxbox::secret::Secret;
use wxbox::store::{CachedToken, MessageState, Store, WorkerLock};
use wxbox::wechat::{Client, ClientSettings, Endpoint};

use crate::check;
use crate::events::Pushes;
use crate::plan::{Op, Rng, Setup, USERS};
use crate::service::{RunRole, Service};
use crate::wechat::{EPOCH, Line, MessageKey, Platform, locked, number_in, recipient_of, show};

pub const APP: &str = "wx1";
pub const DAY: Duration = Duration::from_secs(86_400);
pub const RETAIN: Duration = Duration::from_secs(90 * 86_400);
/// The maximum number of steps of a process; a run with more does not end.
const MAX_STEPS: u32 = 5_000;
/// How long a run may take, less the time for which it did not run.
const MAX_RUN_MS: i64 = 45 * 60_000;

/// Empties the database, except for the users.
const RESET: &[&str] = &[
    "BEGIN IMMEDIATE",
    "UPDATE sim_fault SET n = 0",
    "DELETE FROM messages",
    "DELETE FROM payloads",
    "DELETE FROM tokens",
    "DELETE FROM users",
    "DELETE FROM events",
    "DELETE FROM unmatched_receipts",
    "DELETE FROM sqlite_sequence",
    "INSERT INTO users (id, username, uid, created_at)
     SELECT column1 + 1, 'u' || column1, printf('%032d', column1), 0 FROM (VALUES (0), (1), (2), (3))",
    "INSERT INTO bindings (app_id, user_id, openid, bound_at) SELECT 'wx1', id, 'o' || (id - 1) || '-0', 0 FROM users",
    "COMMIT",
];

/// The files, the connections and the client that all histories share, because they take long to
/// create.
pub struct Rig {
    _dir: tempfile::TempDir,
    path: PathBuf,
    pub raw: Connection,
    pub pool: Vec<Store>,
    client: Client,
    pub coverage: bool,
}

impl Rig {
    pub fn new() -> Self {
        let base = ["/dev/shm", "/tmp"].into_iter().find(|it| std::path::Path::new(it).is_dir()).unwrap();
        let dir = tempfile::tempdir_in(base).unwrap();
        let path = dir.path().join("wxbox.db");
        drop(Store::open(&path).unwrap());
        let raw = Connection::open(&path).unwrap();
        // The pages are small, because a commit writes each page that it changes.
        raw.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL;")
            .unwrap();
        let mut sql = "CREATE TABLE sim_fault (n INTEGER NOT NULL); INSERT INTO sim_fault VALUES (0);".to_owned();
        for (name, event) in [
            ("mu", "UPDATE ON messages"),
            ("mi", "INSERT ON messages"),
            ("ai", "INSERT ON attempts"),
            ("au", "UPDATE ON attempts"),
        ] {
            sql += &format!(
                "CREATE TRIGGER sim_{name} BEFORE {event} WHEN (SELECT n FROM sim_fault) > 0 BEGIN
                 UPDATE sim_fault SET n = n - 1;
                 SELECT CASE WHEN (SELECT n FROM sim_fault) = 0 THEN RAISE(ABORT, 'disk full') END; END;"
            );
        }
        raw.execute_batch(&sql).unwrap();
        raw.set_prepared_statement_cache_capacity(64);
        let settings = ClientSettings {
            api_base: ["https://api.test", "https://api2.test"].iter().map(|it| it.parse().unwrap()).collect(),
            timeout: Duration::from_secs(10),
            proxy: None,
            ca_file: None,
            secret_source: None,
        };
        Self { _dir: dir, path, raw, pool: Vec::new(), client: Client::new(&settings).unwrap(), coverage: false }
    }

    /// Empties the database, except for the users.
    fn reset(&mut self) {
        for sql in RESET {
            self.raw.prepare_cached(sql).unwrap().execute([]).unwrap();
        }
    }

    /// Makes the nth following statement that writes a message or an attempt fail; none with 0.
    fn set_fault(&self, nth: u8) {
        self.raw.prepare_cached("UPDATE sim_fault SET n = ?1").unwrap().execute([nth]).unwrap();
    }

    pub fn take_store(&mut self) -> Store {
        let open = || Store::open(&self.path).unwrap().with_busy_timeout(Duration::ZERO).unwrap();
        self.pool.pop().unwrap_or_else(open)
    }
}

#[derive(Clone, Default)]
pub struct Machine {
    pub wall_offset: i64,
    pub boot: u32,
    pub boot_at: i64,
    /// Time that no clock but the wall clock counts.
    pub frozen: i64,
    /// Time that only the clock for pauses does not count.
    pub suspended: i64,
    pub stopped_until: i64,
}

pub enum Arrival {
    Sent(SendResult),
    Token(Result<CachedToken, access_token::Error>),
}

/// When a process continues, unless an event arrives earlier.
#[derive(Clone, Copy, PartialEq)]
pub enum Wake {
    Now,
    /// At this time of its machine's clock for pauses.
    At(i64),
    Never,
}

pub struct Process {
    name: String,
    worker_id: String,
    pub setup: Setup,
    scheduler: Scheduler,
    client: Client,
    line: Line,
    submissions: VecDeque<TaggedSubmission>,
    arrivals: Vec<(i64, Arrival)>,
    /// When it sent which row, by its clock for pauses.
    requests: Vec<(i64, i64)>,
    /// The classes and recipients that responses forbid: from when, until when.
    rests: Vec<(i64, i64, String)>,
    wake: Wake,
    pub paused_until: i64,
    /// The true time by which it must have ended.
    pub deadline: i64,
    /// The messages that it submitted, and the rows that it reported; `None` if it left some out.
    submitted: BTreeSet<u64>,
    reported: Option<BTreeSet<i64>>,
    /// The number of messages that it may leave out: those to users that it reported as not bound,
    /// and any after SIGTERM.
    left_out: usize,
    pub die_after: Option<u8>,
    pub stop: bool,
    pub no_threads: bool,
    pub role: RunRole,
    steps: u32,
    /// Its service has told it that more may be due.
    pub due_changed: bool,
    pub due_closed: bool,
}

/// A submission with its expected result.
pub struct Queued {
    pub first: u64,
    pub parts: u64,
    pub recipients: Vec<usize>,
    pub may_skip: bool,
}

pub struct World<'a> {
    pub rig: &'a mut Rig,
    pub platform: Arc<Mutex<Platform>>,
    pub machines: [Machine; 2],
    pub processes: Vec<Process>,
    /// The `serve` of each machine.
    pub services: [Option<Service>; 2],
    /// The number of processes that have ended; their claims may remain.
    pub deaths: u32,
    base: Instant,
    pub noise: Rng,
    pub next_number: u64,
    started: u32,
    pub lock_until: Option<i64>,
    /// The statement that fails, and the number of steps in which it can.
    pub disk_fault: Option<(u8, u8)>,
    pub has_disk_faults: bool,
    /// The messages by their row.
    pub ids: BTreeMap<i64, MessageKey>,
    /// Rows that may have been deleted.
    pub released: BTreeSet<i64>,
    pub queued: Vec<Queued>,
    /// The rows that were `unknown` at the last check.
    pub unknown: BTreeSet<i64>,
    pub removed: [bool; USERS],
    /// Whether there are rows of [`Kind::History`].
    pub has_history: bool,
    pub pushes: Pushes,
}

/// The result of a history.
pub struct Outcome {
    pub violation: Option<String>,
    pub trace: Vec<String>,
    pub met: BTreeMap<(String, &'static str), u64>,
}

/// Simulates a history.
pub fn play(rig: &mut Rig, plan: &[Op], wants_trace: bool) -> Outcome {
    rig.reset();
    let bound = std::array::from_fn(|user| Some(format!("o{user}-0")));
    let trace = wants_trace.then(Vec::new);
    let mut platform = Platform::default();
    (platform.bound, platform.trace) = (bound, trace);
    platform.revoke();
    let mut world = World {
        rig,
        platform: Arc::new(Mutex::new(platform)),
        machines: std::array::from_fn(|_| Machine { boot_at: -3_600_000, ..Machine::default() }),
        processes: Vec::new(),
        services: [None, None],
        deaths: 0,
        base: Instant::now(),
        noise: Rng(1),
        next_number: 1,
        started: 0,
        lock_until: None,
        disk_fault: None,
        has_disk_faults: false,
        ids: BTreeMap::new(),
        released: BTreeSet::new(),
        queued: Vec::new(),
        unknown: BTreeSet::new(),
        removed: [false; USERS],
        has_history: false,
        pushes: Pushes::default(),
    };
    for op in plan {
        world.noise = Rng(op.noise);
        locked(&world.platform).noise = op.noise;
        world.apply(op.kind);
        if world.is_violated() {
            break;
        }
    }
    if !world.is_violated() {
        world.settle();
    }
    world.unlock();
    while let Some(process) = world.processes.pop() {
        world.rig.pool.push(process.scheduler.into_store());
    }
    (0..world.services.len()).for_each(|machine| world.end_service(machine));
    let mut platform = locked(&world.platform);
    let violation = platform.violations.first().cloned();
    Outcome { violation, trace: platform.trace.take().unwrap_or_default(), met: std::mem::take(&mut platform.met) }
}

impl World<'_> {
    pub fn is_violated(&self) -> bool {
        !locked(&self.platform).violations.is_empty()
    }

    pub fn now(&self) -> i64 {
        locked(&self.platform).now
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        locked(&self.platform).say(line);
    }

    pub fn mono(&self, machine: usize) -> i64 {
        let it = &self.machines[machine];
        self.now() - it.frozen - it.suspended + 1_000_000_000
    }

    pub fn instant(&self, mono: i64) -> Instant {
        self.base + Duration::from_millis(mono.unsigned_abs())
    }

    /// Returns the milliseconds until a time of a machine's clock for pauses; 0 if it is over.
    pub fn until(&self, machine: usize, until: Instant) -> i64 {
        let mono = until.saturating_duration_since(self.base).as_nanos().div_ceil(1_000_000);
        (i64::try_from(mono).unwrap_or(i64::MAX) - self.mono(machine)).max(0)
    }

    pub fn clock(&self, machine: usize) -> ClockReading {
        let it = &self.machines[machine];
        let uptime = format!("b{machine}{}:{}", it.boot, self.now() - it.boot_at - it.frozen);
        ClockReading { wall: Timestamp(EPOCH + self.now() + it.wall_offset), uptime: uptime.parse().ok() }
    }

    /// Ends the faults, and lets time pass until each message has its final state.
    fn settle(&mut self) {
        self.say(|| "all is well from here".to_owned());
        self.unlock();
        self.disk_fault = None;
        locked(&self.platform).armed.clear();
        self.machines.iter_mut().for_each(|machine| machine.wall_offset = 0);
        let stopped_until = self.machines.iter().map(|it| it.stopped_until).max().unwrap_or(0);
        self.advance((stopped_until - self.now()).max(0));
        self.processes.iter_mut().for_each(|it| (it.paused_until, it.die_after) = (0, None));
        for minutes in [0, 2, 10, 60, 120, 600, 1600, 1700, 3200, 3300] {
            self.advance(minutes * 60_000);
            // With a service, no flush is needed.
            if self.services.iter().all(Option::is_none) {
                self.start("flush", Setup::flush(0), DeliverySource::Due, VecDeque::new());
            }
            self.advance(20 * 60_000);
            let is_idle = self.processes.iter().all(|it| it.role != RunRole::Command);
            if self.is_violated() || (is_idle && check::waiting(self) == 0) {
                break;
            }
        }
        check::states(self);
        check::settled(self);
        let (fetches, started) = (locked(&self.platform).token_fetches, self.started);
        if fetches > 8 * started + 8 {
            locked(&self.platform).violate("e: token fetches", format!("{fetches} fetches of {started} processes"));
        }
        // Parts that wait for a message of an unknown state keep a service busy.
        for machine in 0..self.services.len() {
            if self.services[machine].is_some() {
                self.terminate_service(machine);
            }
        }
        self.advance(20_000);
        for process in &self.processes {
            let what = format!("{} does not end", process.name);
            locked(&self.platform).violate("e: no process waits for ever", what);
        }
    }

    fn unlock(&mut self) {
        if self.lock_until.take().is_some() {
            self.rig.raw.execute_batch("COMMIT").unwrap();
        }
    }

    pub fn start(&mut self, name: &str, setup: Setup, source: DeliverySource, submissions: VecDeque<TaggedSubmission>) {
        if matches!(source, DeliverySource::Submissions(_)) && submissions.is_empty() {
            return;
        }
        self.started += 1;
        locked(&self.platform).may_give_up |= setup.max_attempts > 0;
        let name = format!("P{} on machine {}: {name}", self.started, setup.machine);
        self.say(|| format!("{name} starts"));
        let options = DeliveryOptions {
            account: self.account(),
            concurrency: setup.concurrency,
            rate: setup.rate,
            wait: Duration::from_secs(setup.wait_s),
            max_attempts: setup.max_attempts,
            retain: RETAIN,
            deliver: setup.deliver,
        };
        let instant = self.instant(self.mono(setup.machine));
        let line = Line { platform: self.platform.clone(), instant: Arc::new(Mutex::new(instant)) };
        let store = self.rig.take_store();
        let lock = WorkerLock::acquire(store.path()).unwrap();
        let worker_id = lock.worker_id().to_owned();
        let mut jitter = self.noise.clone();
        let jitter = Box::new(move || jitter.below(1000) as f64 / 1000.0);
        let now = StepTime { instant, clock: self.clock(setup.machine), server: None };
        let scheduler = Scheduler::new(store, lock, options, &source, Duration::from_secs(10), jitter, now);
        let numbers = submissions
            .iter()
            .filter_map(|it| number_in(&it.submission.payload.json).zip(Some(it.submission.parts.len() as u64)));
        let submitted = numbers.flat_map(|(first, parts)| first..=first + parts).collect();
        self.processes.push(Process {
            name,
            submitted,
            reported: Some(BTreeSet::new()),
            left_out: 0,
            worker_id,
            setup,
            scheduler,
            client: self.rig.client.with_transport(Arc::new(line.clone())),
            line,
            submissions,
            arrivals: Vec::new(),
            requests: Vec::new(),
            rests: Vec::new(),
            wake: Wake::Now,
            paused_until: 0,
            deadline: self.now().max(self.machines[setup.machine].stopped_until) + MAX_RUN_MS,
            die_after: None,
            stop: false,
            no_threads: false,
            role: RunRole::Command,
            steps: 0,
            due_changed: false,
            due_closed: false,
        });
    }

    fn account(&self) -> Account {
        Account { app_id: APP.to_owned(), secret: Secret::from("s".to_owned()), endpoint: Endpoint::Stable }
    }

    /// Returns when a process runs next, in true time.
    fn next_run(&self, process: &Process) -> Option<i64> {
        let machine = &self.machines[process.setup.machine];
        let wake = match process.wake {
            Wake::Now => Some(self.now()),
            Wake::At(mono) => Some(self.now() + (mono - self.mono(process.setup.machine)).max(0)),
            Wake::Never => None,
        };
        let arrival = process.arrivals.iter().map(|it| it.0).min();
        // The process was told that its source has more, or is closed.
        let is_told = process.due_changed || process.due_closed;
        let has_input = process.stop || is_told || process.scheduler.submission_capacity() > 0;
        let stop = has_input.then(|| self.now());
        let next = wake.into_iter().chain(arrival).chain(stop).min()?;
        Some(next.max(self.now()).max(machine.stopped_until).max(process.paused_until))
    }

    /// Lets time pass.
    pub fn advance(&mut self, ms: i64) {
        let until = self.now() + ms;
        while !self.is_violated() {
            let runs: Vec<Option<i64>> = self.processes.iter().map(|it| self.next_run(it)).collect();
            let first = runs.iter().flatten().min().copied();
            let looks: Vec<Option<i64>> = (0..self.services.len()).map(|it| self.next_look(it)).collect();
            let first_look = looks.iter().flatten().min().copied();
            let all = first.into_iter().chain(self.lock_until).chain(first_look);
            let Some(next) = all.min().filter(|next| *next <= until) else { break };
            locked(&self.platform).now = next;
            if let Some(machine) = looks.iter().position(|look| *look == Some(next)) {
                self.look(machine);
                continue;
            }
            if self.lock_until.is_some_and(|lock_until| lock_until <= next) {
                self.unlock();
                continue;
            }
            let due: Vec<usize> = (0..runs.len()).filter(|it| runs[*it] == Some(next)).collect();
            let chosen = self.noise.pick(&due);
            self.processes[chosen].steps += 1;
            if self.processes[chosen].steps > MAX_STEPS {
                let what = format!("{}: {MAX_STEPS} steps", self.processes[chosen].name);
                locked(&self.platform).violate("e: no process waits for ever", what);
            }
            self.run_step(chosen);
        }
        let mut platform = locked(&self.platform);
        platform.now = platform.now.max(until);
    }

    /// Runs one step of a process, and performs its actions.
    fn run_step(&mut self, index: usize) {
        let (now, machine) = (self.now(), self.processes[index].setup.machine);
        let (mono, clock) = (self.mono(machine), self.clock(machine));
        let instant = self.instant(mono);
        let process = &mut self.processes[index];
        if now > process.deadline {
            let what = format!("{} takes longer than {} minutes", process.name, MAX_RUN_MS / 60_000);
            return locked(&self.platform).violate("e: no process waits for ever", what);
        }
        let mut events = StepEvents { max_in_flight: process.setup.concurrency, ..StepEvents::default() };
        if process.no_threads {
            events.max_in_flight = 1;
        }
        for (_, arrival) in process.arrivals.extract_if(.., |it| it.0 <= now) {
            match arrival {
                Arrival::Sent(result) => events.sent.push(result),
                Arrival::Token(result) => events.token = Some(result),
            }
        }
        let mut capacity = process.scheduler.submission_capacity();
        while capacity > 0
            && let Some(next) = process.submissions.pop_front()
        {
            capacity = capacity.saturating_sub(next.submission.recipients.len());
            events.submissions.push(next);
        }
        events.submissions_closed = process.submissions.is_empty();
        events.due_changed = std::mem::take(&mut process.due_changed);
        events.due_closed = std::mem::take(&mut process.due_closed);
        if process.stop {
            process.left_out = usize::MAX;
        }
        events.stop_at = std::mem::take(&mut process.stop).then(|| instant + Duration::from_secs(2));
        *locked(&process.line.instant) = instant;
        let time = StepTime { instant, clock, server: process.client.clock().now(instant) };
        let armed = self.disk_fault.filter(|_| self.lock_until.is_none());
        if let Some((nth, steps)) = armed {
            self.rig.set_fault(nth);
            self.disk_fault = (steps > 1).then_some((nth, steps - 1));
        }
        let size = if self.has_history { check::size(self) } else { (0, 0) };
        let process = &mut self.processes[index];
        let mut next = process.scheduler.step(events, time.clone());
        if matches!(next, NextStep::Abandon) {
            check::mark_unanswered(&self.rig.raw, &self.ids, &self.platform, &process.worker_id);
            next = process.scheduler.abandon(&HashSet::new());
        }
        if armed.is_some() {
            let left: u8 = check::query_one(&self.rig.raw, "SELECT n FROM sim_fault", []).unwrap();
            self.disk_fault = self.disk_fault.map(|(_, steps)| (left.max(1), steps));
            self.rig.set_fault(0);
        }
        if self.has_history {
            check::short_transactions(self, size);
            if time.server.is_some() && self.lock_until.is_none() && matches!(next, NextStep::Finish(Ok(()))) {
                check::history_is_pruned(self);
            }
        }
        if self.processes[index].steps + 3 > MAX_STEPS {
            self.say(|| format!("{}: {next:?} at {instant:?}", self.processes[index].name));
        }
        self.perform(index, next);
    }

    fn perform(&mut self, index: usize, next: NextStep) {
        for action in self.processes[index].scheduler.take_actions() {
            if let Some(left) = &mut self.processes[index].die_after {
                if *left == 0 {
                    return self.kill(index);
                }
                *left -= 1;
            }
            match action {
                StepAction::Emit(event) => self.on_event(index, event),
                StepAction::Send { job, .. } => self.send(index, job),
                StepAction::FetchToken { rejected } => self.fetch_token(index, rejected),
                StepAction::Upload { .. } => {}
            }
        }
        let base = self.base;
        let process = &mut self.processes[index];
        process.wake = match next {
            NextStep::Continue | NextStep::Abandon => Wake::Now,
            NextStep::Wait(None) => Wake::Never,
            NextStep::Wait(Some(until)) => {
                let mono = until.saturating_duration_since(base).as_nanos().div_ceil(1_000_000);
                Wake::At(i64::try_from(mono).unwrap_or(i64::MAX))
            }
            NextStep::Finish(result) => {
                let process = self.processes.remove(index);
                self.deaths += 1;
                check::mark_unanswered(&self.rig.raw, &self.ids, &self.platform, &process.worker_id);
                self.say(|| {
                    format!(
                        "{} ends: {}",
                        process.name,
                        result.as_ref().map_or_else(ToString::to_string, |()| "well".into())
                    )
                });
                if result.is_ok() {
                    check::queued(self, &process.submitted, process.left_out);
                    check::reports(self, &process.submitted, process.reported.as_ref());
                }
                self.on_run_end(process.role, process.setup.machine, &result);
                self.rig.pool.push(process.scheduler.into_store());
                return check::states(self);
            }
        };
    }

    pub fn kill(&mut self, index: usize) {
        check::note_rows(self);
        let process = self.processes.remove(index);
        self.say(|| format!("{} is killed", process.name));
        check::mark_unanswered(&self.rig.raw, &self.ids, &self.platform, &process.worker_id);
        self.rig.pool.push(process.scheduler.into_store());
        self.deaths += 1;
        if process.role != RunRole::Command {
            // The run and its service are one process.
            let machine = process.setup.machine;
            self.end_service(machine);
            let is_run = |it: &Process| it.setup.machine == machine && it.role != RunRole::Command;
            if let Some(next) = self.processes.iter().position(is_run) {
                self.kill(next);
            }
        }
    }

    fn send(&mut self, index: usize, job: SendJob) {
        let now = self.now();
        let mono = self.mono(self.processes[index].setup.machine);
        let process = &mut self.processes[index];
        let mut platform = locked(&self.platform);
        check::rate(&mut platform, &process.name, process.setup.rate, mono, &process.requests);
        let (id, to) = (job.id, format!("to {}", recipient_of(&job.openid)));
        process.requests.push((mono, id));
        platform.latency = 0;
        drop(platform);
        let result = job.perform(&process.client);
        let mut platform = locked(&self.platform);
        let is_kept = |(from, until, what): &(i64, i64, String)| {
            !(*from..*until).contains(&mono) || ![&platform.class, &to].contains(&what)
        };
        if !process.rests.iter().all(is_kept) {
            let what = format!("{} sends row {id} though WeChat refuses its like", process.name);
            platform.violate("e: a refused class rests", what);
        }
        let answered = mono + platform.latency;
        process.rests.extend(platform.rest.take().map(|(what, ms)| (answered, answered + ms, what)));
        let at = now + platform.latency;
        drop(platform);
        process.arrivals.push((at, Arrival::Sent(result)));
    }

    fn fetch_token(&mut self, index: usize, rejected: Option<Secret>) {
        let (account, mut store) = (self.account(), self.rig.take_store());
        let now = self.clock(self.processes[index].setup.machine).wall;
        let process = &mut self.processes[index];
        locked(&self.platform).latency = 0;
        let result = match &rejected {
            Some(rejected) => access_token::replace_rejected(rejected, &mut store, &process.client, &account, now),
            None => access_token::get(&mut store, &process.client, &account, now),
        };
        self.rig.pool.push(store);
        let at = self.now() + locked(&self.platform).latency;
        self.processes[index].arrivals.push((at, Arrival::Token(result)));
    }

    /// A run that is not stopped waits for responses, and for a locked database that must store them.
    fn check_patience(&self, index: usize, (id, message): (i64, MessageKey), state: MessageState) {
        let process = &self.processes[index];
        let sent = process.requests.iter().rev().find(|it| it.1 == id).map_or(0, |it| it.0);
        let is_early = state == MessageState::Unknown && self.mono(process.setup.machine) - sent < 10_000;
        let gives_up = self.lock_until.is_some() && !self.has_disk_faults;
        if process.left_out != usize::MAX && (is_early || gives_up) {
            locked(&self.platform).violate("e: results are waited for", show(message));
        }
    }

    /// Compares what a run says of a message with what is true.
    fn on_event(&mut self, index: usize, event: DeliveryEvent) {
        let (name, id, state) = match event {
            DeliveryEvent::Settled { message, duplicate: true, .. } => ("repeats", message.id, message.state),
            DeliveryEvent::Settled { message, .. } => ("settles", message.id, message.state),
            DeliveryEvent::ResultNotSaved { id, state, .. } => ("cannot store", id, state),
            DeliveryEvent::SendingStopped(error) => {
                self.say(|| format!("{} sends no more: {error}", self.processes[index].name));
                return self.on_sending_stopped(index);
            }
            DeliveryEvent::Queued(_) => return check::note_rows(self),
            DeliveryEvent::NotBound { .. } => {
                let left_out = &mut self.processes[index].left_out;
                return *left_out = left_out.saturating_add(1);
            }
            DeliveryEvent::LeftQueued(_) => return self.processes[index].reported = None,
            _ => return,
        };
        if state == MessageState::Sent && self.processes[index].role != RunRole::Command {
            self.on_success(self.processes[index].setup.machine);
        }
        if !self.ids.contains_key(&id) {
            check::note_rows(self);
        }
        let Some(message) = self.ids.get(&id).copied() else { return };
        let process = &mut self.processes[index];
        let is_ours = process.submitted.contains(&message.0);
        let is_new = process
            .reported
            .as_mut()
            .is_none_or(|it| if name == "repeats" { !it.contains(&id) } else { it.insert(id) });
        if name != "cannot store" && check::stored_state(&self.rig.raw, id).is_some_and(|stored| stored != state) {
            let what = format!("{} is reported as {state}", show(message));
            locked(&self.platform).violate("e: reports agree", what);
        }
        self.say(|| format!("{} {name} {}: {state}", self.processes[index].name, show(message)));
        // A run has a message again after a user's retry or if it became due in the meantime, and a service later.
        let may_return = {
            let platform = locked(&self.platform);
            platform.has_odd_times || platform.messages.get(&message).is_some_and(|truth| truth.retried)
        };
        if name != "repeats" && !is_new && !may_return && self.processes[index].role == RunRole::Command {
            locked(&self.platform).violate("e: reports agree", format!("{} is reported twice", show(message)));
        }
        if name == "repeats" && is_new && is_ours && self.processes[index].reported.is_some() {
            locked(&self.platform)
                .violate("e: reports agree", format!("{} is reported as a duplicate first", show(message)));
        }
        if name == "cannot store" {
            self.check_patience(index, (id, message), state);
            locked(&self.platform).messages.entry(message).and_modify(|it| it.unanswered = true);
        }
        if name == "cannot store" && state == MessageState::Queued {
            return;
        }
        check::state(&mut locked(&self.platform), message, state, true);
    }
}
