//! One-time subscriptions: the page that asks a person, and the one message that may follow.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/One-time_subscription_info,
//! doc/service/api/notify/subscribe/api_templatesubscribe

use serde_json::Value;
use url::Url;

use super::{is_web_url, parse_miniprogram};
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::call::Call;
use crate::sandbox::response;
use crate::sandbox::response::HandledRequest;
use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;

const MAX_RESERVED_BYTES: usize = 128;
const MAX_SCENE: u16 = 10_000;
const MAX_TITLE_CHARS: usize = 15;
const MAX_CONTENT_CHARS: usize = 200;

/// Why the phone shows an error page in place of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum ConsentError {
    /// Another `action` than `get_confirm`.
    Action,
    AppId,
    Scene,
    Template,
    /// No address, or none on the business domain.
    Redirect,
    /// Other characters, or longer than 128 bytes.
    Reserved,
}

/// A link of `/mp/subscribemsg` that holds.
pub(in crate::sandbox) struct ConsentRequest {
    scene: u16,
    redirect: Url,
    reserved: String,
}

impl Platform {
    /// Reads the query of a link that asks for a one-time subscription.
    pub(in crate::sandbox) fn parse_consent_request(&self, request: &Request) -> Result<ConsentRequest, ConsentError> {
        let value = |name: &str| request.param(name).unwrap_or_default();
        if value("action") != "get_confirm" {
            return Err(ConsentError::Action);
        }
        if value("appid") != self.scenario.app_id {
            return Err(ConsentError::AppId);
        }
        let scene = parse_scene(&value("scene")).ok_or(ConsentError::Scene)?;
        if value("template_id") != self.scenario.one_time_template {
            return Err(ConsentError::Template);
        }
        let redirect = Url::parse(&value("redirect_url")).ok().filter(|url| self.is_business_url(url));
        let redirect = redirect.ok_or(ConsentError::Redirect)?;
        let reserved = value("reserved").into_owned();
        if reserved.len() > MAX_RESERVED_BYTES || !reserved.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ConsentError::Reserved);
        }
        Ok(ConsentRequest { scene, redirect, reserved })
    }

    fn is_business_url(&self, url: &Url) -> bool {
        let place = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return false,
        };
        let domain = self.scenario.business_domain.as_ref();
        is_web_url(url.as_str()) && domain.is_none_or(|domain| domain.eq_ignore_ascii_case(&place))
    }

    /// The person's answer: the phone goes back with it, and with the openid where it was yes.
    pub(in crate::sandbox) fn answer_consent(
        &mut self,
        ask: ConsentRequest,
        person: usize,
        confirms: bool,
    ) -> HandledRequest {
        let Some(openid) = self.people.get(person).map(|person| person.openid.clone()) else {
            return HandledRequest::from_reply(HttpResponse::text(404, ""));
        };
        let mut url = ask.redirect;
        {
            let mut query = url.query_pairs_mut();
            if confirms {
                query.append_pair("openid", &openid);
            }
            query.append_pair("template_id", &self.scenario.one_time_template);
            query.append_pair("action", if confirms { "confirm" } else { "cancel" });
            query.append_pair("scene", &ask.scene.to_string());
            query.append_pair("reserved", &ask.reserved);
        }
        if confirms {
            self.consents.grant_scene(person, ask.scene);
        }
        HandledRequest {
            errcode: Some(0),
            openid: confirms.then_some(openid),
            ..HandledRequest::from_reply(HttpResponse::redirect(url.as_str()))
        }
    }

    /// `POST /cgi-bin/message/template/subscribe`. The recipient need not follow.
    pub(in crate::sandbox) fn send_one_time(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let mut message = self.new_message(&body, call)?;
        if body["template_id"].as_str() != Some(self.scenario.one_time_template.as_str()) {
            return Err(api_error(40037));
        }
        let scene = match &body["scene"] {
            Value::String(text) => parse_scene(text).ok_or_else(|| api_error(40129))?,
            Value::Null => return Err(api_error(40129)),
            // The table calls it a string.
            _ => return Err(api_error(47001)),
        };
        let content = &body["data"]["content"];
        message.title = Some(bounded_text(&body["title"], MAX_TITLE_CHARS, 45003, 45003)?);
        message.content = Some(bounded_text(&content["value"], MAX_CONTENT_CHARS, 44004, 45002)?);
        if !matches!(content["color"], Value::Null | Value::String(_)) {
            return Err(api_error(47001));
        }
        message.url = match &body["url"] {
            Value::Null => None,
            Value::String(url) if url.is_empty() => None,
            Value::String(url) if is_web_url(url) => Some(url.clone()),
            _ => return Err(api_error(40066)),
        };
        message.miniprogram = parse_miniprogram(&body["miniprogram"])?;
        let place = self.person_index(&message.openid).ok_or_else(|| api_error(40003))?;
        self.consents.consume_scene(place, scene)?;
        message.kind = "one_time";
        message.scene = Some(scene);
        message.template_id = Some(self.scenario.one_time_template.clone());
        self.deliver(message);
        Ok(response::ok())
    }
}

/// A scene: 0 to 10,000, in digits.
pub(in crate::sandbox) fn parse_scene(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|scene| digits && *scene <= MAX_SCENE)
}

/// A text of so many characters at most: one refusal where it is empty, another where it is longer.
fn bounded_text(value: &Value, most: usize, empty: i64, long: i64) -> Result<String, ApiError> {
    let text = match value {
        Value::String(text) if !text.trim().is_empty() => text,
        Value::String(_) | Value::Null => return Err(api_error(empty)),
        _ => return Err(api_error(47001)),
    };
    if text.chars().count() > most { Err(api_error(long)) } else { Ok(text.clone()) }
}
