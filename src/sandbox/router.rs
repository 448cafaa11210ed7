//! Which request is which call.

use super::call::Call;
use super::response::{ApiError, ApiResult};
use super::state::Platform;
use crate::http_server::HttpResponse;

/// A call of the API.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    /// Whether an access token of the account is needed.
    pub(super) needs_token: bool,
    pub(super) handler: RouteHandler,
}

/// What a call does once it may be made.
#[derive(Clone, Copy)]
pub(super) enum RouteHandler {
    /// It answers with JSON.
    Json(fn(&mut Platform, &mut Call<'_>) -> ApiResult),
    /// It answers with a file, or with something of its own.
    Raw(fn(&mut Platform, &mut Call<'_>) -> Result<HttpResponse, ApiError>),
}

const fn get(path: &'static str, token: bool, run: fn(&mut Platform, &mut Call<'_>) -> ApiResult) -> Route {
    Route { path, method: "GET", needs_token: token, handler: RouteHandler::Json(run) }
}

const fn post(path: &'static str, token: bool, run: fn(&mut Platform, &mut Call<'_>) -> ApiResult) -> Route {
    Route { path, method: "POST", needs_token: token, handler: RouteHandler::Json(run) }
}

const ROUTES: &[Route] = &[
    get("/cgi-bin/token", false, Platform::token),
    post("/cgi-bin/stable_token", false, Platform::stable_token),
    get("/cgi-bin/get_api_domain_ip", true, Platform::server_addresses),
    get("/cgi-bin/getcallbackip", true, Platform::server_addresses),
    get("/cgi-bin/user/get", true, Platform::user_get),
    get("/cgi-bin/user/info", true, Platform::user_info),
    post("/cgi-bin/user/info/batchget", true, Platform::user_info_batch),
    post("/cgi-bin/user/info/updateremark", true, Platform::user_remark),
    post("/cgi-bin/tags/create", true, Platform::create_tag),
    get("/cgi-bin/tags/get", true, Platform::list_tags),
    post("/cgi-bin/tags/update", true, Platform::rename_tag),
    post("/cgi-bin/tags/delete", true, Platform::delete_tag),
    post("/cgi-bin/tags/getidlist", true, Platform::tags_of_person),
    post("/cgi-bin/tags/members/batchtagging", true, Platform::tag_people),
    post("/cgi-bin/tags/members/batchuntagging", true, Platform::untag_people),
    post("/cgi-bin/user/tag/get", true, Platform::tag_members),
    post("/cgi-bin/qrcode/create", true, Platform::create_code),
    Route {
        path: "/cgi-bin/showqrcode",
        method: "GET",
        needs_token: false,
        handler: RouteHandler::Raw(Platform::show_code),
    },
    get("/cgi-bin/ticket/getticket", true, Platform::get_ticket),
    post("/cgi-bin/openapi/quota/get", true, Platform::quota_get),
    post("/cgi-bin/openapi/rid/get", true, Platform::rid_get),
    post("/cgi-bin/clear_quota", true, Platform::clear_quota),
    post("/cgi-bin/clear_quota/v2", false, Platform::clear_quota_by_secret),
    get("/cgi-bin/template/get_all_private_template", true, Platform::list_templates),
    post("/cgi-bin/template/api_add_template", true, Platform::add_template),
    post("/cgi-bin/template/del_private_template", true, Platform::remove_template),
    get("/cgi-bin/template/get_industry", true, Platform::get_industries),
    post("/cgi-bin/template/api_set_industry", true, Platform::set_industries),
    post("/cgi-bin/message/template/send", true, Platform::send_template),
    post("/cgi-bin/message/custom/send", true, Platform::send_custom),
    post("/cgi-bin/message/custom/typing", true, Platform::set_typing),
    post("/cgi-bin/message/subscribe/bizsend", true, Platform::send_subscription),
    post("/cgi-bin/message/template/subscribe", true, Platform::send_one_time),
    get("/wxaapi/newtmpl/gettemplate", true, Platform::list_subscriptions),
    get("/wxaapi/newtmpl/getcategory", true, Platform::categories),
    get("/wxaapi/newtmpl/getpubtemplatetitles", true, Platform::library_titles),
    get("/wxaapi/newtmpl/getpubtemplatekeywords", true, Platform::library_keywords),
    post("/wxaapi/newtmpl/addtemplate", true, Platform::add_subscription),
    post("/wxaapi/newtmpl/deltemplate", true, Platform::remove_subscription),
    post("/cgi-bin/media/upload", true, Platform::upload),
    Route {
        path: "/cgi-bin/media/get",
        method: "GET",
        needs_token: true,
        handler: RouteHandler::Raw(Platform::download),
    },
    get("/sns/oauth2/access_token", false, Platform::exchange_code),
    get("/sns/oauth2/refresh_token", false, Platform::refresh_web_token),
    get("/sns/userinfo", false, Platform::web_user),
    get("/sns/auth", false, Platform::web_auth),
];

/// The call at that path.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

/// The paths of the API.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.path)
}
