//! The pushes of WeChat while messages are delivered: receipts and follow events, which may also be
//! late, repeated, out of order, or earlier than the recorded response. Each has its effect once,
//! and none changes which messages are sent.

use wxbox::clock::Timestamp;
use wxbox::store::{EventEffect, NewEvent, NewReceipt, Receipt, ReceiptStatus};

use crate::check;
use crate::plan::Push;
use crate::wechat::{EPOCH, recipient_of};
use crate::world::{APP, World};

/// Repeats of events younger than this are recognized; it is less than the day for which events are
/// kept.
const KNOWN_MS: i64 = 23 * 3_600_000;

struct Pushed {
    event: NewEvent,
    is_recorded: bool,
}

/// The events of a history.
#[derive(Default)]
pub struct Pushes {
    all: Vec<Pushed>,
    /// When the last one was created. No two are created in the same second, because their order
    /// would be undefined.
    last_second: i64,
}

impl Pushes {
    /// Deletes the events of a person whose user was removed.
    pub fn forget(&mut self, user: usize) {
        self.all.retain(|pushed| recipient_of(&pushed.event.openid) != user);
    }
}

impl World<'_> {
    /// Creates an event or repeats one, and lets a process record it unless it is late.
    pub fn push(&mut self, push: Push, machine: usize, is_late: bool) {
        let nth = if let Push::Again(nth) = push { nth as usize } else { 0 };
        if let Some(event) = self.new_event(push) {
            self.pushes.last_second = event.created_at.0 / 1000;
            self.pushes.all.push(Pushed { event, is_recorded: false });
        } else if !matches!(push, Push::Again(_)) {
            return;
        }
        if let Some(index) = self.pushes.all.len().checked_sub(1 + nth).filter(|_| !is_late) {
            self.record(index, machine);
        }
    }

    fn new_event(&self, push: Push) -> Option<NewEvent> {
        let second = ((EPOCH + self.now()) / 1000).max(self.pushes.last_second + 1);
        let created_at = Timestamp(second * 1000);
        let (name, openid, effect) = match push {
            Push::Again(_) => return None,
            Push::Follow(user, follows) => {
                let (name, effect) = match follows {
                    true => ("subscribe", EventEffect::Followed(None)),
                    false => ("unsubscribe", EventEffect::Unfollowed),
                };
                (name, self.wechat().bound[user].clone()?, effect)
            }
            Push::Receipt(nth, status) => {
                // Without such a message, the receipt is for an unknown one.
                let last = self.wechat().msgids.checked_sub(nth + 1).map(|at| 1000 + at);
                let receipt = Receipt { status: ReceiptStatus::ALL[status], at: created_at, text: None };
                let msgid = last.unwrap_or(90 + nth).to_string();
                ("TEMPLATESENDJOBFINISH", "x".to_owned(), EventEffect::Receipts(vec![NewReceipt { msgid, receipt }]))
            }
        };
        let dedupe_key = format!("{name} {openid} {second}");
        Some(NewEvent { dedupe_key, name: name.to_owned(), openid, created_at, effect, is_from_command: false })
    }

    fn record(&mut self, index: usize, machine: usize) {
        let Pushed { event, is_recorded: was_recorded } = &self.pushes.all[index];
        let (event, was_recorded, now) = (event.clone(), *was_recorded, self.clock(machine).wall);
        let (before, followed) = (self.deliveries(), self.follows(&event.openid));
        let result = self.with_store(|store| store.record_events(APP, std::slice::from_ref(&event), now));
        let what = format!("{} of {} at {}: {:?}", event.name, event.openid, event.created_at, event.effect);
        self.say(|| format!("{what}: {result:?}"));
        // WeChat repeats it.
        let Ok(result) = result else { return };
        self.pushes.all[index].is_recorded = true;
        let is_known = self.is_known(&event);
        let is_wrong = result[0].is_repeat != was_recorded && (is_known || !was_recorded);
        self.violate(is_wrong, "f: an event's effect once", || format!("{what}: recorded before: {was_recorded}"));
        self.violate(before != self.deliveries(), "f: an event sends nothing", || what.clone());
        let is_later = |it: &Pushed| it.event.openid == event.openid && it.event.created_at > event.created_at;
        let expected = match event.effect {
            _ if was_recorded || self.pushes.all.iter().any(|it| it.is_recorded && is_later(it)) => followed,
            EventEffect::Followed(_) => Some(true),
            EventEffect::Unfollowed => Some(false),
            _ => followed,
        };
        // The person may no longer be bound to a user.
        let found = self.follows(&event.openid);
        let is_wrong = is_known && followed.is_some() && found != expected;
        self.violate(is_wrong, "f: the newest event counts", || format!("{what}: {found:?} in place of {expected:?}"));
    }

    fn is_known(&self, event: &NewEvent) -> bool {
        EPOCH + self.now() - event.created_at.0 < KNOWN_MS
    }

    /// Returns all data about the messages that determines which messages are sent.
    fn deliveries(&self) -> String {
        let sql = "SELECT coalesce(group_concat(concat_ws(' ', id, state, attempts, due_at, claimed_by, msgid)), '')
                   FROM messages WHERE type <> 'old'";
        check::query_one(&self.rig.raw, sql, []).unwrap()
    }

    fn follows(&self, openid: &str) -> Option<bool> {
        let sql = "SELECT coalesce(follows, 0) FROM bindings WHERE openid = ?1";
        check::query_one(&self.rig.raw, sql, [openid])
    }

    /// Checks that each message whose msgid is known has its receipt, even if the receipt arrived
    /// first.
    pub fn check_receipts(&self) {
        let known = self.pushes.all.iter().filter(|it| it.is_recorded && self.is_known(&it.event));
        for event in known.map(|it| &it.event) {
            let EventEffect::Receipts(receipts) = &event.effect else { continue };
            let sql = "SELECT id FROM messages WHERE msgid = ?1 AND receipt IS NULL";
            let missing: Option<i64> = check::query_one(&self.rig.raw, sql, [&receipts[0].msgid]);
            self.violate(missing.is_some(), "f: a receipt is kept", || format!("row {missing:?} has none: {event:?}"));
        }
    }
}
