//! Throttling: the rate limit of a run, and its pauses while nothing can be sent.

use std::time::{Duration, Instant};

/// Limits messages per second, evenly spaced.
pub(super) struct RateLimiter {
    interval: Option<Duration>,
    next_permit_at: Instant,
}

impl RateLimiter {
    /// Returns a limiter for this many messages per second; 0 for no limit.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        let interval = (rate > 0).then(|| Duration::from_secs(1) / rate);
        Self { interval, next_permit_at: now }
    }

    /// Returns how many of `wanted` messages may start now.
    pub(super) fn permits(&self, now: Instant, wanted: usize) -> usize {
        let Some(interval) = self.interval else { return wanted };
        match now.checked_duration_since(self.next_permit_at) {
            None => 0,
            Some(late) => {
                let due = late.min(MAX_BURST_TIME).as_nanos() / interval.as_nanos().max(1) + 1;
                wanted.min(usize::try_from(due).unwrap_or(wanted))
            }
        }
    }

    /// Counts started messages.
    pub(super) fn consume(&mut self, started_count: usize, now: Instant) {
        let (Some(interval), Ok(started_count)) = (self.interval, u32::try_from(started_count)) else { return };
        let earliest = now.checked_sub(MAX_BURST_TIME).unwrap_or(self.next_permit_at);
        self.next_permit_at = self.next_permit_at.max(earliest) + interval * started_count;
    }

    /// Returns when the next message may start, if not now.
    pub(super) fn next_permit_at(&self, now: Instant) -> Option<Instant> {
        self.interval.map(|_| self.next_permit_at).filter(|next| *next > now)
    }
}

/// Maximum burst: unused capacity may be caught up by at most this much.
const MAX_BURST_TIME: Duration = Duration::from_millis(50);

/// The growing pauses of a run while nothing can be sent, until it has waited long enough.
pub(super) struct RunBackoff {
    max_wait: Duration,
    failing_since: Option<Instant>,
    paused_until: Option<Instant>,
    consecutive_failures: u32,
    last_success: Instant,
}

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(8);

impl RunBackoff {
    pub(super) fn new(max_wait: Duration, now: Instant) -> Self {
        Self { max_wait, failing_since: None, paused_until: None, consecutive_failures: 0, last_success: now }
    }

    /// Records that nothing can be sent. Returns whether to try again later. A failure within a
    /// pause does not count again. `jitter` in 0..1 varies the length of the pause.
    pub(super) fn record_failure(&mut self, now: Instant, jitter: f64) -> bool {
        if self.paused_until(now).is_some() {
            return true;
        }
        let failing_since = *self.failing_since.get_or_insert(now);
        let delay =
            Duration::from_secs(1 << self.consecutive_failures.min(10)).min(MAX_PAUSE).mul_f64(0.8 + 0.4 * jitter);
        self.consecutive_failures += 1;
        self.paused_until = Some(now + delay);
        now + delay <= failing_since + self.max_wait
    }

    /// Records a failure of one message that may affect all. Returns whether to go on with others.
    pub(super) fn record_transient_failure(&mut self, now: Instant) -> bool {
        self.failing_since
            .replace(self.failing_since.unwrap_or(now))
            .is_none_or(|since| now.saturating_duration_since(since) <= self.max_wait)
    }

    /// Records a success.
    pub(super) fn reset(&mut self, now: Instant) {
        (self.failing_since, self.paused_until, self.consecutive_failures) = (None, None, 0);
        self.last_success = now;
    }

    /// Returns the end of the current pause.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Returns whether the run has waited long enough without a success.
    pub(super) fn is_stalled(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_success) >= self.max_wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_evenly_and_a_little_is_made_up_for() {
        let begun = Instant::now();
        let mut pace = RateLimiter::new(100, begun);
        assert_eq!(pace.permits(begun, 32), 1);
        pace.consume(1, begun);
        assert_eq!(pace.permits(begun, 32), 0);
        assert_eq!(pace.next_permit_at(begun), Some(begun + Duration::from_millis(10)));
        assert_eq!(pace.next_permit_at(begun + Duration::from_millis(10)), None, "it may start now");
        assert_eq!(pace.permits(begun + Duration::from_millis(10), 32), 1);
        assert_eq!(pace.permits(begun + Duration::from_millis(40), 32), 4);
        assert_eq!(pace.permits(begun + Duration::from_secs(60), 32), 6, "a minute is not made up for in one step");
        pace.consume(6, begun + Duration::from_secs(60));
        let next = begun + Duration::from_secs(60) + Duration::from_millis(10);
        assert_eq!(pace.next_permit_at(begun + Duration::from_secs(60)), Some(next));
        assert_eq!(RateLimiter::new(0, begun).permits(begun, 32), 32);
    }

    #[test]
    fn a_run_that_gets_nothing_through_ends_after_its_wait() {
        let now = Instant::now();
        let mut pause = RunBackoff::new(Duration::ZERO, now);
        assert!(!pause.record_failure(now, 0.5), "there is no time to wait");
        let mut pause = RunBackoff::new(Duration::from_secs(60), now);
        assert!(
            pause.record_failure(now, 0.5) && pause.record_failure(now, 0.5),
            "what fails within the pause does not make it longer"
        );
        assert_eq!(pause.consecutive_failures, 1);
        assert_eq!(pause.paused_until(now), Some(now + Duration::from_secs(1)));
        pause.reset(now);
        assert_eq!(pause.paused_until(now), None);
        let mut pause = RunBackoff::new(Duration::from_secs(1), now);
        assert!(pause.record_failure(now, 0.5), "the pause ends just in time");
    }

    #[test]
    fn pauses_double_up_to_the_longest_one_until_a_success() {
        let mut now = Instant::now();
        let mut pause = RunBackoff::new(Duration::from_secs(60), now);
        let mut next_pause = |now: &mut Instant, succeeds| {
            if succeeds {
                pause.reset(*now);
            }
            pause.record_failure(*now, 0.5);
            let length = pause.paused_until(*now).unwrap() - *now;
            *now += length;
            length.as_secs()
        };
        let lengths = [false, false, false, false, false, true, false].map(|succeeds| next_pause(&mut now, succeeds));
        assert_eq!(lengths, [1, 2, 4, 8, 8, 1, 2]);
    }

    #[test]
    fn a_run_is_stalled_when_its_last_success_is_long_ago() {
        let start = Instant::now();
        let mut pause = RunBackoff::new(Duration::from_secs(60), start);
        pause.reset(start + Duration::from_secs(10));
        let is_stalled = [69, 70].map(|second| pause.is_stalled(start + Duration::from_secs(second)));
        assert_eq!(is_stalled, [false, true]);
    }
}
