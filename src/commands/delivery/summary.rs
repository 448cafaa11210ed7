//! Counts the messages of a run by their final state.

use super::message_view::{MessageView, MissingMessage};
use crate::clock::Timestamp;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_clauses, join_first};
use crate::store::{MessageState, ReceiptStatus};
use crate::t;
use crate::time_zone::format_local;
use crate::ui::Ui;

/// The number of messages in each state.
#[derive(Default)]
pub(super) struct DeliverySummary {
    pub(super) sent: usize,
    /// The number of sent messages that an earlier command sent with the same key.
    sent_earlier: usize,
    /// The number of failed messages, including the cancelled and the expired ones.
    pub(super) failed: usize,
    pub(super) queued: usize,
    pub(super) unknown: usize,
    /// The number of failed messages whose person was removed or is no longer bound.
    without_recipient: usize,
    /// The states of `failed`.
    failed_states: Vec<MessageState>,
    /// Those of `unknown` that WeChat accepted, and that got no receipt in time: their IDs and
    /// recipients.
    without_receipt: Vec<(i64, String)>,
    /// When the first of the queued messages is attempted again.
    next_attempt_at: Option<Timestamp>,
}

impl DeliverySummary {
    pub(super) fn add(&mut self, state: MessageState) {
        match state {
            MessageState::Sent => self.sent += 1,
            MessageState::Queued => self.queued += 1,
            MessageState::Unknown => self.unknown += 1,
            MessageState::Failed | MessageState::Cancelled | MessageState::Expired => {
                self.failed += 1;
                if !self.failed_states.contains(&state) {
                    self.failed_states.push(state);
                }
            }
        }
    }

    /// Adds a message that was queued earlier with the same key.
    pub(super) fn add_duplicate(&mut self, state: MessageState) {
        self.add(state);
        self.sent_earlier += usize::from(state == MessageState::Sent);
    }

    pub(super) fn add_missing(&mut self, missing: &MissingMessage) {
        self.add(missing.state());
        self.without_recipient +=
            usize::from(matches!(missing, MissingMessage::DeletedQueued(_) | MissingMessage::NotBound(_)));
    }

    /// Records when a queued message is attempted again.
    pub(super) fn note_next_attempt(&mut self, due_at: Timestamp) {
        self.next_attempt_at = Some(self.next_attempt_at.map_or(due_at, |earlier| earlier.min(due_at)));
    }

    /// Prints how many of several messages were sent, the states of the others, and the next
    /// attempt. `is_stopped` means that the run has already reported why messages stay queued, and
    /// until when. Outside of a terminal, a run that sent everything needs no summary.
    pub(super) fn print(&self, ui: &mut Ui, is_stopped: bool) {
        let is_complete = self.sent == self.total();
        if self.total() < 2 || ui.json() || (is_complete && !ui.err_terminal) || (is_stopped && self.sent == 0) {
            return;
        }
        let sent_now = self.sent.saturating_sub(self.sent_earlier);
        let mut clauses = vec![t!("send-summary", all = self.total(), sent = sent_now)];
        if self.sent_earlier > 0 {
            clauses.push(t!("send-summary-earlier", count = self.sent_earlier));
        }
        if self.failed > 0 {
            let states: String = self.failed_states.iter().map(|state| format!(" --state {state}")).collect();
            clauses.push(t!("send-summary-failed", count = self.failed, states = states));
        }
        if self.unknown > 0 {
            clauses.push(t!("send-summary-unknown", count = self.unknown));
        }
        match self.next_attempt_at.filter(|_| !is_stopped) {
            _ if self.queued == 0 => {}
            Some(time) => clauses.push(t!("send-summary-queued-until", count = self.queued, time = format_local(time))),
            None => clauses.push(t!("send-summary-queued", count = self.queued)),
        }
        ui.status(&join_clauses(clauses));
    }

    /// Returns the error for a program that gets each message as JSON.
    pub(super) fn error(&self) -> CommandError {
        let undelivered = self.failed + self.queued + self.unknown - self.without_receipt.len();
        let (no_receipt, hint) = match &self.without_receipt[..] {
            [] => (None, None),
            [(id, to)] => (Some(t!("send-no-receipt", id = id, to = to)), Some(t!("send-no-receipt-hint", id = id))),
            several => {
                let names: Vec<String> = several.iter().map(|(_, to)| to.clone()).collect();
                let message = t!("send-many-no-receipt", count = names.len(), names = join_first(&names));
                (Some(message), Some(t!("send-no-receipt-hint-many")))
            }
        };
        let not_delivered = (undelivered > 0).then(|| t!("send-not-delivered", count = undelivered));
        CommandError { exit: self.exit(), message: join_clauses(not_delivered.into_iter().chain(no_receipt)), hint }
    }

    /// Counts a sent message by its receipt instead, or as unknown if it got none in time.
    pub(super) fn apply_receipt(&mut self, message: &MessageView) {
        match message.receipt {
            Some(ReceiptStatus::Delivered) => return,
            Some(ReceiptStatus::Blocked | ReceiptStatus::Failed) => self.failed += 1,
            None => {
                self.unknown += 1;
                self.without_receipt.push((message.id, message.recipient().to_owned()));
            }
        }
        self.sent = self.sent.saturating_sub(1);
    }

    pub(super) fn total(&self) -> usize {
        self.sent + self.failed + self.queued + self.unknown
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// Returns the exit status of the undelivered messages if it is the same for all, else that of
    /// mixed results.
    pub(super) fn exit(&self) -> ExitStatus {
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
    fn exit_status_combines_states_of_all_messages() {
        let exit = |states: &[MessageState], nobody: usize| {
            let mut summary = DeliverySummary::default();
            states.iter().for_each(|state| summary.add(*state));
            (0..nobody).for_each(|_| summary.add_missing(&MissingMessage::NotBound("luffy".into())));
            summary.exit()
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
