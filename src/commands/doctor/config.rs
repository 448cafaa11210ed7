//! The config: whether it can be read, by whom else, and whether it names an account.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::config::{
    CliOverrides, Config, Environment, Origin, Warning, active_path, file_mode, looks_like_app_id,
    looks_like_app_secret,
};
use crate::context::AppContext;
use crate::listen::tls_files;
use crate::report::classify;
use crate::secret::ExposeSecret;
use crate::t;

pub(super) const CHECKS: &[CheckName] = &[CheckName::Config, CheckName::Permissions, CheckName::Credentials];

/// Looks, and hands the config over where it can be read.
pub(super) fn check(sender: &CheckSender, flags: &CliOverrides, loaded: &Sender<AppContext>) {
    let environment = Environment::from_process();
    let app = match Config::load(flags, &environment) {
        Ok(config) => AppContext::from_config(config),
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Config, classify(&error.into())));
            return;
        }
    };
    let config = &app.config;
    let read = match &config.path {
        Some(path) => Check::ok(CheckName::Config, path.display().to_string()),
        None => {
            let home = active_path(flags, &environment).unwrap_or_else(|_| environment.config_path());
            let what = t!("doctor-config-none", path = home.as_path());
            match config.app_id.is_some() {
                // All of it may stand in variables.
                true => Check::ok(CheckName::Config, what),
                false => Check::warning(CheckName::Config, what, t!("doctor-config-none-fix")),
            }
        }
    };
    // Nobody listens any more where the time was up.
    let _ = sender.send(read);
    check_permissions(sender, config);
    let _ = sender.send(check_credentials(config));
    let _ = loaded.send(app);
}

/// Who else may read or replace what wxbox keeps.
fn check_permissions(sender: &CheckSender, config: &Config) {
    let mut found = Vec::new();
    for Warning::ReadableByOthers { path } in &config.warnings {
        found.push((t!("config-readable", path = path), t!("config-readable-hint", path = path)));
    }
    let secret_file = config.app_secret.as_ref().and_then(|secret| match &secret.origin {
        // The service manager's own files are none of the operator's.
        Origin::SecretFile(path) => Some(path),
        _ => None,
    });
    if let Some(key) = tls_files::world_readable_key(config) {
        found.push((t!("config-readable", path = key), t!("config-readable-hint", path = key)));
    }
    if let Some((path, owner)) = foreign_config(config) {
        let what = t!("config-not-own", path = path, owner = owner.to_string());
        found.push((what, t!("config-not-own-hint", path = path)));
    }
    // Whoever may write to the directory can put another file into its place; a sticky one keeps them from it.
    let open = |dir: &&Path| file_mode(dir).is_some_and(|mode| mode & 0o022 != 0 && mode & 0o1000 == 0);
    let mut dirs = Vec::new();
    for file in [config.path.as_deref(), secret_file.map(PathBuf::as_path)].into_iter().flatten() {
        if let Some(dir) = file.parent().filter(open).filter(|dir| !dirs.contains(dir)) {
            dirs.push(dir);
            found.push((t!("doctor-dir-writable", dir = dir, file = file), t!("config-writable-hint", path = dir)));
        }
    }
    let database = &config.database.value;
    if has_mode_bits(database, 0o007) {
        found.push((t!("doctor-database-open", path = database), t!("doctor-database-open-fix", path = database)));
    }
    if found.is_empty() {
        let files = [config.path.as_deref(), secret_file.map(PathBuf::as_path), Some(database.as_path())];
        let without = files.into_iter().flatten().find(|file| file.is_file() && file_mode(file).is_none());
        let said = match without {
            Some(file) => t!("doctor-permissions-none", path = file),
            None => t!("doctor-permissions"),
        };
        let _ = sender.send(Check::ok(CheckName::Permissions, said));
    }
    for (what, fix) in found {
        let _ = sender.send(Check::warning(CheckName::Permissions, what, fix));
    }
}

/// Where root runs, the config of a user who is neither root nor the one that the database belongs to. Another user's
/// wxbox has refused it.
fn foreign_config(config: &Config) -> Option<(&Path, u32)> {
    let owner = |path: &Path| std::fs::metadata(path).ok().map(|it| it.uid());
    let path = config.path.as_deref()?;
    let of_config = owner(path).filter(|owner| *owner != 0 && rustix::process::geteuid().is_root())?;
    (owner(&config.database) != Some(of_config)).then_some((path, of_config))
}

fn has_mode_bits(path: &Path, bits: u32) -> bool {
    file_mode(path).is_some_and(|mode| mode & bits != 0)
}

/// Whether there is an account, and whether what names it looks right.
fn check_credentials(config: &Config) -> Check {
    let (app_id, secret) = match config.credentials() {
        Ok(found) => found,
        Err(error) => return Check::from_report(CheckName::Credentials, classify(&error.into())),
    };
    let from = config.app_secret.as_ref().map(|it| it.origin.to_string()).unwrap_or_default();
    if !looks_like_app_id(app_id) {
        return Check::warning(
            CheckName::Credentials,
            t!("doctor-app-id-odd", app_id = app_id),
            t!("doctor-app-id-fix"),
        );
    }
    if !looks_like_app_secret(secret.expose_secret()) {
        return Check::warning(CheckName::Credentials, t!("doctor-secret-odd", from = from), t!("doctor-secret-fix"));
    }
    Check::ok(CheckName::Credentials, t!("doctor-credentials", app_id = app_id, from = from))
}
