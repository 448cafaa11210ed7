//! The health of the API hosts: a host that failed within the last minute is tried last.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a host that failed is tried last.
const COOLDOWN: Duration = Duration::from_secs(60);

/// The time until which each host is tried last, by its position in the config; clones share it.
#[derive(Clone, Debug)]
pub(super) struct HostHealth(Arc<Mutex<Vec<Option<Instant>>>>);

impl HostHealth {
    /// Starts with all hosts healthy.
    pub(super) fn new(hosts: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![None; hosts])))
    }

    /// Returns the positions in the order to try: as configured, hosts in their cooldown last.
    pub(super) fn try_order(&self, now: Instant) -> Vec<usize> {
        let blocked_until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (resting, fresh): (Vec<usize>, Vec<usize>) = (0..blocked_until.len()).partition(|index| {
            blocked_until.get(*index).copied().flatten().is_some_and(|blocked_until| blocked_until > now)
        });
        [fresh, resting].concat()
    }

    pub(super) fn mark_failed(&self, index: usize, now: Instant) {
        if let Some(blocked_until) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
            *blocked_until = Some(now + COOLDOWN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_host_is_tried_last() {
        let (hosts, now) = (HostHealth::new(3), Instant::now());
        assert_eq!(hosts.try_order(now), [0, 1, 2]);
        hosts.clone().mark_failed(0, now);
        assert_eq!(hosts.try_order(now), [1, 2, 0]);
        hosts.mark_failed(1, now);
        hosts.mark_failed(2, now);
        assert_eq!(hosts.try_order(now), [0, 1, 2], "where all rest, all are asked");
        assert_eq!(hosts.try_order(now + COOLDOWN), [0, 1, 2]);
    }
}
