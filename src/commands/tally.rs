//! How the messages of a run have ended, all told.

use crate::commands::message::Missing;
use crate::error::Exit;
use crate::store::State;

/// How messages of a run have ended.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) sent: usize,
    pub(super) failed: usize,
    pub(super) queued: usize,
    pub(super) unknown: usize,
    /// Of the failed, those that went to nobody: the person was removed, or is not bound any more.
    nobody: usize,
}

impl Tally {
    /// One more.
    pub(super) fn count(&mut self, state: State) {
        match state {
            State::Sent => self.sent += 1,
            State::Queued => self.queued += 1,
            State::Unknown => self.unknown += 1,
            State::Failed | State::Cancelled | State::Expired => self.failed += 1,
        }
    }

    /// One that is not there.
    pub(super) fn miss(&mut self, it: &Missing) {
        self.count(it.state());
        self.nobody += usize::from(matches!(it, Missing::Removed(_) | Missing::Unbound(_)));
    }

    /// How many there were.
    pub(super) fn all(&self) -> usize {
        self.sent + self.failed + self.queued + self.unknown
    }

    /// Whether there was none.
    pub(super) fn is_empty(&self) -> bool {
        self.all() == 0
    }

    /// One status for all: what was not delivered decides, if it is all of one kind.
    pub(super) fn exit(&self) -> Exit {
        match (self.sent, self.failed, self.queued + self.unknown) {
            (_, 0, 0) => Exit::Done,
            (0, failed, 0) if failed == self.nobody => Exit::NoSuch,
            (0, _, 0) => Exit::Refused,
            (_, 0, _) => Exit::Undelivered,
            _ => Exit::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_status_for_all() {
        let exit = |states: &[State], nobody: usize| {
            let mut tally = Tally::default();
            states.iter().for_each(|state| tally.count(*state));
            (0..nobody).for_each(|_| tally.miss(&Missing::Unbound("luffy".into())));
            tally.exit()
        };
        use State::{Failed, Queued, Sent, Unknown};
        assert_eq!(exit(&[Sent], 0), Exit::Done);
        assert_eq!(
            (exit(&[], 2), exit(&[Failed], 2), exit(&[Failed], 0)),
            (Exit::NoSuch, Exit::Refused, Exit::Refused)
        );
        assert_eq!(
            (exit(&[Sent], 1), exit(&[Sent, Failed], 0), exit(&[Queued], 1)),
            (Exit::Mixed, Exit::Mixed, Exit::Mixed)
        );
        assert_eq!((exit(&[Queued], 0), exit(&[Sent, Unknown], 0)), (Exit::Undelivered, Exit::Undelivered));
    }
}
