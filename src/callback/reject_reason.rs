//! Why a call binds nobody.

use std::fmt;

use crate::t;

/// Why a call was turned away, with the wait going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// Another path.
    WrongPath,
    /// Another path, and the right state: something on the way has changed the path.
    RewrittenPath,
    /// Another method than GET.
    WrongMethod,
    /// No state, or not this binding's.
    WrongState,
    /// The right state and no code: link checkers do this.
    NoCode,
    /// State or code more than once.
    DuplicateParam,
    /// A code that cannot be one of WeChat's.
    MalformedCode,
    /// WeChat refused the code with this errcode.
    CodeRefused(i64),
    /// WeChat says that the code was used, and it was not us (or its answer was lost).
    CodeUsed,
    /// This binding is done, with another code.
    AlreadyBound,
    /// A snapshot page's virtual person.
    SnapshotUser,
}

impl fmt::Display for RejectReason {
    /// In the language of the run, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            RejectReason::WrongPath => t!("callback-log-path"),
            RejectReason::RewrittenPath => t!("callback-log-elsewhere"),
            RejectReason::WrongMethod => t!("callback-log-method"),
            RejectReason::WrongState => t!("callback-log-state"),
            RejectReason::NoCode => t!("callback-log-no-code"),
            RejectReason::DuplicateParam => t!("callback-log-repeated"),
            RejectReason::MalformedCode => t!("callback-log-bad-code"),
            RejectReason::CodeRefused(errcode) => t!("callback-log-refused", errcode = errcode.to_string()),
            RejectReason::CodeUsed => t!("callback-log-used"),
            RejectReason::AlreadyBound => t!("callback-log-taken"),
            RejectReason::SnapshotUser => t!("callback-log-snapshot"),
        })
    }
}
