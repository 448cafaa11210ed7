//! The messages of processes that are gone: what they had not begun is due at once; what they had begun may
//! have arrived.

use std::path::Path;
use std::time::Duration;

use super::policy::Outcome;
use super::schedule::{self, Facts};
use crate::store::{Answer, Ending, Message, Orphan, Result, State, Store, Turn, Who};
use crate::t;
use crate::time::Moment;

/// How long one who leaves waits for the database.
const BRIEFLY: Duration = Duration::from_millis(50);

/// Settles the messages of every process that held some and lives no more, of all accounts.
///
/// # Errors
/// Only the database's own.
pub fn settle_orphans(store: &mut Store) -> Result<()> {
    store.for_orphans(|store, worker, orphans| settle(store, worker, &orphans, &t!("delivery-process-gone")))
}

/// Settles what this very process is at, since it leaves; the messages as they stand then.
pub(super) fn forsake(database: &Path, worker: &str) -> Result<Vec<Message>> {
    // It has to leave now; whoever comes next finds them as a dead process leaves them.
    let mut store = Store::open(database)?.patient_for(BRIEFLY)?;
    let orphans = store.orphans(worker)?;
    settle(&mut store, worker, &orphans, &t!("delivery-no-answer-yet"))?;
    let standing = orphans.iter().map(|orphan| store.message(&orphan.app_id, orphan.id));
    standing.filter_map(Result::transpose).collect()
}

fn settle(store: &mut Store, worker: &str, orphans: &[Orphan], error: &str) -> Result<()> {
    let now = Moment::now();
    // One account at a time has its turn; nearly always there is but one.
    orphans.chunk_by(|a, b| a.app_id == b.app_id).try_for_each(|of_one| {
        let Some(first) = of_one.first() else { return Ok(()) };
        let who = Who { app_id: &first.app_id, worker, now: now.at };
        let end = |turn: &Turn<'_>, orphan: &Orphan| turn.end(orphan.id, &ending(orphan, &now, error)).map(drop);
        store.turn(who, true, |turn| of_one.iter().try_for_each(|orphan| end(turn, orphan)))
    })
}

fn ending(orphan: &Orphan, now: &Moment, error: &str) -> Ending {
    let mut ending = Ending {
        attempt: None,
        state: State::Queued,
        due_at: now.at,
        answer: Answer::default(),
        record: orphan.record.clone(),
        instead: None,
    };
    let Some((n, started)) = &orphan.open else { return ending };
    let facts = Facts {
        record: &orphan.record,
        attempts: *n,
        // Whoever takes it next looks at that.
        expires_at: crate::time::Timestamp(i64::MAX),
        repeatable: orphan.repeatable,
        now,
        wait: Duration::ZERO,
        max_attempts: 0,
    };
    let decision = schedule::after(Outcome::Maybe.row().fate, &facts, started, 0.0);
    ending.attempt = Some((*n, Outcome::Maybe.attempt()));
    ending.state = decision.state;
    ending.answer.error = Some(error.to_owned());
    ending.record.maybe = decision.record.maybe;
    ending
}
