//! Subscription notifications: what people asked for, once or until they take it back.
//!
//! developers.weixin.qq.com: doc/service/api/notify/notify/{api_sendnewsubscribemsg, api_getwxapubnewtemplate}

mod grants;
mod library;
mod one_time;

use serde_json::{Map, Value, json};

use super::answer::{self, Answer, Refusal, refuse, refuse_with};
use super::custom::is_web;
use super::inbox::Field;
use super::platform::{Call, Platform};
use super::template_fields;
use super::template_types::{Flaw, check};
use super::templates::{accepted, mini_program};
pub(super) use grants::Grants;
pub(super) use one_time::{AskError, scene};

const STATES: [&str; 3] = ["developer", "trial", "formal"];
const LANGUAGES: [&str; 4] = ["zh_CN", "en_US", "zh_HK", "zh_TW"];

impl Platform {
    /// `GET /wxaapi/newtmpl/gettemplate`
    pub(super) fn list_subscriptions(&mut self, _: &mut Call<'_>) -> Answer {
        let template = |it: &super::SubscriptionSettings| {
            json!({
                "priTmplId": it.id,
                "title": it.title,
                "content": it.content,
                "example": "",
                "type": if it.long_term { 3 } else { 2 },
            })
        };
        let list: Vec<Value> = self.world.subscriptions.iter().map(template).collect();
        let mut answer = answer::ok();
        answer["data"] = Value::Array(list);
        Ok(answer)
    }

    /// `POST /cgi-bin/message/subscribe/bizsend`. The page does not mention the `msgid` of the answer; accounts were
    /// seen to get one. Whether somebody who does not follow can be sent one is not said there: here it is as if nothing
    /// was allowed.
    pub(super) fn send_subscription(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let mut message = self.message_to(&body, call)?;
        let id = body["template_id"].as_str().unwrap_or_default();
        let template = self.world.subscriptions.iter().find(|it| it.id == id).ok_or_else(|| refuse(40037))?.clone();
        let data = body["data"].as_object().ok_or_else(|| refuse(47001))?;
        message.kind = "subscription";
        message.fields = fill(&template.content, data)?;
        message.url = page(&body["page"])?;
        message.miniprogram = target(&body["miniprogram"])?;
        one_of(&body["miniprogram_state"], &STATES)?;
        one_of(&body["lang"], &LANGUAGES)?;
        let place = self.place_of(&message.openid).ok_or_else(|| refuse(40003))?;
        if !self.people.get(place).is_some_and(|person| person.follows) {
            return Err(refuse(43101));
        }
        self.grants.spend(place, &template)?;
        (message.template_id, message.title) = (Some(template.id), Some(template.title));
        let msgid = self.inbox.next_msgid();
        message.msgid = Some(msgid.to_string());
        self.deliver(message);
        Ok(accepted(msgid))
    }
}

/// The lines of a card: each key of the template must have a value that its type allows, and there must be no other
/// (47003, with the first one that is wrong). The page does not say what other keys do: refused.
fn fill(content: &str, data: &Map<String, Value>) -> Result<Vec<Field>, Refusal> {
    let wrong = |key: &str, what: &str| Err(refuse_with(47003, format!("argument invalid! data.{key}.value {what}")));
    let template = template_fields::parse(content);
    let mut fields = Vec::new();
    for (key, label) in &template {
        let value = match data.get(*key).map(|given| &given["value"]) {
            None | Some(Value::Null) => "",
            Some(Value::String(value)) => value,
            Some(_) => return Err(refuse(47001)),
        };
        match check(key, value) {
            _ if value.trim().is_empty() => return wrong(key, "is empty"),
            Err(Flaw::Empty | Flaw::Invalid) => return wrong(key, "invalid"),
            Ok(()) => {}
        }
        let (key, label, value) = ((*key).to_owned(), (*label).to_owned(), value.to_owned());
        fields.push(Field { key, label, shown: Some(value.clone()), value });
    }
    match data.keys().find(|given| !template.iter().any(|(key, _)| key == given)) {
        Some(strange) => wrong(strange, "invalid"),
        None => Ok(fields),
    }
}

/// The page that a tap opens: 41030 where it is none of the web.
fn page(value: &Value) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(url) if url.is_empty() => Ok(None),
        Value::String(url) if is_web(url) => Ok(Some(url.clone())),
        _ => Err(refuse(41030)),
    }
}

/// The mini-program that a tap opens, which must say where: 40166, 40165.
fn target(value: &Value) -> Result<Option<String>, Refusal> {
    let target = mini_program(value)?;
    if target.is_some() && value["pagepath"].as_str().is_none_or(str::is_empty) {
        return Err(refuse(40165));
    }
    Ok(target)
}

/// A word of a list, or none: 40097.
fn one_of(value: &Value, words: &[&str]) -> Result<(), Refusal> {
    let fits = value.is_null() || value.as_str().is_some_and(|word| words.contains(&word));
    if fits { Ok(()) } else { Err(refuse(40097)) }
}
