//! The result of an API call, and the format in which each family of endpoints writes it.
//!
//! Nearly every result has HTTP status 200. `errcode` and `errmsg` contain the outcome, and the
//! `errmsg` of an error ends in the id of the request. These texts are WeChat's own and are not
//! translated.

use std::borrow::Cow;

use serde_json::{Value, json};
use url::Url;

use super::ids;
use super::push::settings::PushSettings;
use crate::http_server::HttpResponse;

/// An API error: WeChat's number and text, without the id of the request.
#[derive(Debug)]
pub(super) struct ApiError {
    pub(super) errcode: i64,
    pub(super) errmsg: Cow<'static, str>,
}

/// The result of an API call: the JSON of a success, or an error.
pub(super) type ApiResult = Result<Value, ApiError>;

/// A reply, and what the log reports about the request.
#[derive(Debug)]
pub(super) struct HandledRequest {
    /// The HTTP response.
    pub(super) reply: HttpResponse,
    /// The result of an API call or an authorization; `None` for the sandbox's own pages.
    pub(super) errcode: Option<i64>,
    /// The openid of the person that the request was about.
    pub(super) openid: Option<String>,
    /// Whether the sandbox has no such call or page.
    pub(super) unknown_path: bool,
    /// The fault that the fault plan applied, if any.
    pub(super) fault: Option<String>,
    /// Whether the request is not logged: the inbox page refreshing itself, and the files that it
    /// shows.
    pub(super) unlogged: bool,
    /// The address that the phone calls a second time and whose response it ignores
    /// (`double_callback`).
    pub(super) second_callback: Option<Url>,
    /// The push settings that replace the current ones if the check of their URL succeeds.
    pub(super) push_settings: Option<PushSettings>,
}

impl HandledRequest {
    /// Wraps the reply to a request that is not logged.
    pub(super) fn unlogged(reply: HttpResponse) -> Self {
        Self { unlogged: true, ..Self::from_reply(reply) }
    }

    /// Wraps the reply to a request of a call or page that the sandbox does not have.
    pub(super) fn unknown_path(reply: HttpResponse) -> Self {
        Self { unknown_path: true, ..Self::from_reply(reply) }
    }

    /// Wraps the reply to a request that is not about a person.
    pub(super) fn from_reply(reply: HttpResponse) -> Self {
        Self {
            reply,
            errcode: None,
            openid: None,
            unknown_path: false,
            fault: None,
            unlogged: false,
            second_callback: None,
            push_settings: None,
        }
    }
}

/// The family of endpoints that a path belongs to. Each family writes errors in its own format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `/cgi-bin/…` and `/wxaapi/…`, the endpoints for servers.
    Cgi,
    /// The endpoints for servers that handle files and tags. Their errors have a hint before the
    /// request id.
    Hinted,
    /// `/sns/…`, the endpoints of web authorization.
    Sns,
}

/// WeChat's error codes with their texts in the second column. The client reads all columns.
const ERRCODES_TSV: &str = include_str!("../wechat/errcodes.tsv");

/// The texts that the table lacks, or that are not the ones of real answers.
const ERRMSGS: &[(i64, &str)] = &[
    (40006, "invalid media size"),
    // The sandbox's own error contains the caller's address.
    (40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist"),
    // The real text is Chinese, too; its exact words are not known.
    (40247, "历史模板库已升级为类目模板，不能再添加"),
    (41012, "missing cardid"),
    (200012, "template num exceeds limit"),
    (200016, "invalid start"),
    (200017, "invalid limit"),
    (200018, "missing parameter ids"),
    (200019, "invalid ids"),
    (200021, "invalid sceneDesc"),
    (200022, "template already exists"),
];

/// The text that the endpoints for servers append to error 40001.
const STABLE_TOKEN_SUFFIX: &str =
    ", could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r";

/// Returns the error of that number with its usual text.
pub(super) fn api_error(code: i64) -> ApiError {
    let own = ERRMSGS.iter().find(|(errcode, _)| *errcode == code).map(|(_, text)| *text);
    let text = own.or_else(|| documented_errmsg(code)).unwrap_or("system error");
    ApiError { errcode: code, errmsg: Cow::Borrowed(text) }
}

fn documented_errmsg(code: i64) -> Option<&'static str> {
    let start = format!("{code}\t");
    let row = ERRCODES_TSV.lines().find_map(|line| line.strip_prefix(&start))?;
    row.split('\t').next().filter(|text| !text.is_empty())
}

/// Returns the error of that number with another text.
pub(super) fn api_error_with(code: i64, text: String) -> ApiError {
    ApiError { errcode: code, errmsg: Cow::Owned(text) }
}

/// Returns the JSON of a success without further fields.
pub(super) fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

impl Family {
    /// Returns the family of a path of the API, or `None` for another path.
    pub(super) fn from_path(path: &str) -> Option<Self> {
        if path.starts_with("/cgi-bin/") || path.starts_with("/wxaapi/") {
            Some(Self::Cgi)
        } else if path.starts_with("/sns/") {
            Some(Self::Sns)
        } else {
            None
        }
    }

    /// Returns the family whose format the call at `path` uses for its own errors.
    pub(super) fn for_call(self, path: &str) -> Self {
        let hinted = ["/cgi-bin/media/", "/cgi-bin/tags/", "/cgi-bin/user/tag/"];
        if hinted.iter().any(|start| path.starts_with(start)) { Self::Hinted } else { self }
    }

    /// Writes a result in the format of this family; `rid` is the id of the request.
    pub(super) fn into_reply(self, result: ApiResult, rid: &str) -> HttpResponse {
        let value = match result {
            Ok(value) => value,
            Err(error) => json!({"errcode": error.errcode, "errmsg": self.errmsg(&error, rid)}),
        };
        let content_type = match self {
            Self::Cgi | Self::Hinted => "application/json; encoding=utf-8",
            Self::Sns => "text/plain",
        };
        HttpResponse::bytes(200, content_type, value.to_string())
    }

    fn errmsg(self, error: &ApiError, rid: &str) -> String {
        let text = &error.errmsg;
        match self {
            Self::Cgi if error.errcode == 40001 => format!("{text}{STABLE_TOKEN_SUFFIX} rid: {rid}"),
            Self::Cgi => format!("{text} rid: {rid}"),
            Self::Hinted => format!("{text} hint: [{}] rid: {rid}", ids::hint()),
            Self::Sns => format!("{text}, rid: {rid}"),
        }
    }
}
