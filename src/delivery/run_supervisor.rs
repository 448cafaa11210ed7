//! Decides when a delivery service starts a run, notifies it of due messages, and ends it. The
//! supervisor has no thread and no clock, so that a simulation can run it (`tests/sim`).

use std::time::{Duration, Instant};

/// How long a run lasts before the next one takes over. Until then a run remembers which templates
/// are refused and which recipients get too many messages.
pub const MAX_RUN_AGE: Duration = Duration::from_secs(60);

/// The pause after the first run that failed; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A command of the supervisor for the current run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunCommand {
    /// Start a run.
    Start,
    /// Tell the run that more messages may be due.
    NotifyDue,
    /// Close the source of the run, which ends with its requests in flight. The next run may start
    /// immediately.
    Close,
}

/// Why a run failed, or could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFailure {
    /// Another process keeps the database locked. The lock may be released at any time, so the
    /// pauses stay short.
    DatabaseLocked,
    /// The account is refused, WeChat cannot be reached, or the database cannot be used.
    Other,
}

/// The rules for the runs of a service.
#[derive(Debug, Default)]
pub struct RunSupervisor {
    /// When the current run started.
    run_started_at: Option<Instant>,
    /// The current run has not yet been told of messages that may be due.
    has_news: bool,
    was_due: bool,
    paused_until: Option<Instant>,
    consecutive_failures: u32,
}

impl RunSupervisor {
    /// Records that another connection has changed the database.
    pub fn on_change(&mut self) {
        self.has_news = true;
    }

    /// Returns the next command, if any. `is_due` says whether a message can be claimed. A returned
    /// [`RunCommand::Start`] counts as done; if it fails, [`on_failure`](Self::on_failure) follows.
    pub fn next_command(&mut self, is_due: bool, now: Instant) -> Option<RunCommand> {
        // A message became due by the clock, without a change of the database.
        self.has_news |= is_due && !self.was_due;
        self.was_due = is_due;
        match self.run_started_at {
            Some(started_at) if now.saturating_duration_since(started_at) >= MAX_RUN_AGE => {
                self.end_run();
                Some(RunCommand::Close)
            }
            Some(_) if is_due && self.has_news => {
                self.has_news = false;
                Some(RunCommand::NotifyDue)
            }
            None if is_due && !self.is_paused(now) => {
                (self.run_started_at, self.has_news, self.paused_until) = (Some(now), false, None);
                Some(RunCommand::Start)
            }
            _ => None,
        }
    }

    /// Returns whether no run may start because one failed.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Returns when [`next_command`](Self::next_command) may return something else although nothing
    /// has changed and nothing became due.
    pub fn next_wake_at(&self) -> Option<Instant> {
        self.run_started_at.map(|started_at| started_at + MAX_RUN_AGE).or(self.paused_until)
    }

    /// Records that the current run has ended or is about to end.
    pub fn end_run(&mut self) {
        self.run_started_at = None;
    }

    /// Records that a run failed or could not be started, and returns the pause before the next
    /// one. Call it once for each run.
    pub fn on_failure(&mut self, failure: RunFailure, now: Instant) -> Duration {
        self.end_run();
        let pause = match failure {
            RunFailure::DatabaseLocked => FIRST_PAUSE,
            RunFailure::Other => {
                let doubled = FIRST_PAUSE.saturating_mul(1 << self.consecutive_failures.min(10));
                self.consecutive_failures += 1;
                doubled.min(MAX_PAUSE)
            }
        };
        self.paused_until = Some(now + pause);
        pause
    }

    /// Records that WeChat accepted a message, or that a run ended without a failure.
    pub fn on_success(&mut self) {
        self.consecutive_failures = 0;
    }

    /// Forgets failures, because the configuration has changed, and ends the current run.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_is_told_of_each_change_once_and_replaced_in_time() {
        let (mut supervisor, start) = (RunSupervisor::default(), Instant::now());
        let second = |n| start + Duration::from_secs(n);
        assert_eq!(supervisor.next_command(false, start), None);
        assert_eq!(supervisor.next_command(true, start), Some(RunCommand::Start));
        assert_eq!(supervisor.next_command(true, start), None, "it claims what is due when it starts");
        supervisor.on_change();
        assert_eq!(supervisor.next_command(false, second(1)), None);
        assert_eq!(supervisor.next_command(true, second(2)), Some(RunCommand::NotifyDue));
        assert_eq!(supervisor.next_command(true, second(3)), None);
        assert_eq!(supervisor.next_command(false, second(4)), None);
        assert_eq!(supervisor.next_command(true, second(5)), Some(RunCommand::NotifyDue), "it became due");
        supervisor.on_change();
        assert_eq!(supervisor.next_command(true, second(6)), Some(RunCommand::NotifyDue), "another one may be due");
        assert_eq!(supervisor.next_command(true, second(7)), None);
        assert_eq!(supervisor.next_wake_at(), Some(start + MAX_RUN_AGE));
        assert_eq!(supervisor.next_command(true, second(60)), Some(RunCommand::Close));
        assert_eq!(supervisor.next_command(true, second(60)), Some(RunCommand::Start));
    }

    #[test]
    fn pauses_grow_until_success() {
        let (mut supervisor, now) = (RunSupervisor::default(), Instant::now());
        let pauses: Vec<u64> = (0..8).map(|_| supervisor.on_failure(RunFailure::Other, now).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(supervisor.on_failure(RunFailure::DatabaseLocked, now).as_secs(), 1);
        assert_eq!(supervisor.next_command(true, now), None);
        assert_eq!(supervisor.next_wake_at(), Some(now + FIRST_PAUSE));
        assert_eq!(supervisor.next_command(true, now + FIRST_PAUSE), Some(RunCommand::Start));
        supervisor.on_success();
        assert_eq!(supervisor.on_failure(RunFailure::Other, now).as_secs(), 1);
        supervisor.reset();
        assert_eq!(supervisor.next_command(true, now), Some(RunCommand::Start));
    }
}
