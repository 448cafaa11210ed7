//! Why a message was not delivered or still waits. It is stored as a code and its values, and
//! rendered by `Display` when it is shown: the process that sent the message, such as cron's, may
//! use another language than its reader.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access_token;
use crate::i18n::current_language;
use crate::store::{self, StoredError};
use crate::t;
use crate::wechat::{self, ApiError, Cause, errcode};

/// Why a message was not delivered or still waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub(crate) enum DeliveryError {
    /// WeChat refused the request.
    Refused { errcode: i64, errmsg: String },
    /// No connection was made, so nothing was sent.
    Connect { host: String, cause: Cause },
    /// No complete response came.
    NoResponse { host: String, cause: Cause },
    /// The response is not WeChat's.
    InvalidResponse { host: String, status: u16, cause: Cause },
    /// The configuration names no API host.
    NoHost,
    /// There is no access token.
    Token { error: Box<Self> },
    /// Another process kept the database locked.
    DatabaseBusy { path: String },
    /// A file of the message could not be uploaded.
    Upload { file: String, error: Box<Self> },
    /// A file of the message is no longer stored.
    FileMissing { file: String },
    /// A file of the message has no format that wxbox knows.
    UnknownFormat { file: String },
    /// The message failed for the last time that `send.max_attempts` allows.
    MaxAttempts { attempts: i64, error: Box<Self> },
    /// The message expired, after this error if there was one.
    Expired { last_error: Option<Box<Self>> },
    /// The message has expired by this machine's clock, and no second clock confirms that.
    ExpiryUnconfirmed,
    /// The message waits for the previous part.
    WaitsForPart { id: i64 },
    /// The previous part was not delivered.
    PreviousPartFailed { id: i64 },
    /// The user is no longer bound.
    Unbound { user: String },
    /// The message may have arrived at the openid that the user was bound to before.
    Rebound { user: String },
    /// The process was interrupted before WeChat responded.
    Interrupted,
    /// The process that sent the message died before WeChat responded.
    ProcessGone,
    /// A code of another version of wxbox.
    #[serde(skip)]
    Unrecognized { kind: String },
}

impl From<&wechat::Error> for DeliveryError {
    fn from(error: &wechat::Error) -> Self {
        match error {
            wechat::Error::Api(refusal) => Self::Refused { errcode: refusal.errcode, errmsg: refusal.errmsg.clone() },
            wechat::Error::Connect { host, cause, .. } => Self::Connect { host: host.clone(), cause: cause.clone() },
            wechat::Error::NoResponse { host, cause } => Self::NoResponse { host: host.clone(), cause: cause.clone() },
            wechat::Error::InvalidResponse { host, status, cause } => {
                Self::InvalidResponse { host: host.clone(), status: *status, cause: cause.clone() }
            }
            // Any other error of a client is reported before its first call.
            wechat::Error::ClientInit(_) => Self::NoHost,
        }
    }
}

impl DeliveryError {
    /// Returns the text for a narrow column: the meaning of the errcode of a refusal, without
    /// WeChat's errmsg.
    pub(crate) fn brief_text(&self) -> String {
        let refusal = if let Self::Refused { errcode, .. } = self { errcode::find(*errcode) } else { None };
        match refusal {
            Some(entry) => {
                t!(
                    "delivery-refused-brief",
                    code = entry.errcode.to_string(),
                    meaning = entry.meaning(current_language())
                )
            }
            None => self.to_string(),
        }
    }

    /// Returns why no message can be sent without a token; `None` for a failure of the database
    /// that ends the run.
    pub(super) fn from_token_error(error: &access_token::Error) -> Option<Self> {
        match error {
            access_token::Error::WeChat(cause) => Some(Self::Token { error: Box::new(cause.into()) }),
            access_token::Error::Store(store::Error::Busy { path }) => {
                Some(Self::DatabaseBusy { path: path.display().to_string() })
            }
            access_token::Error::Store(_) => None,
        }
    }
}

impl From<DeliveryError> for StoredError {
    fn from(error: DeliveryError) -> Self {
        let mut value = serde_json::to_value(error).unwrap_or_default();
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        let detail = value.get_mut("detail").map(Value::take);
        Self { kind, detail: detail.map(|detail| detail.to_string()) }
    }
}

impl From<&StoredError> for DeliveryError {
    fn from(stored: &StoredError) -> Self {
        let StoredError { kind, detail } = stored;
        let mut value = serde_json::json!({ "kind": kind });
        if let Some(detail) = detail {
            value["detail"] = serde_json::from_str(detail).unwrap_or_default();
        }
        serde_json::from_value(value).unwrap_or_else(|_| Self::Unrecognized { kind: kind.clone() })
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Refused { errcode, errmsg } => {
                ApiError { api: "", errcode: *errcode, errmsg: errmsg.clone(), rid: None, remedy: None }.to_string()
            }
            Self::Connect { host, cause } => t!("wechat-not-sent", host = host, cause = cause.to_string()),
            Self::NoResponse { host, cause } => t!("wechat-no-answer", host = host, cause = cause.to_string()),
            Self::InvalidResponse { host, status, cause } => {
                t!("wechat-bad-answer", host = host, status = *status, cause = cause.to_string())
            }
            Self::NoHost => t!("wechat-no-host"),
            Self::Token { error } => t!("token-fetch", cause = error.to_string()),
            Self::DatabaseBusy { path } => t!("store-busy", path = path),
            Self::Upload { file, error } => t!("delivery-upload", file = file, error = error.to_string()),
            Self::FileMissing { file } => t!("delivery-file-gone", file = file),
            Self::UnknownFormat { file } => t!("media-format-none", file = file),
            Self::MaxAttempts { attempts, error } => {
                t!("delivery-attempts", attempts = *attempts, error = error.to_string())
            }
            Self::Expired { last_error: Some(error) } => t!("delivery-expired-after", error = error.to_string()),
            Self::Expired { last_error: None } => t!("delivery-expired"),
            Self::ExpiryUnconfirmed => t!("delivery-clock"),
            Self::WaitsForPart { id } => t!("delivery-part-waits", id = *id),
            Self::PreviousPartFailed { id } => t!("delivery-part-cut", id = *id),
            Self::Unbound { user } => t!("delivery-unbound", user = user),
            Self::Rebound { user } => t!("delivery-rebound", user = user),
            Self::Interrupted => t!("delivery-no-answer-yet"),
            Self::ProcessGone => t!("delivery-process-gone"),
            Self::Unrecognized { kind } => kind.clone(),
        };
        f.write_str(&text)
    }
}

/// A failure inside an outbox transaction.
#[derive(Debug, thiserror::Error)]
pub(super) enum TxError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Content(#[from] serde_json::Error),
}

impl TxError {
    /// Returns the inner error, which carries the hint.
    pub(super) fn into_anyhow(self) -> anyhow::Error {
        match self {
            Self::Store(error) => error.into(),
            Self::Content(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(kind: &str, detail: Option<&str>) -> StoredError {
        StoredError { kind: kind.to_owned(), detail: detail.map(str::to_owned) }
    }

    #[test]
    fn stored_errors_are_read_back() {
        let via = Cause::ViaProxy {
            proxy: "http://p:3128".into(),
            configured_by: "https_proxy".into(),
            cause: Box::new(Cause::System { error_kind: "ConnectionRefused".into(), text: "refused".into() }),
        };
        let refused = DeliveryError::Refused { errcode: 45015, errmsg: "out of time".into() };
        let errors = [
            DeliveryError::Upload { file: "a.png".into(), error: Box::new(refused.clone()) },
            DeliveryError::MaxAttempts {
                attempts: 3,
                error: Box::new(DeliveryError::Connect { host: "api".into(), cause: via }),
            },
            DeliveryError::Expired { last_error: None },
            DeliveryError::Expired { last_error: Some(Box::new(DeliveryError::Interrupted)) },
            DeliveryError::ProcessGone,
            refused,
        ];
        for error in errors {
            assert_eq!(DeliveryError::from(&StoredError::from(error.clone())), error);
        }
    }

    #[test]
    fn codes_and_values_are_stored_without_wording() {
        let error = DeliveryError::PreviousPartFailed { id: 7 };
        assert_eq!(StoredError::from(error), StoredError::previous_part_failed(7));
        assert_eq!(StoredError::from(DeliveryError::ExpiryUnconfirmed), stored("expiry_unconfirmed", None));
        let refused = DeliveryError::Refused { errcode: -1, errmsg: "system error".into() };
        let detail = r#"{"errcode":-1,"errmsg":"system error"}"#;
        assert_eq!(StoredError::from(refused), stored("refused", Some(detail)));
    }

    #[test]
    fn the_brief_text_of_a_refusal_is_the_meaning_of_its_errcode() {
        let refused = |errcode| DeliveryError::Refused { errcode, errmsg: "from WeChat".into() };
        assert_eq!(refused(-1).brief_text(), "-1: platform busy");
        for other in [refused(1), DeliveryError::Interrupted] {
            assert_eq!(other.brief_text(), other.to_string());
        }
    }

    #[test]
    fn unknown_code_is_shown_as_it_is() {
        for detail in [None, Some("{"), Some("{}")] {
            assert_eq!(DeliveryError::from(&stored("later", detail)).to_string(), "later");
        }
        assert_eq!(DeliveryError::from(&stored("unbound", None)).to_string(), "unbound");
    }
}
