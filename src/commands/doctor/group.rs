//! Looks that are taken at the same time, each on a thread of its own: what hangs holds up nothing else, and is
//! said to hang.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, select, tick, unbounded};

use super::check::{Check, Name};
use crate::signals::Signal;
use crate::t;

/// Where a look says what it found.
pub(super) type Tell = Sender<Check>;

/// Looks that follow each other, under way.
pub(super) struct Group {
    names: &'static [Name],
    told: Receiver<Check>,
}

/// How long looks may take, and what may end them before.
pub(super) struct Patience<'a> {
    /// When the time is up.
    pub(super) until: Instant,
    /// All of the time, for what is said when it is up.
    pub(super) whole: Duration,
    /// Requests to stop.
    pub(super) signals: &'a Receiver<Signal>,
    /// Called now and then meanwhile.
    pub(super) tick: &'a dyn Fn(),
}

/// How a group ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// In its time; what it did not look at, since something before it failed.
    Whole(Vec<Name>),
    /// The time was up, and that has been told.
    Late,
    /// Somebody wants to stop.
    Stopped(Signal),
}

impl Group {
    /// Begins to look at `names`, in this order.
    ///
    /// # Errors
    /// Where the system has no thread to give.
    pub(super) fn begin(names: &'static [Name], look: impl FnOnce(&Tell) + Send + 'static) -> std::io::Result<Self> {
        let (tell, told) = unbounded();
        std::thread::Builder::new().name("doctor".into()).spawn(move || look(&tell))?;
        Ok(Self { names, told })
    }

    /// Hands over what is told, as it comes, and a failure for each that does not come in time.
    ///
    /// # Errors
    /// Those of `show`.
    pub(super) fn gather(
        self,
        patience: &Patience<'_>,
        mut show: impl FnMut(Check) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended> {
        let mut left = self.names.to_vec();
        let (end, moment) = (at(patience.until), tick(Duration::from_millis(250)));
        loop {
            select! {
                recv(self.told) -> check => match check {
                    Ok(check) => {
                        left.retain(|name| *name != check.check);
                        show(check)?;
                    }
                    Err(_) => return Ok(Ended::Whole(left)),
                },
                recv(moment) -> _ => (patience.tick)(),
                recv(patience.signals) -> signal => return Ok(Ended::Stopped(signal?)),
                recv(end) -> _ => {
                    // What came at the last moment counts.
                    for check in self.told.try_iter() {
                        left.retain(|name| *name != check.check);
                        show(check)?;
                    }
                    let seconds = patience.whole.as_secs();
                    for name in left {
                        show(Check::failure(name, t!("doctor-late", seconds = seconds), t!("doctor-late-fix")))?;
                    }
                    return Ok(Ended::Late);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{bounded, never};

    use super::*;

    fn patience(signals: &Receiver<Signal>, whole: Duration) -> Patience<'_> {
        Patience { until: Instant::now() + whole, whole, signals, tick: &|| {} }
    }

    #[test]
    fn what_hangs_is_said_to_hang_and_the_rest_is_told() {
        let (never_told, held) = bounded::<()>(0);
        let group = Group::begin(&[Name::Token, Name::IpList, Name::Apis], move |tell| {
            tell.send(Check::ok(Name::Token, "good".into())).unwrap();
            let _ = held.recv();
        });
        let mut shown = Vec::new();
        let signals = never();
        let ended = group
            .unwrap()
            .gather(&patience(&signals, Duration::from_millis(1500)), |check| {
                shown.push((check.check, check.detail));
                Ok(())
            })
            .unwrap();
        drop(never_told);
        assert_eq!(ended, Ended::Late);
        let late = "no answer within 1 second";
        let expected = [(Name::Token, "good"), (Name::IpList, late), (Name::Apis, late)];
        assert_eq!(shown, expected.map(|(name, detail)| (name, detail.to_owned())));
    }

    #[test]
    fn what_is_not_looked_at_is_named_and_a_signal_ends_the_wait() {
        let signals = never();
        let group = Group::begin(&[Name::Names, Name::Tls], |tell| {
            tell.send(Check::failure(Name::Names, "bad".into(), None)).unwrap();
        });
        let ended = group.unwrap().gather(&patience(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        assert_eq!(ended, Ended::Whole(vec![Name::Tls]));

        let (interrupt, signals) = bounded(1);
        let (never_told, held) = bounded::<()>(0);
        let group = Group::begin(&[Name::Names], move |_| {
            let _ = held.recv();
        });
        interrupt.send(Signal::Interrupt).unwrap();
        let ended = group.unwrap().gather(&patience(&signals, Duration::from_secs(60)), |_| Ok(())).unwrap();
        drop(never_told);
        assert_eq!(ended, Ended::Stopped(Signal::Interrupt));
    }
}
