//! Whether WeChat takes the app id and the secret, before they are written.

use std::path::Path;

use super::ask;
use super::file::Answers;
use crate::app::App;
use crate::config::{Config, Environment};
use crate::error::{Exit, Failure, Report, classify};
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::{self, Client, Endpoint, Settings, Trouble};

/// WeChat knows no such app id.
const NO_ACCOUNT: [i64; 2] = [40013, 41002];
/// The secret is not the account's.
const NO_SECRET: [i64; 3] = [40001, 40125, 41004];

/// What came of trying.
pub(super) enum Trial {
    /// WeChat takes them.
    Works,
    /// Somebody wants the config all the same.
    Unchecked,
    /// Somebody does not; how the last try failed.
    Dropped(Exit),
}

/// Asks WeChat for a token in the way that the config to be written says. It is the same token for everybody, so
/// that nothing is spoilt; it is not kept.
fn ask_for_token(answers: &Answers, path: &Path, environment: &Environment) -> anyhow::Result<()> {
    let settings = App { config: Config::of_text(path, answers.text(), environment)? }.settings();
    // It is in no file yet.
    let client = Client::new(&Settings { secret_from: None, ..settings })?;
    client.access_token(Endpoint::Stable, &answers.app_id, &answers.secret, false)?;
    Ok(())
}

/// Tries once; whether it was tried.
///
/// # Errors
/// WeChat's, or the way to it: then nothing is written.
pub(super) fn once(answers: &Answers, path: &Path, environment: &Environment) -> anyhow::Result<bool> {
    let Err(error) = ask_for_token(answers, path, environment) else { return Ok(true) };
    let Report { exit, what, hint } = classify(&error);
    let hint = match refusal(&error) {
        Some(_) => hint,
        None if is_unknown_authority(&error) => Some(t!("init-ca-file-hint")),
        None => Some(t!("init-unreached-hint")),
    };
    Err(Failure { exit, what: t!("init-nothing-written", cause = what), hint }.into())
}

/// Tries until WeChat takes them, or until somebody has enough of it.
///
/// # Errors
/// The terminal's.
pub(super) fn until_it_works(
    ui: &mut Ui,
    answers: &mut Answers,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<Trial> {
    loop {
        ui.status(&t!("init-trying"));
        let Err(error) = ask_for_token(answers, path, environment) else {
            ui.status(&t!("init-works"));
            return Ok(Trial::Works);
        };
        let mut report = classify(&error);
        let is_unknown_authority = is_unknown_authority(&error);
        if is_unknown_authority {
            // What is to be done is asked for below.
            report.hint = None;
        }
        ui.error(&report);
        if is_unknown_authority && let Some(path) = ask::ca_file(ui, environment)? {
            answers.ca_file = Some(path);
            continue;
        }
        match refusal(&error) {
            Some(code) if NO_ACCOUNT.contains(&code) => {
                answers.app_id = ask::app_id(ui)?;
                answers.secret = ask::secret(ui)?;
            }
            Some(code) if NO_SECRET.contains(&code) => answers.secret = ask::secret(ui)?,
            // An address to allow, above all: that is done elsewhere, and takes a while.
            _ if ui::again(ui, &t!("init-again"))? => {}
            _ if ui::confirm(ui, &t!("init-all-the-same"), "")? => {
                ui.warn(&t!("init-unchecked"));
                return Ok(Trial::Unchecked);
            }
            _ => return Ok(Trial::Dropped(report.exit)),
        }
    }
}

/// Whether nobody who is trusted signed the certificate of WeChat, or of what stands between.
fn is_unknown_authority(error: &anyhow::Error) -> bool {
    let is_it = |it: &wechat::Error| matches!(it, wechat::Error::NotSent { trouble: Trouble::Authority, .. });
    error.chain().any(|it| it.downcast_ref().is_some_and(is_it))
}

fn refusal(error: &anyhow::Error) -> Option<i64> {
    let refusal = error.chain().find_map(|it| it.downcast_ref::<wechat::Error>()?.refusal());
    refusal.map(|it| it.errcode)
}
