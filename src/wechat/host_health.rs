//! Which API hosts failed lately: they are asked last for a minute.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a host rests.
const COOLDOWN: Duration = Duration::from_secs(60);

/// The hosts by their place in the config; clones know the same.
#[derive(Clone, Debug)]
pub(super) struct HostHealth(Arc<Mutex<Vec<Option<Instant>>>>);

impl HostHealth {
    /// So many hosts, all of them fresh.
    pub(super) fn new(hosts: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![None; hosts])))
    }

    /// The order in which they are asked: as in the config, those that rest last.
    pub(super) fn try_order(&self) -> Vec<usize> {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (rested, fresh): (Vec<usize>, Vec<usize>) =
            (0..until.len()).partition(|at| until.get(*at).copied().flatten().is_some_and(|until| until > now));
        [fresh, rested].concat()
    }

    /// This one failed.
    pub(super) fn mark_failed(&self, at: usize) {
        if let Some(until) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
            *until = Some(Instant::now() + COOLDOWN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_failed_is_asked_last() {
        let hosts = HostHealth::new(3);
        assert_eq!(hosts.try_order(), [0, 1, 2]);
        hosts.clone().mark_failed(0);
        assert_eq!(hosts.try_order(), [1, 2, 0]);
        hosts.mark_failed(1);
        hosts.mark_failed(2);
        assert_eq!(hosts.try_order(), [0, 1, 2], "where all rest, all are asked");
    }
}
