//! Why a call binds nobody.

use std::fmt;

use crate::t;

/// Why a call was turned away, with the wait going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Another path.
    Path,
    /// Another path, and the right state: something on the way has changed the path.
    Elsewhere,
    /// Another method than GET.
    Method,
    /// No state, or not this binding's.
    State,
    /// The right state and no code: link checkers do this.
    NoCode,
    /// State or code more than once.
    Repeated,
    /// A code that cannot be one of WeChat's.
    BadCode,
    /// WeChat refused the code with this errcode.
    Refused(i64),
    /// WeChat says that the code was used, and it was not us (or its answer was lost).
    Used,
    /// This binding is done, with another code.
    Taken,
    /// A snapshot page's virtual person.
    Snapshot,
}

impl fmt::Display for Reason {
    /// In the language of the run, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Reason::Path => t!("callback-log-path"),
            Reason::Elsewhere => t!("callback-log-elsewhere"),
            Reason::Method => t!("callback-log-method"),
            Reason::State => t!("callback-log-state"),
            Reason::NoCode => t!("callback-log-no-code"),
            Reason::Repeated => t!("callback-log-repeated"),
            Reason::BadCode => t!("callback-log-bad-code"),
            Reason::Refused(errcode) => t!("callback-log-refused", errcode = errcode.to_string()),
            Reason::Used => t!("callback-log-used"),
            Reason::Taken => t!("callback-log-taken"),
            Reason::Snapshot => t!("callback-log-snapshot"),
        })
    }
}
