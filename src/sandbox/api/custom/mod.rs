//! The endpoints for customer-service messages, which can be sent within the message windows of a
//! person.
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_sendcustommessage

pub(in crate::sandbox) mod links;
mod message_checks;
mod typing;

use serde_json::Value;

use crate::sandbox::call::Call;
use crate::sandbox::response::{self, ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::Message;
use crate::sandbox::time::rfc3339;

impl Platform {
    /// `POST /cgi-bin/message/custom/send`
    pub(in crate::sandbox) fn send_custom(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json_with_literal_escapes()?;
        let mut message = self.new_message(&body, call)?;
        message_checks::check_message(self, &body, &mut message)?;
        message.kf_account = self.kf_account(&body["customservice"])?;
        let index = self.known_index(&message.openid)?;
        let person = self.people.get_mut(index).ok_or_else(|| api_error(40003))?;
        person.consume_reply(call.now_ms)?;
        self.typing.stop(index);
        self.deliver(message);
        Ok(response::ok())
    }

    /// Creates an empty message to the person in `touser`: 40003 if there is no such person.
    pub(super) fn new_message(&mut self, body: &Value, call: &mut Call<'_>) -> Result<Message, ApiError> {
        let openid = body["touser"].as_str().unwrap_or_default();
        let person = self.person_mut(openid).ok_or_else(|| api_error(40003))?;
        call.openid = Some(person.openid.clone());
        Ok(Message {
            person: person.name.clone(),
            openid: person.openid.clone(),
            time: rfc3339(call.now_ms),
            at_ms: call.now_ms,
            size: call.request.body.len(),
            ..Message::default()
        })
    }

    /// Returns the customer-service account that a message names.
    ///
    /// 65400 if the account has none at all, 61452 if it does not have that one. An empty name
    /// counts as missing.
    fn kf_account(&self, value: &Value) -> Result<Option<String>, ApiError> {
        let name = match &value["kf_account"] {
            Value::Null => return Ok(None),
            Value::String(name) if name.is_empty() => return Ok(None),
            Value::String(name) => name.as_str(),
            _ => return Err(api_error(61452)),
        };
        if self.scenario.kf_accounts.is_empty() {
            return Err(api_error(65400));
        }
        let exists = self.scenario.kf_accounts.iter().any(|kf_account| kf_account.account == name);
        if exists { Ok(Some(name.to_owned())) } else { Err(api_error(61452)) }
    }
}
