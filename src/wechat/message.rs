//! What can be sent to one person, and the two calls that send it.
//! Pages: doc/service/api/customer/message/api_sendcustommessage,
//! doc/service/api/notify/template/api_sendtemplatemessage.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client::Twice;
use super::token::word;
use super::{Client, Result};
use crate::secret::Secret;

/// The longest text of a customer-service message that WeChat is known to take, in bytes of UTF-8.
pub const TEXT_LIMIT: usize = 2048;

/// A field of a template message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What is shown.
    pub value: String,
    /// `#RRGGBB`; accepted by WeChat, and since 2023-05-04 without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A page of a mini-program, opened when the message is tapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiniProgram {
    /// The mini-program's appid; it must be linked to the account.
    pub appid: String,
    /// The page, with its query; without one, the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
}

/// The content of a message: everything but the recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Content {
    /// A customer-service text.
    Text {
        /// Up to [`TEXT_LIMIT`] bytes.
        content: String,
    },
    /// A template message.
    Template {
        /// From the account's own list.
        template_id: String,
        /// Opened when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Preferred over `url` where both are given.
        #[serde(skip_serializing_if = "Option::is_none")]
        miniprogram: Option<MiniProgram>,
        /// Key → [`Field`], in order.
        data: Map<String, Value>,
    },
}

impl Content {
    /// `text`, `template`, …: the word for it in the outbox and in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Template { .. } => "template",
        }
    }

    /// Whether WeChat drops a repeat of it (`client_msg_id`).
    pub fn is_deduplicated(&self) -> bool {
        matches!(self, Self::Template { .. })
    }

    /// The body of the request, in raw UTF-8: WeChat refuses `\u` escapes.
    pub fn body(&self, openid: &str, client_msg_id: Option<&str>) -> String {
        let body = match self {
            Self::Text { content } => json!({"touser": openid, "msgtype": "text", "text": {"content": content}}),
            Self::Template { template_id, url, miniprogram, data } => {
                let mut body = json!({"touser": openid, "template_id": template_id});
                if let Some(url) = url {
                    body["url"] = json!(url);
                }
                if let Some(target) = miniprogram {
                    body["miniprogram"] = json!(target);
                }
                if let Some(id) = client_msg_id {
                    body["client_msg_id"] = json!(id);
                }
                body["data"] = Value::Object(data.clone());
                body
            }
        };
        body.to_string()
    }

    fn api(&self) -> &'static str {
        match self {
            Self::Text { .. } => "/cgi-bin/message/custom/send",
            Self::Template { .. } => "/cgi-bin/message/template/send",
        }
    }
}

/// Text as WeChat can take it: line ends as `\n`, none at the end, and no control characters, which JSON
/// could only carry as `\u` escapes.
pub fn clean_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.truncate(text.trim_end_matches('\n').len());
    text
}

impl Client {
    /// Sends a message; WeChat's id of it, where it gives one.
    ///
    /// # Errors
    /// Any [`Error`](super::Error).
    pub fn send(
        &self,
        token: &Secret,
        content: &Content,
        openid: &str,
        client_msg_id: Option<&str>,
    ) -> Result<Option<String>> {
        let dropped = content.is_deduplicated() && client_msg_id.is_some();
        let twice = if dropped { Twice::Harmless } else { Twice::Harmful };
        let body = content.body(openid, client_msg_id);
        let answer = self.post_as(content.api(), Some(token), body.as_bytes(), twice)?;
        self.accepted(&answer)?;
        // It exceeds 2^53, so it is kept as the digits that came.
        Ok(answer.get("msgid").and_then(|id| match id {
            Value::Number(number) => Some(number.to_string()),
            other => word(other).map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_platforms_shapes_in_raw_utf_8() {
        let text = Content::Text { content: "备份完成 🎉 <a href=\"https://x\">&</a>".into() };
        assert_eq!(
            text.body("oA", Some("ignored")),
            r#"{"touser":"oA","msgtype":"text","text":{"content":"备份完成 🎉 <a href=\"https://x\">&</a>"}}"#
        );
        let data = json!({"host": {"value": "数据库1"}, "first": {"value": "x", "color": "#173177"}});
        let template = Content::Template {
            template_id: "T".into(),
            url: Some("https://e".into()),
            miniprogram: Some(MiniProgram { appid: "wx1".into(), pagepath: Some("p?a=1".into()) }),
            data: data.as_object().unwrap().clone(),
        };
        assert_eq!(
            template.body("oA", Some("ff")),
            r##"{"touser":"oA","template_id":"T","url":"https://e","miniprogram":{"appid":"wx1","pagepath":"p?a=1"},"client_msg_id":"ff","data":{"host":{"value":"数据库1"},"first":{"value":"x","color":"#173177"}}}"##
        );
    }

    #[test]
    fn text_is_cleaned_of_what_json_must_escape() {
        let cases = [
            ("a\r\nb\n\n", "a\nb"),
            ("\u{1b}[31mred\u{0}", "[31mred"),
            ("tab\tand\rreturn", "tab\tandreturn"),
            ("a\n\r\u{7f}", "a"),
        ];
        for (raw, clean) in cases {
            assert_eq!(clean_text(raw), clean);
        }
    }

    #[test]
    fn content_survives_the_outbox() {
        let content = Content::Template {
            template_id: "T".into(),
            url: None,
            miniprogram: None,
            data: json!({"z": {"value": "1"}, "a": {"value": "2"}}).as_object().unwrap().clone(),
        };
        let kept = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&kept).unwrap(), content);
    }
}
