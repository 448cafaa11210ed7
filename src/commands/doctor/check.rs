//! One line of the doctor's output.

use serde::Serialize;

use crate::report::classify;
use crate::t;
use crate::ui::Level;

/// The checks, in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CheckName {
    Config,
    Permissions,
    Credentials,
    Database,
    Space,
    Outbox,
    Recipients,
    Names,
    Proxy,
    Tls,
    Clock,
    Token,
    IpList,
    Apis,
    Templates,
    RedirectUri,
    Port,
    Callback,
    Push,
    Serve,
    ServedConfig,
    #[serde(rename = "refused-pushes")]
    RejectedPushes,
    Receipts,
    PushUrl,
    PushUrlOutside,
}

impl CheckName {
    pub(super) fn label(self) -> String {
        match self {
            Self::Config => t!("doctor-name-config"),
            Self::Permissions => t!("doctor-name-permissions"),
            Self::Credentials => t!("doctor-name-credentials"),
            Self::Database => t!("doctor-name-database"),
            Self::Space => t!("doctor-name-space"),
            Self::Outbox => t!("doctor-name-outbox"),
            Self::Recipients => t!("doctor-name-recipients"),
            Self::Names => t!("doctor-name-names"),
            Self::Proxy => t!("doctor-name-proxy"),
            Self::Tls => t!("doctor-name-tls"),
            Self::Clock => t!("doctor-name-clock"),
            Self::Token => t!("doctor-name-token"),
            Self::IpList => t!("doctor-name-ip-list"),
            Self::Apis => t!("doctor-name-apis"),
            Self::Templates => t!("doctor-name-templates"),
            Self::RedirectUri => t!("doctor-name-redirect-uri"),
            Self::Port => t!("doctor-name-port"),
            Self::Callback => t!("doctor-name-callback"),
            Self::Push => t!("doctor-name-push"),
            Self::Serve => t!("doctor-name-serve"),
            Self::ServedConfig => t!("doctor-name-served-config"),
            Self::RejectedPushes => t!("doctor-name-rejected-pushes"),
            Self::Receipts => t!("doctor-name-receipts"),
            Self::PushUrl => t!("doctor-name-push-url"),
            Self::PushUrlOutside => t!("doctor-name-push-url-outside"),
        }
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) check: CheckName,
    pub(super) status: Level,
    /// The finding.
    pub(super) detail: String,
    /// The suggested fix; `None` if none is needed or known.
    pub(super) fix: Option<String>,
}

impl Check {
    pub(super) fn ok(check: CheckName, detail: String) -> Self {
        Self { check, status: Level::Ok, detail, fix: None }
    }

    pub(super) fn warning(check: CheckName, detail: String, fix: impl Into<Option<String>>) -> Self {
        Self { check, status: Level::Warning, detail, fix: fix.into() }
    }

    pub(super) fn failure(check: CheckName, detail: String, fix: impl Into<Option<String>>) -> Self {
        Self { check, status: Level::Failure, detail, fix: fix.into() }
    }

    /// Returns a failure with the text that a command would have printed.
    pub(super) fn from_error(check: CheckName, error: impl Into<anyhow::Error>) -> Self {
        let error = classify(&error.into());
        Self::failure(check, error.message, error.hint)
    }
}
