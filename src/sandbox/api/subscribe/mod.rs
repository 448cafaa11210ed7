//! The endpoints for subscription notifications, which people allow once or until they revoke it.
//!
//! developers.weixin.qq.com: doc/service/api/notify/notify/{api_sendnewsubscribemsg,
//! api_getwxapubnewtemplate}

mod one_time;
mod template_library;

use serde_json::{Map, Value, json};

use super::custom::links::optional_url;
use super::template_fields;
use super::template_types::{FieldError, check_value};
use super::templates::{accepted_response, parse_mini_program_page};
use crate::sandbox::call::Call;
use crate::sandbox::push::event::{PushEvent, ReceiptOutcome};
use crate::sandbox::response::{ApiError, ApiResult, api_error, api_error_with};
use crate::sandbox::scenario::account_setup::SubscriptionConfig;
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::Field;

const MINIPROGRAM_STATES: [&str; 3] = ["developer", "trial", "formal"];
const LANGUAGES: [&str; 4] = ["zh_CN", "en_US", "zh_HK", "zh_TW"];

impl Platform {
    /// `GET /wxaapi/newtmpl/gettemplate`
    pub(in crate::sandbox) fn list_subscriptions(&mut self, _: &mut Call<'_>) -> ApiResult {
        let to_json = |template: &SubscriptionConfig| {
            json!({
                "priTmplId": template.id,
                "title": template.title,
                "content": template.content,
                "example": "",
                "type": if template.long_term { 3 } else { 2 },
            })
        };
        let list: Vec<Value> = self.scenario.subscriptions.iter().map(to_json).collect();
        Ok(json!({"errcode": 0, "errmsg": "ok", "data": list}))
    }

    /// `POST /cgi-bin/message/subscribe/bizsend`
    ///
    /// The page does not mention the `msgid` of the answer, but accounts were seen to get one. It
    /// does not specify whether a person who does not follow can get a notification: here the call
    /// fails as if there was no consent.
    pub(in crate::sandbox) fn send_subscription(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let mut message = self.new_message(&body, call)?;
        let id = body["template_id"].as_str().unwrap_or_default();
        let template = self
            .scenario
            .subscriptions
            .iter()
            .find(|template| template.id == id)
            .ok_or_else(|| api_error(40037))?
            .clone();
        let data = body["data"].as_object().ok_or_else(|| api_error(47001))?;
        message.kind = "subscription";
        message.fields = fill_fields(&template.content, data)?;
        message.url = optional_url(&body["page"], 41030)?;
        message.miniprogram = parse_mini_program_page(&body["miniprogram"])?;
        check_one_of(&body["miniprogram_state"], &MINIPROGRAM_STATES)?;
        check_one_of(&body["lang"], &LANGUAGES)?;
        let person = self.known_index(&message.openid)?;
        if !self.people.get(person).is_some_and(|person| person.follows) {
            return Err(api_error(43101));
        }
        self.consents.consume(person, &template)?;
        let msgid = self.inbox.next_msgid();
        let template_id = template.id.clone();
        let receipt = PushEvent::NotificationReceipt { template_id, msgid, outcome: ReceiptOutcome::default() };
        (message.template_id, message.title) = (Some(template.id), Some(template.title));
        message.msgid = Some(msgid.to_string());
        let openid = message.openid.clone();
        self.deliver(message);
        self.push(&openid, receipt, &call.request.path, call.now_ms);
        Ok(accepted_response(msgid))
    }
}

/// Returns the lines of a notification: 47003 with the first invalid key.
///
/// Each key of the template must have a value that its type allows. The page does not specify the
/// effect of other keys: they are rejected.
fn fill_fields(content: &str, data: &Map<String, Value>) -> Result<Vec<Field>, ApiError> {
    let invalid =
        |key: &str, what: &str| Err(api_error_with(47003, format!("argument invalid! data.{key}.value {what}")));
    let template = template_fields::parse_fields(content);
    let mut fields = Vec::new();
    for (key, label) in &template {
        let value = match data.get(*key).map(|entry| &entry["value"]) {
            None | Some(Value::Null) => "",
            Some(Value::String(value)) => value,
            Some(_) => return Err(api_error(47001)),
        };
        match check_value(key, value) {
            _ if value.trim().is_empty() => return invalid(key, "is empty"),
            Err(FieldError::Empty | FieldError::Invalid) => return invalid(key, "invalid"),
            Ok(()) => {}
        }
        let (key, label, value) = ((*key).to_owned(), (*label).to_owned(), value.to_owned());
        fields.push(Field { key, label, shown: Some(value.clone()), value });
    }
    match data.keys().find(|name| !template.iter().any(|(key, _)| key == name)) {
        Some(unknown) => invalid(unknown, "invalid"),
        None => Ok(fields),
    }
}

/// Checks that a value is one of a list, or missing: 40097.
fn check_one_of(value: &Value, choices: &[&str]) -> Result<(), ApiError> {
    let fits = value.is_null() || value.as_str().is_some_and(|choice| choices.contains(&choice));
    if fits { Ok(()) } else { Err(api_error(40097)) }
}
