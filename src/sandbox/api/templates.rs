//! The endpoints for template messages: the account's templates, and sending.
//!
//! developers.weixin.qq.com: doc/service/api/notify/template/{api_sendtemplatemessage,
//! api_getalltemplates, api_addtemplate, api_deletetemplate}

use serde_json::{Map, Value, json};

use super::template_fields;
use super::template_types::{FieldError, check_value};
use crate::sandbox::call::Call;
use crate::sandbox::ids;
use crate::sandbox::push::event::{PushEvent, ReceiptOutcome};
use crate::sandbox::response::{self, ApiError, ApiResult, api_error, api_error_with};
use crate::sandbox::scenario::account_setup::TemplateConfig;
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::Field;

/// The maximum number of templates of an account.
pub(super) const MAX_TEMPLATES: usize = 25;
/// The maximum length in bytes, which is documented for the similar id of a mass message only.
const MAX_CLIENT_MSG_ID_BYTES: usize = 64;

impl Platform {
    /// `GET /cgi-bin/template/get_all_private_template`
    pub(in crate::sandbox) fn list_templates(&mut self, _: &mut Call<'_>) -> ApiResult {
        let list: Vec<Value> = self
            .scenario
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

    /// `POST /cgi-bin/template/api_add_template`
    pub(in crate::sandbox) fn add_template(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let number = body["template_id_short"].as_str().unwrap_or_default();
        if is_legacy(number) {
            return Err(api_error(40247));
        }
        let template =
            self.scenario.library.iter().find(|template| template.number == number).ok_or_else(|| api_error(40037))?;
        let names = body["keyword_name_list"].as_array().ok_or_else(|| api_error(40246))?;
        // Escaped names do not match those of the library.
        let content =
            template.build_content(names).filter(|_| !call.has_escaped_text()).ok_or_else(|| api_error(40246))?;
        if self.scenario.templates.len() >= MAX_TEMPLATES {
            return Err(api_error(45026));
        }
        let id = ids::template_id();
        let title = template.title.clone();
        self.scenario.templates.push(TemplateConfig { id: id.clone(), title, content });
        Ok(json!({"errcode": 0, "errmsg": "ok", "template_id": id}))
    }

    /// `POST /cgi-bin/template/del_private_template`
    pub(in crate::sandbox) fn remove_template(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let id = body["template_id"].as_str().unwrap_or_default();
        let index =
            self.scenario.templates.iter().position(|template| template.id == id).ok_or_else(|| api_error(40037))?;
        self.scenario.templates.remove(index);
        Ok(response::ok())
    }

    /// `POST /cgi-bin/message/template/send`
    pub(in crate::sandbox) fn send_template(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let mut message = self.new_message(&body, call)?;
        let id = body["template_id"].as_str().unwrap_or_default();
        let template =
            self.scenario.templates.iter().find(|template| template.id == id).ok_or_else(|| api_error(40037))?.clone();
        let data = body["data"].as_object().ok_or_else(|| api_error(47001))?;
        let strict = self.scenario.strict_templates;
        let client_msg_id = parse_client_msg_id(&body)?;
        if !self.person_mut(&message.openid).is_some_and(|person| person.follows) {
            return Err(api_error(43004));
        }
        if let Some(id) = &client_msg_id
            && let Some(msgid) = self.inbox.record_duplicate(&message.openid, id, call.now_ms)
        {
            return Ok(accepted_response(msgid));
        }
        message.kind = "template";
        message.fields = fill_fields(&template, data, strict)?;
        message.template_id = Some(template.id);
        message.title = Some(template.title);
        message.url = body["url"].as_str().filter(|url| !url.is_empty()).map(str::to_owned);
        message.miniprogram = parse_mini_program(&body["miniprogram"])?;
        message.client_msg_id = client_msg_id;
        let msgid = self.inbox.next_msgid();
        message.msgid = Some(msgid.to_string());
        let openid = message.openid.clone();
        self.deliver(message);
        let receipt = PushEvent::TemplateReceipt { msgid, outcome: ReceiptOutcome::default() };
        self.push(&openid, receipt, &call.request.path, call.now_ms);
        Ok(accepted_response(msgid))
    }
}

/// Returns the JSON of a success with a message id.
pub(super) fn accepted_response(msgid: u64) -> Value {
    json!({"errcode": 0, "errmsg": "ok", "msgid": msgid})
}

fn parse_client_msg_id(body: &Value) -> Result<Option<String>, ApiError> {
    match &body["client_msg_id"] {
        Value::Null => Ok(None),
        Value::String(id) if id.is_empty() => Ok(None),
        Value::String(id) if id.len() <= MAX_CLIENT_MSG_ID_BYTES => Ok(Some(id.clone())),
        Value::String(_) => Err(api_error(45067)),
        _ => Err(api_error(47001)),
    }
}

/// Parses a mini-program as `appid:path`: 40166 if the appid is malformed.
///
/// The sandbox treats every well-formed appid as linked to the account.
///
/// An object without values counts as missing: a client whose type has no optional fields sends one
/// with every message, and PHP writes an empty one as `[]`.
pub(super) fn parse_mini_program(value: &Value) -> Result<Option<String>, ApiError> {
    let is_blank = |field: &Value| field.is_null() || field.as_str() == Some("");
    let empty = match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(is_blank),
        _ => false,
    };
    if empty {
        return Ok(None);
    }
    let appid = value["appid"].as_str().unwrap_or_default();
    if !is_app_id(appid) {
        return Err(api_error(40166));
    }
    let path = value["pagepath"].as_str().or_else(|| value["path"].as_str()).unwrap_or_default();
    Ok(Some(format!("{appid}:{path}")))
}

/// Parses the mini-program that a tap opens, which must have a page: 40166, 40165.
pub(super) fn parse_mini_program_page(value: &Value) -> Result<Option<String>, ApiError> {
    let target = parse_mini_program(value)?;
    if target.is_some() && value["pagepath"].as_str().is_none_or(str::is_empty) {
        return Err(api_error(40165));
    }
    Ok(target)
}

/// Returns whether the text has the shape of an appid.
pub(super) fn is_app_id(text: &str) -> bool {
    let hex = text.strip_prefix("wx").unwrap_or_default();
    hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn fill_fields(template: &TemplateConfig, data: &Map<String, Value>, strict: bool) -> Result<Vec<Field>, ApiError> {
    for value in data.values() {
        if !matches!(value["value"], Value::String(_) | Value::Null) {
            return Err(api_error(47001));
        }
    }
    let mut fields = Vec::new();
    for (key, label) in template_fields::parse_fields(&template.content) {
        let value = data.get(key).and_then(|entry| entry["value"].as_str()).unwrap_or_default();
        if strict && let Err(error) = check_value(key, value) {
            let problem = if error == FieldError::Empty { "is empty" } else { "invalid" };
            return Err(api_error_with(47003, format!("argument invalid! data.{key}.value {problem}")));
        }
        let shown = template_fields::displayed(key, value, strict);
        fields.push(Field { key: key.to_owned(), label: label.to_owned(), value: value.to_owned(), shown });
    }
    Ok(fields)
}

/// Returns whether it is a number of the library that was closed in 2025: `TM00001`,
/// `OPENTM200001`.
fn is_legacy(number: &str) -> bool {
    let digits = number.trim_start_matches("OPEN").trim_start_matches("TM");
    digits.len() < number.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_legacy;

    #[test]
    fn legacy_template_numbers_are_recognized() {
        for (number, legacy) in [
            ("TM00001", true),
            ("OPENTM200001", true),
            ("OPENTMTM00001", true),
            ("43216", false),
            ("TM", false),
            ("TMx", false),
            ("", false),
        ] {
            assert_eq!(is_legacy(number), legacy, "{number}");
        }
    }
}
