//! The database: whether it is whole and can be written, whether there is room, and whether what is queued is
//! being delivered.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanBytes;

use super::check::{Check, Name};
use super::group::Tell;
use crate::app::App;
use crate::commands::ground;
use crate::error::classify;
use crate::store::{self, Filter, Look, Soundness, State};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Level;
use crate::words::{span, system};

pub(super) const NAMES: &[Name] = &[Name::Database, Name::Space, Name::Outbox];

/// How long all of the file may be read.
const READING: Duration = Duration::from_secs(6);
/// Less room than this will soon be none.
const SCARCE: u64 = 200 << 20;
/// Less than this is none.
const NONE: u64 = 8 << 20;
/// Messages that are due for longer wait for nobody.
const LONG: Duration = Duration::from_secs(3600);
/// How long it is worth saying that messages ended as unknown.
const RECENT: Duration = Duration::from_secs(24 * 3600);

pub(super) fn look(tell: &Tell, app: &App) {
    let path = &app.config.database.value;
    let (check, queue) = match Look::open(path) {
        Ok(Some(mut look)) if look.is_current() => (database(&mut look, path), Queue::Here),
        // An old one is opened by a command that may change it.
        Ok(Some(mut look)) => (database(&mut look, path), Queue::Closed),
        Ok(None) => (absent(app, path), Queue::None),
        Err(error) => (failed(error), Queue::Closed),
    };
    let sound = check.status != Level::Failure;
    let _ = tell.send(check);
    if let Some(check) = space(ground::existing(path)) {
        let _ = tell.send(check);
    }
    let check = match queue {
        _ if !sound || app.config.app_id.is_none() => return,
        Queue::Here => outbox(app).unwrap_or_else(|error| Check::of(Name::Outbox, classify(&error))),
        Queue::None => Check::ok(Name::Outbox, t!("doctor-outbox-empty")),
        Queue::Closed => return,
    };
    let _ = tell.send(check);
}

/// Whether there can be messages, and can be looked at.
enum Queue {
    Here,
    None,
    Closed,
}

fn failed(error: store::Error) -> Check {
    Check::of(Name::Database, classify(&error.into()))
}

fn database(look: &mut Look, path: &Path) -> Check {
    match look.soundness(READING) {
        Err(error) => return failed(error),
        Ok(Soundness::Damaged(cause)) => {
            let what = t!("doctor-damaged", path = path, cause = cause);
            return Check::failure(Name::Database, what, t!("store-corrupt-hint"));
        }
        Ok(Soundness::Unfinished) => {
            let what = t!("doctor-database-large", path = path, seconds = READING.as_secs());
            return Check::warning(Name::Database, what, t!("doctor-database-large-fix"));
        }
        Ok(Soundness::Sound) => {}
    }
    match look.writable() {
        Ok(()) => {}
        Err(store::Error::Busy { .. }) => {
            return Check::warning(Name::Database, t!("store-busy", path = path), t!("store-busy-hint"));
        }
        Err(error) => return failed(error),
    }
    let (found, known) = (look.found, look.known);
    if !look.is_current() {
        let what = t!("doctor-database-old", path = path, found = found, known = known);
        return Check::ok(Name::Database, what);
    }
    Check::ok(Name::Database, t!("doctor-database", path = path, schema = found))
}

/// Nothing is made here: a look changes nothing.
fn absent(app: &App, path: &Path) -> Check {
    match ground::may_make(path) {
        Ok(()) if app.names_database() => Check::of(Name::Database, classify(&app.no_database().into())),
        Ok(()) => Check::ok(Name::Database, t!("doctor-database-none", path = path)),
        Err(cause) => {
            let (dir, cause) = (ground::existing(path), system(&cause));
            let what = t!("doctor-database-cannot", path = path, dir = dir, cause = cause);
            Check::failure(Name::Database, what, t!("doctor-database-cannot-fix"))
        }
    }
}

/// `None` where the system does not tell.
fn space(dir: &Path) -> Option<Check> {
    // What is no disk has no blocks.
    let system = rustix::fs::statvfs(dir).ok().filter(|system| system.f_blocks > 0)?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let what = t!("doctor-space", dir = dir, free = HumanBytes(free).to_string());
    Some(match free {
        0..NONE => Check::failure(Name::Space, what, t!("doctor-space-fix")),
        NONE..SCARCE => Check::warning(Name::Space, what, t!("doctor-space-fix")),
        _ => Check::ok(Name::Space, what),
    })
}

fn outbox(app: &App) -> anyhow::Result<Check> {
    let store = app.store()?;
    let now = Timestamp::now();
    if let Some(overdue) = store.overdue(app.app_id(), now.before(LONG))? {
        let age = now.age_since(overdue.since);
        let what = t!("doctor-outbox-overdue", count = overdue.count, age = age_of(age));
        return Ok(Check::warning(Name::Outbox, what, t!("doctor-outbox-overdue-fix")));
    }
    let since = Some(now.before(RECENT));
    let unknown = Filter { states: &[State::Unknown], since, ..Filter::default() };
    let unknown = store.messages(app.app_id(), &unknown)?.len();
    if unknown > 0 {
        let what = t!("doctor-outbox-unknown", count = unknown);
        return Ok(Check::warning(Name::Outbox, what, t!("doctor-outbox-unknown-fix")));
    }
    let counts = store.counts(app.app_id())?;
    let queued = counts.of.iter().find(|(state, _)| *state == State::Queued).map_or(0, |(_, count)| *count);
    let age = counts.oldest_queued.map(|at| now.age_since(at));
    Ok(Check::ok(
        Name::Outbox,
        match age {
            Some(age) => t!("doctor-outbox-queued", count = queued, age = age_of(age)),
            None => t!("doctor-outbox-empty"),
        },
    ))
}

/// An age in hours and minutes, such as `2h 15m`.
fn age_of(seconds: u64) -> String {
    let whole = if seconds < 60 { seconds } else { seconds / 60 * 60 };
    span(Duration::from_secs(whole))
}
