//! Long-lived processes that deliver the messages of others, as `serve` does. The rules and the
//! watcher of the database are real; the runs are processes of the simulation. A check of the
//! database is simulated only if it can find something.

use std::collections::VecDeque;
use std::time::Instant;

use wxbox::delivery::{DeliverySource, OutboxWatcher, RunCommand, RunFailure, RunSupervisor};
use wxbox::store;
use wxbox::wechat::Client;

use crate::plan::{BARE, FLUSH, Form, Kind, Setup};
use crate::wechat::{EPOCH, Line, MessageKey};
use crate::world::{APP, Process, World};

/// How often the program checks the database.
const LOOK_MS: i64 = 200;
/// The maximum number of runs that start in this time. While the database is locked, one starts
/// each second.
const MAX_STARTS: usize = 40;
const START_PERIOD_MS: i64 = 30_000;
/// When a service has sent a message at the latest, if nothing fails.
const MAX_DELAY_MS: i64 = 5_000;

pub struct Service {
    pub setup: Setup,
    supervisor: RunSupervisor,
    watcher: OutboxWatcher,
    /// Its runs share a client, which knows WeChat's time from all responses.
    network: (Line, Client),
    last_look: i64,
    looked_at: Instant,
    /// The system clock at the last check.
    looked_wall: i64,
    /// The state that a check would compare: the commits and the clock.
    seen: Option<(i64, i64)>,
    /// The ends of processes until the last check of claims.
    seen_deaths: Option<u32>,
    /// When its runs started.
    starts: Vec<i64>,
}

/// The relation of a run to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunRole {
    /// The run belongs to a command.
    Command,
    /// The run is the current one of its machine's service.
    Current,
    /// The service has closed the run's source.
    Ending,
}

impl World<'_> {
    /// Starts the service of a machine.
    pub fn serve(&mut self, setup: Setup) {
        // A process that is paused still has the service's lock.
        let has_lock = |it: &Process| it.setup.machine == setup.machine && it.role != RunRole::Command;
        if self.services[setup.machine].is_none() && !self.processes.iter().any(has_lock) {
            self.say(|| format!("serve on machine {} starts", setup.machine));
            let (instant, clock) = (self.instant(setup.machine), self.clock(setup.machine));
            self.services[setup.machine] = Some(Service {
                setup,
                supervisor: RunSupervisor::default(),
                watcher: OutboxWatcher::new(self.rig.take_store(), APP, instant, &clock),
                network: self.network(setup.machine),
                last_look: self.now() - LOOK_MS,
                looked_at: instant,
                looked_wall: clock.wall.0,
                seen: None,
                seen_deaths: None,
                starts: Vec::new(),
            });
        }
    }

    /// Ends the service of a machine. The caller kills or stops its runs.
    pub fn end_service(&mut self, machine: usize) {
        if let Some(service) = self.services[machine].take() {
            self.say(|| format!("serve on machine {machine} ends"));
            self.rig.pool.push(service.watcher.into_store());
        }
    }

    fn noticeable(&self, machine: usize) -> (i64, i64) {
        let mut query = self.rig.raw.prepare_cached("PRAGMA data_version").unwrap();
        let version = query.query_row([], |row| row.get(0)).unwrap();
        (version, self.machines[machine].wall_offset)
    }

    /// Returns when the next check of a machine's service can find something, in true time.
    pub fn next_look(&self, machine: usize) -> Option<i64> {
        let service = self.services[machine].as_ref()?;
        let in_true_time = |at: Instant| self.in_true_time(machine, at);
        let wall = EPOCH + self.now() + self.machines[machine].wall_offset;
        let has_changed = service.seen != Some(self.noticeable(machine));
        let changed = has_changed.then(|| service.last_look + LOOK_MS);
        // The program repeats this check at an interval.
        let has_orphans = service.seen_deaths != Some(self.deaths);
        let orphans = service.watcher.next_orphan_check().filter(|_| has_orphans).map(in_true_time);
        // The last check found the messages that are due already.
        let due_at = service.watcher.next_due_at().filter(|due_at| due_at.0 > service.looked_wall);
        let due = due_at.map(|due_at| self.now() + (due_at.0 - wall).max(0));
        let rules = service.supervisor.next_wake_at().filter(|until| *until > service.looked_at).map(in_true_time);
        let correction = service.watcher.next_correction_at().map(in_true_time);
        let next = [changed, orphans, due, rules, correction].into_iter().flatten().min()?;
        Some(next.max(service.last_look + 1).max(self.now()).max(self.machines[machine].stopped_until))
    }

    /// Lets a service check the database, and performs the command of its supervisor.
    pub fn look(&mut self, machine: usize) {
        let (now, instant, clock) = (self.now(), self.instant(machine), self.clock(machine));
        let seen = self.noticeable(machine);
        let is_locked = self.lock_until.is_some();
        let Some(service) = &mut self.services[machine] else { return };
        (service.last_look, service.looked_at, service.looked_wall) = (now, instant, clock.wall.0);
        // While the database is locked, no message is recovered; the program repeats the check.
        if !is_locked && service.watcher.next_orphan_check().is_some_and(|next_check| next_check <= instant) {
            service.seen_deaths = Some(self.deaths);
        }
        let status = service.watcher.poll(instant, &clock).unwrap();
        service.seen = Some(seen);
        if status.has_changed {
            service.supervisor.on_change();
        }
        let setup = service.setup;
        while let Some(command) =
            self.services[machine].as_mut().unwrap().supervisor.next_command(status.is_due, instant)
        {
            let current = self.current_run(machine);
            match command {
                RunCommand::Start => {
                    self.check_starts(machine);
                    let source = DeliverySource::Continuous(crossbeam_channel::never());
                    self.start("run of serve", setup, source, VecDeque::new());
                    let run = self.processes.last_mut().unwrap();
                    run.role = RunRole::Current;
                    run.network = self.services[machine].as_ref().unwrap().network.clone();
                }
                RunCommand::NotifyDue => current.into_iter().for_each(|it| self.processes[it].told.due_changed = true),
                RunCommand::Close => current.into_iter().for_each(|it| self.close_run(it)),
            }
        }
    }

    /// Checks that a service sends what other processes queue, also while it has a run.
    pub fn check_services(&mut self) {
        let gives_up = self.services.iter().flatten().any(|it| it.setup.max_attempts > 0);
        for _ in 0..2 {
            if !gives_up && self.services.iter().any(Option::is_some) {
                let setup = Setup { deliver: false, ..FLUSH };
                self.apply(Kind::Send(Some(BARE), Form::Template, None, None, setup));
                self.advance(MAX_DELAY_MS);
                let message = MessageKey(self.next_number - 1, BARE);
                let is_late = self.wechat().messages.get(&message).is_some_and(|truth| truth.taken == 0);
                self.violate(is_late, "e: a service sends soon", || format!("{message} waits"));
            }
        }
    }

    /// Checks that a service pauses after a failure before its next run.
    fn check_starts(&mut self, machine: usize) {
        let now = self.now();
        let Some(service) = &mut self.services[machine] else { return };
        service.starts.retain(|start| now - start < START_PERIOD_MS);
        service.starts.push(now);
        let count = service.starts.len();
        self.violate(count > MAX_STARTS, "e: runs of serve", || format!("{count} runs start in half a minute"));
    }

    fn current_run(&self, machine: usize) -> Option<usize> {
        self.processes.iter().position(|it| it.setup.machine == machine && it.role == RunRole::Current)
    }

    fn close_run(&mut self, index: usize) {
        let process = &mut self.processes[index];
        (process.role, process.told.due_closed) = (RunRole::Ending, true);
    }

    /// Handles a run that starts nothing more, because the account or the network fails.
    pub fn on_sending_stopped(&mut self, index: usize) {
        if self.processes[index].role == RunRole::Current {
            self.close_run(index);
            self.on_failure(self.processes[index].setup.machine, RunFailure::Other);
        }
    }

    /// Handles the end of a run of a service.
    pub fn on_run_end(&mut self, role: RunRole, machine: usize, result: &anyhow::Result<()>) {
        match (role, result) {
            (RunRole::Command, _) => {}
            (_, Ok(())) => self.on_success(machine),
            (RunRole::Current, Err(error)) if is_locked(error) => self.on_failure(machine, RunFailure::DatabaseLocked),
            (RunRole::Current, Err(_)) => self.on_failure(machine, RunFailure::Other),
            (RunRole::Ending, Err(_)) => {}
        }
    }

    fn on_failure(&mut self, machine: usize, failure: RunFailure) {
        let instant = self.instant(machine);
        self.services[machine].iter_mut().for_each(|it| {
            it.supervisor.on_failure(failure, instant);
        });
    }

    /// Handles a message that a run has delivered.
    pub fn on_success(&mut self, machine: usize) {
        self.services[machine].iter_mut().for_each(|it| it.supervisor.on_success());
    }

    /// Handles SIGTERM: a service ends with all its runs.
    pub fn terminate(&mut self, index: usize) {
        let process = &mut self.processes[index];
        process.stop = true;
        if process.role != RunRole::Command {
            let machine = process.setup.machine;
            self.terminate_service(machine);
        }
    }

    pub fn terminate_service(&mut self, machine: usize) {
        let runs = self.processes.iter_mut().filter(|it| it.setup.machine == machine && it.role != RunRole::Command);
        runs.for_each(|it| it.stop = true);
        self.end_service(machine);
    }
}

/// Returns whether another process kept the database locked.
fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<store::Error>(), Some(store::Error::Busy { .. }))
}
