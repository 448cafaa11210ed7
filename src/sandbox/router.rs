//! Maps a request to its handler. Only this file imports the handlers of the API, the pages and the
//! forms together.
//!
//! An API call is checked in this order: the path, the method (43001, 43002), the access token
//! (41001, then 40001 or 42001), the permission of the account (48001), the daily quota (45009),
//! and then the parameters of the call itself.

use serde::{Deserialize, Serialize};

use super::call::Call;
use super::faults::{Effect, describe_effects};
use super::response::{ApiError, ApiResult, Family, HandledRequest, api_error, api_error_with};
use super::state::Platform;
use super::state::media::MEDIA_PATH;
use super::{admin, ids, pages, paths};
use crate::http_server::{HttpResponse, Request};

/// A call of the API.
struct Route {
    path: &'static str,
    method: &'static str,
    handler: RouteHandler,
}

/// The function that executes a call after the checks.
#[derive(Clone, Copy)]
enum RouteHandler {
    /// A handler that returns JSON.
    Json(fn(&mut Platform, &mut Call<'_>) -> ApiResult),
    /// A handler that returns a file, or another kind of response.
    Raw(fn(&mut Platform, &mut Call<'_>) -> Result<HttpResponse, ApiError>),
}

const fn get(path: &'static str, handler: fn(&mut Platform, &mut Call<'_>) -> ApiResult) -> Route {
    Route { path, method: "GET", handler: RouteHandler::Json(handler) }
}

const fn post(path: &'static str, handler: fn(&mut Platform, &mut Call<'_>) -> ApiResult) -> Route {
    Route { path, method: "POST", handler: RouteHandler::Json(handler) }
}

const ROUTES: &[Route] = &[
    get("/cgi-bin/token", Platform::issue_token),
    post("/cgi-bin/stable_token", Platform::issue_stable_token),
    get("/cgi-bin/get_api_domain_ip", Platform::list_server_addresses),
    get("/cgi-bin/getcallbackip", Platform::list_server_addresses),
    post("/cgi-bin/callback/check", Platform::check_push_url),
    get("/cgi-bin/user/get", Platform::list_followers),
    get("/cgi-bin/user/info", Platform::get_user),
    post("/cgi-bin/user/info/batchget", Platform::get_users),
    post("/cgi-bin/user/info/updateremark", Platform::set_remark),
    post("/cgi-bin/tags/create", Platform::create_tag),
    get("/cgi-bin/tags/get", Platform::list_tags),
    post("/cgi-bin/tags/update", Platform::rename_tag),
    post("/cgi-bin/tags/delete", Platform::delete_tag),
    post("/cgi-bin/tags/getidlist", Platform::list_tags_of_person),
    post("/cgi-bin/tags/members/batchtagging", Platform::tag_people),
    post("/cgi-bin/tags/members/batchuntagging", Platform::untag_people),
    post("/cgi-bin/user/tag/get", Platform::list_tag_members),
    post("/cgi-bin/qrcode/create", Platform::create_code),
    Route { path: "/cgi-bin/showqrcode", method: "GET", handler: RouteHandler::Raw(Platform::show_code) },
    get("/cgi-bin/ticket/getticket", Platform::get_ticket),
    post("/cgi-bin/openapi/quota/get", Platform::get_quota),
    post("/cgi-bin/openapi/rid/get", Platform::get_failed_request),
    post("/cgi-bin/clear_quota", Platform::clear_quota),
    post("/cgi-bin/clear_quota/v2", Platform::clear_quota_by_secret),
    get("/cgi-bin/template/get_all_private_template", Platform::list_templates),
    post("/cgi-bin/template/api_add_template", Platform::add_template),
    post("/cgi-bin/template/del_private_template", Platform::remove_template),
    get("/cgi-bin/template/get_industry", Platform::get_industries),
    post("/cgi-bin/template/api_set_industry", Platform::set_industries),
    post("/cgi-bin/message/template/send", Platform::send_template),
    post("/cgi-bin/message/custom/send", Platform::send_custom),
    post("/cgi-bin/message/custom/typing", Platform::set_typing),
    post("/cgi-bin/message/subscribe/bizsend", Platform::send_subscription),
    post("/cgi-bin/message/template/subscribe", Platform::send_one_time),
    get("/wxaapi/newtmpl/gettemplate", Platform::list_subscriptions),
    get("/wxaapi/newtmpl/getcategory", Platform::list_categories),
    get("/wxaapi/newtmpl/getpubtemplatetitles", Platform::list_library_titles),
    get("/wxaapi/newtmpl/getpubtemplatekeywords", Platform::list_library_keywords),
    post("/wxaapi/newtmpl/addtemplate", Platform::add_subscription),
    post("/wxaapi/newtmpl/deltemplate", Platform::remove_subscription),
    post("/cgi-bin/media/upload", Platform::upload_media),
    Route { path: "/cgi-bin/media/get", method: "GET", handler: RouteHandler::Raw(Platform::download_media) },
    get("/sns/oauth2/access_token", Platform::exchange_code),
    get("/sns/oauth2/refresh_token", Platform::refresh_web_token),
    get("/sns/userinfo", Platform::get_web_user),
    get("/sns/auth", Platform::check_web_token),
];

/// Returns the route of that path.
fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

impl Platform {
    /// Answers a request received at `now_ms` (Unix milliseconds).
    pub fn handle(&mut self, request: &Request, now_ms: i64) -> HttpResponse {
        self.handle_logged(request, now_ms).reply
    }

    /// Answers a request received at `now_ms` (Unix milliseconds), and describes it for the log.
    pub(super) fn handle_logged(&mut self, request: &Request, now_ms: i64) -> HandledRequest {
        let now_ms = now_ms + self.clock_offset_ms;
        if let Some(family) = Family::from_path(&request.path) {
            return self.handle_api(family, request, now_ms);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/connect/oauth2/authorize") => self.authorize(request, now_ms),
            ("GET" | "HEAD", "/mp/subscribemsg") => HandledRequest::from_reply(pages::subscribe_consent(self, request)),
            ("GET" | "HEAD", path) if path.starts_with(MEDIA_PATH) => {
                HandledRequest::unlogged(self.show_media(request))
            }
            ("GET" | "HEAD", "/") => HandledRequest::from_reply(pages::inbox(self, request, now_ms)),
            ("GET" | "HEAD", "/sandbox/phones") => HandledRequest::unlogged(pages::phones(self, request, now_ms)),
            ("GET" | "HEAD", "/sandbox/inbox.json") => {
                HandledRequest::from_reply(json_reply(&self.inbox.messages().collect::<Vec<_>>()))
            }
            ("GET" | "HEAD", "/sandbox/stats.json") => HandledRequest::from_reply(json_reply(&self.stats.view())),
            ("GET" | "HEAD", "/sandbox/pushes.json") => HandledRequest::from_reply(json_reply(self.pushes.lines())),
            // Browsers request an icon without being asked.
            ("GET" | "HEAD", "/favicon.ico") => HandledRequest::unlogged(HttpResponse::text(404, "")),
            ("GET" | "HEAD", path) if path.starts_with("/q/") => self.scan_code(request, &path[3..], now_ms),
            ("POST", path) if path.starts_with("/sandbox/") => admin::handle(self, request, now_ms),
            _ => HandledRequest::unknown_path(pages::not_found(request)),
        }
    }

    fn handle_api(&mut self, family: Family, request: &Request, now_ms: i64) -> HandledRequest {
        let Some(route) = find(&request.path) else {
            let error = api_error_with(40066, format!("invalid url, the sandbox has no {}", request.path));
            return HandledRequest { unknown_path: true, ..self.respond(family, request, Err(error), now_ms) };
        };
        self.stats.record_call(route.path);
        if self.fault_plan.is_empty() {
            return self.run_call(family, route, request, now_ms);
        }
        let openid = target_openid(request);
        let selected = self.fault_plan.select(route.path, openid.as_deref());
        let mut handled = match selected.iter().find(|effect| !effect.takes_effect()) {
            None => self.run_call(family, route, request, now_ms),
            Some(Effect::Errcode(code)) => {
                HandledRequest { openid, ..self.respond(family, request, Err(api_error(*code)), now_ms) }
            }
            Some(_) => HandledRequest { openid, ..HandledRequest::from_reply(HttpResponse::text(200, "")) },
        };
        handled.reply = selected.iter().fold(handled.reply, |reply, effect| effect.apply(reply));
        handled.fault = describe_effects(&selected);
        handled
    }

    /// Writes the reply of a call. An error is recorded, so that a client can query it by its id.
    fn respond(&mut self, family: Family, request: &Request, result: ApiResult, now_ms: i64) -> HandledRequest {
        let errcode = match &result {
            Ok(_) => 0,
            Err(error) => error.errcode,
        };
        let rid = ids::rid(now_ms);
        let reply = family.into_reply(result, &rid);
        // Errors of web authorization cannot be queried.
        if errcode != 0 && family != Family::Sns {
            self.failed_requests.record(rid, request, &reply, now_ms);
        }
        HandledRequest { errcode: Some(errcode), ..HandledRequest::from_reply(reply) }
    }

    fn run_call(&mut self, family: Family, route: &Route, request: &Request, now_ms: i64) -> HandledRequest {
        let mut call = Call { request, now_ms, openid: None };
        let authorized = self.authorize_call(route, &call);
        // Errors of the checks before a call use the same format for a whole family.
        let call_family = if authorized.is_ok() { family.for_call(route.path) } else { family };
        let handled = match (authorized, route.handler) {
            (Err(error), _) => self.respond(call_family, request, Err(error), now_ms),
            (Ok(()), RouteHandler::Json(handler)) => {
                let result = handler(self, &mut call);
                self.respond(call_family, request, result, now_ms)
            }
            (Ok(()), RouteHandler::Raw(handler)) => match handler(self, &mut call) {
                Ok(reply) => HandledRequest {
                    errcode: (reply.status() == 200).then_some(0),
                    ..HandledRequest::from_reply(reply)
                },
                Err(error) => self.respond(call_family, request, Err(error), now_ms),
            },
        };
        HandledRequest { openid: call.openid, ..handled }
    }

    fn authorize_call(&mut self, route: &Route, call: &Call<'_>) -> Result<(), ApiError> {
        if call.request.method != route.method {
            return Err(api_error(if route.method == "GET" { 43001 } else { 43002 }));
        }
        if paths::needs_token(route.path) {
            self.tokens.check(&call.param("access_token"), call.now_ms)?;
            if self.scenario.unauthorized.iter().any(|path| path == route.path) {
                return Err(api_error(48001));
            }
        }
        self.count_call(route.path, call.now_ms)
    }
}

fn json_reply(value: &impl Serialize) -> HttpResponse {
    match serde_json::to_string(value) {
        Ok(body) => HttpResponse::json(200, body),
        Err(error) => HttpResponse::text(500, error.to_string()),
    }
}

/// Returns the openid in the query or the body of a call before it is validated.
fn target_openid(request: &Request) -> Option<String> {
    #[derive(Deserialize)]
    struct Target {
        touser: String,
    }
    match request.param("openid") {
        Some(openid) => Some(openid.into_owned()),
        None => serde_json::from_slice(&request.body).ok().map(|Target { touser }| touser),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_a_route() {
        assert!(ROUTES.iter().map(|route| route.path).eq(paths::API_PATHS.iter().copied()));
    }
}
