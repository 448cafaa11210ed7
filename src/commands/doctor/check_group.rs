//! Looks that are taken at the same time, each on a thread of its own: what hangs holds up nothing else, and is
//! said to hang.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, select, tick, unbounded};

use super::check::{Check, CheckName};
use crate::signals::Signal;
use crate::t;

/// Where a look says what it found.
pub(super) type CheckSender = Sender<Check>;

/// Looks that follow each other, under way.
pub(super) struct CheckGroup {
    checks: &'static [CheckName],
    results: Receiver<Check>,
}

/// How long looks may take, and what may end them before.
pub(super) struct CheckDeadline<'a> {
    /// When the time is up.
    pub(super) until: Instant,
    /// All of the time, for what is said when it is up.
    pub(super) total: Duration,
    /// Requests to stop.
    pub(super) signals: &'a Receiver<Signal>,
    /// Called now and then meanwhile.
    pub(super) tick: &'a dyn Fn(),
}

/// How a group ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CollectResult {
    /// In its time; what it did not look at, since something before it failed.
    Completed(Vec<CheckName>),
    /// The time was up, and that has been told.
    TimedOut,
    /// Somebody wants to stop.
    Interrupted(Signal),
}

impl CheckGroup {
    /// Begins to look at `names`, in this order.
    ///
    /// # Errors
    /// Where the system has no thread to give.
    pub(super) fn start(
        names: &'static [CheckName],
        look: impl FnOnce(&CheckSender) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (tell, told) = unbounded();
        std::thread::Builder::new().name("doctor".into()).spawn(move || look(&tell))?;
        Ok(Self { checks: names, results: told })
    }

    /// Hands over what is told, as it comes, and a failure for each that does not come in time.
    ///
    /// # Errors
    /// Those of `show`.
    pub(super) fn collect(
        self,
        deadline: &CheckDeadline<'_>,
        mut show: impl FnMut(Check) -> anyhow::Result<()>,
    ) -> anyhow::Result<CollectResult> {
        let mut remaining = self.checks.to_vec();
        let (end, moment) = (at(deadline.until), tick(Duration::from_millis(250)));
        loop {
            select! {
                recv(self.results) -> check => match check {
                    Ok(check) => {
                        remaining.retain(|name| *name != check.check);
                        show(check)?;
                    }
                    Err(_) => return Ok(CollectResult::Completed(remaining)),
                },
                recv(moment) -> _ => (deadline.tick)(),
                recv(deadline.signals) -> signal => return Ok(CollectResult::Interrupted(signal?)),
                recv(end) -> _ => {
                    // What came at the last moment counts.
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

    fn deadline(signals: &Receiver<Signal>, whole: Duration) -> CheckDeadline<'_> {
        CheckDeadline { until: Instant::now() + whole, total: whole, signals, tick: &|| {} }
    }

    #[test]
    fn what_hangs_is_said_to_hang_and_the_rest_is_told() {
        let (never_told, held) = bounded::<()>(0);
        let group = CheckGroup::start(&[CheckName::Token, CheckName::IpList, CheckName::Apis], move |tell| {
            tell.send(Check::ok(CheckName::Token, "good".into())).unwrap();
            let _ = held.recv();
        });
        let mut shown = Vec::new();
        let signals = never();
        let ended = group
            .unwrap()
            .collect(&deadline(&signals, Duration::from_millis(1500)), |check| {
                shown.push((check.check, check.detail));
                Ok(())
            })
            .unwrap();
        drop(never_told);
        assert_eq!(ended, CollectResult::TimedOut);
        let late = "no answer within 1 second";
        let expected = [(CheckName::Token, "good"), (CheckName::IpList, late), (CheckName::Apis, late)];
        assert_eq!(shown, expected.map(|(name, detail)| (name, detail.to_owned())));
    }

    #[test]
    fn what_is_not_looked_at_is_named_and_a_signal_ends_the_wait() {
        let signals = never();
        let group = CheckGroup::start(&[CheckName::Names, CheckName::Tls], |tell| {
            tell.send(Check::failure(CheckName::Names, "bad".into(), None)).unwrap();
        });
        let ended = group.unwrap().collect(&deadline(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        assert_eq!(ended, CollectResult::Completed(vec![CheckName::Tls]));

        let (interrupt, signals) = bounded(1);
        let (never_told, held) = bounded::<()>(0);
        let group = CheckGroup::start(&[CheckName::Names], move |_| {
            let _ = held.recv();
        });
        interrupt.send(Signal::Interrupt).unwrap();
        let ended = group.unwrap().collect(&deadline(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        drop(never_told);
        assert_eq!(ended, CollectResult::Interrupted(Signal::Interrupt));
    }
}
