//! Why a call is rejected.

use std::fmt;

use crate::t;

/// Why a call was rejected while the binding stays pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallbackRejection {
    /// The path is not that of the redirect address.
    WrongPath,
    /// The path is wrong and the state right: a proxy has rewritten the path.
    RewrittenPath,
    /// The method is not GET.
    WrongMethod,
    /// The state is missing or not that of this binding.
    WrongState,
    /// The state is right and the code is missing. Link checkers send such calls.
    NoCode,
    /// The state or the code occurs more than once.
    DuplicateParam,
    /// The code cannot come from WeChat.
    MalformedCode,
    /// WeChat refused the code with this errcode.
    CodeRefused(i64),
    /// WeChat reports that the code was used: by another client, or by wxbox, which did not get the
    /// response.
    CodeUsed,
    /// The binding was completed with another code.
    AlreadyBound,
    /// The identity is the virtual user of a snapshot page.
    SnapshotUser,
}

impl fmt::Display for CallbackRejection {
    /// Writes the reason in the language of the run, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            CallbackRejection::WrongPath => t!("callback-log-path"),
            CallbackRejection::RewrittenPath => t!("callback-log-wrong-path"),
            CallbackRejection::WrongMethod => t!("callback-log-method"),
            CallbackRejection::WrongState => t!("callback-log-state"),
            CallbackRejection::NoCode => t!("callback-log-no-code"),
            CallbackRejection::DuplicateParam => t!("callback-log-repeated"),
            CallbackRejection::MalformedCode => t!("callback-log-bad-code"),
            CallbackRejection::CodeRefused(errcode) => t!("callback-log-refused", errcode = errcode.to_string()),
            CallbackRejection::CodeUsed => t!("callback-log-used"),
            CallbackRejection::AlreadyBound => t!("callback-log-late-code"),
            CallbackRejection::SnapshotUser => t!("callback-log-snapshot"),
        })
    }
}
