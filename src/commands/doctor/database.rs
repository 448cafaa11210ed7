//! Checks the database and its outbox: the file is intact and writable, the disk has space, and
//! queued messages are being delivered.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanBytes;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::clock::Timestamp;
use crate::config::DefaultRecipient;
use crate::context::{AppContext, parse_openid_argument, require_tag};
use crate::files;
use crate::i18n::{io_error_text, join_list, long_duration};
use crate::store::{self, Inspection, Integrity, MessageFilter, MessageState};
use crate::t;
use crate::ui::Level;

/// Returns the checks of this group. Without default recipients there is nothing to check about
/// them.
pub(super) fn checks(app: &AppContext) -> &'static [CheckName] {
    const ALL: &[CheckName] = &[CheckName::Database, CheckName::Space, CheckName::Outbox, CheckName::Recipients];
    const WITHOUT_RECIPIENTS: &[CheckName] = &[CheckName::Database, CheckName::Space, CheckName::Outbox];
    if app.config.send.to.is_some() { ALL } else { WITHOUT_RECIPIENTS }
}

/// The timeout of the integrity check, which reads the whole file.
const INTEGRITY_CHECK_TIMEOUT: Duration = Duration::from_secs(6);
/// Less free space than this is a warning.
const LOW_DISK_BYTES: u64 = 200 << 20;
/// Less free space than this is a failure.
const NO_DISK_BYTES: u64 = 8 << 20;
/// A message that has been due for longer than this is not being delivered.
const OVERDUE_AFTER: Duration = Duration::from_secs(3600);
/// The age up to which messages with an unknown outcome are reported.
const RECENT_WINDOW: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(sender: &CheckSender, app: &AppContext) -> Result<(), Check> {
    let path = &app.config.database.value;
    let (check, outbox) = match Inspection::open(path) {
        Ok(Some(mut inspection)) if inspection.is_current() => {
            (check_database(&mut inspection, path), OutboxAccess::Open)
        }
        // Another command must migrate an old schema; the doctor changes nothing.
        Ok(Some(mut inspection)) => (check_database(&mut inspection, path), OutboxAccess::Unreadable),
        Ok(None) => (check_creatable(app, path), OutboxAccess::Absent),
        Err(error) => (Check::from_error(CheckName::Database, error), OutboxAccess::Unreadable),
    };
    let is_usable = check.status != Level::Failure;
    sender.report(check);
    sender.report(check_disk_space(files::nearest_existing_dir(path)));
    let (check, recipients) = match outbox {
        _ if !is_usable || app.config.app_id.is_none() => return Ok(()),
        OutboxAccess::Open => {
            let outbox = check_outbox(app).unwrap_or_else(|error| Check::from_error(CheckName::Outbox, error));
            (outbox, check_recipients(app))
        }
        OutboxAccess::Absent => (Check::ok(CheckName::Outbox, t!("doctor-outbox-empty")), check_recipients(app)),
        OutboxAccess::Unreadable => return Ok(()),
    };
    sender.report(check);
    sender.report(recipients);
    Ok(())
}

/// Whether the outbox can be read.
enum OutboxAccess {
    Open,
    Absent,
    Unreadable,
}

fn check_database(inspection: &mut Inspection, path: &Path) -> Check {
    match inspection.check_integrity(INTEGRITY_CHECK_TIMEOUT) {
        Err(error) => return Check::from_error(CheckName::Database, error),
        Ok(Integrity::Corrupt(cause)) => {
            let detail = t!("doctor-damaged", path = path, cause = cause);
            return Check::failure(CheckName::Database, detail, t!("store-corrupt-hint"));
        }
        Ok(Integrity::TimedOut) => {
            let detail = t!("doctor-database-large", path = path, seconds = INTEGRITY_CHECK_TIMEOUT.as_secs());
            return Check::warning(CheckName::Database, detail, t!("doctor-database-large-fix"));
        }
        Ok(Integrity::Ok) => {}
    }
    match inspection.check_writable() {
        Ok(()) => {}
        Err(store::Error::Busy { .. }) => {
            return Check::warning(CheckName::Database, t!("store-busy", path = path), t!("store-busy-hint"));
        }
        Err(error) => return Check::from_error(CheckName::Database, error),
    }
    let (schema, supported) = (inspection.schema, inspection.supported_schema);
    if !inspection.is_current() {
        let detail = t!("doctor-database-old", path = path, found = schema, known = supported);
        return Check::ok(CheckName::Database, detail);
    }
    Check::ok(CheckName::Database, t!("doctor-database", path = path, schema = schema))
}

/// Checks that the database could be created, without creating it.
fn check_creatable(app: &AppContext, path: &Path) -> Check {
    match files::check_creatable(path) {
        Ok(()) if app.database_is_explicit() => Check::from_error(CheckName::Database, app.missing_database_error()),
        Ok(()) => Check::ok(CheckName::Database, t!("doctor-database-none", path = path)),
        Err(cause) => {
            let (dir, cause) = (files::nearest_existing_dir(path), io_error_text(&cause));
            let detail = t!("doctor-database-cannot", path = path, dir = dir, cause = cause);
            Check::failure(CheckName::Database, detail, t!("doctor-database-cannot-fix"))
        }
    }
}

/// Checks the free disk space; `None` if the system does not report it.
fn check_disk_space(dir: &Path) -> Option<Check> {
    // Pseudo file systems have no blocks.
    let system = rustix::fs::statvfs(dir).ok().filter(|system| system.f_blocks > 0)?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let detail = t!("doctor-space", dir = dir, free = HumanBytes(free).to_string());
    Some(match free {
        0..NO_DISK_BYTES => Check::failure(CheckName::Space, detail, t!("doctor-space-fix")),
        NO_DISK_BYTES..LOW_DISK_BYTES => Check::warning(CheckName::Space, detail, t!("doctor-space-fix")),
        _ => Check::ok(CheckName::Space, detail),
    })
}

/// Checks that the default recipients exist and can be reached; `None` if there are none.
fn check_recipients(app: &AppContext) -> Option<Check> {
    let to = app.config.send.to.as_ref()?;
    let names = join_list(to.iter().map(ToString::to_string));
    let problem = || -> anyhow::Result<Option<String>> {
        let store = app.open_store_or_empty()?;
        for recipient in &to.value {
            match recipient {
                DefaultRecipient::User(name) => {
                    if app.find_user(&store, name)?.binding.is_none() {
                        return Ok(Some(t!("user-not-bound", user = name.as_str())));
                    }
                }
                DefaultRecipient::Tag(tag) => require_tag(&store, tag)?,
                DefaultRecipient::All => {}
                DefaultRecipient::Openid(openid) => drop(parse_openid_argument(openid)?),
            }
        }
        Ok(None)
    };
    let at = to.origin.to_string();
    Some(match problem() {
        Ok(None) => Check::ok(CheckName::Recipients, t!("doctor-recipients", names = names, at = at)),
        Ok(Some(detail)) => Check::warning(CheckName::Recipients, detail, t!("doctor-recipients-fix", at = at)),
        Err(error) => {
            let fix = Some(t!("doctor-recipients-fix", at = at));
            Check { fix, ..Check::from_error(CheckName::Recipients, error) }
        }
    })
}

fn check_outbox(app: &AppContext) -> anyhow::Result<Check> {
    let store = app.open_store()?;
    let now = Timestamp::now();
    if let Some(overdue) = store.overdue(app.app_id(), now.minus(OVERDUE_AFTER))? {
        let age = now.age_since(overdue.since);
        let detail = t!("doctor-outbox-overdue", count = overdue.count, age = format_age(age));
        return Ok(Check::warning(CheckName::Outbox, detail, t!("doctor-outbox-overdue-fix")));
    }
    let since = Some(now.minus(RECENT_WINDOW));
    let unknown = MessageFilter { states: &[MessageState::Unknown], since, ..MessageFilter::default() };
    let unknown = store.count_messages(app.app_id(), &unknown)?;
    if unknown > 0 {
        let detail = t!("doctor-outbox-unknown", count = unknown);
        return Ok(Check::warning(CheckName::Outbox, detail, t!("doctor-outbox-unknown-fix")));
    }
    let counts = store.counts(app.app_id())?;
    let queued = counts.count(MessageState::Queued);
    let age = counts.oldest_queued.map(|at| now.age_since(at));
    Ok(Check::ok(
        CheckName::Outbox,
        match age {
            Some(age) => t!("doctor-outbox-queued", count = queued, age = format_age(age)),
            None => t!("doctor-outbox-empty"),
        },
    ))
}

/// Formats an age in hours and minutes, such as `2h 15m`.
pub(super) fn format_age(seconds: u64) -> String {
    let rounded = if seconds < 60 { seconds } else { seconds / 60 * 60 };
    long_duration(Duration::from_secs(rounded))
}
