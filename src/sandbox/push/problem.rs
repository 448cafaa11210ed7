//! The reasons why the platform does not accept a response of the account's server.

use serde::Serialize;

use crate::i18n::Lang;
use crate::t_in;

/// The reason why a request to the account's server failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PushProblem {
    /// The address is not one of this machine.
    NotLocal,
    /// No connection.
    NoConnection,
    /// No complete response in time.
    Timeout,
    /// The connection ended without a complete response.
    NoResponse,
    /// Another status than 200.
    Status,
    /// The body is neither empty, nor `success`, nor a reply.
    Body,
    /// The reply is not for this person, not of this account, or not a known type.
    Reply,
    /// The reply is not encrypted as the push is, or its signature is wrong.
    ReplyEncryption,
    /// The body of the check is not the echostr.
    Echostr,
    /// The body of the check is the echostr in quotes.
    EchostrQuoted,
}

impl PushProblem {
    /// Describes the problem.
    pub(in crate::sandbox) fn describe(self, lang: Lang) -> String {
        match self {
            Self::NotLocal => t_in!(lang, "sandbox-push-not-local"),
            Self::NoConnection => t_in!(lang, "sandbox-push-no-connection"),
            Self::Timeout => t_in!(lang, "sandbox-push-timeout"),
            Self::NoResponse => t_in!(lang, "sandbox-push-no-response"),
            Self::Status => t_in!(lang, "sandbox-push-status"),
            Self::Body => t_in!(lang, "sandbox-push-body"),
            Self::Reply => t_in!(lang, "sandbox-push-reply"),
            Self::ReplyEncryption => t_in!(lang, "sandbox-push-reply-encryption"),
            Self::Echostr => t_in!(lang, "sandbox-push-echostr"),
            Self::EchostrQuoted => t_in!(lang, "sandbox-push-echostr-quoted"),
        }
    }
}
