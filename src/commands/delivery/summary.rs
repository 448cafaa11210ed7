//! How the messages of a run have ended, all told.

use crate::commands::delivery::message_view::MissingMessage;
use crate::exit::ExitStatus;
use crate::store::MessageState;

/// How messages of a run have ended.
#[derive(Default)]
pub(in crate::commands) struct DeliverySummary {
    pub(in crate::commands) sent: usize,
    pub(in crate::commands) failed: usize,
    pub(in crate::commands) queued: usize,
    pub(in crate::commands) unknown: usize,
    /// Of the failed, those that went to nobody: the person was removed, or is not bound any more.
    without_recipient: usize,
}

impl DeliverySummary {
    /// One more.
    pub(in crate::commands) fn add(&mut self, state: MessageState) {
        match state {
            MessageState::Sent => self.sent += 1,
            MessageState::Queued => self.queued += 1,
            MessageState::Unknown => self.unknown += 1,
            MessageState::Failed | MessageState::Cancelled | MessageState::Expired => self.failed += 1,
        }
    }

    /// One that is not there.
    pub(in crate::commands) fn add_missing(&mut self, it: &MissingMessage) {
        self.add(it.state());
        self.without_recipient +=
            usize::from(matches!(it, MissingMessage::DeletedQueued(_) | MissingMessage::NotBound(_)));
    }

    /// How many there were.
    pub(in crate::commands) fn total(&self) -> usize {
        self.sent + self.failed + self.queued + self.unknown
    }

    /// Whether there was none.
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// One status for all: what was not delivered decides, if it is all of one kind.
    pub(in crate::commands) fn exit(&self) -> ExitStatus {
        match (self.sent, self.failed, self.queued + self.unknown) {
            (_, 0, 0) => ExitStatus::Success,
            (0, failed, 0) if failed == self.without_recipient => ExitStatus::NotFound,
            (0, _, 0) => ExitStatus::Refused,
            (_, 0, _) => ExitStatus::Undelivered,
            _ => ExitStatus::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_status_for_all() {
        let exit = |states: &[MessageState], nobody: usize| {
            let mut tally = DeliverySummary::default();
            states.iter().for_each(|state| tally.add(*state));
            (0..nobody).for_each(|_| tally.add_missing(&MissingMessage::NotBound("luffy".into())));
            tally.exit()
        };
        use MessageState::{Failed, Queued, Sent, Unknown};
        assert_eq!(exit(&[Sent], 0), ExitStatus::Success);
        assert_eq!(
            (exit(&[], 2), exit(&[Failed], 2), exit(&[Failed], 0)),
            (ExitStatus::NotFound, ExitStatus::Refused, ExitStatus::Refused)
        );
        assert_eq!(
            (exit(&[Sent], 1), exit(&[Sent, Failed], 0), exit(&[Queued], 1)),
            (ExitStatus::Mixed, ExitStatus::Mixed, ExitStatus::Mixed)
        );
        assert_eq!((exit(&[Queued], 0), exit(&[Sent, Unknown], 0)), (ExitStatus::Undelivered, ExitStatus::Undelivered));
    }
}
