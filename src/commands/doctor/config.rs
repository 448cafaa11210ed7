//! Checks the configuration: it can be read, no other user can read or replace its files, and it
//! names an account.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

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

/// Runs the checks, and passes the configuration on if it can be loaded.
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
    let config_check = match &config.path {
        Some(path) => Check::ok(CheckName::Config, path.display().to_string()),
        None => {
            let path = active_path(flags, &environment).unwrap_or_else(|_| environment.config_path());
            let detail = t!("doctor-config-none", path = path.as_path());
            match config.app_id.is_some() {
                // Environment variables may hold all settings.
                true => Check::ok(CheckName::Config, detail),
                false => Check::warning(CheckName::Config, detail, t!("doctor-config-none-fix")),
            }
        }
    };
    // The send fails after the timeout, when the receiver is gone.
    let _ = sender.send(config_check);
    check_permissions(sender, config);
    let _ = sender.send(check_credentials(config));
    let _ = loaded.send(app);
}

/// Reports which files other users can read or replace.
fn check_permissions(sender: &CheckSender, config: &Config) {
    let mut findings = Vec::new();
    for Warning::ReadableByOthers { path } in &config.warnings {
        findings.push((t!("config-readable", path = path), t!("config-readable-hint", path = path)));
    }
    let push = &config.push;
    let secrets = [&config.app_secret, &push.token, &push.aes_key, &push.previous_aes_key].into_iter().flatten();
    let secret_files = secrets.filter_map(|secret| match &secret.origin {
        // The files of a service manager's credentials are not the operator's to change.
        Origin::SecretFile(path) => Some(path.as_path()),
        _ => None,
    });
    let secret_files: Vec<&Path> = config.path.as_deref().into_iter().chain(secret_files).collect();
    findings.extend(tls_files::readable_key_warning(config));
    if let Some((path, owner)) = foreign_config(config) {
        let what = t!("config-not-own", path = path, owner = owner.to_string());
        findings.push((what, t!("config-not-own-hint", path = path)));
    }
    // A user who can write to the directory can replace the file, unless the directory is sticky.
    let is_writable_by_others =
        |dir: &&Path| file_mode(dir).is_some_and(|mode| mode & 0o022 != 0 && mode & 0o1000 == 0);
    let mut dirs = Vec::new();
    for file in &secret_files {
        if let Some(dir) = file.parent().filter(is_writable_by_others).filter(|dir| !dirs.contains(dir)) {
            dirs.push(dir);
            findings.push((t!("doctor-dir-writable", dir = dir, file = *file), t!("config-writable-hint", path = dir)));
        }
    }
    let database = &config.database.value;
    if has_mode_bits(database, 0o007) {
        findings.push((t!("doctor-database-open", path = database), t!("doctor-database-open-fix", path = database)));
    }
    if findings.is_empty() {
        let files = secret_files.into_iter().chain([database.as_path()]);
        let modeless = files.into_iter().find(|file| file.is_file() && file_mode(file).is_none());
        let detail = match modeless {
            Some(file) => t!("doctor-permissions-none", path = file),
            None => t!("doctor-permissions"),
        };
        let _ = sender.send(Check::ok(CheckName::Permissions, detail));
    }
    for (what, fix) in findings {
        let _ = sender.send(Check::warning(CheckName::Permissions, what, fix));
    }
}

/// If root runs the doctor: returns the config file of a user who is neither root nor the owner of
/// the database, and that user. Any other user would not have got past loading such a file.
fn foreign_config(config: &Config) -> Option<(&Path, u32)> {
    let owner = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.uid());
    let path = config.path.as_deref()?;
    let config_owner = owner(path).filter(|owner| *owner != 0 && rustix::process::geteuid().is_root())?;
    (owner(&config.database) != Some(config_owner)).then_some((path, config_owner))
}

fn has_mode_bits(path: &Path, bits: u32) -> bool {
    file_mode(path).is_some_and(|mode| mode & bits != 0)
}

/// Checks that an account is configured, and that the app ID and the secret look valid.
fn check_credentials(config: &Config) -> Check {
    let (app_id, secret) = match config.credentials() {
        Ok(credentials) => credentials,
        Err(error) => return Check::from_report(CheckName::Credentials, classify(&error.into())),
    };
    let origin = config.app_secret.as_ref().map(|secret| secret.origin.to_string()).unwrap_or_default();
    if !looks_like_app_id(app_id) {
        return Check::warning(
            CheckName::Credentials,
            t!("doctor-app-id-odd", app_id = app_id),
            t!("doctor-app-id-fix"),
        );
    }
    if !looks_like_app_secret(secret.expose_secret()) {
        return Check::warning(CheckName::Credentials, t!("doctor-secret-odd", from = origin), t!("doctor-secret-fix"));
    }
    Check::ok(CheckName::Credentials, t!("doctor-credentials", app_id = app_id, from = origin))
}
