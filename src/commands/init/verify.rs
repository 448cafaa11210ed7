//! Whether WeChat takes the app id and the secret, before they are written.

use std::path::Path;

use super::prompts;
use super::write::InitAnswers;
use crate::config::{Config, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::report::classify;
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::{self, Client, ClientSettings, ConnectFailure, Endpoint};

/// WeChat knows no such app id.
const UNKNOWN_APP_ID: [i64; 2] = [40013, 41002];
/// The secret is not the account's.
const WRONG_SECRET: [i64; 3] = [40001, 40125, 41004];

/// What came of trying.
pub(super) enum Verification {
    /// WeChat takes them.
    Accepted,
    /// Somebody wants the config all the same.
    Skipped,
    /// Somebody does not; how the last try failed.
    Declined(ExitStatus),
}

/// Asks WeChat for a token in the way that the config to be written says. It is the same token for everybody, so
/// that nothing is spoilt; it is not kept.
fn request_token(answers: &InitAnswers, path: &Path, environment: &Environment) -> anyhow::Result<()> {
    let settings = AppContext { config: Config::from_text(path, answers.render(), environment)? }.client_settings();
    // It is in no file yet.
    let client = Client::new(&ClientSettings { secret_source: None, ..settings })?;
    client.access_token(Endpoint::Stable, &answers.app_id, &answers.secret, false)?;
    Ok(())
}

/// Tries once; whether it was tried.
///
/// # Errors
/// WeChat's, or the way to it: then nothing is written.
pub(super) fn verify_once(answers: &InitAnswers, path: &Path, environment: &Environment) -> anyhow::Result<bool> {
    let Err(error) = request_token(answers, path, environment) else { return Ok(true) };
    let ErrorReport { exit, message: what, hint } = classify(&error);
    let hint = match error_code(&error) {
        Some(_) => hint,
        None if is_unknown_authority(&error) => Some(t!("init-ca-file-hint")),
        None => Some(t!("init-unreached-hint")),
    };
    Err(CommandError { exit, message: t!("init-nothing-written", cause = what), hint }.into())
}

/// Tries until WeChat takes them, or until somebody has enough of it.
///
/// # Errors
/// The terminal's.
pub(super) fn verify_until_accepted(
    ui: &mut Ui,
    answers: &mut InitAnswers,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<Verification> {
    loop {
        ui.status(&t!("init-trying"));
        let Err(error) = request_token(answers, path, environment) else {
            ui.status(&t!("init-works"));
            return Ok(Verification::Accepted);
        };
        let mut report = classify(&error);
        let is_unknown_authority = is_unknown_authority(&error);
        if is_unknown_authority {
            // What is to be done is asked for below.
            report.hint = None;
        }
        ui.error(&report);
        if is_unknown_authority && let Some(path) = prompts::ask_ca_file(ui, environment)? {
            answers.ca_file = Some(path);
            continue;
        }
        match error_code(&error) {
            Some(code) if UNKNOWN_APP_ID.contains(&code) => {
                answers.app_id = prompts::ask_app_id(ui)?;
                answers.secret = prompts::ask_secret(ui)?;
            }
            Some(code) if WRONG_SECRET.contains(&code) => answers.secret = prompts::ask_secret(ui)?,
            // An address to allow, above all: that is done elsewhere, and takes a while.
            _ if ui::confirm_retry(ui, &t!("init-again"))? => {}
            _ if ui::confirm(ui, &t!("init-all-the-same"), "")? => {
                ui.warn(&t!("init-unchecked"));
                return Ok(Verification::Skipped);
            }
            _ => return Ok(Verification::Declined(report.exit)),
        }
    }
}

/// Whether nobody who is trusted signed the certificate of WeChat, or of what stands between.
fn is_unknown_authority(error: &anyhow::Error) -> bool {
    let is_it =
        |it: &wechat::Error| matches!(it, wechat::Error::Connect { failure: ConnectFailure::UntrustedIssuer, .. });
    error.chain().any(|it| it.downcast_ref().is_some_and(is_it))
}

fn error_code(error: &anyhow::Error) -> Option<i64> {
    let refusal = error.chain().find_map(|it| it.downcast_ref::<wechat::Error>()?.api_error());
    refusal.map(|it| it.errcode)
}
