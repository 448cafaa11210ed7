//! The simulated world of a history: machines with their clocks, processes of wxbox over one real
//! database, and the operator. The processes consist of the real scheduler, store, token code and
//! HTTP client above the transport. No code here sleeps.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use wxbox::access_token::{self, Account};
use wxbox::clock::{ClockReading, Timestamp};
use wxbox::delivery::{
    DeliveryEvent, DeliveryOptions, DeliverySource, NextStep, Scheduler, SendJob, StepAction, StepEvents, StepTime,
    TaggedSubmission,
};
use wxbox::secret::Secret;
use wxbox::store::{MessageState, Store, WorkerLock};
use wxbox::wechat::{Client, ClientSettings, Endpoint};

use crate::check;
use crate::events::Pushes;
use crate::plan::{FLUSH, Op, Rng, Setup, USERS};
use crate::service::{RunRole, Service};
use crate::wechat::{EPOCH, Line, MessageKey, Platform, Truth, locked, number_in, recipient_of};

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

/// Makes the nth following statement that writes a message or an attempt fail, if n > 0.
const FAULT_TRIGGER: &str = "CREATE TRIGGER sim_NAME BEFORE EVENT WHEN (SELECT n FROM sim_fault) > 0 BEGIN
    UPDATE sim_fault SET n = n - 1;
    SELECT CASE WHEN (SELECT n FROM sim_fault) = 0 THEN RAISE(ABORT, 'disk full') END; END;";

/// The files, the connections and the client that all histories share, because they take long to
/// create.
pub struct Rig {
    _dir: tempfile::TempDir,
    path: PathBuf,
    pub raw: Connection,
    pub pool: Vec<Store>,
    client: Client,
    /// Whether the states in which faults occur are counted.
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
        let mut sql = "PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL;
            CREATE TABLE sim_fault (n INTEGER NOT NULL); INSERT INTO sim_fault VALUES (0);"
            .to_owned();
        let events = ["UPDATE ON messages", "INSERT ON messages", "INSERT ON attempts", "UPDATE ON attempts"];
        for (name, event) in ["a", "b", "c", "d"].into_iter().zip(events) {
            sql += &FAULT_TRIGGER.replace("NAME", name).replace("EVENT", event);
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

    fn set_fault(&self, nth: u8) {
        self.raw.prepare_cached("UPDATE sim_fault SET n = ?1").unwrap().execute([nth]).unwrap();
    }

    pub fn take_store(&mut self) -> Store {
        let open = || Store::open(&self.path).unwrap().with_busy_timeout(Duration::ZERO).unwrap();
        self.pool.pop().unwrap_or_else(open)
    }
}

#[derive(Default)]
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

pub struct Process {
    name: String,
    worker_id: String,
    pub setup: Setup,
    scheduler: Scheduler,
    /// Its connection to WeChat.
    pub network: (Line, Client),
    submissions: VecDeque<TaggedSubmission>,
    /// The results that arrive from the network, each with its time.
    arrivals: Vec<(i64, StepEvents)>,
    /// The events from its service for its next step.
    pub told: StepEvents,
    /// When it sent which row, by its clock for pauses.
    requests: Vec<(i64, i64)>,
    /// The classes and recipients that responses forbid: from when, until when.
    rests: Vec<(i64, i64, String)>,
    /// When it continues, by its clock for pauses, unless an event arrives earlier.
    wake: Option<i64>,
    pub paused_until: i64,
    /// The true time by which it must have ended.
    pub deadline: i64,
    /// The messages that it submitted, and the rows that it reported; `None` if it left some out.
    pub submitted: BTreeSet<u64>,
    pub reported: Option<BTreeSet<i64>>,
    /// The number of messages that it may leave out: those to users that it reported as not bound,
    /// and any after SIGTERM.
    pub left_out: usize,
    pub die_after: Option<u8>,
    pub stop: bool,
    pub no_threads: bool,
    pub role: RunRole,
    steps: u32,
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
    platform: Arc<Mutex<Platform>>,
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
    /// Whether there are rows of a long history.
    pub has_history: bool,
    pub pushes: Pushes,
}

/// Simulates a history, and returns the model of WeChat with the violation, the trace and the counts.
pub fn play(rig: &mut Rig, plan: &[Op], wants_trace: bool) -> Platform {
    for sql in RESET {
        rig.raw.prepare_cached(sql).unwrap().execute([]).unwrap();
    }
    let mut platform = Platform::default();
    (platform.bound, platform.wants_trace) = (std::array::from_fn(|user| Some(format!("o{user}-0"))), wants_trace);
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
        world.wechat().noise = op.noise;
        if !world.is_violated() {
            world.apply(op.kind);
        }
    }
    if !world.is_violated() {
        world.settle();
    }
    world.unlock();
    (0..world.services.len()).for_each(|machine| world.end_service(machine));
    while let Some(process) = world.processes.pop() {
        world.rig.pool.push(process.scheduler.into_store());
    }
    std::mem::take(&mut *world.wechat())
}

/// Returns the shortest form of a plan that violates the same rule, and its history.
pub fn shrink(rig: &mut Rig, plan: Vec<Op>, violation: &str) -> (Vec<Op>, String) {
    let rule = violation.split(": ").take(2).collect::<Vec<_>>().join(": ");
    let short =
        crate::plan::shrink(plan, |ops| play(rig, ops, false).violation.is_some_and(|it| it.starts_with(&rule)));
    let trace = play(rig, &short, true).trace;
    (short, trace)
}

impl World<'_> {
    pub fn wechat(&self) -> MutexGuard<'_, Platform> {
        locked(&self.platform)
    }

    pub fn is_violated(&self) -> bool {
        self.wechat().violation.is_some()
    }

    /// Records that a rule is violated, if `is_violated`.
    pub fn violate(&self, is_violated: bool, rule: &str, what: impl FnOnce() -> String) {
        if is_violated {
            self.wechat().violate(true, rule, what);
        }
    }

    pub fn now(&self) -> i64 {
        self.wechat().now
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        self.wechat().say(line);
    }

    /// Lets a command use a store.
    pub fn with_store<T>(&mut self, work: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = self.rig.take_store();
        let result = work(&mut store);
        self.rig.pool.push(store);
        result
    }

    /// Changes the truth about the message of a row.
    pub fn change_truth(&self, id: i64, change: impl FnOnce(&mut Truth)) {
        let mut platform = self.wechat();
        let truth = self.ids.get(&id).and_then(|message| platform.messages.get_mut(message));
        truth.map(change);
    }

    pub fn mono(&self, machine: usize) -> i64 {
        let it = &self.machines[machine];
        self.now() - it.frozen - it.suspended + 1_000_000_000
    }

    pub fn instant(&self, machine: usize) -> Instant {
        self.base + Duration::from_millis(self.mono(machine).unsigned_abs())
    }

    /// Returns a time as the milliseconds of the clock for pauses.
    fn as_mono(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.base).as_nanos().div_ceil(1_000_000) as i64
    }

    /// Returns when a machine's clock for pauses shows a time, in true time.
    pub fn in_true_time(&self, machine: usize, at: Instant) -> i64 {
        self.now() + (self.as_mono(at) - self.mono(machine)).max(0)
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
        self.wechat().armed.clear();
        self.machines.iter_mut().for_each(|machine| machine.wall_offset = 0);
        let stopped_until = self.machines.iter().map(|it| it.stopped_until).max().unwrap_or(0);
        self.advance((stopped_until - self.now()).max(0));
        self.processes.iter_mut().for_each(|it| (it.paused_until, it.die_after) = (0, None));
        for minutes in [0, 2, 10, 60, 120, 600, 1600, 1700, 3200, 3300] {
            self.advance(minutes * 60_000);
            // With a service, no flush is needed.
            if self.services.iter().all(Option::is_none) {
                self.start("flush", FLUSH, DeliverySource::Due, VecDeque::new());
            }
            self.advance(20 * 60_000);
            let is_idle = self.processes.iter().all(|it| it.role != RunRole::Command);
            if self.is_violated() || (is_idle && check::unfinished(self).is_empty()) {
                break;
            }
        }
        check::states(self);
        for id in check::unfinished(self) {
            let message = self.ids.get(&id).copied().unwrap_or_default();
            self.violate(true, "d: nothing is lost", || format!("{message} is still queued"));
        }
        let (fetches, most) = (self.wechat().token_fetches, 8 * self.started + 8);
        self.violate(fetches > most, "e: token fetches", || format!("{fetches} fetches, {most} are expected"));
        self.check_services();
        // Parts that wait for a message of an unknown state keep a service busy.
        for machine in 0..self.services.len() {
            if self.services[machine].is_some() {
                self.terminate_service(machine);
            }
        }
        self.advance(20_000);
        for process in &self.processes {
            self.violate(true, "e: no process waits for ever", || format!("{} does not end", process.name));
        }
    }

    fn unlock(&mut self) {
        if self.lock_until.take().is_some() {
            self.rig.raw.execute_batch("COMMIT").unwrap();
        }
    }

    pub fn start(&mut self, name: &str, setup: Setup, source: DeliverySource, submissions: VecDeque<TaggedSubmission>) {
        self.started += 1;
        self.wechat().may_give_up |= setup.max_attempts > 0;
        let name = format!("P{} on machine {}: {name}", self.started, setup.machine);
        self.say(|| format!("{name} starts"));
        let options = DeliveryOptions {
            account: account(),
            concurrency: setup.concurrency,
            rate: setup.rate,
            wait: Duration::from_secs(setup.wait_s),
            max_attempts: setup.max_attempts,
            retain: RETAIN,
            deliver: setup.deliver,
        };
        let instant = self.instant(setup.machine);
        let store = self.rig.take_store();
        let lock = WorkerLock::acquire(store.path()).unwrap();
        let worker_id = lock.worker_id().to_owned();
        let mut jitter = self.noise.clone();
        let jitter = Box::new(move || jitter.below(1000) as f64 / 1000.0);
        let now = StepTime { instant, clock: self.clock(setup.machine), server: None };
        let scheduler = Scheduler::new(store, lock, options, &source, Duration::from_secs(10), jitter, now);
        let numbers = submissions.iter().filter_map(|it| {
            number_in(&it.submission.payload.json).zip(Some(it.submission.remaining_parts.len() as u64))
        });
        let submitted = numbers.flat_map(|(first, parts)| first..=first + parts).collect();
        self.processes.push(Process {
            name,
            submitted,
            reported: Some(BTreeSet::new()),
            left_out: 0,
            worker_id,
            setup,
            scheduler,
            network: self.network(setup.machine),
            submissions,
            arrivals: Vec::new(),
            told: StepEvents::default(),
            requests: Vec::new(),
            rests: Vec::new(),
            wake: Some(0),
            paused_until: 0,
            deadline: self.now().max(self.machines[setup.machine].stopped_until) + MAX_RUN_MS,
            die_after: None,
            stop: false,
            no_threads: false,
            role: RunRole::Command,
            steps: 0,
        });
    }

    /// Returns a connection of a machine to WeChat.
    pub fn network(&self, machine: usize) -> (Line, Client) {
        let instant = Arc::new(Mutex::new(self.instant(machine)));
        let line = Line { platform: self.platform.clone(), instant };
        let client = self.rig.client.with_transport(Arc::new(line.clone()));
        (line, client)
    }

    /// Returns when a process runs next, in true time.
    fn next_run(&self, process: &Process) -> Option<i64> {
        let machine = &self.machines[process.setup.machine];
        let wake = process.wake.map(|mono| self.now() + (mono - self.mono(process.setup.machine)).max(0));
        let arrival = process.arrivals.iter().map(|it| it.0).min();
        // The process was told that its source has more, or is closed.
        let is_told = process.stop || process.told.due_changed || process.told.due_closed;
        let input = (is_told || process.scheduler.submission_capacity() > 0).then(|| self.now());
        let next = wake.into_iter().chain(arrival).chain(input).min()?;
        Some(next.max(self.now()).max(machine.stopped_until).max(process.paused_until))
    }

    /// Lets time pass.
    pub fn advance(&mut self, ms: i64) {
        let until = self.now() + ms;
        while !self.is_violated() {
            let runs: Vec<Option<i64>> = self.processes.iter().map(|it| self.next_run(it)).collect();
            let looks = [0, 1].map(|machine| self.next_look(machine));
            let all = runs.iter().chain(&looks).chain([&self.lock_until]);
            let Some(next) = all.flatten().min().copied().filter(|next| *next <= until) else { break };
            self.wechat().now = next;
            if let Some(machine) = looks.iter().position(|look| *look == Some(next)) {
                self.look(machine);
            } else if self.lock_until.is_some_and(|lock_until| lock_until <= next) {
                self.unlock();
            } else {
                let due: Vec<usize> = (0..runs.len()).filter(|it| runs[*it] == Some(next)).collect();
                let chosen = self.noise.pick(&due);
                self.run_step(chosen);
            }
        }
        let mut platform = self.wechat();
        platform.now = platform.now.max(until);
    }

    /// Runs one step of a process, and performs its actions.
    fn run_step(&mut self, index: usize) {
        let (now, machine) = (self.now(), self.processes[index].setup.machine);
        let (instant, clock) = (self.instant(machine), self.clock(machine));
        let process = &mut self.processes[index];
        process.steps += 1;
        let (is_busy, is_late) = (process.steps > MAX_STEPS, now > process.deadline);
        if is_busy || is_late {
            let what = if is_late { "takes too long" } else { "has too many steps" };
            let name = process.name.clone();
            return self.violate(true, "e: no process waits for ever", || format!("{name} {what}"));
        }
        let mut events = std::mem::take(&mut process.told);
        events.max_in_flight = if process.no_threads { 1 } else { process.setup.concurrency };
        for (_, arrival) in process.arrivals.extract_if(.., |it| it.0 <= now) {
            events.sent.extend(arrival.sent);
            events.token = arrival.token.or(events.token);
        }
        let mut capacity = process.scheduler.submission_capacity();
        while capacity > 0
            && let Some(next) = process.submissions.pop_front()
        {
            capacity = capacity.saturating_sub(next.submission.recipients.len());
            events.submissions.push(next);
        }
        events.submissions_closed = process.submissions.is_empty();
        if std::mem::take(&mut process.stop) {
            process.left_out = usize::MAX;
            events.stop_at = Some(instant + Duration::from_secs(2));
        }
        let (line, client) = &process.network;
        *locked(&line.instant) = instant;
        let time = StepTime { instant, clock, server: client.clock().now(instant) };
        let server = time.server;
        let armed = self.disk_fault.filter(|_| self.lock_until.is_none());
        armed.into_iter().for_each(|(nth, _)| self.rig.set_fault(nth));
        let size = if self.has_history { check::size(self) } else { (0, 0) };
        let process = &mut self.processes[index];
        let mut next = process.scheduler.step(events, time);
        if matches!(next, NextStep::Abandon) {
            let worker_id = process.worker_id.clone();
            check::mark_unanswered(self, &worker_id);
            next = self.processes[index].scheduler.abandon(&HashSet::new());
        }
        if let Some((_, steps)) = armed {
            let left: u8 = check::query_one(&self.rig.raw, "SELECT n FROM sim_fault", []).unwrap();
            self.disk_fault = (steps > 1).then_some((left.max(1), steps - 1));
            self.rig.set_fault(0);
        }
        if self.has_history {
            check::short_transactions(self, size);
            if server.is_some() && self.lock_until.is_none() && matches!(next, NextStep::Finish(Ok(()))) {
                check::history_is_pruned(self);
            }
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
                StepAction::FetchToken { refused } => self.fetch_token(index, refused),
                StepAction::Upload { .. } => {}
            }
        }
        self.processes[index].wake = match next {
            NextStep::Continue | NextStep::Abandon => Some(0),
            NextStep::Wait(until) => until.map(|until| self.as_mono(until)),
            NextStep::Finish(result) => {
                let process = self.remove(index);
                self.say(|| format!("{} ends: {:?}", process.name, result.as_ref().map_err(ToString::to_string)));
                if result.is_ok() {
                    check::complete(self, &process);
                }
                self.on_run_end(process.role, process.setup.machine, &result);
                self.rig.pool.push(process.scheduler.into_store());
                return check::states(self);
            }
        };
    }

    fn remove(&mut self, index: usize) -> Process {
        self.deaths += 1;
        let process = self.processes.remove(index);
        check::mark_unanswered(self, &process.worker_id);
        process
    }

    pub fn kill(&mut self, index: usize) {
        check::note_rows(self);
        let process = self.remove(index);
        self.say(|| format!("{} is killed", process.name));
        self.rig.pool.push(process.scheduler.into_store());
        if process.role != RunRole::Command {
            // The run and its service are one process.
            let machine = process.setup.machine;
            self.end_service(machine);
            let is_run = |it: &Process| it.setup.machine == machine && it.role != RunRole::Command;
            self.processes.iter().position(is_run).into_iter().for_each(|next| self.kill(next));
        }
    }

    fn send(&mut self, index: usize, job: SendJob) {
        let mono = self.mono(self.processes[index].setup.machine);
        let process = &mut self.processes[index];
        let (id, to) = (job.id, format!("to {}", recipient_of(&job.openid)));
        let rate = process.requests.iter().rev().take_while(|it| mono - it.0 < 1000).count();
        let is_too_fast = process.setup.rate > 0 && rate > process.setup.rate as usize;
        process.requests.push((mono, id));
        locked(&self.platform).latency = 0;
        self.say(|| format!("{} sends row {id}", self.processes[index].name));
        let process = &mut self.processes[index];
        let sent = vec![job.perform(&process.network.1)];
        let mut platform = locked(&self.platform);
        platform.violate(is_too_fast, "e: the rate", || format!("{} sends {} a second", process.name, rate + 1));
        let forbids = |(from, until, what): &(i64, i64, String)| {
            (*from..*until).contains(&mono) && [&platform.class, &to].contains(&what)
        };
        let is_refused = process.rests.iter().any(forbids);
        platform.violate(is_refused, "e: a refused class rests", || {
            format!("{} sends row {id} though WeChat refuses its like", process.name)
        });
        let answered = mono + platform.latency;
        process.rests.extend(platform.rest.take().map(|(what, ms)| (answered, answered + ms, what)));
        process.arrivals.push((platform.now + platform.latency, StepEvents { sent, ..StepEvents::default() }));
    }

    fn fetch_token(&mut self, index: usize, refused: Option<Secret>) {
        let now = self.clock(self.processes[index].setup.machine).wall;
        let client = self.processes[index].network.1.clone();
        self.wechat().latency = 0;
        self.say(|| format!("{} gets a token", self.processes[index].name));
        let result = self.with_store(|store| match &refused {
            Some(refused) => access_token::replace_refused(refused, store, &client, &account(), now),
            None => access_token::get(store, &client, &account(), now),
        });
        let arrival = StepEvents { token: Some(result), ..StepEvents::default() };
        let at = self.now() + self.wechat().latency;
        self.processes[index].arrivals.push((at, arrival));
    }

    /// Handles an event of a run.
    fn on_event(&mut self, index: usize, event: DeliveryEvent) {
        let process = &mut self.processes[index];
        match event {
            DeliveryEvent::Settled { message, duplicate: true, .. } => {
                self.on_report(index, "repeats", message.id, message.state);
            }
            DeliveryEvent::Settled { message, .. } => self.on_report(index, "settles", message.id, message.state),
            DeliveryEvent::ResultNotSaved { id, state, .. } => self.on_report(index, "cannot store", id, state),
            DeliveryEvent::SendingStopped(error) => {
                self.say(|| format!("{} sends no more: {error}", self.processes[index].name));
                self.on_sending_stopped(index);
            }
            DeliveryEvent::Queued(_) => check::note_rows(self),
            DeliveryEvent::NotBound { .. } => process.left_out = process.left_out.saturating_add(1),
            DeliveryEvent::LeftQueued(_) => process.reported = None,
            _ => {}
        }
    }

    /// Compares what a run says of a message with what is true.
    fn on_report(&mut self, index: usize, verb: &str, id: i64, state: MessageState) {
        let Setup { machine, .. } = self.processes[index].setup;
        if state == MessageState::Sent && self.processes[index].role != RunRole::Command {
            self.on_success(machine);
        }
        if !self.ids.contains_key(&id) {
            check::note_rows(self);
        }
        let Some(message) = self.ids.get(&id).copied() else { return };
        let (is_repeat, is_stored, mono) = (verb == "repeats", verb != "cannot store", self.mono(machine));
        let process = &mut self.processes[index];
        let is_ours = process.submitted.contains(&message.0) && process.reported.is_some();
        // A flush that takes long sends a message that it postponed once that is due.
        let may_follow = state == MessageState::Queued && process.submitted.is_empty();
        let reported = process.reported.as_mut();
        let is_new = reported.is_none_or(|it| if is_repeat || may_follow { !it.contains(&id) } else { it.insert(id) });
        let process = &self.processes[index];
        self.say(|| format!("{} {verb} {message}: {state}", process.name));
        let sql = "SELECT state FROM messages WHERE id = ?1";
        let stored: Option<MessageState> = check::query_one(&self.rig.raw, sql, [id]);
        // A step may recover the message of a dead process after it has reported a duplicate of it.
        let is_recovered = is_repeat && (state, stored) == (MessageState::Queued, Some(MessageState::Unknown));
        let is_other = is_stored && !is_recovered && stored.is_some_and(|stored| stored != state);
        let mut platform = self.wechat();
        let mut check =
            |is_violated, what| platform.violate(is_violated, "e: reports agree", || format!("{message} {what}"));
        check(is_other, "is in another state");
        check(is_repeat && is_new && is_ours, "is reported as a duplicate first");
        // A run has a message again after a user's retry or if it became due in the meantime, and a service later.
        let may_return = platform.has_odd_times || platform.messages.get(&message).is_some_and(|truth| truth.retried);
        let is_twice = !is_repeat && !is_new && !may_return && process.role == RunRole::Command;
        platform.violate(is_twice, "e: reports agree", || format!("{message} is reported twice"));
        if !is_stored {
            // A run that is not stopped waits for responses, and for a locked database that must store them.
            let sent_at = process.requests.iter().rev().find(|it| it.1 == id).map_or(0, |it| it.0);
            let is_early = state == MessageState::Unknown && mono - sent_at < 10_000;
            let gives_up = self.lock_until.is_some() && !self.has_disk_faults;
            let is_violated = process.left_out != usize::MAX && (is_early || gives_up);
            platform.violate(is_violated, "e: results are waited for", || message.to_string());
            platform.messages.entry(message).and_modify(|it| it.unanswered = true);
        }
        if is_stored || state != MessageState::Queued {
            check::state(&mut platform, message, state, true);
        }
    }
}

fn account() -> Account {
    Account { app_id: APP.to_owned(), secret: Secret::from("s".to_owned()), endpoint: Endpoint::Stable }
}
