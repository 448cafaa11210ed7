//! The messages of processes that are gone: what they had not begun is due at once; what they had begun may
//! have arrived.

use std::path::Path;
use std::time::Duration;

use super::endings::stays;
use super::policy::Outcome;
use super::schedule::{self, Decision, Facts};
use crate::store::{Ending, Held, Message, Orphan, Result, State, Store, Turn, Who};
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
    let standing = orphans.iter().map(|orphan| store.message(&orphan.app_id, orphan.held.message.id));
    standing.filter_map(Result::transpose).collect()
}

fn settle(store: &mut Store, worker: &str, orphans: &[Orphan], error: &str) -> Result<()> {
    let now = Moment::now();
    // One account at a time has its turn; nearly always there is but one.
    orphans.chunk_by(|a, b| a.app_id == b.app_id).try_for_each(|of_one| {
        let Some(first) = of_one.first() else { return Ok(()) };
        let who = Who { app_id: &first.app_id, worker, now: &now, server: None };
        let end = |turn: &Turn<'_>, held: &Held| turn.end(held.message.id, &ending(held, &now, error)).map(drop);
        store.turn(who, true, |turn| of_one.iter().try_for_each(|orphan| end(turn, &orphan.held)))
    })
}

fn ending(held: &Held, now: &Moment, error: &str) -> Ending {
    let Some(open) = held.history.open() else {
        // It was not begun: it stands as it did.
        let backoff = held.backoff.clone();
        let decision =
            Decision { state: State::Queued, due_at: now.at, soon: false, backoff, given_up: None, put_off: None };
        return stays(held, &decision, held.message.error.clone());
    };
    let facts = Facts { held, now, server: None, wait: Duration::ZERO, max_attempts: 0 };
    let decision = schedule::after(Outcome::Maybe.row().fate, &facts, &open.started, 0.0);
    // Whoever takes it next need not wait.
    let decision = Decision { due_at: now.at, backoff: held.backoff.clone(), ..decision };
    Ending { attempt: Some((open.n, Outcome::Maybe.attempt())), ..stays(held, &decision, Some(error.to_owned())) }
}
