//! The errors of an API call. No error text contains a URL, because a query may hold the secret, a
//! token or a code.

use serde_json::Value;
use url::Url;

use super::cause::Cause;
use super::connect_failure::{self, ConnectFailure};
use super::errcode::{self, Action};
use super::lenient_json::parse_lenient;
use super::mask::MASK;
use crate::i18n::{self, Lang};
use crate::net::is_loopback;
use crate::{t, t_in};

/// An error response of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The path that was called, such as `/cgi-bin/message/custom/send`.
    pub api: &'static str,
    /// The error code.
    pub errcode: i64,
    /// WeChat's text without the request ID and the advertisement.
    pub errmsg: String,
    /// WeChat's ID of the request, for `openapi/rid/get`.
    pub rid: Option<String>,
    /// A remedy that is more specific than the one for the errcode.
    pub remedy: Option<String>,
}

impl ApiError {
    /// Parses `errcode` and `errmsg` of a response and masks `secrets` in them. Returns `None` if
    /// the response is not an error.
    ///
    /// # Errors
    /// The errcode is not a number.
    pub(super) fn from_response(api: &'static str, response: &Value, secrets: &[&str]) -> Result<Option<Self>, Cause> {
        let errcode: i64 = match response.get("errcode") {
            None | Some(Value::Null) => return Ok(None),
            Some(code) => parse_lenient(code).ok_or_else(|| Cause::MissingField { field: "errcode".to_owned() })?,
        };
        if errcode == 0 {
            return Ok(None);
        }
        let raw = response.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let secrets = secrets.iter().filter(|secret| !secret.is_empty());
        let (errmsg, rid) = split_rid(&secrets.fold(raw.to_owned(), |text, secret| text.replace(secret, MASK)));
        Ok(Some(Self { api, errcode, errmsg, rid, remedy: None }))
    }

    /// Returns the caller's IP address as WeChat sees it, if the error is about it. The form of the
    /// text is described in doc/service/api/base/api_getaccesstoken.
    pub fn ip(&self) -> Option<&str> {
        let rest = self.errmsg.strip_prefix("invalid ip ")?;
        rest.split([' ', ',']).next().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok())
    }

    /// Returns what the user can do about the error.
    pub fn hint(&self) -> Option<String> {
        if let Some(remedy) = &self.remedy {
            return Some(remedy.clone());
        }
        if let Some(ip) = self.ip() {
            return Some(t!("wechat-allow-ip-hint", ip = ip));
        }
        if self.errcode == UNAUTHORIZED
            && let Some(hint) = permitted_accounts(self.api)
        {
            return Some(hint);
        }
        let entry = errcode::find(self.errcode)?;
        if let Some(advice) = entry.advice(i18n::current_language()) {
            return Some(lower_first_letter(advice));
        }
        Some(match entry.action {
            Action::Backoff | Action::Slow | Action::Duplicate => t!("wechat-passes-hint"),
            Action::Refresh => t!("wechat-refreshed-hint"),
            _ => t!("wechat-explain-hint", code = self.errcode.to_string()),
        })
    }
}

/// Returns a sentence as a hint begins: in lower case, unless it begins with an abbreviation.
fn lower_first_letter(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => sentence.to_owned(),
    }
}

/// The errcode of an account that may not use the API.
const UNAUTHORIZED: i64 = 48001;

/// Returns a hint with the kinds of account that may use an API. Page: doc/service/guide/dev/api.
fn permitted_accounts(api: &str) -> Option<String> {
    Some(match api.split('/').skip(1).collect::<Vec<_>>()[..] {
        ["cgi-bin", "message", "custom", ..] => t!("wechat-requires-custom"),
        ["cgi-bin", "message", "template", "send"] | ["cgi-bin", "template", ..] => t!("wechat-requires-template"),
        ["cgi-bin", "message", "subscribe", ..] | ["wxaapi", "newtmpl", ..] => t!("wechat-requires-subscribe"),
        ["cgi-bin", "user", ..] => t!("wechat-requires-followers"),
        _ => return None,
    })
}

impl ApiError {
    /// Returns WeChat's text together with the meaning of the code.
    pub fn describe(&self, lang: Lang) -> String {
        let code = self.errcode.to_string();
        let meaning = errcode::find(self.errcode).map_or("", |entry| entry.meaning(lang));
        match (self.errmsg.is_empty(), meaning.is_empty()) {
            (true, true) => t_in!(lang, "wechat-refused-bare", code = code),
            (true, false) => t_in!(lang, "wechat-refused", code = code, errmsg = meaning),
            (false, true) => t_in!(lang, "wechat-refused", code = code, errmsg = self.errmsg),
            (false, false) => {
                t_in!(lang, "wechat-refused-meaning", code = code, errmsg = self.errmsg, meaning = meaning)
            }
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe(i18n::current_language()))
    }
}

/// The maximum length of an errmsg in characters; WeChat's own are shorter.
const MAX_ERRMSG_CHARS: usize = 500;

/// Splits the request ID off an errmsg and removes the advertisement before it.
fn split_rid(errmsg: &str) -> (String, Option<String>) {
    let (text, rid) = match errmsg.rfind("rid: ") {
        Some(at) if errmsg[at + 5..].chars().all(|c| c.is_ascii_hexdigit() || c == '-') => (
            &errmsg[..at],
            Some(errmsg[at + 5..].chars().take(MAX_ERRMSG_CHARS).collect()).filter(|rid: &String| !rid.is_empty()),
        ),
        _ => (errmsg, None),
    };
    let text = text.split(", could get access_token by").next().unwrap_or(text);
    let text = text.split(" hint: [").next().unwrap_or(text);
    let text = text.split(" hints: [").next().unwrap_or(text);
    let text = text.trim_end_matches([',', ' ', '!']);
    // Text from the network must neither send control characters to a terminal nor fill the outbox.
    (text.chars().take(MAX_ERRMSG_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect(), rid)
}

/// The failure of an API call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// WeChat responded with an errcode.
    #[error("{0}")]
    Api(ApiError),
    /// No connection was made, so nothing left this machine.
    #[error("{}", t!("wechat-not-sent", host = host, cause = cause.to_string()))]
    Connect {
        /// The API host.
        host: String,
        /// The cause, without any URL.
        cause: Cause,
        /// The kind of cause.
        failure: ConnectFailure,
    },
    /// The request was sent, or may have been, and no complete response arrived.
    #[error("{}", t!("wechat-no-answer", host = host, cause = cause.to_string()))]
    NoResponse {
        /// The API host.
        host: String,
        /// The cause, without any URL.
        cause: Cause,
    },
    /// The response is not one of WeChat's: a proxy's page, a server error, broken JSON.
    #[error("{}", t!("wechat-bad-answer", host = host, status = status, cause = cause.to_string()))]
    InvalidResponse {
        /// The API host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Why the response is invalid.
        cause: Cause,
    },
    /// The client could not be created.
    #[error("{}", .0.message)]
    ClientInit(ClientInitError),
}

/// Why the client could not be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInitError {
    message: String,
    /// The resource that the system lacks; `None` if the configuration is at fault.
    system_failure: Option<ConnectFailure>,
}

impl ClientInitError {
    /// Returns whether the configuration is valid and the system lacks a resource.
    pub fn is_system_failure(&self) -> bool {
        self.system_failure.is_some()
    }
}

impl Error {
    /// Creates the error for an unusable configuration.
    pub(super) fn client_init(message: String) -> Self {
        Self::ClientInit(ClientInitError { message, system_failure: None })
    }

    /// Creates the error for a client for which the system lacks resources.
    pub(super) fn from_client_build(error: &reqwest::Error) -> Self {
        let mut causes = anyhow::Chain::new(error);
        let system_failure = if causes.clone().any(connect_failure::is_out_of_files) {
            ConnectFailure::FileLimit
        } else if causes.any(connect_failure::is_out_of_threads) {
            ConnectFailure::ThreadLimit
        } else {
            ConnectFailure::default()
        };
        let message = t!("wechat-no-client", cause = connect_failure::innermost_cause(error).to_string());
        Self::ClientInit(ClientInitError { message, system_failure: Some(system_failure) })
    }

    /// Returns WeChat's error, if the API reported one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Returns what the user can do about the error.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Api(error) => error.hint(),
            Self::Connect { host, failure: ConnectFailure::Network, .. } if is_local(host) => {
                Some(t!("wechat-not-sent-local-hint"))
            }
            Self::Connect { failure, .. } => Some(failure.hint()),
            Self::ClientInit(ClientInitError {
                system_failure: Some(failure @ (ConnectFailure::FileLimit | ConnectFailure::ThreadLimit)),
                ..
            }) => Some(failure.hint()),
            Self::InvalidResponse { .. } => Some(t!("wechat-bad-answer-hint")),
            Self::NoResponse { .. } | Self::ClientInit(_) => None,
        }
    }
}

/// Returns whether a host with an optional port is this machine, where only the sandbox serves the
/// API.
fn is_local(host: &str) -> bool {
    Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errmsg_is_split_into_text_and_rid() {
        let cases = [
            ("invalid appid rid: 6aac005a-01bfdbee-79769285", "invalid appid", Some("6aac005a-01bfdbee-79769285")),
            ("invalid code, rid: 6aac007a-6c02c77-26bf69c4", "invalid code", Some("6aac007a-6c02c77-26bf69c4")),
            (
                "invalid credential, access_token is invalid or not latest, could get access_token by \
                 getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r rid: 5f3ded7d-0-1",
                "invalid credential, access_token is invalid or not latest",
                Some("5f3ded7d-0-1"),
            ),
            ("invalid ip 1.2.3.4, not in whitelist hint: [abcd]", "invalid ip 1.2.3.4, not in whitelist", None),
            ("invalid media_id hint: [2WMaKiUo0a] rid: 1-2-3", "invalid media_id", Some("1-2-3")),
            ("invalid code, hints: [ req_id: 2WMaKiUo0a ]", "invalid code", None),
            (
                "argument invalid! data.time2.value is empty rid: 1-2-3",
                "argument invalid! data.time2.value is empty",
                Some("1-2-3"),
            ),
            ("", "", None),
            ("历史模板库已升级 rid: 1-2-3", "历史模板库已升级", Some("1-2-3")),
            ("a\u{1b}[31mb", "a [31mb", None),
            ("about rid: not hex", "about rid: not hex", None),
        ];
        for (raw, text, rid) in cases {
            assert_eq!(split_rid(raw), (text.to_owned(), rid.map(str::to_owned)), "{raw}");
        }
    }

    #[test]
    fn errcode_is_number_or_text_and_zero_is_no_error() {
        let read =
            |response| ApiError::from_response("/x", &response, &[]).map(|error| error.map(|error| error.errcode));
        assert_eq!(read(json!({"errcode": 40013, "errmsg": "invalid appid"})), Ok(Some(40013)));
        assert_eq!(read(json!({"errcode": "200014"})), Ok(Some(200_014)));
        assert_eq!(read(json!({"errcode": 43004.0})), Ok(Some(43004)));
        assert_eq!(read(json!({"errcode": 0, "errmsg": "ok"})), Ok(None));
        assert_eq!(read(json!({"access_token": "x"})), Ok(None));
        let missing = Err(Cause::MissingField { field: "errcode".to_owned() });
        for code in [json!("x"), json!(1.5), json!(u64::MAX), json!([40001]), json!(true)] {
            assert_eq!(read(json!({"errcode": code})), missing, "{code}");
        }
    }

    #[test]
    fn secrets_repeated_in_errmsg_are_masked() {
        let response = json!({"errcode": 40001, "errmsg": "bad: /x?access_token=50_Im7&secret=geheim! rid: 1-2-3"});
        let error = ApiError::from_response("/x", &response, &["50_Im7", "", "geheim"]).unwrap().unwrap();
        assert_eq!(error.errmsg, "bad: /x?access_token=***&secret=***");
    }

    #[test]
    fn hint_for_unauthorized_api_depends_on_api() {
        let hint =
            |api| ApiError { api, errcode: 48001, errmsg: String::new(), rid: None, remedy: None }.hint().unwrap();
        assert!(hint("/cgi-bin/message/template/send").contains("服务号"));
        assert!(hint("/cgi-bin/message/custom/send").contains("订阅号"));
        assert_ne!(hint("/cgi-bin/message/subscribe/bizsend"), hint("/cgi-bin/message/custom/send"));
        assert_eq!(hint("/cgi-bin/user/info"), hint("/cgi-bin/user/get"));
        let remedy = errcode::find(48001).unwrap().remedy(Lang::En).unwrap();
        assert_eq!(hint("/cgi-bin/media/upload"), lower_first_letter(remedy));
    }

    #[test]
    fn ip_to_allow_is_read_from_errmsg() {
        let error =
            |errmsg: &str| ApiError { api: "/x", errcode: 40164, errmsg: errmsg.into(), rid: None, remedy: None };
        let v6 = "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist";
        assert_eq!(error(v6).ip(), Some("1.2.3.4"));
        assert_eq!(error("invalid ip 1.2.3.4, not in whitelist").ip(), Some("1.2.3.4"));
        assert_eq!(error("invalid ip").ip(), None);
        assert!(error(v6).hint().unwrap().contains("1.2.3.4"));
    }
}
