//! Verifies the app ID and the secret with WeChat before they are written.

use std::path::Path;

use super::aliases::sandbox_aliases;
use super::prompts::{self, Proposal};
use super::write::InitAnswers;
use crate::config::{Config, Environment};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::report::classify;
use crate::secret::Secret;
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::{self, Client, ClientSettings, ConnectFailure, Endpoint};

/// The errcodes for an AppID that WeChat does not know.
const UNKNOWN_APP_ID: [i64; 2] = [40013, 41002];

/// The result of the verification.
pub(super) enum Verification {
    Accepted,
    /// The user wants the configuration without verification.
    Skipped,
    /// The user declined to write it; holds the exit status of the last attempt.
    Declined(ExitStatus),
    /// The user wants to change other answers.
    Revise,
}

/// Requests a token with the configuration that will be written. The stable endpoint returns the
/// current token of the account, so this invalidates none; the token is not saved.
fn request_token(answers: &InitAnswers, path: &Path, environment: &Environment) -> anyhow::Result<(Client, Secret)> {
    let settings = AppContext { config: Config::from_text(path, answers.render()?, environment)? }.client_settings();
    // The secret is in no file yet.
    let client = Client::new(&ClientSettings { secret_source: None, ..settings })?;
    let (token, _) = client.access_token(Endpoint::Stable, &answers.app_id, &answers.secret, false)?;
    Ok((client, token))
}

/// Verifies once.
///
/// # Errors
///
/// WeChat rejected the values or did not respond; then nothing is written.
pub(super) fn verify_once(answers: &InitAnswers, path: &Path, environment: &Environment) -> anyhow::Result<bool> {
    let Err(error) = request_token(answers, path, environment) else { return Ok(true) };
    let CommandError { exit, message, hint } = classify(&error);
    let hint = match error_code(&error) {
        Some(_) => hint,
        None if is_unknown_authority(&error) => Some(t!("init-ca-file-hint")),
        None => Some(t!("init-unreached-hint")),
    };
    Err(CommandError { exit, message: t!("init-nothing-written", cause = message), hint }.into())
}

/// Verifies until WeChat accepts the values or the user stops.
pub(super) fn verify_until_accepted(
    ui: &mut Ui,
    answers: &mut InitAnswers,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<Verification> {
    loop {
        ui.status(&match answers.sandbox {
            Some(_) => t!("init-trying-sandbox"),
            None => t!("init-trying"),
        });
        let error = match request_token(answers, path, environment) {
            Ok((client, token)) => {
                ui.status(&t!("init-works"));
                answers.aliases = sandbox_aliases(answers, &client, &token);
                return Ok(Verification::Accepted);
            }
            Err(error) => error,
        };
        let mut report = classify(&error);
        let is_unknown_authority = is_unknown_authority(&error);
        if is_unknown_authority {
            // The next question covers the fix.
            report.hint = None;
        }
        if let (Some(sandbox), Some(_)) = (&answers.sandbox, &report.hint)
            && error_code(&error).is_none()
        {
            report.hint = Some(t!("init-sandbox-unreachable-hint", url = sandbox.as_str()));
        }
        ui.error(&report);
        if is_unknown_authority && let Some(path) = prompts::ask_ca_file(ui, environment)? {
            answers.ca_file = Some(path);
            continue;
        }
        match error_code(&error) {
            Some(code) if UNKNOWN_APP_ID.contains(&code) => ask_account(ui, answers)?,
            Some(code) if wechat::SECRET_ERRCODES.contains(&code) => match prompts::ask_secret(ui, None, None)? {
                Some(secret) => answers.secret = secret,
                // The secret may belong to another AppID.
                None => ask_account(ui, answers)?,
            },
            // The most frequent cause is an IP address that is not on the allow-list yet.
            _ => match ui::confirm_or_back(ui, &t!("init-again"), true)? {
                Some(true) => {}
                None => return Ok(Verification::Revise),
                Some(false) if ui::confirm(ui, &t!("init-all-the-same"))? => {
                    ui.warn(&t!("init-unchecked"));
                    return Ok(Verification::Skipped);
                }
                Some(false) => return Ok(Verification::Declined(report.exit)),
            },
        }
    }
}

/// Asks for the AppID and the AppSecret again. The wrong AppID can be edited, and Enter keeps the
/// secret.
fn ask_account(ui: &mut Ui, answers: &mut InitAnswers) -> anyhow::Result<()> {
    loop {
        if let Some(app_id) = prompts::ask_app_id(ui, Proposal::Editable(answers.app_id.clone()))? {
            answers.app_id = app_id;
        }
        if let Some(secret) = prompts::ask_secret(ui, Some(answers.secret.clone()), None)? {
            answers.secret = secret;
            return Ok(());
        }
    }
}

/// Returns whether the certificate of WeChat, or of a proxy in between, has no trusted issuer.
fn is_unknown_authority(error: &anyhow::Error) -> bool {
    let is_untrusted_issuer = |cause: &wechat::Error| {
        matches!(cause, wechat::Error::Connect { failure: ConnectFailure::UntrustedIssuer, .. })
    };
    error.chain().any(|cause| cause.downcast_ref().is_some_and(is_untrusted_issuer))
}

fn error_code(error: &anyhow::Error) -> Option<i64> {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()?.api_error());
    refusal.map(|refusal| refusal.errcode)
}
