//! Events that WeChat pushes: each has its effect once, however often it is repeated, and an old
//! one does not replace a newer state.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::outbox::{NewReceipt, delete_old_unmatched_receipts, record_receipt};
use super::pending_bindings::complete_scan;
use super::{NOT_FOLLOWING, Result, Store};
use crate::clock::Timestamp;

/// How long repeats of an event are recognized, and how long a receipt waits for its message.
const EVENT_RETENTION: Duration = Duration::from_secs(24 * 3600);

/// An event of the account, as WeChat pushed it.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Equal for repeats of one event and for nothing else.
    pub dedupe_key: String,
    /// WeChat's name of the event, or the type of the message.
    pub name: String,
    /// The person.
    pub openid: String,
    /// `CreateTime`, by WeChat's clock.
    pub created_at: Timestamp,
    /// The effect of the event.
    pub effect: EventEffect,
    /// Whether `wxbox event` read it, because the push URL is that of another server. The column has
    /// another name, `is_passed_on`.
    pub is_from_command: bool,
}

/// The effect of an event.
#[derive(Clone, Debug)]
pub enum EventEffect {
    /// The person follows the account; with the scene of the code that was scanned.
    Followed(Option<String>),
    /// A follower scanned the code with this scene.
    Scanned(String),
    /// The person no longer follows the account.
    Unfollowed,
    /// The person wrote.
    Wrote,
    /// WeChat sent receipts of messages.
    Receipts(Vec<NewReceipt>),
    /// The nickname must be forgotten.
    NicknameRevoked,
    /// The binding must be forgotten.
    AuthorizationCancelled,
    /// There is no effect.
    None,
}

/// The result of recording an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventResult {
    /// Whether the event was recorded before, so that nothing was changed now.
    pub is_repeat: bool,
    /// The name of the user whom this event bound, now or at its first arrival.
    pub bound_user: Option<String>,
    /// The names of the users who are bound to the openid.
    pub users: Vec<String>,
    /// The IDs of the messages with receipts, and the receipts that they have now.
    pub receipts: Vec<(i64, super::ReceiptStatus)>,
}

impl Store {
    /// Records events of the account and their effects in one transaction, and returns the results.
    /// Without events, it checks whether the database can be written. An event shows that the
    /// settings match those of WeChat, so it sets the numbers of rejected pushes to zero.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](super::Error::Busy): nothing is recorded, so WeChat has to repeat the
    /// events.
    pub fn record_events(&mut self, app_id: &str, events: &[NewEvent], now: Timestamp) -> Result<Vec<EventResult>> {
        self.write_transaction(|tx| {
            delete_old_events(tx, events, now)?;
            if !events.is_empty() {
                tx.prepare_cached("DELETE FROM refused_pushes WHERE app_id = ?1")?.execute([app_id])?;
            }
            let results = events.iter().map(|event| record_event(tx, app_id, event, now));
            results.collect::<rusqlite::Result<Vec<_>>>().map(Ok)
        })
    }

    /// Returns when the account's last event was recorded, if that was within the last day.
    pub fn last_event_at(&self, app_id: &str) -> Result<Option<Timestamp>> {
        let sql = "SELECT max(received_at) FROM events WHERE app_id = ?1";
        self.map_err(self.conn.query_row(sql, [app_id], |row| row.get(0)))
    }

    /// Returns whether `wxbox event` has recorded an event of the account within the last day.
    pub fn has_events_from_command(&self, app_id: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE app_id = ?1 AND is_passed_on)";
        self.map_err(self.conn.query_row(sql, [app_id], |row| row.get(0)))
    }
}

fn record_event(tx: &Transaction<'_>, app_id: &str, event: &NewEvent, now: Timestamp) -> rusqlite::Result<EventResult> {
    let key = hex::encode(digest(&SHA256, event.dedupe_key.as_bytes()));
    if let Some(bound_user) = find_repeat(tx, app_id, &key)? {
        return Ok(EventResult { is_repeat: true, bound_user, ..EventResult::default() });
    }
    let mut result = EventResult::default();
    let bound = apply_effect(tx, app_id, event, now, &mut result)?;
    let sql = "INSERT INTO events
               (app_id, dedupe_key, name, openid, created_at, received_at, bound_user, is_passed_on)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let NewEvent { name, openid, created_at, is_from_command, .. } = event;
    tx.prepare_cached(sql)?.execute(params![app_id, key, name, openid, created_at, now, bound, is_from_command])?;
    let sql = "SELECT username FROM bindings JOIN users ON users.id = user_id
               WHERE app_id = ?1 AND openid = ?2 ORDER BY username";
    let mut query = tx.prepare_cached(sql)?;
    result.users =
        query.query_map(params![app_id, event.openid], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    result.bound_user = match bound {
        Some(id) => tx.query_row("SELECT username FROM users WHERE id = ?1", [id], |row| row.get(0)).optional()?,
        None => None,
    };
    Ok(result)
}

/// Returns `None` if the event is new, else the user whom it bound.
fn find_repeat(tx: &Connection, app_id: &str, key: &str) -> rusqlite::Result<Option<Option<String>>> {
    let sql = "SELECT username FROM events LEFT JOIN users ON users.id = bound_user
               WHERE app_id = ?1 AND dedupe_key = ?2";
    tx.prepare_cached(sql)?.query_row([app_id, key], |row| row.get(0)).optional()
}

/// Applies the effect and returns the ID of the user whom the event bound.
fn apply_effect(
    tx: &Transaction<'_>,
    app_id: &str,
    event: &NewEvent,
    now: Timestamp,
    result: &mut EventResult,
) -> rusqlite::Result<Option<i64>> {
    let NewEvent { openid, created_at, .. } = event;
    match &event.effect {
        EventEffect::Followed(scene) => {
            let bound = match scene {
                Some(scene) => complete_scan(tx, app_id, scene, openid, now)?,
                None => None,
            };
            set_follow_state(tx, app_id, event, true, bound.is_some())?;
            return Ok(bound);
        }
        EventEffect::Scanned(scene) => {
            let bound = complete_scan(tx, app_id, scene, openid, now)?;
            set_follow_state(tx, app_id, event, true, bound.is_some())?;
            return Ok(bound);
        }
        EventEffect::Unfollowed => set_follow_state(tx, app_id, event, false, false)?,
        EventEffect::Wrote => {
            let sql = "UPDATE bindings SET last_wrote_at = max(coalesce(last_wrote_at, 0), ?3)
                       WHERE app_id = ?1 AND openid = ?2";
            tx.prepare_cached(sql)?.execute(params![app_id, openid, created_at])?;
            // Only followers can write.
            set_follow_state(tx, app_id, event, true, false)?;
        }
        EventEffect::Receipts(receipts) => {
            for receipt in receipts {
                for id in record_receipt(tx, app_id, receipt, now)? {
                    let sql = "SELECT receipt FROM messages WHERE id = ?1";
                    result.receipts.push((id, tx.prepare_cached(sql)?.query_row([id], |row| row.get(0))?));
                }
            }
        }
        EventEffect::NicknameRevoked => {
            let sql = "UPDATE bindings SET nickname = NULL WHERE app_id = ?1 AND openid = ?2";
            tx.execute(sql, params![app_id, openid])?;
        }
        EventEffect::AuthorizationCancelled => forget_bindings(tx, app_id, openid, now)?,
        EventEffect::None => {}
    }
    Ok(None)
}

/// Sets whether the person follows, unless an event that WeChat created later has set it. A binding
/// that this event created lacks the state of such a later event, which is set now.
fn set_follow_state(
    tx: &Connection,
    app_id: &str,
    event: &NewEvent,
    follows: bool,
    is_new_binding: bool,
) -> rusqlite::Result<()> {
    let sql = "SELECT name <> 'unsubscribe', created_at FROM events
               WHERE app_id = ?1 AND openid = ?2 AND created_at > ?3
               AND (name = 'subscribe' OR name = 'unsubscribe' OR name = 'SCAN')
               UNION ALL SELECT 1, last_wrote_at FROM bindings
               WHERE app_id = ?1 AND openid = ?2 AND last_wrote_at > ?3 ORDER BY 2 DESC LIMIT 1";
    let later: Option<bool> = tx
        .prepare_cached(sql)?
        .query_row(params![app_id, event.openid, event.created_at], |row| row.get(0))
        .optional()?;
    let follows = match later {
        Some(_) if !is_new_binding => return Ok(()),
        later => later.unwrap_or(follows),
    };
    // A person who follows again can be reached again, regardless of the reason.
    let sql = "UPDATE bindings SET follows = ?3, has_followed = has_followed OR ?3,
               unreachable_errcode = CASE WHEN ?3 THEN NULL ELSE ?4 END WHERE app_id = ?1 AND openid = ?2";
    tx.prepare_cached(sql)?.execute(params![app_id, event.openid, follows, NOT_FOLLOWING[0]]).map(drop)
}

/// Removes the bindings to an openid, and cancels the queued messages of their users.
fn forget_bindings(tx: &Transaction<'_>, app_id: &str, openid: &str, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT user_id FROM bindings WHERE app_id = ?1 AND openid = ?2";
    let users: Vec<i64> =
        tx.prepare(sql)?.query_map([app_id, openid], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    tx.execute("DELETE FROM bindings WHERE app_id = ?1 AND openid = ?2", [app_id, openid])?;
    users.into_iter().try_for_each(|user| super::outbox::cancel_queued_for(tx, app_id, user, now).map(drop))
}

/// Deletes events and receipts that are old by the system clock, which may have been set, and by
/// WeChat's clock, which the new events contain.
fn delete_old_events(tx: &Connection, events: &[NewEvent], now: Timestamp) -> rusqlite::Result<()> {
    let Some(newest) = events.iter().map(|event| event.created_at).max() else { return Ok(()) };
    let [received_before, created_before] = [now, newest].map(|at| at.minus(EVENT_RETENTION));
    let sql = "DELETE FROM events WHERE received_at < ?1 AND created_at < ?2";
    tx.prepare_cached(sql)?.execute([received_before, created_before])?;
    delete_old_unmatched_receipts(tx, received_before, created_before)
}

#[cfg(test)]
mod tests {
    use super::super::{
        BindingProof, NewPendingBinding, NewUser, PendingBindingOutcome, Receipt, ReceiptStatus, RejectedPushes, User,
    };
    use super::*;

    const APP: &str = "wx1";

    struct Fixture {
        store: Store,
        _dir: tempfile::TempDir,
    }

    fn fixture() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        for (name, binding) in [("luffy", Some((APP, "oLuffy"))), ("nami", None)] {
            let uid = format!("{name:x>32}");
            let new = NewUser { username: name, uid: &uid, binding, ..NewUser::default() };
            store.add_user(&new, Timestamp(1)).unwrap();
        }
        Fixture { store, _dir: dir }
    }

    fn event(name: &str, openid: &str, seconds: i64, effect: EventEffect) -> NewEvent {
        NewEvent {
            dedupe_key: format!("{name} {openid} {seconds}"),
            name: name.to_owned(),
            openid: openid.to_owned(),
            created_at: Timestamp(seconds * 1000),
            effect,
            is_from_command: false,
        }
    }

    fn followed(seconds: i64) -> NewEvent {
        event("subscribe", "oLuffy", seconds, EventEffect::Followed(None))
    }

    fn unfollowed(seconds: i64) -> NewEvent {
        event("unsubscribe", "oLuffy", seconds, EventEffect::Unfollowed)
    }

    impl Fixture {
        fn record(&mut self, event: NewEvent) -> EventResult {
            self.store.record_events(APP, &[event], Timestamp(2_000_000)).unwrap().remove(0)
        }

        fn user(&self, name: &str) -> User {
            self.store.user(name, APP).unwrap().unwrap()
        }

        fn is_reachable(&self) -> bool {
            self.user("luffy").binding.unwrap().unreachable_errcode.is_none()
        }

        fn pending_scan(&mut self, name: &str, scene: &str, replace: bool) -> i64 {
            let user_id = self.user(name).id;
            let proof = BindingProof::Scene(scene.to_owned());
            let new = NewPendingBinding { user_id, proof, replace, expires_at: Timestamp(3_000_000), app_id: APP };
            self.store.add_pending_binding(&new, Timestamp(1_000_000)).unwrap()
        }
    }

    #[test]
    fn repeated_event_has_no_second_effect() {
        let mut fixture = fixture();
        let first = fixture.record(unfollowed(10));
        assert_eq!((first.is_repeat, first.users), (false, vec!["luffy".to_owned()]));
        assert!(!fixture.is_reachable());
        fixture.record(followed(11));
        assert!(fixture.record(unfollowed(10)).is_repeat);
        assert!(fixture.is_reachable());
        // A clock that is set forward deletes no event. After a day, the event is deleted.
        let late = Timestamp(2_000_000 + 25 * 3_600_000);
        assert!(fixture.store.record_events(APP, &[unfollowed(10)], late).unwrap()[0].is_repeat);
        fixture.store.record_events(APP, &[followed(25 * 3600)], late).unwrap();
        assert!(!fixture.store.record_events(APP, &[unfollowed(10)], late).unwrap()[0].is_repeat);
        assert_eq!(fixture.store.last_event_at(APP).unwrap(), Some(late));
        assert_eq!(fixture.store.last_event_at("wx2").unwrap(), None);
    }

    #[test]
    fn event_sets_the_numbers_of_rejected_pushes_to_zero() {
        let mut fixture = fixture();
        let now = Timestamp(1);
        let rejected = RejectedPushes { reason: "stale".into(), count: 2, since: now, last_at: now };
        fixture.store.add_rejected_pushes(APP, &[rejected]).unwrap();
        fixture.store.record_events(APP, &[], now).unwrap();
        fixture.store.record_events("wx2", &[followed(1)], now).unwrap();
        assert_eq!(fixture.store.rejected_pushes(APP).unwrap().len(), 1);
        fixture.record(followed(2));
        assert_eq!(fixture.store.rejected_pushes(APP).unwrap(), []);
        assert!(!fixture.store.has_events_from_command(APP).unwrap());
        fixture.record(NewEvent { is_from_command: true, ..followed(3) });
        assert!(fixture.store.has_events_from_command(APP).unwrap());
    }

    #[test]
    fn older_event_does_not_replace_newer_follow_state() {
        let mut fixture = fixture();
        fixture.record(followed(20));
        fixture.record(unfollowed(10));
        assert!(fixture.is_reachable());
        // Of two events in the same second, the later arrival counts.
        fixture.record(unfollowed(20));
        assert!(!fixture.is_reachable());
        let binding = fixture.user("luffy").binding.unwrap();
        assert_eq!((binding.follows, binding.has_followed), (Some(false), true));
    }

    #[test]
    fn scene_binds_once_and_repeat_names_the_user() {
        let mut fixture = fixture();
        let id = fixture.pending_scan("nami", "wxbox.1", false);
        let scan = || event("subscribe", "oNami", 10, EventEffect::Followed(Some("wxbox.1".into())));
        let first = fixture.record(scan());
        assert_eq!(first.bound_user.as_deref(), Some("nami"));
        let binding = fixture.user("nami").binding.unwrap();
        assert_eq!((binding.openid.as_str(), binding.follows), ("oNami", Some(true)));
        let again = fixture.record(scan());
        assert_eq!((again.is_repeat, again.bound_user.as_deref()), (true, Some("nami")));
        // Another phone with the same code binds no user.
        let other = fixture.record(event("SCAN", "oZoro", 11, EventEffect::Scanned("wxbox.1".into())));
        assert_eq!((other.bound_user, fixture.user("nami").binding.unwrap().openid.as_str()), (None, "oNami"));
        let bound = PendingBindingOutcome::Bound { username: "nami".into(), openid: "oNami".into(), nickname: None };
        assert_eq!(fixture.store.pending_binding_outcome(id).unwrap(), bound.clone());
        assert_eq!(fixture.store.remove_pending_binding(id).unwrap(), bound);
        assert_eq!(fixture.store.pending_binding_outcome(id).unwrap(), PendingBindingOutcome::Removed);
    }

    #[test]
    fn scan_of_person_who_unfollowed_since_binds_and_marks_unreachable() {
        let mut fixture = fixture();
        fixture.pending_scan("nami", "wxbox.1", false);
        fixture.record(event("unsubscribe", "oNami", 20, EventEffect::Unfollowed));
        let late = fixture.record(event("subscribe", "oNami", 10, EventEffect::Followed(Some("wxbox.1".into()))));
        assert_eq!(late.bound_user.as_deref(), Some("nami"));
        assert_eq!(fixture.user("nami").binding.unwrap().follows, Some(false));
    }

    #[test]
    fn scan_replaces_binding_only_on_request() {
        let mut fixture = fixture();
        let kept = fixture.pending_scan("luffy", "wxbox.1", false);
        fixture.record(event("SCAN", "oNew", 10, EventEffect::Scanned("wxbox.1".into())));
        assert_eq!(fixture.store.pending_binding_outcome(kept).unwrap(), PendingBindingOutcome::AlreadyBound);
        assert_eq!(fixture.user("luffy").binding.unwrap().openid, "oLuffy");
        fixture.pending_scan("luffy", "wxbox.2", true);
        fixture.record(event("SCAN", "oNew", 11, EventEffect::Scanned("wxbox.2".into())));
        assert_eq!(fixture.user("luffy").binding.unwrap().openid, "oNew");
    }

    #[test]
    fn ended_or_foreign_scene_binds_nobody() {
        let mut fixture = fixture();
        let id = fixture.pending_scan("nami", "wxbox.1", false);
        let scan = |n| event("SCAN", "oNami", n, EventEffect::Scanned("wxbox.1".into()));
        let late = fixture.store.record_events(APP, &[scan(10)], Timestamp(3_000_000)).unwrap();
        assert_eq!(late[0].bound_user, None);
        let foreign = fixture.store.record_events("wx2", &[scan(11)], Timestamp(2_000_000)).unwrap();
        assert_eq!(foreign[0].bound_user, None);
        fixture.store.remove_pending_binding(id).unwrap();
        assert_eq!(fixture.record(scan(12)).bound_user, None);
        assert_eq!(fixture.user("nami").binding, None);
    }

    #[test]
    fn consent_events_forget_nickname_and_binding() {
        let mut fixture = fixture();
        let user = fixture.user("luffy");
        fixture.store.bind(&user, APP, "oLuffy", Some("Straw Hat"), true, Timestamp(5)).unwrap();
        fixture.record(event("user_authorization_revoke", "oLuffy", 10, EventEffect::NicknameRevoked));
        assert_eq!(fixture.user("luffy").binding.unwrap().nickname, None);
        fixture.record(event("user_authorization_cancellation", "oLuffy", 11, EventEffect::AuthorizationCancelled));
        assert_eq!(fixture.user("luffy").binding, None);
    }

    #[test]
    fn last_time_that_a_person_wrote_only_advances() {
        let mut fixture = fixture();
        for (seconds, last) in [(20, 20), (10, 20), (30, 30)] {
            fixture.record(event("text", "oLuffy", seconds, EventEffect::Wrote));
            assert_eq!(fixture.user("luffy").binding.unwrap().last_wrote_at, Some(Timestamp(last * 1000)));
        }
    }

    /// A push of the new subscription may have been lost.
    #[test]
    fn person_who_writes_follows_until_a_later_unsubscription() {
        let mut fixture = fixture();
        let unfollowed = |seconds| event("unsubscribe", "oLuffy", seconds, EventEffect::Unfollowed);
        let wrote = |seconds| event("text", "oLuffy", seconds, EventEffect::Wrote);
        for (event, follows) in [
            (unfollowed(10), false),
            (wrote(20), true),
            // WeChat repeats a push that was not answered.
            (unfollowed(15), true),
            (unfollowed(30), false),
            (wrote(25), false),
        ] {
            fixture.record(event);
            let binding = fixture.user("luffy").binding.unwrap();
            assert_eq!((binding.follows, binding.unreachable_errcode.is_none()), (Some(follows), follows));
        }
    }

    #[test]
    fn removed_user_leaves_no_event() {
        let mut fixture = fixture();
        fixture.record(followed(10));
        let user = fixture.user("luffy");
        fixture.store.remove_user(&user, APP).unwrap();
        assert_eq!(fixture.store.last_event_at(APP).unwrap(), None);
    }

    /// Queues a template message and records that WeChat accepted it with this msgid.
    fn send(store: &mut Store, msgid: &str) -> i64 {
        use crate::clock::ClockReading;
        use crate::store::{
            AttemptOutcome, ClaimScope, EnqueueResult, MessageState, MessageUpdate, Payload, ResponseInfo, RetryState,
            Submission, TxContext,
        };
        let now = ClockReading::now();
        let context = TxContext { app_id: APP, worker_id: "w", now: &now, server_now: None };
        let payload = Payload { kind: "template", json: "{}".into() };
        let submission = Submission { payload, ..Submission::text_to(&["oLuffy"]) };
        store
            .transaction(context, false, |tx| {
                let queued = tx.enqueue(&submission, false)?;
                let [EnqueueResult::Queued(id)] = queued[..] else { panic!("not queued") };
                let claimed = tx.claim(ClaimScope::Due, 1)?.remove(0);
                tx.start_attempt(&claimed, None)?;
                let response = ResponseInfo { msgid: Some(msgid.to_owned()), ..ResponseInfo::default() };
                let update = MessageUpdate {
                    attempt: Some((1, AttemptOutcome::Accepted)),
                    state: MessageState::Sent,
                    due_at: now.wall,
                    response,
                    retry_state: RetryState::default(),
                    switch_to_fallback: None,
                };
                tx.record_update(id, &update)?;
                Ok::<_, super::super::Error>(id)
            })
            .unwrap()
    }

    fn receipt(msgid: &str, status: ReceiptStatus, seconds: i64) -> NewEvent {
        let text = (status != ReceiptStatus::Delivered).then(|| "failed:user block".to_owned());
        let receipt = Receipt { status, at: Timestamp(seconds * 1000), text };
        let receipts = vec![NewReceipt { msgid: msgid.to_owned(), receipt }];
        event("TEMPLATESENDJOBFINISH", msgid, seconds, EventEffect::Receipts(receipts))
    }

    #[test]
    fn first_receipt_stays_but_delivered_is_the_last_word() {
        use ReceiptStatus::{Blocked, Delivered, Failed};
        let mut fixture = fixture();
        let id = send(&mut fixture.store, "3000000000000000001");
        assert_eq!(fixture.store.receipt_counts(APP).unwrap().none, 1);
        for (seconds, status, kept) in
            [(10, Blocked, Blocked), (11, Failed, Blocked), (12, Delivered, Delivered), (13, Failed, Delivered)]
        {
            let result = fixture.record(receipt("3000000000000000001", status, seconds));
            assert_eq!(result.receipts, [(id, kept)]);
            assert_eq!(fixture.store.receipt(id).unwrap().unwrap().status, kept);
        }
        assert_eq!(fixture.store.receipt(id).unwrap().unwrap().text, None);
        let counts = fixture.store.receipt_counts(APP).unwrap();
        assert_eq!((counts.delivered, counts.none), (1, 0));
    }

    #[test]
    fn receipt_that_overtakes_the_response_is_kept_for_its_message() {
        let mut fixture = fixture();
        let early = fixture.record(receipt("7", ReceiptStatus::Blocked, 10));
        assert_eq!(early.receipts, []);
        let id = send(&mut fixture.store, "7");
        let found = fixture.store.receipt(id).unwrap().unwrap();
        assert_eq!((found.status, found.at), (ReceiptStatus::Blocked, Timestamp(10_000)));
        assert_eq!(found.text.as_deref(), Some("failed:user block"));
        let other = send(&mut fixture.store, "8");
        assert_eq!(fixture.store.receipt(other).unwrap(), None);
    }
}
