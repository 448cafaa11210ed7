//! How fast: the rate that all who send share, and the pauses of a run that gets nothing through.

use std::time::{Duration, Instant};

/// At most so many messages a second, evenly.
pub(super) struct Pace {
    every: Option<Duration>,
    next: Instant,
}

impl Pace {
    /// So many a second; 0 = no limit.
    pub(super) fn new(rate: u32) -> Self {
        let every = (rate > 0).then(|| Duration::from_secs(1) / rate);
        Self { every, next: Instant::now() }
    }

    /// How many of `wanted` may begin now.
    pub(super) fn allows(&self, now: Instant, wanted: usize) -> usize {
        let Some(every) = self.every else { return wanted };
        match now.checked_duration_since(self.next) {
            None => 0,
            Some(late) => {
                let due = late.min(SLACK).as_nanos() / every.as_nanos().max(1) + 1;
                wanted.min(usize::try_from(due).unwrap_or(wanted))
            }
        }
    }

    /// So many have begun.
    pub(super) fn spend(&mut self, begun: usize) {
        let (Some(every), Ok(begun)) = (self.every, u32::try_from(begun)) else { return };
        let earliest = Instant::now().checked_sub(SLACK).unwrap_or(self.next);
        self.next = self.next.max(earliest) + every * begun;
    }

    /// When the next may begin, if not now.
    pub(super) fn next(&self) -> Option<Instant> {
        self.every.map(|_| self.next).filter(|next| *next > Instant::now())
    }
}

/// What was not used is made up for, but not more than this.
const SLACK: Duration = Duration::from_millis(50);

/// The pauses of a run that gets nothing through, growing, until it has waited long enough.
pub(super) struct Pause {
    wait: Duration,
    since: Option<Instant>,
    until: Option<Instant>,
    streak: u32,
    progress: Instant,
}

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(8);

impl Pause {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, since: None, until: None, streak: 0, progress: Instant::now() }
    }

    /// Nothing went through; whether to try again later. Failures within a pause are part of what began it.
    pub(super) fn fail(&mut self) -> bool {
        let now = Instant::now();
        if self.until().is_some() {
            return true;
        }
        let since = *self.since.get_or_insert(now);
        let pause =
            Duration::from_secs(1 << self.streak.min(10)).min(LONGEST).mul_f64(0.8 + 0.4 * rand::random::<f64>());
        self.streak += 1;
        self.until = Some(now + pause);
        now + pause <= since + self.wait
    }

    /// One message did not go through for a reason that may well be everybody's; whether to go on with others.
    pub(super) fn strike(&mut self) -> bool {
        self.since.replace(self.since.unwrap_or_else(Instant::now)).is_none_or(|since| since.elapsed() <= self.wait)
    }

    /// Something went through.
    pub(super) fn clear(&mut self) {
        (self.since, self.until, self.streak) = (None, None, 0);
        self.progress = Instant::now();
    }

    /// The end of the pause under way.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }

    /// Whether a run has waited for long enough without anything going through.
    pub(super) fn is_long_since_progress(&self) -> bool {
        self.progress.elapsed() >= self.wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_evenly_and_a_little_is_made_up_for() {
        let mut pace = Pace::new(100);
        let begun = pace.next;
        assert_eq!(pace.allows(begun, 32), 1);
        pace.spend(1);
        assert_eq!(pace.allows(begun, 32), 0);
        assert_eq!(pace.allows(begun + Duration::from_millis(10), 32), 1);
        assert_eq!(pace.allows(begun + Duration::from_millis(40), 32), 4);
        assert_eq!(pace.allows(begun + Duration::from_secs(60), 32), 6, "a minute is not made up for at once");
        assert_eq!(Pace::new(0).allows(begun, 32), 32);
    }

    #[test]
    fn a_run_that_gets_nothing_through_ends_after_its_wait() {
        let mut pause = Pause::new(Duration::ZERO);
        assert!(!pause.fail(), "there is no time to wait");
        let mut pause = Pause::new(Duration::from_secs(60));
        assert!(pause.fail() && pause.fail(), "what fails within the pause does not make it longer");
        assert_eq!(pause.streak, 1);
        pause.clear();
        assert!(pause.until().is_none());
    }
}
