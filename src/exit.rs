//! Exit statuses, and the error that commands raise and `ui` prints. Every module may use these
//! types, so this file imports nothing from the crate.

/// The exit status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done, or nothing to do.
    Success,
    /// An unexpected error: I/O, the database, a port in use, a bug.
    Unexpected,
    /// The command line is wrong.
    Usage,
    /// The configuration or the credentials are wrong.
    Config,
    /// Something does not exist, exists already, or the user is not bound.
    NotFound,
    /// WeChat permanently refused the message.
    Refused,
    /// The message is not known to be delivered.
    Undelivered,
    /// Several recipients with different results.
    Mixed,
    /// The binding timed out.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// SIGHUP.
    HungUp,
    /// The exit status of the command that `run` ran.
    Child(u8),
}

/// Every exit status with its meaning, for the help topic, the manual page and the documents.
#[rustfmt::skip]
pub const STATUSES: [(ExitStatus, &str); 14] = [
    (ExitStatus::Success, "success, also if there was nothing to do"),
    (ExitStatus::Unexpected, "an unexpected error: I/O, the database, a port in use, a bug"),
    (ExitStatus::Usage, "the command line is wrong: usage, an unusable name, text or field, a missing --yes without a terminal"),
    (ExitStatus::Config, "configuration or credentials: missing, invalid or refused by WeChat; a user's wrong password; or doctor found a failure"),
    (ExitStatus::NotFound, "a user, tag, template or message that the command names: it does not exist, already exists, or is not bound (nothing is queued)"),
    (ExitStatus::Refused, "WeChat permanently rejected the message, or all of them"),
    (ExitStatus::Undelivered, "delivery not confirmed: the messages that were not sent are queued or unknown"),
    (ExitStatus::Mixed, "mixed results for several recipients, messages or people to bind"),
    (ExitStatus::TimedOut, "the binding timed out; or WeChat did not check the push URL in time (init)"),
    (ExitStatus::Child(126), "run: the command cannot be executed"),
    (ExitStatus::Child(127), "run: there is no such command"),
    (ExitStatus::HungUp, "ended by SIGHUP (the terminal was closed); queued messages remain queued"),
    (ExitStatus::Interrupted, "interrupted by Ctrl-C; queued messages remain queued"),
    (ExitStatus::Terminated, "ended by SIGTERM; queued messages remain queued"),
];

impl ExitStatus {
    /// Returns the number with which the process exits.
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

/// An error as it is printed, with the exit status. A command creates it for what it detects
/// itself; `report::classify` makes it from any other error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// The exit status.
    pub exit: ExitStatus,
    /// The text of the error with its causes, in one line.
    pub message: String,
    /// The hint, printed below the error.
    pub hint: Option<String>,
}

impl CommandError {
    /// Creates an error in the command line.
    pub fn usage(message: String) -> Self {
        Self { exit: ExitStatus::Usage, message, hint: None }
    }

    /// Creates the error that something does not exist, or exists already.
    pub fn not_found(message: String) -> Self {
        Self { exit: ExitStatus::NotFound, message, hint: None }
    }

    /// Sets the hint.
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}
