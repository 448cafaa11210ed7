//! The rules that must hold: the database is compared with the model. To add a rule, compare the
//! two here, or where WeChat accepts a message (`wechat.rs`), and call `violate`.

use std::collections::BTreeSet;

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};
use wxbox::store::MessageState;

use crate::plan::USERS;
use crate::wechat::{FAULTS, MessageKey, Met, Platform, number_in};
use crate::world::{Process, RETAIN, World};

/// The maximum number of messages that one transaction may delete, because other processes wait for
/// it.
const MAX_DELETED: i64 = 500;

/// Returns the rows of a query.
pub fn rows<T>(raw: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut query = raw.prepare_cached(sql).unwrap();
    let rows = query.query_map([], read).unwrap();
    rows.map(Result::unwrap).collect()
}

pub fn ids(raw: &Connection, sql: &str) -> Vec<i64> {
    rows(raw, sql, |row| row.get(0))
}

/// Returns the first column of the only row, if there is one.
pub fn query_one<T: FromSql>(raw: &Connection, sql: &str, values: impl Params) -> Option<T> {
    raw.prepare_cached(sql).unwrap().query_row(values, |row| row.get(0)).ok()
}

pub fn user_name(world: &World<'_>, user: usize) -> Option<String> {
    query_one(&world.rig.raw, "SELECT username FROM users WHERE id = ?1", [user as i64 + 1])
}

/// Records which row is which message, while the row still has its content.
pub fn note_rows(world: &mut World<'_>) {
    let last = world.ids.last_key_value().map_or(0, |(id, _)| *id);
    let sql = "SELECT m.id, m.user_id, p.json FROM messages m JOIN payloads p ON p.id = m.payload_id WHERE m.id > ?1";
    let mut query = world.rig.raw.prepare_cached(sql).unwrap();
    let mut found = query.query([last]).unwrap();
    while let Some(row) = found.next().unwrap() {
        let recipient = row.get::<_, Option<u32>>(1).unwrap().map_or(USERS, |user| user as usize - 1);
        let number = number_in(row.get_ref(2).unwrap().as_str().unwrap()).unwrap_or(0);
        world.ids.insert(row.get(0).unwrap(), MessageKey(number, recipient));
    }
}

/// Records that no response to the open attempts of a process can now be recorded.
pub fn mark_unanswered(world: &World<'_>, worker_id: &str) {
    let sql = "SELECT m.id, m.claimed_by FROM messages m JOIN attempts a ON a.message_id = m.id
               WHERE m.claimed_by NOTNULL AND a.outcome IS NULL";
    for (id, claimed_by) in rows(&world.rig.raw, sql, |row| Ok((row.get(0)?, row.get::<_, String>(1)?))) {
        if claimed_by == worker_id {
            world.change_truth(id, |truth| (truth.unanswered, truth.not_before) = (true, 0));
        }
    }
}

/// Checks that a run that ended without an error has queued each message, except those that it may
/// leave out, and has reported each.
pub fn complete(world: &World<'_>, run: &Process) {
    let found: BTreeSet<MessageKey> = world.ids.values().copied().collect();
    let ours = world.queued.iter().filter(|it| !it.may_skip && run.submitted.contains(&it.first));
    let all = ours.flat_map(|it| it.recipients.iter().map(|recipient| MessageKey(it.first, *recipient)));
    let missing: Vec<String> = all.filter(|it| !found.contains(it)).map(|it| it.to_string()).collect();
    let is_lost = missing.len() > run.left_out;
    world.violate(is_lost, "d: nothing is lost", || format!("{} was never queued", missing.join(", ")));
    let Some(reported) = &run.reported else { return };
    for (id, message) in world.ids.iter().filter(|(id, it)| run.submitted.contains(&it.0) && !reported.contains(id)) {
        let is_left_out = !world.released.contains(id);
        world.violate(is_left_out, "e: reports agree", || format!("{message} was not reported"));
    }
}

/// Compares the state of a message with the model. A queued message that WeChat accepted must have
/// an attempt that may have arrived.
pub fn state(platform: &mut Platform, message: MessageKey, state: MessageState, may_have_arrived: bool) {
    let Some(truth) = platform.messages.get(&message) else { return };
    let (taken, unanswered) = (truth.taken > 0, truth.unanswered);
    let is_true = match state {
        MessageState::Sent => taken,
        MessageState::Failed if truth.has_fallback && truth.window_closed && !platform.may_give_up => false,
        MessageState::Failed | MessageState::Cancelled | MessageState::Expired => !taken,
        MessageState::Queued => !taken || may_have_arrived,
        MessageState::Unknown => unanswered,
    };
    platform.violate(!is_true, "b: the state is true", || {
        format!("{message} is {state}; taken: {taken}, an attempt without an answer: {unanswered}")
    });
}

/// Compares all states with the model, and looks for messages that are missing.
pub fn states(world: &mut World<'_>) {
    note_rows(world);
    let sql = "SELECT id, state, attempts, EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id
               AND (outcome IS NULL OR outcome = 'ambiguous')) FROM messages WHERE type <> 'old'";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, u32>(2)?, row.get(3)?));
    let found: Vec<(i64, MessageState, u32, bool)> = rows(&world.rig.raw, sql, read);
    let (mut seen, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    let mut platform = world.wechat();
    for (id, found, attempts, may_have_arrived) in found {
        seen.insert(id);
        let Some(message) = world.ids.get(&id).copied() else { continue };
        state(&mut platform, message, found, may_have_arrived);
        let may_expire = platform.messages.get(&message).is_none_or(|truth| truth.strict || truth.part > 0);
        let is_untried = found == MessageState::Expired && attempts == 0 && !may_expire;
        platform.violate(is_untried, "d: nothing expires untried", || format!("{message} expired"));
        if found == MessageState::Unknown {
            unknown.insert(id);
        }
        let is_decided = !matches!(found, MessageState::Unknown | MessageState::Sent) && world.unknown.contains(&id);
        platform.violate(is_decided, "b: unknown stays", || format!("{message} is {found}, and nobody asked"));
    }
    let now = platform.now;
    for (_, message) in world.ids.iter().filter(|(id, _)| !seen.contains(id) && !world.released.contains(id)) {
        let age = platform.messages.get(message).map_or(0, |truth| now - truth.created);
        let is_young = age < RETAIN.as_millis() as i64;
        platform.violate(is_young, "d: nothing is lost", || format!("{message} is gone after {} s", age / 1000));
    }
    drop(platform);
    world.unknown = unknown;
    let sql = "SELECT id FROM payloads EXCEPT SELECT payload_id FROM messages EXCEPT SELECT fallback_id FROM messages";
    let orphans = ids(&world.rig.raw, sql).len();
    world.violate(orphans > 0, "d: no content outlives its message", || format!("{orphans} contents"));
    world.check_receipts();
    all_or_nothing(world);
}

/// Checks that all recipients of a submission are queued with all parts, or none.
fn all_or_nothing(world: &World<'_>) {
    let found: BTreeSet<MessageKey> = world.ids.values().copied().collect();
    for queued in world.queued.iter().filter(|it| !it.may_skip) {
        let is_queued = |part, recipient| found.contains(&MessageKey(queued.first + part, recipient));
        let rows = |recipient: &usize| (0..queued.parts).filter(|part| is_queued(*part, *recipient)).count() as u64;
        let is_partial = queued.recipients.iter().map(rows).any(|count| count != 0 && count != queued.parts);
        world.violate(is_partial, "e: all or nothing", || format!("m{} is queued in part", queued.first));
    }
}

/// Returns the messages without a final state that wait for no user's decision.
pub fn unfinished(world: &World<'_>) -> Vec<i64> {
    let sql = "SELECT m.id FROM messages m LEFT JOIN messages p ON p.id = m.previous_part_id
               WHERE m.state = 'queued' AND (p.id IS NULL OR p.state = 'sent')";
    ids(&world.rig.raw, sql)
}

/// Counts the states of messages in which a fault occurred.
pub fn count(world: &World<'_>, fault: &str) {
    let name = fault.split([' ', '(', '{']).next().unwrap_or_default();
    let sql = "SELECT DISTINCT CASE WHEN claimed_by NOTNULL THEN 'claimed' WHEN state = 'queued' AND attempts > 0
               THEN 'tried' ELSE state END FROM messages";
    for state in rows(&world.rig.raw, sql, |row| row.get::<_, String>(0)) {
        let state = STATES.into_iter().find(|it| *it == state).unwrap_or("none");
        *world.wechat().met.entry((name.to_owned(), state)).or_default() += 1;
    }
}

const STATES: [&str; 8] = ["queued", "tried", "claimed", "sent", "failed", "unknown", "cancelled", "expired"];
const SITUATIONS: [&str; 5] = ["first", "after a refusal", "after no answer", "retried", "token"];

/// Returns a table of how often each fault occurred in each state. A pair that never occurred is a
/// gap of the generator.
pub fn table(met: &Met) -> String {
    let mut text = String::new();
    for columns in [&SITUATIONS[..], &STATES[..]] {
        text += &format!("{:20}{}\n", "", columns.iter().map(|it| format!("{it:>16}")).collect::<String>());
        let mut faults: BTreeSet<&str> =
            met.keys().filter(|(_, it)| columns.contains(it)).map(|it| it.0.as_str()).collect();
        if columns == SITUATIONS {
            faults.extend(FAULTS.iter().map(|fault| fault.name));
        }
        for name in faults {
            text += &format!("{name:20}");
            for column in columns {
                let is_possible = *column != "token" || FAULTS.iter().all(|it| it.name != name || it.of_tokens);
                let count = met.get(&(name.to_owned(), *column)).copied().unwrap_or(0);
                text += &format!("{:>16}", if is_possible { count.to_string() } else { "-".to_owned() });
            }
            text.push('\n');
        }
    }
    text
}

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
    rows(&world.rig.raw, sql, |row| Ok((row.get(0)?, row.get(1)?)))[0]
}

/// A run that knows the time and ends well deletes what is older than the retention.
pub fn history_is_pruned(world: &World<'_>) {
    let left = ids(&world.rig.raw, "SELECT id FROM messages WHERE type = 'old'").len();
    world.violate(left > 0, "e: history is pruned", || format!("{left} old messages are left"));
}

/// No transaction deletes so much that others wait for long.
pub fn short_transactions(world: &World<'_>, (before, commits_before): (i64, i64)) {
    let (after, commits) = size(world);
    let (deleted, commits) = (before - after, (commits - commits_before).rem_euclid(1 << 24));
    world.violate(deleted > MAX_DELETED * commits, "e: short transactions", || {
        format!("{deleted} messages were deleted in {commits} transactions")
    });
}
