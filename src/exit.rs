//! From any failure to the exit status and the hint: one place, walked through the whole chain.

use std::io;

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::{access_token, config, i18n, store, t, termination, wechat};

/// How a run ended, by its documented exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done; or nothing to do.
    Success,
    /// Something unexpected: I/O, the database, a port in use, a bug.
    Unexpected,
    /// The command line is wrong.
    Usage,
    /// Configuration or credentials.
    Config,
    /// No such thing, or it exists already, or the user is not bound.
    NotFound,
    /// WeChat refused the message for good.
    Refused,
    /// Not known to be delivered.
    Undelivered,
    /// Several recipients that ended differently.
    Mixed,
    /// The binding timed out.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGHUP.
    HungUp,
    /// `run` ends as its command did.
    Child(u8),
}

/// Every exit status with its meaning: the help topic, the man page and README print this table.
#[rustfmt::skip]
pub const STATUSES: [(ExitStatus, &str); 14] = [
    (ExitStatus::Success, "done; nothing to do"),
    (ExitStatus::Unexpected, "something unexpected: I/O, the database, a port in use, a bug"),
    (ExitStatus::Usage, "the command line is wrong: usage, an unusable name, text or field, a missing --yes without a terminal"),
    (ExitStatus::Config, "configuration or credentials: missing, invalid or refused by WeChat; a user's wrong password; or doctor found a failure"),
    (ExitStatus::NotFound, "no such user, tag, template or message; or it exists already; or the user is not bound (nothing is queued)"),
    (ExitStatus::Refused, "WeChat refused the message (all of them) for good"),
    (ExitStatus::Undelivered, "not known to be delivered: queued or unknown (all of those not delivered)"),
    (ExitStatus::Mixed, "several recipients, messages or people to bind, and they ended differently"),
    (ExitStatus::TimedOut, "the binding timed out"),
    (ExitStatus::Child(126), "run: the command cannot be executed"),
    (ExitStatus::Child(127), "run: there is no such command"),
    (ExitStatus::HungUp, "ended by SIGHUP (its terminal is gone); what was queued stays queued"),
    (ExitStatus::Interrupted, "interrupted by Ctrl-C; what was queued stays queued"),
    (ExitStatus::Terminated, "ended by SIGTERM; what was queued stays queued"),
];

impl ExitStatus {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NotFound => 4,
            Self::Refused => 5,
            Self::Undelivered => 6,
            Self::Mixed => 7,
            Self::TimedOut => 8,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Child(status) => status,
        }
    }
}

/// A failure that a command itself found: what is wrong, what to do, and the status.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// The exit status.
    pub exit: ExitStatus,
    /// The fact.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl CommandError {
    /// The command line is wrong.
    pub fn usage(message: String) -> Self {
        Self { exit: ExitStatus::Usage, message, hint: None }
    }

    /// Something is not there, or is there already.
    pub fn not_found(message: String) -> Self {
        Self { exit: ExitStatus::NotFound, message, hint: None }
    }

    /// The same with a remedy.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// What a person is told of an error, and the status.
#[derive(Clone, Debug)]
pub struct ErrorReport {
    /// The exit status.
    pub exit: ExitStatus,
    /// The whole chain in one line.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

/// Sorts an error by the first cause in its chain that says more than "unexpected".
pub fn classify(error: &anyhow::Error) -> ErrorReport {
    let (exit, hint) = error.chain().find_map(classify_cause).unwrap_or((ExitStatus::Unexpected, None));
    let mut messages = error.chain().map(i18n::error_text);
    let mut message = messages.next().unwrap_or_default();
    for cause in messages {
        // Many layers repeat the text of the one below.
        if !message.contains(&cause) {
            message = t!("ui-cause", what = message, cause = cause);
        }
    }
    ErrorReport { exit, message, hint }
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
            // A signal ended the wait for the other process.
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
            // Transparent: the chain goes on behind the store's error.
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
