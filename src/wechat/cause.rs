//! Why a request got no usable response, as a code and its values: a stored cause is rendered
//! later, in the language of its reader.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use crate::{i18n, t};

/// The reason a request got no usable response; it contains no URL. `Display` renders it in the
/// language of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// The request timed out.
    TimedOut,
    /// The request went through a proxy.
    ViaProxy {
        /// The proxy's URL without user and password.
        proxy: String,
        /// The variable or the config key that names the proxy.
        configured_by: String,
        /// The cause of the failure.
        cause: Box<Self>,
    },
    /// The proxy sent too long a header.
    ProxyHeaderTooLong {
        /// Its HTTP status.
        status: u16,
    },
    /// The proxy opened no tunnel.
    ProxyStatus {
        /// Its HTTP status.
        status: u16,
    },
    /// The proxy opened no tunnel and gave no status.
    ProxyNoTunnel,
    /// The certificate has expired by this machine's clock.
    CertificateExpired {
        /// The time of this machine's clock, in RFC 3339.
        now: String,
    },
    /// The certificate is not valid yet by this machine's clock.
    CertificateNotYetValid {
        /// The time of this machine's clock, in RFC 3339.
        now: String,
    },
    /// The certificate's issuer is not trusted.
    UnknownIssuer,
    /// The certificate is for another host name.
    WrongHostName,
    /// An error of the operating system.
    System {
        /// Its `io::ErrorKind`.
        error_kind: String,
        /// Its text, in English.
        text: String,
    },
    /// An error of a library.
    Library {
        /// Its text, in English.
        text: String,
    },
    /// The response is not a JSON object.
    NotJson,
    /// The response is a redirect.
    Redirect,
    /// The response has the status of an HTTP error.
    HttpStatus,
    /// The response is too long.
    TooLong,
    /// The response lacks a field.
    MissingField {
        /// The field's name.
        field: String,
    },
}

impl Cause {
    /// Describes an error without its causes.
    pub(super) fn from_error(error: &(dyn StdError + 'static)) -> Self {
        let text = error.to_string();
        match error.downcast_ref::<io::Error>() {
            // An error with a text of its own describes itself better than its kind does.
            Some(system) if system.get_ref().is_none() => {
                Self::System { error_kind: format!("{:?}", system.kind()), text }
            }
            _ => Self::Library { text },
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::TimedOut => t!("wechat-timed-out"),
            Self::ViaProxy { proxy, configured_by, cause } => {
                let proxy = t!("wechat-proxy-named", proxy = proxy, name = configured_by);
                t!("wechat-via", proxy = proxy, cause = cause.to_string())
            }
            Self::ProxyHeaderTooLong { status } => t!("wechat-proxy-head", status = status.to_string()),
            Self::ProxyStatus { status } => t!("wechat-proxy-status", status = status.to_string()),
            Self::ProxyNoTunnel => t!("wechat-proxy-no-tunnel"),
            Self::CertificateExpired { now } => t!("wechat-certificate-expired", now = now),
            Self::CertificateNotYetValid { now } => t!("wechat-certificate-early", now = now),
            Self::UnknownIssuer => t!("wechat-certificate-unknown"),
            Self::WrongHostName => t!("wechat-certificate-name"),
            Self::System { error_kind, text } => i18n::system_error_text(error_kind, text),
            Self::Library { text } => i18n::library_error_text(text),
            Self::NotJson => t!("wechat-answer-not-json"),
            Self::Redirect => t!("wechat-answer-redirect"),
            Self::HttpStatus => t!("wechat-answer-status"),
            Self::TooLong => t!("wechat-answer-too-long"),
            Self::MissingField { field } => t!("wechat-answer-lacks", field = field),
        })
    }
}
