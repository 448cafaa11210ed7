//! Stages imported people in the database, where both imports commit them in one transaction.

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

/// The number of people that were added.
#[derive(Serialize)]
pub(super) struct ImportView {
    pub(super) added: usize,
}

impl fmt::Display for ImportView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("import-added", count = self.added))
    }
}

/// A person as it will be stored.
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

pub(super) fn stage_user(store: &mut Store, user: &ImportUser) -> store::Result<Result<i64, ImportConflict>> {
    store.stage_user(&StagedUser {
        line: user.line,
        username: &user.username,
        uid: &user.uid,
        password: user.password_hash.as_deref(),
        openid: user.openid.as_deref(),
        tags: &user.tags,
        note: &user.note,
    })
}

/// The first openid that does not look like WeChat's, and the number of such openids.
#[derive(Default)]
pub(super) struct UnusualOpenids {
    first: Option<(u64, String)>,
    count: usize,
}

impl UnusualOpenids {
    pub(super) fn record(&mut self, user: &ImportUser) {
        if let Some(openid) = user.openid.as_ref().filter(|openid| context::is_unusual_openid(openid)) {
            self.count += 1;
            self.first.get_or_insert_with(|| (user.line, openid.clone()));
        }
    }

    /// Prints one warning for all of them. `location` adds the place of the first one.
    pub(super) fn warn(self, ui: &mut Ui, location: impl FnOnce(u64, &str) -> String) {
        if let Some((line, openid)) = self.first {
            ui.warn(&location(line, &t!("import-openid-odd", openid = openid, others = self.count - 1)));
        }
    }
}

/// Hashes passwords on all processors: each hash takes about 25 ms by design.
pub(super) fn hash_passwords(ui: &mut Ui, store: &mut Store, passwords: &[(i64, Secret)]) -> anyhow::Result<()> {
    if passwords.is_empty() {
        return Ok(());
    }
    let progress = Progress::new(ui, &t!("import-hashing"), passwords.len() as u64);
    let thread_count = std::thread::available_parallelism().map_or(1, NonZero::get).min(passwords.len());
    let next = AtomicUsize::new(0);
    let (sender, hashes) = crossbeam_channel::unbounded();
    std::thread::scope(|scope| {
        for _ in 0..thread_count {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((n, password)) = passwords.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The send fails after another hash has failed.
                    if sender.send((*n, password::hash(password))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // The loop owns the receiver, so an error closes the channel and ends the threads.
        for (n, hash) in hashes {
            store.set_staged_password(n, &hash?)?;
            progress.increment();
        }
        Ok(())
    })
}
