//! The staging of imported people: both imports check a person, stage them in the database, and commit all at once.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::context;
use crate::password;
use crate::secret::Secret;
use crate::store::{self, ImportConflict, StagedUser, Store};
use crate::t;
use crate::ui::{Progress, Ui};

/// How many were added.
#[derive(Serialize)]
pub(super) struct ImportView {
    pub(super) added: usize,
}

impl fmt::Display for ImportView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("import-added", count = self.added))
    }
}

/// A person as the database will have them.
pub(super) struct ImportUser {
    pub(super) line: u64,
    pub(super) username: String,
    pub(super) uid: String,
    pub(super) password_hash: Option<String>,
    pub(super) plain_password: Option<Secret>,
    pub(super) openid: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) note: String,
}

pub(super) fn stage_user(store: &mut Store, person: &ImportUser) -> store::Result<Result<i64, ImportConflict>> {
    store.stage_user(&StagedUser {
        line: person.line,
        username: &person.username,
        uid: &person.uid,
        password: person.password_hash.as_deref(),
        openid: person.openid.as_deref(),
        tags: &person.tags,
        note: &person.note,
    })
}

/// Openids that look like none of WeChat's: the first, and how many there are.
#[derive(Default)]
pub(super) struct UnusualOpenids {
    first: Option<(u64, String)>,
    count: usize,
}

impl UnusualOpenids {
    pub(super) fn record(&mut self, person: &ImportUser) {
        if let Some(openid) = person.openid.as_ref().filter(|openid| context::is_unusual_openid(openid)) {
            self.count += 1;
            self.first.get_or_insert_with(|| (person.line, openid.clone()));
        }
    }

    /// Says so of all of them at once; `place` says where the first stands.
    pub(super) fn warn(self, ui: &mut Ui, place: impl FnOnce(u64, &str) -> String) {
        if let Some((line, openid)) = self.first {
            ui.warn(&place(line, &t!("import-openid-odd", openid = openid, others = self.count - 1)));
        }
    }
}

/// Hashes what came in clear, on all processors: each takes some 25 ms, on purpose.
pub(super) fn hash_passwords(ui: &mut Ui, store: &mut Store, clear: &[(i64, Secret)]) -> anyhow::Result<()> {
    if clear.is_empty() {
        return Ok(());
    }
    let progress = Progress::new(ui, &t!("import-hashing"), clear.len() as u64);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(clear.len());
    let next = AtomicUsize::new(0);
    let (tell, hashes) = crossbeam_channel::unbounded();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                while let Some((n, password)) = clear.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody listens any more where one has failed.
                    if tell.send((*n, password::hash(password))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        // Taken into the loop, so that a failure closes the channel and the workers end.
        for (n, hash) in hashes {
            store.set_staged_password(n, &hash?)?;
            progress.increment();
        }
        Ok(())
    })
}
