//! Finds files and directories that other users can read, change or replace, and removes these
//! permissions for `doctor --fix`. The content of a file is never touched.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::{self, CliOverrides, Config, Environment, Origin, file_mode};
use crate::files::sibling_path;
use crate::i18n::io_error_text;
use crate::listen::tls_files;
use crate::t;
use crate::ui::Ui;

/// The permission bits of all users but the owner and the group.
const OTHERS: u32 = 0o007;
/// The permission bits with which others can write.
const WRITABLE: u32 = 0o022;
/// The bit with which only owners can replace files in a directory.
const STICKY: u32 = 0o1000;

/// A file or a directory with permissions that are too wide, or with the wrong owner.
pub(super) struct PermissionProblem {
    pub(super) what: String,
    pub(super) hint: String,
    change: PermissionChange,
}

/// The fix of a problem.
enum PermissionChange {
    /// Remove these permission bits from each of the paths that exists.
    RemoveBits(Vec<PathBuf>, u32),
    /// Make root the owner.
    ToRoot(PathBuf),
}

/// Finds all problems of the files that a config names.
pub(super) fn find_problems(config: &Config) -> Vec<PermissionProblem> {
    let remove = |path: &Path, bits: u32| PermissionChange::RemoveBits(vec![path.to_owned()], bits);
    let mut problems = Vec::new();
    let mut add = |what, hint, change| problems.push(PermissionProblem { what, hint, change });
    for path in &config.world_readable_files {
        add(t!("config-readable", path = path), t!("config-readable-hint", path = path), remove(path, OTHERS));
    }
    if let (Some((what, hint)), Some(key)) = (tls_files::readable_key_warning(config), &config.listen.tls_key) {
        add(what, hint, remove(key, OTHERS));
    }
    if let Some((path, owner)) = foreign_config(config) {
        let what = t!("config-not-own", path = path, owner = owner.to_string());
        add(what, t!("config-not-own-hint", path = path), PermissionChange::ToRoot(path.to_owned()));
    }
    // A user who can write to the directory can replace the file, unless the directory is sticky.
    let is_writable_by_others =
        |dir: &&Path| file_mode(dir).is_some_and(|mode| mode & WRITABLE != 0 && mode & STICKY == 0);
    let mut dirs = Vec::new();
    for file in secret_files(config) {
        if let Some(dir) = file.parent().filter(is_writable_by_others).filter(|dir| !dirs.contains(dir)) {
            dirs.push(dir);
            let what = t!("doctor-dir-writable", dir = dir, file = file);
            add(what, t!("config-writable-hint", path = dir), remove(dir, WRITABLE));
        }
    }
    let database = &config.database.value;
    if file_mode(database).is_some_and(|mode| mode & OTHERS != 0) {
        let files = ["", "-wal", "-shm"].map(|suffix| sibling_path(database, suffix)).to_vec();
        let what = t!("doctor-database-open", path = database);
        let change = PermissionChange::RemoveBits(files, OTHERS);
        add(what, t!("doctor-database-open-fix", path = database), change);
    }
    problems
}

/// Returns the config file and the files that hold a secret.
pub(super) fn secret_files(config: &Config) -> Vec<&Path> {
    let push = &config.push;
    let secrets = [&config.app_secret, &push.token, &push.aes_key, &push.previous_aes_key].into_iter().flatten();
    let files = secrets.filter_map(|secret| match &secret.origin {
        // The service manager, not the operator, sets the permissions of credentials.
        Origin::SecretFile(path) => Some(path.as_path()),
        _ => None,
    });
    config.path.as_deref().into_iter().chain(files).collect()
}

/// Returns the config file if root runs the doctor and the file belongs to a user who is neither
/// root nor the owner of the database; and that user. For any other user, loading such a file
/// fails.
fn foreign_config(config: &Config) -> Option<(&Path, u32)> {
    let owner = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.uid());
    let path = config.path.as_deref()?;
    let config_owner = owner(path).filter(|owner| *owner != 0 && rustix::process::geteuid().is_root())?;
    (owner(&config.database) != Some(config_owner)).then_some((path, config_owner))
}

/// Fixes all problems, and prints each change. The checks report a problem that cannot be fixed.
pub(super) fn fix_all(ui: &mut Ui, flags: &CliOverrides) {
    /// Each load reports one file that others can change. There are at most six such files.
    const MAX_LOADS: usize = 8;
    let environment = Environment::from_process();
    for _ in 0..MAX_LOADS {
        let mut is_changed = false;
        match Config::load(flags, &environment) {
            Ok(config) => {
                let secrets = [config.secret_error().cloned(), config.push_secrets().err()];
                for change in secrets.into_iter().flatten().filter_map(|error| PermissionChange::for_error(&error)) {
                    is_changed |= change.apply(ui);
                }
                for problem in find_problems(&config) {
                    is_changed |= problem.change.apply(ui);
                }
            }
            Err(error) => {
                if let Some(change) = PermissionChange::for_error(&error) {
                    is_changed = change.apply(ui);
                }
            }
        }
        if !is_changed {
            return;
        }
    }
}

impl PermissionChange {
    /// Returns the change for a file that the config loader rejects.
    fn for_error(error: &config::Error) -> Option<Self> {
        match error {
            config::Error::WritableByOthers { path, .. } => Some(Self::RemoveBits(vec![path.clone()], WRITABLE)),
            config::Error::WorldWritableDirectory { dir, .. } => Some(Self::RemoveBits(vec![dir.clone()], WRITABLE)),
            _ => None,
        }
    }

    /// Makes the change, and prints it. Returns whether anything changed.
    fn apply(&self, ui: &mut Ui) -> bool {
        match self {
            Self::RemoveBits(paths, bits) => {
                let mut is_changed = false;
                for path in paths {
                    let result = remove_bits(path, *bits);
                    is_changed |=
                        report(ui, path, result.map(|modes| modes.map(|(old, new)| mode_text(path, old, new))));
                }
                is_changed
            }
            Self::ToRoot(path) => {
                let result = make_root_owner(path).map(|()| Some(t!("doctor-fixed-owner", path = path)));
                report(ui, path, result)
            }
        }
    }
}

fn mode_text(path: &Path, old: u32, new: u32) -> String {
    t!("doctor-fixed-mode", path = path, old = format!("{old:03o}"), new = format!("{new:03o}"))
}

/// Prints the change of a file, or why it failed. Returns whether the file changed.
fn report(ui: &mut Ui, path: &Path, result: io::Result<Option<String>>) -> bool {
    match result {
        Ok(Some(text)) => {
            ui.status(&text);
            true
        }
        Ok(None) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => {
            ui.warn(&t!("doctor-not-fixed", path = path, cause = io_error_text(&error)));
            false
        }
    }
}

/// Removes permission bits. Returns the modes before and after; `None` if there is nothing to
/// remove. Bits are only removed, so a file that another user puts in its place in the meantime
/// becomes less accessible, never more.
fn remove_bits(path: &Path, bits: u32) -> io::Result<Option<(u32, u32)>> {
    let file = open_resolved(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    let new_mode = mode & !bits;
    if new_mode == mode {
        return Ok(None);
    }
    file.set_permissions(Permissions::from_mode(new_mode))?;
    Ok(Some((mode, new_mode)))
}

fn make_root_owner(path: &Path) -> io::Result<()> {
    let file = open_resolved(path)?;
    Ok(rustix::fs::fchown(file, Some(rustix::fs::Uid::ROOT), None)?)
}

/// Opens the file or directory that a path leads to. The database is not open in this process yet:
/// closing a file drops the locks of SQLite on it.
fn open_resolved(path: &Path) -> io::Result<fs::File> {
    use rustix::fs::OFlags;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(fs::canonicalize(path)?)
}
