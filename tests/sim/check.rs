//! The rules that must hold: the database is compared with the model. To add a rule, compare the
//! two here, or where WeChat accepts a message (`wechat.rs`), and call `Platform::violate`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params};
use wxbox::store::MessageState;

use crate::plan::{FAULTS, USERS};
use crate::wechat::{MessageKey, Platform, locked, number_in, show};
use crate::world::{RETAIN, World};

pub fn ids(raw: &Connection, sql: &str) -> Vec<i64> {
    let mut query = raw.prepare_cached(sql).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

pub fn user_name(raw: &Connection, user: usize) -> Option<String> {
    query_one(raw, "SELECT username FROM users WHERE id = ?1", [user as i64 + 1])
}

/// Returns the first column of the only row, if there is one.
pub fn query_one<T: FromSql>(raw: &Connection, sql: &str, values: impl Params) -> Option<T> {
    raw.prepare_cached(sql).unwrap().query_row(values, |row| row.get(0)).ok()
}

/// Records which row is which message, while the row still has its content.
pub fn note_rows(world: &mut World<'_>) {
    let last = world.ids.last_key_value().map_or(0, |(id, _)| *id);
    let sql = "SELECT m.id, m.user_id, p.json FROM messages m JOIN payloads p ON p.id = m.payload_id WHERE m.id > ?1";
    let mut query = world.rig.raw.prepare_cached(sql).unwrap();
    let rows =
        query.query_map([last], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?)));
    for row in rows.unwrap() {
        let (id, user, json) = row.unwrap();
        let recipient = user.map_or(USERS, |user| user as usize - 1);
        world.ids.insert(id, (number_in(&json).unwrap_or(0), recipient));
    }
}

/// Records that no response to the open attempts of a process can now be recorded.
pub fn mark_unanswered(raw: &Connection, ids: &BTreeMap<i64, MessageKey>, platform: &Mutex<Platform>, worker: &str) {
    // Not with a parameter in WHERE: SQLite compiles a statement again for each value that it compares with a partial index.
    let sql = "SELECT m.id, m.claimed_by FROM messages m JOIN attempts a ON a.message_id = m.id
               WHERE m.claimed_by NOTNULL AND a.outcome IS NULL";
    let mut query = raw.prepare_cached(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).unwrap();
    for (id, _) in rows.map(Result::unwrap).filter(|(_, claimed_by)| claimed_by == worker) {
        let message = ids.get(&id).copied().unwrap_or_default();
        locked(platform).messages.entry(message).and_modify(|it| (it.unanswered, it.not_before) = (true, 0));
    }
}

pub fn stored_state(raw: &Connection, id: i64) -> Option<MessageState> {
    query_one(raw, "SELECT state FROM messages WHERE id = ?1", [id])
}

/// Checks that a run that ended without an error has reported each message that it queued.
pub fn reports(world: &World<'_>, submitted: &BTreeSet<u64>, reported: Option<&BTreeSet<i64>>) {
    let Some(reported) = reported else { return };
    for (id, message) in world.ids.iter().filter(|(id, it)| submitted.contains(&it.0) && !reported.contains(id)) {
        if !world.released.contains(id) {
            locked(&world.platform).violate("e: reports agree", format!("{} was not reported", show(*message)));
        }
    }
}

/// Checks that a run that ended without an error has queued each message, except those that it may
/// leave out.
pub fn queued(world: &World<'_>, submitted: &BTreeSet<u64>, left_out: usize) {
    let found: BTreeSet<MessageKey> = world.ids.values().copied().collect();
    let ours = world.queued.iter().filter(|it| !it.may_skip && submitted.contains(&it.first));
    let all = ours.flat_map(|it| it.recipients.iter().map(|recipient| (it.first, *recipient)));
    let missing: Vec<String> = all.filter(|it| !found.contains(it)).map(show).collect();
    if missing.len() > left_out {
        locked(&world.platform).violate("d: nothing is lost", format!("{} was never queued", missing.join(", ")));
    }
}

/// Compares the state of a message with the model. A queued message that WeChat accepted must have
/// an attempt that may have arrived.
pub fn state(platform: &mut Platform, message: MessageKey, state: MessageState, may_have_arrived: bool) {
    let Some(truth) = platform.messages.get(&message) else { return };
    let (taken, unanswered) = (!truth.taken.is_empty(), truth.unanswered);
    let is_true = match state {
        MessageState::Sent => taken,
        MessageState::Failed if truth.has_fallback && truth.window_closed && !platform.may_give_up => false,
        MessageState::Failed | MessageState::Cancelled | MessageState::Expired => !taken,
        MessageState::Queued => !taken || may_have_arrived,
        MessageState::Unknown => unanswered,
    };
    if !is_true {
        let what = format!("{} is {state}; taken: {taken}, an attempt without an answer: {unanswered}", show(message));
        platform.violate("b: the state is true", what);
    }
}

/// Compares all states with the model, and looks for messages that are missing.
pub fn states(world: &mut World<'_>) {
    note_rows(world);
    let sql = "SELECT id, state, attempts, EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id
               AND (outcome IS NULL OR outcome = 'ambiguous')), claimed_by NOTNULL FROM messages WHERE type <> 'old'";
    let mut query = world.rig.raw.prepare_cached(sql).unwrap();
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, MessageState>(1)?, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
    });
    let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    let mut platform = locked(&world.platform);
    let mut seen = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for (id, found, attempts, may_have_arrived) in rows {
        seen.insert(id);
        let Some(message) = world.ids.get(&id).copied() else { continue };
        state(&mut platform, message, found, may_have_arrived);
        let strict = platform.messages.get(&message).is_some_and(|truth| truth.strict);
        if found == MessageState::Expired && attempts == 0 && !strict && message_is_first(&platform, message) {
            platform.violate("d: nothing expires untried", format!("{} expired", show(message)));
        }
        if found == MessageState::Unknown {
            unknown.insert(id);
        } else if found != MessageState::Sent && world.unknown.contains(&id) {
            let what = format!("{} was unknown and is {found}, and nobody asked", show(message));
            platform.violate("b: unknown stays", what);
        }
    }
    world.unknown = unknown;
    drop(platform);
    world.check_receipts();
    let mut platform = locked(&world.platform);
    let now = platform.now;
    for (id, message) in world.ids.iter().filter(|(id, _)| !seen.contains(id) && !world.released.contains(id)) {
        let age = platform.messages.get(message).map_or(0, |truth| now - truth.created);
        if age < RETAIN.as_millis() as i64 {
            platform
                .violate("d: nothing is lost", format!("{} (row {id}) is gone after {} s", show(*message), age / 1000));
        }
    }
    drop(platform);
    all_or_nothing(world);
}

fn message_is_first(platform: &Platform, message: MessageKey) -> bool {
    platform.messages.get(&message).is_some_and(|truth| truth.part == 0)
}

/// Checks that all recipients of a submission are queued with all parts, or none.
fn all_or_nothing(world: &World<'_>) {
    let found: &BTreeSet<MessageKey> = &world.ids.values().copied().collect();
    for queued in &world.queued {
        let rows = |recipient| (0..queued.parts).filter(move |part| found.contains(&(queued.first + part, recipient)));
        let counts: Vec<u64> = queued.recipients.iter().map(|it| rows(*it).count() as u64).collect();
        if counts.iter().any(|count| *count != 0 && *count != queued.parts) && !queued.may_skip {
            let what = format!("m{} is queued in part: {counts:?}", queued.first);
            locked(&world.platform).violate("e: all or nothing", what);
        }
    }
}

/// Returns how many messages have no final state and wait for no user's decision.
pub fn waiting(world: &World<'_>) -> usize {
    let sql = "SELECT m.id FROM messages m LEFT JOIN messages p ON p.id = m.previous_part_id
               WHERE m.state = 'queued' AND (p.id IS NULL OR p.state = 'sent')";
    ids(&world.rig.raw, sql).len()
}

/// Checks that each message has its final state after a long time without faults.
pub fn settled(world: &mut World<'_>) {
    let sql = "SELECT m.id FROM messages m LEFT JOIN messages p ON p.id = m.previous_part_id
               WHERE m.state = 'queued' AND (p.id IS NULL OR p.state = 'sent')";
    for id in ids(&world.rig.raw, sql) {
        let what = world.ids.get(&id).map_or_else(|| id.to_string(), |it| show(*it));
        locked(&world.platform).violate("d: nothing is lost", format!("{what} is still queued"));
    }
}

/// Counts the states of messages in which a fault occurred.
pub fn count(world: &mut World<'_>, fault: &str) {
    let name = fault.split([' ', '(', '{']).next().unwrap_or_default();
    let sql = "SELECT DISTINCT CASE WHEN claimed_by NOTNULL THEN 'claimed' WHEN state = 'queued' AND attempts > 0
               THEN 'tried' ELSE state END FROM messages";
    let mut query = world.rig.raw.prepare_cached(sql).unwrap();
    let found: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut platform = locked(&world.platform);
    for state in found {
        let state = STATES.iter().find(|it| **it == state).copied().unwrap_or("none");
        *platform.met.entry((name.to_owned(), state)).or_default() += 1;
    }
}

pub const STATES: [&str; 8] = ["queued", "tried", "claimed", "sent", "failed", "unknown", "cancelled", "expired"];
pub const SITUATIONS: [&str; 5] = ["first", "after a refusal", "after no answer", "retried", "token"];

/// Returns a table of how often each fault occurred in each state. A pair that never occurred is a
/// gap of the generator.
pub fn table(met: &BTreeMap<(String, &'static str), u64>) -> String {
    let mut text = String::new();
    for columns in [&SITUATIONS[..], &STATES[..]] {
        text += &format!("{:<20}", "");
        text.extend(columns.iter().map(|it| format!("{it:>16}")));
        text.push('\n');
        let mut faults: BTreeSet<String> =
            met.keys().filter(|(_, it)| columns.contains(it)).map(|it| it.0.clone()).collect();
        if columns == SITUATIONS {
            faults.extend(FAULTS.iter().map(|fault| format!("{fault:?}")));
        }
        for fault in faults {
            text += &format!("{fault:<20}");
            let count = |it: &&'static str| met.get(&(fault.clone(), *it)).copied().unwrap_or(0);
            text.extend(columns.iter().map(|it| format!("{:>16}", count(it))));
            text.push('\n');
        }
    }
    text
}

/// The maximum number of messages that one transaction may delete, because other processes wait for
/// it.
const MAX_DELETED: i64 = 500;

/// Adds more finished messages than one transaction may delete.
pub fn add_history(world: &mut World<'_>) {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        INSERT INTO messages (app_id, openid, type, state, created_at, updated_at, due_at, expire_after, expires_at, finished_at)
        SELECT 'wx1', 'x', 'old', 'sent', 0, 0, 0, 0, 0, 0 FROM n";
    world.rig.raw.execute(sql, []).unwrap();
    world.has_history = true;
}

/// Returns the number of messages and of durable commits.
pub fn size(world: &World<'_>) -> (i64, i64) {
    let sql = "SELECT (SELECT count(*) FROM messages), (SELECT user_version >> 8 FROM pragma_user_version)";
    world.rig.raw.prepare_cached(sql).unwrap().query_row([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// A run that knows the time and ends well deletes what is older than the retention.
pub fn history_is_pruned(world: &World<'_>) {
    let left: i64 = query_one(&world.rig.raw, "SELECT count(*) FROM messages WHERE type = 'old'", []).unwrap();
    if left > 0 {
        locked(&world.platform).violate("e: history is pruned", format!("{left} old messages are left"));
    }
}

/// No transaction deletes so much that others wait for long.
pub fn short_transactions(world: &World<'_>, (before, commits_before): (i64, i64)) {
    let (after, commits) = size(world);
    let (deleted, commits) = (before - after, (commits - commits_before).rem_euclid(1 << 24));
    if deleted > MAX_DELETED * commits {
        let what = format!("{deleted} messages were deleted in {commits} transactions");
        locked(&world.platform).violate("e: short transactions", what);
    }
}

/// A run keeps its rate.
pub fn rate(platform: &mut Platform, process: &str, rate: u32, now: i64, sent: &[(i64, i64)]) {
    let in_second = sent.iter().rev().take_while(|it| now - it.0 < 1000).count();
    if rate > 0 && in_second > rate as usize {
        platform.violate("e: the rate", format!("{process} sends {} a second", in_second + 1));
    }
}
