//! From any failure to the exit status and the hint: one place, walked through the whole chain.

use std::io;

use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::{config, stop, store, t, token, wechat, words};

/// How a run ended, by its documented exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; or nothing to do.
    Done,
    /// Something unexpected: I/O, the database, a port in use, a bug.
    Unexpected,
    /// The command line is wrong.
    Usage,
    /// Configuration or credentials.
    Config,
    /// No such thing, or it exists already, or the user is not bound.
    NoSuch,
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
    Command(u8),
}

/// Every exit status with its meaning: the help topic, the man page and README print this table.
#[rustfmt::skip]
pub const STATUSES: [(Exit, &str); 14] = [
    (Exit::Done, "done; nothing to do"),
    (Exit::Unexpected, "something unexpected: I/O, the database, a port in use, a bug"),
    (Exit::Usage, "the command line is wrong: usage, an unusable name, text or field, a missing --yes without a terminal"),
    (Exit::Config, "configuration or credentials: missing, invalid or refused by WeChat; a user's wrong password; or doctor found a failure"),
    (Exit::NoSuch, "no such user, tag, template or message; or it exists already; or the user is not bound (nothing is queued)"),
    (Exit::Refused, "WeChat refused the message (all of them) for good"),
    (Exit::Undelivered, "not known to be delivered: queued or unknown (all of those not delivered)"),
    (Exit::Mixed, "several recipients, messages or people to bind, and they ended differently"),
    (Exit::TimedOut, "the binding timed out"),
    (Exit::Command(126), "run: the command cannot be executed"),
    (Exit::Command(127), "run: there is no such command"),
    (Exit::HungUp, "ended by SIGHUP (its terminal is gone); what was queued stays queued"),
    (Exit::Interrupted, "interrupted by Ctrl-C; what was queued stays queued"),
    (Exit::Terminated, "ended by SIGTERM; what was queued stays queued"),
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NoSuch => 4,
            Self::Refused => 5,
            Self::Undelivered => 6,
            Self::Mixed => 7,
            Self::TimedOut => 8,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Command(status) => status,
        }
    }
}

/// A failure that a command itself found: what is wrong, what to do, and the status.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// The exit status.
    pub exit: Exit,
    /// The fact.
    pub what: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Failure {
    /// The command line is wrong.
    pub fn usage(what: String) -> Self {
        Self { exit: Exit::Usage, what, hint: None }
    }

    /// Something is not there, or is there already.
    pub fn no_such(what: String) -> Self {
        Self { exit: Exit::NoSuch, what, hint: None }
    }

    /// The same with a remedy.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// What a person is told of an error, and the status.
#[derive(Clone, Debug)]
pub struct Report {
    /// The exit status.
    pub exit: Exit,
    /// The whole chain in one line.
    pub what: String,
    /// The remedy.
    pub hint: Option<String>,
}

/// Sorts an error by the first cause in its chain that says more than "unexpected".
pub fn classify(error: &anyhow::Error) -> Report {
    let (exit, hint) = error.chain().find_map(one).unwrap_or((Exit::Unexpected, None));
    let mut said = error.chain().map(words::said);
    let mut what = said.next().unwrap_or_default();
    for cause in said {
        // Many layers repeat the text of the one below.
        if !what.contains(&cause) {
            what = t!("ui-cause", what = what, cause = cause);
        }
    }
    Report { exit, what, hint }
}

fn one(cause: &(dyn std::error::Error + 'static)) -> Option<(Exit, Option<String>)> {
    if let Some(e) = cause.downcast_ref::<Failure>() {
        return Some((e.exit, e.hint.clone()));
    }
    if let Some(e) = cause.downcast_ref::<config::Error>() {
        return Some((if e.is_usage() { Exit::Usage } else { Exit::Config }, e.hint()));
    }
    if let Some(e) = cause.downcast_ref::<store::Error>() {
        let exit = match e {
            store::Error::UserExists { .. } | store::Error::UidTaken { .. } | store::Error::UserGone { .. } => {
                Exit::NoSuch
            }
            // A signal ended the wait for the other process.
            store::Error::Busy { .. } if stop::asked() == Some(SIGTERM) => Exit::Terminated,
            store::Error::Busy { .. } if stop::asked() == Some(SIGHUP) => Exit::HungUp,
            store::Error::Busy { .. } if stop::asked().is_some() => Exit::Interrupted,
            _ => Exit::Unexpected,
        };
        return Some((exit, e.hint()));
    }
    if let Some(e) = cause.downcast_ref::<token::Error>() {
        return match e {
            token::Error::WeChat(e) => Some(of_wechat(e)),
            // Transparent: the chain goes on behind the store's error.
            token::Error::Store(e) => Some((Exit::Unexpected, e.hint())),
        };
    }
    if let Some(e) = cause.downcast_ref::<wechat::Error>() {
        return Some(of_wechat(e));
    }
    let io = cause.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::Interrupted => Some((Exit::Interrupted, None)),
        io::ErrorKind::WouldBlock => Some((Exit::Unexpected, Some(wechat::Trouble::Threads.hint()))),
        _ if wechat::is_out_of_files(io) => Some((Exit::Unexpected, Some(wechat::Trouble::Files.hint()))),
        _ => None,
    }
}

fn of_wechat(error: &wechat::Error) -> (Exit, Option<String>) {
    use wechat::errcode::Action;
    let exit = match error {
        wechat::Error::Setup(setup) if setup.is_of_system() => Exit::Unexpected,
        wechat::Error::Setup(_) => Exit::Config,
        wechat::Error::Refused(refusal) => match wechat::errcode::action(refusal.errcode) {
            Action::StopRun | Action::Refresh => Exit::Config,
            _ => Exit::Unexpected,
        },
        _ => Exit::Unexpected,
    };
    (exit, error.hint())
}
