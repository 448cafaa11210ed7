//! Template messages: the account's templates, and a card filled in.
//!
//! developers.weixin.qq.com: doc/service/api/notify/template/api_sendtemplatemessage, …/api_getalltemplates

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, refuse, refuse_with};
use super::inbox::Field;
use super::platform::{Call, Platform};
use super::template_fields;
use super::template_types::{Flaw, check};
use super::world::TemplateSettings;

/// In bytes; what the similar id of a mass message documents.
const CLIENT_MSG_ID_BYTES: usize = 64;

impl Platform {
    /// `GET /cgi-bin/template/get_all_private_template`
    pub(super) fn list_templates(&mut self, _: &mut Call<'_>) -> Answer {
        let list: Vec<Value> = self
            .world
            .templates
            .iter()
            .map(|template| {
                json!({
                    "template_id": template.id,
                    "title": template.title,
                    "primary_industry": "",
                    "deputy_industry": "",
                    "content": template.content,
                    "example": "",
                })
            })
            .collect();
        Ok(json!({"template_list": list}))
    }

    /// `POST /cgi-bin/message/template/send`
    pub(super) fn send_template(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let mut message = self.message_to(&body, call)?;
        let id = body["template_id"].as_str().unwrap_or_default();
        let template = self.world.templates.iter().find(|known| known.id == id).ok_or_else(|| refuse(40037))?.clone();
        let data = body["data"].as_object().ok_or_else(|| refuse(47001))?;
        let strict = self.world.strict_templates;
        let client_msg_id = client_msg_id(&body)?;
        if !self.person(&message.openid).is_some_and(|person| person.follows) {
            return Err(refuse(43004));
        }
        if let Some(known) = &client_msg_id
            && let Some(first) = self.inbox.repeat(&message.openid, known, call.now_ms)
        {
            return Ok(accepted(first));
        }
        message.kind = "template";
        message.fields = fill(&template, data, strict)?;
        message.template_id = Some(template.id);
        message.title = Some(template.title);
        message.url = body["url"].as_str().filter(|url| !url.is_empty()).map(str::to_owned);
        message.miniprogram = mini_program(&body["miniprogram"])?;
        message.client_msg_id = client_msg_id;
        let msgid = self.inbox.next_msgid();
        message.msgid = Some(msgid.to_string());
        self.deliver(message);
        Ok(accepted(msgid))
    }
}

/// The success of a message that has an id.
pub(super) fn accepted(msgid: u64) -> Value {
    json!({"errcode": 0, "errmsg": "ok", "msgid": msgid})
}

fn client_msg_id(body: &Value) -> Result<Option<String>, Refusal> {
    match &body["client_msg_id"] {
        Value::Null => Ok(None),
        Value::String(id) if id.is_empty() => Ok(None),
        Value::String(id) if id.len() <= CLIENT_MSG_ID_BYTES => Ok(Some(id.clone())),
        Value::String(_) => Err(refuse(45067)),
        _ => Err(refuse(47001)),
    }
}

/// `appid:path` of a mini-program: 40166 where there can be no such one. The sandbox takes every well-formed appid as
/// linked to the account.
///
/// An object that names nothing is none: a client whose type has no optional fields sends one with every message, and
/// PHP writes an empty one as `[]`.
pub(super) fn mini_program(value: &Value) -> Result<Option<String>, Refusal> {
    let says_nothing = |field: &Value| field.is_null() || field.as_str() == Some("");
    let empty = match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
        _ => false,
    };
    if empty {
        return Ok(None);
    }
    let appid = value["appid"].as_str().unwrap_or_default();
    if !is_app_id(appid) {
        return Err(refuse(40166));
    }
    let path = value["pagepath"].as_str().or_else(|| value["path"].as_str()).unwrap_or_default();
    Ok(Some(format!("{appid}:{path}")))
}

/// Whether it has the shape of an appid.
pub(super) fn is_app_id(text: &str) -> bool {
    let hex = text.strip_prefix("wx").unwrap_or_default();
    hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn fill(template: &TemplateSettings, data: &Map<String, Value>, strict: bool) -> Result<Vec<Field>, Refusal> {
    for value in data.values() {
        if !matches!(value["value"], Value::String(_) | Value::Null) {
            return Err(refuse(47001));
        }
    }
    let mut fields = Vec::new();
    for (key, label) in template_fields::parse(&template.content) {
        let value = data.get(key).and_then(|given| given["value"].as_str()).unwrap_or_default();
        if strict && let Err(flaw) = check(key, value) {
            let what = if flaw == Flaw::Empty { "is empty" } else { "invalid" };
            return Err(refuse_with(47003, format!("argument invalid! data.{key}.value {what}")));
        }
        let shown = template_fields::shown(key, value, strict);
        fields.push(Field { key: key.to_owned(), label: label.to_owned(), value: value.to_owned(), shown });
    }
    Ok(fields)
}
