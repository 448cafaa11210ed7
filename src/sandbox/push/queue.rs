//! Queues the pushes about a person, and shows the account's replies on the phone.

use std::time::Duration;

use super::event::{PushEvent, PushHeader, ReceiptOutcome};
use super::queued::QueuedPush;
use crate::sandbox::faults::{Effect, PushFault};
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::{EntryContent, Message};
use crate::sandbox::time::rfc3339;

impl Platform {
    /// Queues the push of an event about a person, if the account has push settings.
    ///
    /// `path` is that of the call that caused it, or empty if the person did.
    pub(in crate::sandbox) fn push(&mut self, openid: &str, mut event: PushEvent, path: &str, now_ms: i64) {
        let Some((settings, timing)) = self.pushes.settings_and_timing() else { return };
        let faults = self.fault_plan.select_for_push(path, openid, &event);
        let mut delay = if event.is_receipt() { timing.receipt_after } else { Duration::ZERO };
        for fault in &faults {
            match (fault, event.outcome_mut()) {
                (Effect::Receipt(status), Some(outcome)) => *outcome = ReceiptOutcome::from_fault(status),
                (Effect::Push(PushFault::Late), _) => delay += timing.late_after,
                _ => {}
            }
        }
        let header = PushHeader {
            app_id: self.scenario.app_id.clone(),
            original_id: self.scenario.original_id.clone(),
            openid: openid.to_owned(),
            created_s: now_ms / 1000,
        };
        self.pushes.enqueue(QueuedPush { settings, header, event, delay, retry_after: timing.retry_after, faults });
    }

    /// Shows the account's reply to a push on the phone of the person, who must follow.
    pub(in crate::sandbox) fn receive_reply(&mut self, openid: &str, text: String, now_ms: i64) {
        let now_ms = now_ms + self.clock_offset_ms;
        let Some(index) = self.person_index(openid) else { return };
        let Some(person) = self.people.get(index).filter(|person| person.follows) else { return };
        let message = Message {
            person: person.name.clone(),
            openid: person.openid.clone(),
            kind: "text",
            size: text.len(),
            content: Some(text),
            time: rfc3339(now_ms),
            at_ms: now_ms,
            ..Message::default()
        };
        self.typing.stop(index);
        self.deliver(message);
    }

    /// Shows on the phone of the person that the account's server gave no valid response.
    pub(in crate::sandbox) fn report_unavailable(&mut self, openid: &str, now_ms: i64) {
        self.inbox.push(openid, now_ms + self.clock_offset_ms, EntryContent::Unavailable);
    }
}
