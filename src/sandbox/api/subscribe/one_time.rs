//! One-time subscriptions: the answer of a person to the consent page, and the message that is then
//! allowed.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/One-time_subscription_info,
//! doc/service/api/notify/subscribe/api_templatesubscribe

use serde_json::Value;

use crate::http_server::HttpResponse;
use crate::sandbox::api::consent_request::{ConsentRequest, parse_scene};
use crate::sandbox::api::custom::links::optional_url;
use crate::sandbox::api::templates::parse_mini_program_page;
use crate::sandbox::call::Call;
use crate::sandbox::response::{self, ApiError, ApiResult, HandledRequest, api_error};
use crate::sandbox::state::Platform;

const MAX_TITLE_CHARS: usize = 15;
const MAX_CONTENT_CHARS: usize = 200;

impl Platform {
    /// Redirects the phone with the person's answer, and with the openid if the person confirmed.
    pub(in crate::sandbox) fn answer_consent(
        &mut self,
        consent: ConsentRequest,
        person: usize,
        confirms: bool,
    ) -> HandledRequest {
        let Some(openid) = self.people.get(person).map(|person| person.openid.clone()) else {
            return HandledRequest::from_reply(HttpResponse::text(404, ""));
        };
        let mut url = consent.redirect;
        {
            let mut query = url.query_pairs_mut();
            if confirms {
                query.append_pair("openid", &openid);
            }
            query.append_pair("template_id", &self.scenario.one_time_template);
            query.append_pair("action", if confirms { "confirm" } else { "cancel" });
            query.append_pair("scene", &consent.scene.to_string());
            query.append_pair("reserved", &consent.reserved);
        }
        if confirms {
            self.consents.grant_scene(person, consent.scene);
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
            // The parameter table documents it as a string.
            _ => return Err(api_error(47001)),
        };
        let content = &body["data"]["content"];
        message.title = Some(bounded_text(&body["title"], MAX_TITLE_CHARS, 45003, 45003)?);
        message.content = Some(bounded_text(&content["value"], MAX_CONTENT_CHARS, 44004, 45002)?);
        if !matches!(content["color"], Value::Null | Value::String(_)) {
            return Err(api_error(47001));
        }
        message.url = optional_url(&body["url"], 40066)?;
        message.miniprogram = parse_mini_program_page(&body["miniprogram"])?;
        let person = self.known_index(&message.openid)?;
        self.consents.consume_scene(person, scene)?;
        message.kind = "one_time";
        message.scene = Some(scene);
        message.template_id = Some(self.scenario.one_time_template.clone());
        self.deliver(message);
        Ok(response::ok())
    }
}

/// Returns a text of at most `max_chars` characters.
///
/// The errors for an empty and for a longer text are given.
fn bounded_text(value: &Value, max_chars: usize, empty_error: i64, long_error: i64) -> Result<String, ApiError> {
    let text = match value {
        Value::String(text) if !text.trim().is_empty() => text,
        Value::String(_) | Value::Null => return Err(api_error(empty_error)),
        _ => return Err(api_error(47001)),
    };
    if text.chars().count() > max_chars { Err(api_error(long_error)) } else { Ok(text.clone()) }
}
