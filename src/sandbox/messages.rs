//! Customer-service messages: texts and one news card, in the windows that the people open.
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_sendcustommessage

use serde_json::Value;

use super::answer::{self, Answer, Refusal, refuse, refuse_with};
use super::inbox::Message;
use super::platform::{Call, Platform, rfc3339};

/// In bytes of UTF-8; the page gives no number, this is what others measured.
const TEXT_BYTES: usize = 2048;

impl Platform {
    /// `POST /cgi-bin/message/custom/send`
    pub(super) fn send_custom(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let mut message = self.message_to(&body, call)?;
        match body["msgtype"].as_str().unwrap_or_default() {
            "text" => text(&body, &mut message)?,
            "news" => news(&body, &mut message)?,
            // No media was ever uploaded to this sandbox.
            "image" | "voice" | "video" | "mpnews" => return Err(refuse(40007)),
            "msgmenu" => return Err(refuse(40200)),
            kind @ ("music" | "mpnewsarticle" | "wxcard" | "miniprogrampage") => {
                return Err(refuse_with(40008, format!("invalid message type, the sandbox does not show {kind}")));
            }
            _ => return Err(refuse(40008)),
        }
        let person = self.person(&message.openid).ok_or_else(|| refuse(40003))?;
        person.spend(call.now_ms)?;
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
            kind: "text",
            content: None,
            template_id: None,
            title: None,
            fields: Vec::new(),
            url: None,
            miniprogram: None,
            time: rfc3339(call.now_ms),
            at_ms: call.now_ms,
            msgid: None,
            client_msg_id: None,
            repeats: 0,
        })
    }
}

fn text(body: &Value, message: &mut Message) -> Result<(), Refusal> {
    let content = match &body["text"]["content"] {
        Value::String(content) if !content.is_empty() => content,
        Value::String(_) | Value::Null => return Err(refuse(44004)),
        _ => return Err(refuse(47001)),
    };
    if content.len() > TEXT_BYTES {
        return Err(refuse(45002));
    }
    message.content = Some(content.clone());
    Ok(())
}

fn news(body: &Value, message: &mut Message) -> Result<(), Refusal> {
    let article = match body["news"]["articles"].as_array().map(Vec::as_slice) {
        None | Some([]) => return Err(refuse(44003)),
        Some([article]) => article,
        Some(_) => return Err(refuse(45008)),
    };
    message.kind = "news";
    let field = |name: &str| article[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    message.title = field("title");
    message.content = field("description");
    message.url = field("url");
    Ok(())
}
