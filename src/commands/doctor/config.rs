//! Checks the configuration: it can be read, no other user can read or replace its files, and it
//! names an account.

use crossbeam_channel::Sender;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use super::permissions::{find_problems, secret_files};
use crate::config::{
    CliOverrides, Config, Environment, active_path, file_mode, looks_like_app_id, looks_like_app_secret,
};
use crate::context::AppContext;
use crate::secret::ExposeSecret;
use crate::t;

pub(super) const CHECKS: &[CheckName] = &[CheckName::Config, CheckName::Permissions, CheckName::Credentials];

/// Runs the checks, and passes the configuration on if it can be loaded.
pub(super) fn check(sender: &CheckSender, flags: &CliOverrides, loaded: &Sender<AppContext>) -> Result<(), Check> {
    let environment = Environment::from_process();
    let config = Config::load(flags, &environment).map_err(|error| Check::from_error(CheckName::Config, error))?;
    let app = AppContext::from_config(config);
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
    sender.report(config_check);
    check_permissions(sender, config);
    sender.report(check_credentials(config));
    // The send fails after the timeout, when the receiver is gone.
    let _ = loaded.send(app);
    Ok(())
}

/// Reports which files other users can read or replace.
fn check_permissions(sender: &CheckSender, config: &Config) {
    let problems = find_problems(config);
    if problems.is_empty() {
        let files = secret_files(config).into_iter().chain([config.database.value.as_path()]);
        let modeless = files.into_iter().find(|file| file.is_file() && file_mode(file).is_none());
        let detail = match modeless {
            Some(file) => t!("doctor-permissions-none", path = file),
            None => t!("doctor-permissions"),
        };
        sender.report(Check::ok(CheckName::Permissions, detail));
    }
    for problem in problems {
        sender.report(Check::warning(CheckName::Permissions, problem.what, problem.hint));
    }
}

/// Checks that an account is configured, and that the app ID and the secret look valid.
fn check_credentials(config: &Config) -> Check {
    let (app_id, secret) = match config.credentials() {
        Ok(credentials) => credentials,
        // The check of the config reports a missing file.
        Err(_) if config.path.is_none() && config.app_id.is_none() => {
            return Check::failure(CheckName::Credentials, t!("config-missing-app-id"), t!("doctor-config-none-fix"));
        }
        Err(error) => return Check::from_error(CheckName::Credentials, error),
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
