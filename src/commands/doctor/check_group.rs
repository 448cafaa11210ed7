//! Groups of checks that run concurrently, each on a thread of its own. A check that hangs delays
//! no other group and is reported as timed out.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, select, tick, unbounded};

use super::check::{Check, CheckName};
use crate::signals::Signal;
use crate::t;

/// The channel on which a group sends its results.
pub(super) struct CheckSender(Sender<Check>);

impl CheckSender {
    /// Sends a result, if there is one and if anyone still waits for it.
    pub(super) fn report(&self, check: impl Into<Option<Check>>) {
        let _ = check.into().map(|check| self.0.send(check));
    }
}

/// A running group, whose checks follow each other.
pub(super) struct CheckGroup {
    checks: &'static [CheckName],
    results: Receiver<Check>,
}

/// The time for the checks, and the signals that end the wait early.
pub(super) struct CheckDeadline<'a> {
    pub(super) until: Instant,
    /// The total time, for the message of a timeout.
    pub(super) total: Duration,
    pub(super) signals: &'a Receiver<Signal>,
    /// Called four times a second.
    pub(super) tick: &'a dyn Fn(),
}

/// How the wait for a group ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CollectResult {
    /// The group ended in time. The list names the checks that it skipped because an earlier one
    /// failed.
    Completed(Vec<CheckName>),
    /// The group did not end in time; the missing checks were reported as failures.
    TimedOut,
    /// A signal ended the wait.
    Interrupted(Signal),
}

impl CheckGroup {
    /// Starts the checks `names`, which run in this order. `check` returns the result after which
    /// the other checks of the group cannot run.
    pub(super) fn start(
        names: &'static [CheckName],
        check: impl FnOnce(&CheckSender) -> Result<(), Check> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, results) = unbounded();
        std::thread::Builder::new().name("doctor".into()).spawn(move || {
            let sender = CheckSender(sender);
            sender.report(check(&sender).err());
        })?;
        Ok(Self { checks: names, results })
    }

    /// Passes each result to `show` as it arrives, and a failure for each check that has not ended
    /// in time.
    pub(super) fn collect(
        self,
        deadline: &CheckDeadline<'_>,
        mut show: impl FnMut(Check) -> anyhow::Result<()>,
    ) -> anyhow::Result<CollectResult> {
        let mut remaining = self.checks.to_vec();
        let (deadline_reached, every_tick) = (at(deadline.until), tick(Duration::from_millis(250)));
        loop {
            select! {
                recv(self.results) -> check => match check {
                    Ok(check) => {
                        remaining.retain(|name| *name != check.check);
                        show(check)?;
                    }
                    Err(_) => return Ok(CollectResult::Completed(remaining)),
                },
                recv(every_tick) -> _ => (deadline.tick)(),
                recv(deadline.signals) -> signal => return Ok(CollectResult::Interrupted(signal?)),
                recv(deadline_reached) -> _ => {
                    // Results that arrived at the last moment count.
                    for check in self.results.try_iter() {
                        remaining.retain(|name| *name != check.check);
                        show(check)?;
                    }
                    let seconds = deadline.total.as_secs();
                    for name in remaining {
                        show(Check::failure(name, t!("doctor-late", seconds = seconds), t!("doctor-late-fix")))?;
                    }
                    return Ok(CollectResult::TimedOut);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{bounded, never};

    use super::*;

    fn deadline(signals: &Receiver<Signal>, total: Duration) -> CheckDeadline<'_> {
        CheckDeadline { until: Instant::now() + total, total, signals, tick: &|| {} }
    }

    #[test]
    fn unfinished_checks_are_reported_as_timed_out() {
        let (blocker, blocked) = bounded::<()>(0);
        let group = CheckGroup::start(&[CheckName::Token, CheckName::IpList, CheckName::Apis], move |sender| {
            sender.report(Check::ok(CheckName::Token, "good".into()));
            let _ = blocked.recv();
            Ok(())
        });
        let mut shown = Vec::new();
        let signals = never();
        let result = group
            .unwrap()
            .collect(&deadline(&signals, Duration::from_millis(1500)), |check| {
                shown.push((check.check, check.detail));
                Ok(())
            })
            .unwrap();
        drop(blocker);
        assert_eq!(result, CollectResult::TimedOut);
        let late = "no response within 1 second";
        let expected = [(CheckName::Token, "good"), (CheckName::IpList, late), (CheckName::Apis, late)];
        assert_eq!(shown, expected.map(|(name, detail)| (name, detail.to_owned())));
    }

    #[test]
    fn skipped_checks_are_listed_and_signal_ends_wait() {
        let signals = never();
        let group = CheckGroup::start(&[CheckName::Names, CheckName::Tls], |_| {
            Err(Check::failure(CheckName::Names, "bad".into(), None))
        });
        let result = group.unwrap().collect(&deadline(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        assert_eq!(result, CollectResult::Completed(vec![CheckName::Tls]));

        let (interrupt, signals) = bounded(1);
        let (blocker, blocked) = bounded::<()>(0);
        let group = CheckGroup::start(&[CheckName::Names], move |_| {
            let _ = blocked.recv();
            Ok(())
        });
        interrupt.send(Signal::Interrupt).unwrap();
        let result = group.unwrap().collect(&deadline(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        drop(blocker);
        assert_eq!(result, CollectResult::Interrupted(Signal::Interrupt));
    }
}
