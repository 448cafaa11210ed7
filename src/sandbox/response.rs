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

/// The texts of the errors that the sandbox returns itself, and of those that a fault plan can
/// inject.
const ERRMSGS: &[(i64, &str)] = &[
    (40001, "invalid credential, access_token is invalid or not latest"),
    (40002, "invalid grant_type"),
    (40003, "invalid openid"),
    (40004, "invalid media type"),
    (40005, "invalid file type"),
    (40006, "invalid media size"),
    (40007, "invalid media_id"),
    (40008, "invalid message type"),
    (40009, "invalid image size"),
    (40010, "invalid voice size"),
    (40011, "invalid video size"),
    (40012, "invalid thumb size"),
    (40013, "invalid appid"),
    (40014, "invalid access_token"),
    (40029, "invalid code"),
    (40030, "invalid refresh_token"),
    (40032, "invalid openid list size"),
    (40037, "invalid template_id"),
    (40052, "invalid action name"),
    (40053, "invalid action info, please check document"),
    (40066, "invalid url"),
    (40092, "invalid remark name"),
    (40097, "invalid args"),
    (40102, "invalid industry id"),
    (40125, "invalid appsecret"),
    (40129, "invalid scene"),
    (40163, "code been used"),
    // The sandbox's own error contains the caller's address.
    (40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist"),
    (40165, "invalid weapp pagepath"),
    (40166, "invalid weapp appid"),
    (40173, "there is no bind relation"),
    (40200, "invalid account type"),
    (40201, "invalid check url"),
    (40202, "invalid check action"),
    (40203, "invalid check operator"),
    (40213, "invalid href tag"),
    (40214, "invalid href text"),
    (40246, "keyword name invalid"),
    // The real text is Chinese, too; its exact words are not known.
    (40247, "历史模板库已升级为类目模板，不能再添加"),
    (41001, "access_token missing"),
    (41002, "appid missing"),
    (41003, "refresh_token missing"),
    (41004, "appsecret missing"),
    (41005, "media data missing"),
    (41006, "media_id missing"),
    (41008, "missing code"),
    (41010, "missing url"),
    (41012, "missing cardid"),
    (41030, "invalid page"),
    (42001, "access_token expired"),
    (42002, "refresh_token expired"),
    (42005, "api usage expired"),
    (43001, "require GET method"),
    (43002, "require POST method"),
    (43004, "require subscribe"),
    (43007, "require bizuser authorize"),
    (43016, "require verify"),
    (43019, "require remove blacklist"),
    (43100, "change template too frequently"),
    (43101, "user refuse to accept the msg"),
    (43103, "the api only can cancel the subscription"),
    (43104, "this appid does not have permission"),
    (43106, "not allow to add template, for punishment"),
    (44001, "empty media data"),
    (44002, "empty post data"),
    (44003, "empty news data"),
    (44004, "empty content"),
    (45002, "content size out of limit"),
    (45003, "title size out of limit"),
    (45007, "playtime out of limit"),
    (45008, "article size out of limit"),
    (45009, "reach max api daily quota limit"),
    (45011, "api minute-quota reach limit, must slower, retry next minute"),
    (45015, "response out of time limit or subscription is canceled"),
    (45026, "template num exceeds limit"),
    (45029, "qrcode count out of limit"),
    (45047, "out of response count limit"),
    (45056, "too many tag now, no need to add new"),
    (45057, "can't delete the tag that has too many fans"),
    (45058, "can't modify sys tag"),
    (45059, "can not tagging one user too much"),
    (45061, "maybe the update frequency is too often, please try again"),
    (45065, "clientmsgid exist"),
    (45066, "same clientmsgid retry too fast"),
    (45067, "clientmsgid size out of limit"),
    (45072, "invalid command"),
    (45080, "need sending message to user, or recving message from user in the last 30 seconds before typing"),
    (45081, "you are already typing"),
    (45086, "invalid attrbute 'data-miniprogram-appid'"),
    (45087, "customer service message from this account have been blocked!"),
    (45098, "msgmenu list size is out of limit"),
    (45099, "msgmenu item content size is out of limit"),
    (45102, "this api have been blocked temporarily."),
    (45103, "This API has been unsupported"),
    (45157, "invalid tag name"),
    (45158, "tag name too long"),
    (45159, "invalid tag id"),
    (45169, "openid much req"),
    (45501, "part or whole of the requests from the very app is temporary blocked by supervisor"),
    (46101, "this api have been not supported since 2020-01-11 00:00:00, please use new api(subscribeMessage)!"),
    (47001, "data format error"),
    (47002, "data format error, do NOT use json unicode encode (\\uxxxx\\uxxxx), please use utf8 encoded text!"),
    (47003, "argument invalid!"),
    (48001, "api unauthorized"),
    (48002, "user block receive message"),
    (48003, "user not agree mass-send protocol"),
    (48004, "api forbidden for irregularities, view detail on mp.weixin.qq.com"),
    (48006, "forbid to clear quota because of reaching the limit"),
    (48009, "this api is expired"),
    (48012, "invalid token"),
    (49003, "not match openid with appid"),
    (50001, "api unauthorized or user unauthorized"),
    (50002, "user limited"),
    (50003, "user unexpected, maybe not in white list"),
    (50004, "user not allow to use accesstoken, maybe for punishment"),
    (50005, "user is unsubscribed"),
    (61003, "component is not authorized by this account"),
    (61004, "access clientip is not registered"),
    (61007, "api is unauthorized to component"),
    (61451, "invalid parameter"),
    (61452, "invalid kf_account"),
    (65400, "please enable new custom service, or wait for a while if you have enabled"),
    (76001, "rid not found, please check"),
    (76002, "rid is error"),
    (76003, "could not query this rid,no permission"),
    (76021, "cgi_path not found, please check"),
    (76022, "could not use this cgi_path, no permission"),
    (200012, "template num exceeds limit"),
    (200014, "tid does not exist"),
    (200016, "invalid start"),
    (200017, "invalid limit"),
    (200018, "missing parameter ids"),
    (200019, "invalid ids"),
    (200020, "invalid keywords"),
    (200021, "invalid sceneDesc"),
    (200022, "template already exists"),
];

/// The text that the endpoints for servers append to error 40001.
const STABLE_TOKEN_SUFFIX: &str =
    ", could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r";

/// Returns the error of that number with its usual text.
pub(super) fn api_error(code: i64) -> ApiError {
    let text = ERRMSGS.iter().find(|(errcode, _)| *errcode == code).map_or("system error", |(_, text)| text);
    ApiError { errcode: code, errmsg: Cow::Borrowed(text) }
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
