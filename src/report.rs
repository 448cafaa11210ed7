//! Maps any error to an exit status and a hint: the one place that knows the error type of every
//! module.

use std::io;

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::exit::{CommandError, ExitStatus};
use crate::{access_token, config, i18n, store, t, termination, wechat};

/// Returns the error that is printed for `error`. The first cause in the chain with a known type
/// determines exit status and hint; the default is [`ExitStatus::Unexpected`].
pub fn classify(error: &anyhow::Error) -> CommandError {
    let (exit, hint) = error.chain().find_map(classify_cause).unwrap_or((ExitStatus::Unexpected, None));
    let mut messages = error.chain().map(i18n::error_text);
    let mut message = messages.next().unwrap_or_default();
    for cause in messages {
        // Many errors repeat the text of their cause.
        if !message.contains(&cause) {
            message = t!("ui-cause", what = message, cause = cause);
        }
    }
    CommandError { exit, message, hint }
}

fn classify_cause(cause: &(dyn std::error::Error + 'static)) -> Option<(ExitStatus, Option<String>)> {
    if let Some(e) = cause.downcast_ref::<CommandError>() {
        return Some((e.exit, e.hint.clone()));
    }
    if let Some(e) = cause.downcast_ref::<config::Error>() {
        return Some((if e.is_usage() { ExitStatus::Usage } else { ExitStatus::Config }, e.hint()));
    }
    if let Some(e) = cause.downcast_ref::<store::Error>() {
        let exit = match e {
            store::Error::UserExists { .. } | store::Error::UidTaken { .. } | store::Error::UserRemoved { .. } => {
                ExitStatus::NotFound
            }
            // A signal ended the wait for another process.
            store::Error::Busy { .. } if termination::requested_signal() == Some(SIGTERM) => ExitStatus::Terminated,
            store::Error::Busy { .. } if termination::requested_signal() == Some(SIGHUP) => ExitStatus::HungUp,
            store::Error::Busy { .. } if termination::requested_signal().is_some() => ExitStatus::Interrupted,
            _ => ExitStatus::Unexpected,
        };
        return Some((exit, e.hint()));
    }
    if let Some(e) = cause.downcast_ref::<access_token::Error>() {
        return match e {
            access_token::Error::WeChat(e) => Some(classify_wechat_error(e)),
            // This variant is transparent, so the chain continues after the store's error.
            access_token::Error::Store(e) => Some((ExitStatus::Unexpected, e.hint())),
        };
    }
    if let Some(e) = cause.downcast_ref::<wechat::Error>() {
        return Some(classify_wechat_error(e));
    }
    let io = cause.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::Interrupted => Some((ExitStatus::Interrupted, None)),
        io::ErrorKind::WouldBlock => Some((ExitStatus::Unexpected, Some(wechat::ConnectFailure::ThreadLimit.hint()))),
        _ if wechat::is_out_of_files(io) => {
            Some((ExitStatus::Unexpected, Some(wechat::ConnectFailure::FileLimit.hint())))
        }
        _ => None,
    }
}

fn classify_wechat_error(error: &wechat::Error) -> (ExitStatus, Option<String>) {
    use wechat::errcode::Action;
    let exit = match error {
        wechat::Error::ClientInit(setup) if setup.is_system_failure() => ExitStatus::Unexpected,
        wechat::Error::ClientInit(_) => ExitStatus::Config,
        wechat::Error::Api(refusal) => match wechat::errcode::action(refusal.errcode) {
            Action::StopRun | Action::Refresh => ExitStatus::Config,
            _ => ExitStatus::Unexpected,
        },
        _ => ExitStatus::Unexpected,
    };
    (exit, error.hint())
}
