//! The pushes of WeChat while messages are delivered: receipts and follow events, which may also be
//! late, repeated, out of order, or earlier than the recorded response. Each has its effect once,
//! and none changes which messages are sent.

use wxbox::clock::Timestamp;
use wxbox::store::{EventEffect, NewEvent, NewReceipt, Receipt, ReceiptStatus};

use crate::check;
use crate::plan::Push;
use crate::wechat::{EPOCH, locked, recipient_of};
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
    pub fn push(&mut self, push: Push, machine: usize) {
        let index = match push {
            Push::Again(nth) => match self.pushes.all.len().checked_sub(1 + nth as usize) {
                Some(index) => index,
                None => return,
            },
            _ => match self.new_event(push) {
                Some(event) => {
                    self.pushes.all.push(Pushed { event, is_recorded: false });
                    self.pushes.all.len() - 1
                }
                None => return,
            },
        };
        if !matches!(push, Push::Follow { is_late: true, .. } | Push::Receipt { is_late: true, .. }) {
            self.record(index, machine);
        }
    }

    fn new_event(&mut self, push: Push) -> Option<NewEvent> {
        let second = ((EPOCH + self.now()) / 1000).max(self.pushes.last_second + 1);
        let created_at = Timestamp(second * 1000);
        let platform = locked(&self.platform);
        let (name, openid, effect) = match push {
            Push::Again(_) => return None,
            Push::Follow { user, follows, .. } => {
                let openid = platform.bound[user].clone()?;
                match follows {
                    true => ("subscribe", openid, EventEffect::Followed(None)),
                    false => ("unsubscribe", openid, EventEffect::Unfollowed),
                }
            }
            Push::Receipt { nth, status, .. } => {
                // Without such a message, the receipt is for an unknown one.
                let known = platform.msgids.len().checked_sub(1 + nth as usize).map(|at| platform.msgids[at].clone());
                let msgid = known.unwrap_or_else(|| format!("9{nth}"));
                let status = ReceiptStatus::ALL[usize::from(status) % 3];
                let receipt = NewReceipt { msgid, receipt: Receipt { status, at: created_at, text: None } };
                ("TEMPLATESENDJOBFINISH", "x".to_owned(), EventEffect::Receipts(vec![receipt]))
            }
        };
        drop(platform);
        self.pushes.last_second = second;
        let dedupe_key = format!("{name} {openid} {second}");
        Some(NewEvent { dedupe_key, name: name.to_owned(), openid, created_at, effect, is_passed_on: false })
    }

    fn record(&mut self, index: usize, machine: usize) {
        let Pushed { event, is_recorded } = &self.pushes.all[index];
        let (event, was_recorded, now) = (event.clone(), *is_recorded, self.clock(machine).wall);
        let (before, followed) = (self.deliveries(), self.follows(&event.openid));
        let mut store = self.rig.take_store();
        let result = store.record_events(APP, std::slice::from_ref(&event), now);
        self.rig.pool.push(store);
        let what = format!("{} of {} at {}", event.name, event.openid, event.created_at.0);
        self.say(|| format!("{what}: {result:?}"));
        // WeChat repeats it.
        let Ok(result) = result else { return };
        self.pushes.all[index].is_recorded = true;
        let is_known = EPOCH + self.now() - event.created_at.0 < KNOWN_MS;
        if result[0].is_repeat != was_recorded && (is_known || !was_recorded) {
            let text = format!("{what}: recorded before: {was_recorded}, a repeat: {}", result[0].is_repeat);
            locked(&self.platform).violate("f: an event's effect once", text);
        }
        if before != self.deliveries() {
            locked(&self.platform).violate("f: an event sends nothing", what.clone());
        }
        let later = self.pushes.all.iter().any(|other| {
            other.is_recorded && other.event.openid == event.openid && other.event.created_at > event.created_at
        });
        let expected = match event.effect {
            EventEffect::Followed(_) if !was_recorded && !later => Some(true),
            EventEffect::Unfollowed if !was_recorded && !later => Some(false),
            _ => followed,
        };
        // The person may no longer be bound to a user.
        let found = self.follows(&event.openid);
        if is_known && followed.is_some() && found != expected {
            let text = format!("{what}: follows: {found:?} in place of {expected:?}");
            locked(&self.platform).violate("f: the newest event counts", text);
        }
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
        let sql = "SELECT id, msgid FROM messages WHERE msgid NOTNULL AND receipt IS NULL";
        let mut query = self.rig.raw.prepare_cached(sql).unwrap();
        let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).unwrap();
        for (id, msgid) in rows.map(Result::unwrap) {
            let is_young = |event: &NewEvent| EPOCH + self.now() - event.created_at.0 < KNOWN_MS;
            let has_receipt = self.pushes.all.iter().any(|pushed| {
                pushed.is_recorded
                    && is_young(&pushed.event)
                    && matches!(&pushed.event.effect, EventEffect::Receipts(receipts) if receipts[0].msgid == msgid)
            });
            if has_receipt {
                let what = format!("message {id} with msgid {msgid} has none");
                locked(&self.platform).violate("f: a receipt is kept", what);
            }
        }
    }
}
