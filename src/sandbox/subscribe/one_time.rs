//! One-time subscriptions: the page that asks a person, and the one message that may follow.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/One-time_subscription_info,
//! doc/service/api/notify/subscribe/api_templatesubscribe

use serde_json::Value;
use url::Url;

use super::{is_web, target};
use crate::http::{Reply, Request};
use crate::sandbox::answer::{self, Answer, Refusal, refuse};
use crate::sandbox::platform::{Call, Handled, Platform};

const RESERVED_BYTES: usize = 128;
const SCENES: u16 = 10_000;
const TITLE: usize = 15;
const CONTENT: usize = 200;

/// Why the phone shows an error page in place of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum AskError {
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
pub(in crate::sandbox) struct Ask {
    scene: u16,
    redirect: Url,
    reserved: String,
}

impl Platform {
    /// Reads the query of a link that asks for a one-time subscription.
    pub(in crate::sandbox) fn read_ask(&self, request: &Request) -> Result<Ask, AskError> {
        let value = |name: &str| request.param(name).unwrap_or_default();
        if value("action") != "get_confirm" {
            return Err(AskError::Action);
        }
        if value("appid") != self.world.app_id {
            return Err(AskError::AppId);
        }
        let scene = scene(&value("scene")).ok_or(AskError::Scene)?;
        if value("template_id") != self.world.one_time_template {
            return Err(AskError::Template);
        }
        let redirect = Url::parse(&value("redirect_url")).ok().filter(|url| self.is_business(url));
        let redirect = redirect.ok_or(AskError::Redirect)?;
        let reserved = value("reserved").into_owned();
        if reserved.len() > RESERVED_BYTES || !reserved.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(AskError::Reserved);
        }
        Ok(Ask { scene, redirect, reserved })
    }

    fn is_business(&self, url: &Url) -> bool {
        let place = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return false,
        };
        let domain = self.world.business_domain.as_ref();
        is_web(url.as_str()) && domain.is_none_or(|domain| domain.eq_ignore_ascii_case(&place))
    }

    /// The person's answer: the phone goes back with it, and with the openid where it was yes.
    pub(in crate::sandbox) fn answer_ask(&mut self, ask: Ask, person: usize, confirms: bool) -> Handled {
        let Some(openid) = self.people.get(person).map(|person| person.openid.clone()) else {
            return Handled::page(Reply::text(404, ""));
        };
        let mut url = ask.redirect;
        {
            let mut query = url.query_pairs_mut();
            if confirms {
                query.append_pair("openid", &openid);
            }
            query.append_pair("template_id", &self.world.one_time_template);
            query.append_pair("action", if confirms { "confirm" } else { "cancel" });
            query.append_pair("scene", &ask.scene.to_string());
            query.append_pair("reserved", &ask.reserved);
        }
        if confirms {
            self.grants.give_scene(person, ask.scene);
        }
        Handled { errcode: Some(0), to: confirms.then_some(openid), ..Handled::page(Reply::redirect(url.as_str())) }
    }

    /// `POST /cgi-bin/message/template/subscribe`. The recipient need not follow.
    pub(in crate::sandbox) fn send_one_time(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let mut message = self.message_to(&body, call)?;
        if body["template_id"].as_str() != Some(self.world.one_time_template.as_str()) {
            return Err(refuse(40037));
        }
        let scene = match &body["scene"] {
            Value::String(text) => scene(text).ok_or_else(|| refuse(40129))?,
            Value::Null => return Err(refuse(40129)),
            // The table calls it a string.
            _ => return Err(refuse(47001)),
        };
        let content = &body["data"]["content"];
        message.title = Some(limited(&body["title"], TITLE, 45003, 45003)?);
        message.content = Some(limited(&content["value"], CONTENT, 44004, 45002)?);
        if !matches!(content["color"], Value::Null | Value::String(_)) {
            return Err(refuse(47001));
        }
        message.url = match &body["url"] {
            Value::Null => None,
            Value::String(url) if url.is_empty() => None,
            Value::String(url) if is_web(url) => Some(url.clone()),
            _ => return Err(refuse(40066)),
        };
        message.miniprogram = target(&body["miniprogram"])?;
        let place = self.place_of(&message.openid).ok_or_else(|| refuse(40003))?;
        self.grants.spend_scene(place, scene)?;
        message.kind = "one_time";
        message.scene = Some(scene);
        message.template_id = Some(self.world.one_time_template.clone());
        self.deliver(message);
        Ok(answer::ok())
    }
}

/// A scene: 0 to 10,000, in digits.
pub(in crate::sandbox) fn scene(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|scene| digits && *scene <= SCENES)
}

/// A text of so many characters at most: one refusal where it is empty, another where it is longer.
fn limited(value: &Value, most: usize, empty: i64, long: i64) -> Result<String, Refusal> {
    let text = match value {
        Value::String(text) if !text.trim().is_empty() => text,
        Value::String(_) | Value::Null => return Err(refuse(empty)),
        _ => return Err(refuse(47001)),
    };
    if text.chars().count() > most { Err(refuse(long)) } else { Ok(text.clone()) }
}
