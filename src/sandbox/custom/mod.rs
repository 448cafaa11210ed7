//! Customer-service messages: every kind, in the windows that the people open.
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_sendcustommessage

mod kinds;
pub(super) mod links;
mod typing;

use serde_json::Value;

use super::answer::{self, Answer, Refusal, refuse};
use super::inbox::Message;
use super::platform::{Call, Platform, rfc3339};
pub(super) use kinds::is_web;
pub(super) use typing::Typing;

impl Platform {
    /// `POST /cgi-bin/message/custom/send`
    pub(super) fn send_custom(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.literal_json()?;
        let mut message = self.message_to(&body, call)?;
        kinds::read(self, &body, &mut message)?;
        message.kf_account = self.clerk(&body["customservice"])?;
        let place = self.place_of(&message.openid).ok_or_else(|| refuse(40003))?;
        let person = self.people.get_mut(place).ok_or_else(|| refuse(40003))?;
        person.spend(call.now_ms)?;
        self.typing.ends(place);
        self.deliver(message);
        Ok(answer::ok())
    }

    /// Puts a message on its phone.
    pub(super) fn deliver(&mut self, message: Message) {
        self.stats.delivered(&message);
        self.inbox.deliver(message);
    }

    /// An empty message to the person that a body's `touser` names: 40003 where it names nobody.
    pub(super) fn message_to(&mut self, body: &Value, call: &mut Call<'_>) -> Result<Message, Refusal> {
        let openid = body["touser"].as_str().unwrap_or_default();
        let person = self.person(openid).ok_or_else(|| refuse(40003))?;
        call.to = Some(person.openid.clone());
        Ok(Message {
            person: person.name.clone(),
            openid: person.openid.clone(),
            time: rfc3339(call.now_ms),
            at_ms: call.now_ms,
            size: call.request.body.len(),
            ..Message::default()
        })
    }

    /// The customer-service account that a message names: 65400 where the account has none at all, 61452 where it has
    /// not that one. An empty name is none.
    fn clerk(&self, value: &Value) -> Result<Option<String>, Refusal> {
        let name = match &value["kf_account"] {
            Value::Null => return Ok(None),
            Value::String(name) if name.is_empty() => return Ok(None),
            Value::String(name) => name.as_str(),
            _ => return Err(refuse(61452)),
        };
        if self.world.kf_accounts.is_empty() {
            return Err(refuse(65400));
        }
        let known = self.world.kf_accounts.iter().any(|clerk| clerk.account == name);
        if known { Ok(Some(name.to_owned())) } else { Err(refuse(61452)) }
    }
}
