//! The database: whether it is whole and can be written, whether there is room, and whether what is queued is
//! being delivered.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanBytes;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::files;
use crate::i18n::{io_error_text, long_duration};
use crate::report::classify;
use crate::store::{self, Inspection, Integrity, MessageFilter, MessageState};
use crate::t;
use crate::ui::Level;

pub(super) const CHECKS: &[CheckName] = &[CheckName::Database, CheckName::Space, CheckName::Outbox];

/// How long all of the file may be read.
const INTEGRITY_CHECK_TIMEOUT: Duration = Duration::from_secs(6);
/// Less room than this will soon be none.
const LOW_DISK_BYTES: u64 = 200 << 20;
/// Less than this is none.
const NO_DISK_BYTES: u64 = 8 << 20;
/// Messages that are due for longer wait for nobody.
const OVERDUE_AFTER: Duration = Duration::from_secs(3600);
/// How long it is worth saying that messages ended as unknown.
const RECENT_WINDOW: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(sender: &CheckSender, app: &AppContext) {
    let path = &app.config.database.value;
    let (check, queue) = match Inspection::open(path) {
        Ok(Some(mut look)) if look.is_current() => (check_database(&mut look, path), OutboxAccess::Open),
        // An old one is opened by a command that may change it.
        Ok(Some(mut look)) => (check_database(&mut look, path), OutboxAccess::Unreadable),
        Ok(None) => (check_creatable(app, path), OutboxAccess::Absent),
        Err(error) => (database_failure(error), OutboxAccess::Unreadable),
    };
    let sound = check.status != Level::Failure;
    let _ = sender.send(check);
    if let Some(check) = check_disk_space(files::nearest_existing_dir(path)) {
        let _ = sender.send(check);
    }
    let check = match queue {
        _ if !sound || app.config.app_id.is_none() => return,
        OutboxAccess::Open => {
            check_outbox(app).unwrap_or_else(|error| Check::from_report(CheckName::Outbox, classify(&error)))
        }
        OutboxAccess::Absent => Check::ok(CheckName::Outbox, t!("doctor-outbox-empty")),
        OutboxAccess::Unreadable => return,
    };
    let _ = sender.send(check);
}

/// Whether there can be messages, and can be looked at.
enum OutboxAccess {
    Open,
    Absent,
    Unreadable,
}

fn database_failure(error: store::Error) -> Check {
    Check::from_report(CheckName::Database, classify(&error.into()))
}

fn check_database(look: &mut Inspection, path: &Path) -> Check {
    match look.check_integrity(INTEGRITY_CHECK_TIMEOUT) {
        Err(error) => return database_failure(error),
        Ok(Integrity::Corrupt(cause)) => {
            let what = t!("doctor-damaged", path = path, cause = cause);
            return Check::failure(CheckName::Database, what, t!("store-corrupt-hint"));
        }
        Ok(Integrity::TimedOut) => {
            let what = t!("doctor-database-large", path = path, seconds = INTEGRITY_CHECK_TIMEOUT.as_secs());
            return Check::warning(CheckName::Database, what, t!("doctor-database-large-fix"));
        }
        Ok(Integrity::Ok) => {}
    }
    match look.check_writable() {
        Ok(()) => {}
        Err(store::Error::Busy { .. }) => {
            return Check::warning(CheckName::Database, t!("store-busy", path = path), t!("store-busy-hint"));
        }
        Err(error) => return database_failure(error),
    }
    let (found, known) = (look.schema, look.supported_schema);
    if !look.is_current() {
        let what = t!("doctor-database-old", path = path, found = found, known = known);
        return Check::ok(CheckName::Database, what);
    }
    Check::ok(CheckName::Database, t!("doctor-database", path = path, schema = found))
}

/// Nothing is made here: a look changes nothing.
fn check_creatable(app: &AppContext, path: &Path) -> Check {
    match files::check_creatable(path) {
        Ok(()) if app.database_is_explicit() => {
            Check::from_report(CheckName::Database, classify(&app.missing_database_error().into()))
        }
        Ok(()) => Check::ok(CheckName::Database, t!("doctor-database-none", path = path)),
        Err(cause) => {
            let (dir, cause) = (files::nearest_existing_dir(path), io_error_text(&cause));
            let what = t!("doctor-database-cannot", path = path, dir = dir, cause = cause);
            Check::failure(CheckName::Database, what, t!("doctor-database-cannot-fix"))
        }
    }
}

/// `None` where the system does not tell.
fn check_disk_space(dir: &Path) -> Option<Check> {
    // What is no disk has no blocks.
    let system = rustix::fs::statvfs(dir).ok().filter(|system| system.f_blocks > 0)?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let what = t!("doctor-space", dir = dir, free = HumanBytes(free).to_string());
    Some(match free {
        0..NO_DISK_BYTES => Check::failure(CheckName::Space, what, t!("doctor-space-fix")),
        NO_DISK_BYTES..LOW_DISK_BYTES => Check::warning(CheckName::Space, what, t!("doctor-space-fix")),
        _ => Check::ok(CheckName::Space, what),
    })
}

fn check_outbox(app: &AppContext) -> anyhow::Result<Check> {
    let store = app.open_store()?;
    let now = Timestamp::now();
    if let Some(overdue) = store.overdue(app.app_id(), now.minus(OVERDUE_AFTER))? {
        let age = now.age_since(overdue.since);
        let what = t!("doctor-outbox-overdue", count = overdue.count, age = format_age(age));
        return Ok(Check::warning(CheckName::Outbox, what, t!("doctor-outbox-overdue-fix")));
    }
    let since = Some(now.minus(RECENT_WINDOW));
    let unknown = MessageFilter { states: &[MessageState::Unknown], since, ..MessageFilter::default() };
    let unknown = store.messages(app.app_id(), &unknown)?.len();
    if unknown > 0 {
        let what = t!("doctor-outbox-unknown", count = unknown);
        return Ok(Check::warning(CheckName::Outbox, what, t!("doctor-outbox-unknown-fix")));
    }
    let counts = store.counts(app.app_id())?;
    let queued =
        counts.by_state.iter().find(|(state, _)| *state == MessageState::Queued).map_or(0, |(_, count)| *count);
    let age = counts.oldest_queued.map(|at| now.age_since(at));
    Ok(Check::ok(
        CheckName::Outbox,
        match age {
            Some(age) => t!("doctor-outbox-queued", count = queued, age = format_age(age)),
            None => t!("doctor-outbox-empty"),
        },
    ))
}

/// An age in hours and minutes, such as `2h 15m`.
fn format_age(seconds: u64) -> String {
    let whole = if seconds < 60 { seconds } else { seconds / 60 * 60 };
    long_duration(Duration::from_secs(whole))
}
