//! The content of a message to one person, and the call that sends it.
//!
//! Pages: doc/service/api/customer/message/api_sendcustommessage,
//! doc/service/api/notify/template/api_sendtemplatemessage,
//! doc/service/api/notify/notify/api_sendnewsubscribemsg,
//! doc/service/api/notify/subscribe/api_templatesubscribe.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client::CallTrace;
use super::lenient_json::as_text;
use super::media::MediaType;
use super::message_schema::MessageType;
use super::{Client, Result};
use crate::clock::Timestamp;
use crate::secret::Secret;

/// The longest text of a customer-service message that WeChat is known to accept, in bytes of
/// UTF-8.
pub const MAX_TEXT_BYTES: usize = 2048;

/// A field of a template message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateField {
    /// The text that the phone shows.
    pub value: String,
    /// A color, `#RRGGBB`. WeChat accepts it, but has ignored it since 2023-05-04.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A mini-program page that opens when the message is tapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiniProgram {
    /// The mini-program's appid; the mini-program must be linked to the account.
    pub appid: String,
    /// The page with its query; the mini-program's first page if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
}

/// The content of a message: everything except the recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Content {
    /// A customer-service text.
    Text {
        /// The text, at most [`MAX_TEXT_BYTES`] bytes.
        content: String,
        /// The customer-service account that sends it, `name@account`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kf_account: Option<String>,
    },
    /// A customer-service message of any other type.
    Custom {
        /// The type.
        msgtype: MessageType,
        /// The fields of the type, checked against [`message_schema`](super::message_schema). A
        /// field that stands for a file not uploaded yet holds a [`FileRef`].
        branch: Map<String, Value>,
        /// The customer-service account that sends it, `name@account`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kf_account: Option<String>,
    },
    /// A template message.
    Template {
        /// The ID of a template in the account's own list.
        template_id: String,
        /// The page that opens when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The mini-program page to open; WeChat prefers it over `url` if both are given.
        #[serde(skip_serializing_if = "Option::is_none")]
        miniprogram: Option<MiniProgram>,
        /// The fields in order; each value is a [`TemplateField`].
        data: Map<String, Value>,
    },
    /// A subscription notification to a person who has allowed it.
    Subscribe {
        /// The ID of a template in the account's list of subscription templates.
        template_id: String,
        /// The page that opens when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<String>,
        /// The mini-program page that opens when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        miniprogram: Option<MiniProgram>,
        /// The fields in order; each value is a [`TemplateField`] without a color.
        data: Map<String, Value>,
    },
    /// A message by a one-time subscription.
    #[serde(rename = "subscribe_once")]
    OneTimeSubscription {
        /// The template ID that the console shows.
        template_id: String,
        /// The scene for which the person has allowed the message.
        scene: String,
        /// The title, at most 15 characters.
        title: String,
        /// The content, at most 200 characters.
        content: TemplateField,
        /// The page that opens when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The mini-program page that opens when the message is tapped.
        #[serde(skip_serializing_if = "Option::is_none")]
        miniprogram: Option<MiniProgram>,
    },
}

/// A file that takes the place of a `media_id` until it is uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// The file name without its directory.
    pub file: String,
    /// The SHA-256 of the content in hex digits.
    pub sha256: String,
}

const CUSTOM_API: &str = "/cgi-bin/message/custom/send";
const TEMPLATE_API: &str = "/cgi-bin/message/template/send";
const SUBSCRIBE_API: &str = "/cgi-bin/message/subscribe/bizsend";
const ONE_TIME_API: &str = "/cgi-bin/message/template/subscribe";

impl Content {
    /// Returns the name of the kind in the outbox and in JSON: `text`, `image`, `template`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Custom { msgtype, .. } => msgtype.as_str(),
            Self::Template { .. } => "template",
            Self::Subscribe { .. } => "subscribe",
            Self::OneTimeSubscription { .. } => "subscribe_once",
        }
    }

    /// Returns whether WeChat drops a repeated message with the same `client_msg_id`.
    pub fn supports_dedupe(&self) -> bool {
        matches!(self, Self::Template { .. })
    }

    /// Returns the ID of the template, if the message is made from one.
    pub fn template_id(&self) -> Option<&str> {
        match self {
            Self::Text { .. } | Self::Custom { .. } => None,
            Self::Template { template_id, .. }
            | Self::Subscribe { template_id, .. }
            | Self::OneTimeSubscription { template_id, .. } => Some(template_id),
        }
    }

    /// Returns the files to upload before the message is sent, with the media type of each.
    pub fn file_refs(&self) -> Vec<(FileRef, MediaType)> {
        let Self::Custom { msgtype, branch, .. } = self else { return Vec::new() };
        let file = |(name, value): (&String, &Value)| {
            Some((serde_json::from_value(value.clone()).ok()?, msgtype.media_type(name)?))
        };
        branch.iter().filter(|(_, value)| value.is_object()).filter_map(file).collect()
    }

    /// Returns the same content with each file replaced by the media_id that `media_id_of` returns.
    pub fn with_media(&self, media_id_of: impl Fn(&FileRef, MediaType) -> String) -> Self {
        let mut content = self.clone();
        if let Self::Custom { msgtype, branch, .. } = &mut content {
            for (part, value) in branch.iter_mut().filter(|(_, value)| value.is_object()) {
                if let (Ok(file), Some(kind)) = (serde_json::from_value(value.clone()), msgtype.media_type(part)) {
                    *value = media_id_of(&file, kind).into();
                }
            }
        }
        content
    }

    /// Returns the request body in raw UTF-8, because WeChat rejects `\u` escapes.
    pub fn body(&self, openid: &str, client_msg_id: Option<&str>) -> String {
        let mut body = json!({"touser": openid});
        match self {
            Self::Text { content, kf_account } => {
                fill_custom_body(&mut body, "text", json!({"content": content}), kf_account.as_deref());
            }
            Self::Custom { msgtype, branch, kf_account } => {
                fill_custom_body(&mut body, msgtype.as_str(), Value::Object(branch.clone()), kf_account.as_deref());
            }
            Self::Template { template_id, url, miniprogram, data } => {
                fill_template_body(&mut body, template_id, ("url", url.as_deref()), miniprogram.as_ref());
                if let Some(id) = client_msg_id {
                    body["client_msg_id"] = json!(id);
                }
                body["data"] = Value::Object(data.clone());
            }
            Self::Subscribe { template_id, page, miniprogram, data } => {
                fill_template_body(&mut body, template_id, ("page", page.as_deref()), miniprogram.as_ref());
                body["data"] = Value::Object(data.clone());
            }
            Self::OneTimeSubscription { template_id, scene, title, content, url, miniprogram } => {
                fill_template_body(&mut body, template_id, ("url", url.as_deref()), miniprogram.as_ref());
                body["scene"] = json!(scene);
                body["title"] = json!(title);
                body["data"] = json!({"content": content});
            }
        }
        body.to_string()
    }

    fn api(&self) -> &'static str {
        api_for_kind(self.kind())
    }
}

/// Returns whether WeChat reports the delivery of messages of a kind by a push: of template
/// messages (doc/service/api/notify/template/template_event) and of subscription notifications
/// (doc/service/api/notify/notify/notify_event).
pub fn kind_has_receipts(kind: &str) -> bool {
    matches!(kind, "template" | "subscribe")
}

/// Returns the API path for messages of this [kind](Content::kind).
pub fn api_for_kind(kind: &str) -> &'static str {
    match kind {
        "template" => TEMPLATE_API,
        "subscribe" => SUBSCRIBE_API,
        "subscribe_once" => ONE_TIME_API,
        _ => CUSTOM_API,
    }
}

fn fill_custom_body(body: &mut Value, msgtype: &str, branch: Value, kf_account: Option<&str>) {
    body["msgtype"] = json!(msgtype);
    body[msgtype] = branch;
    if let Some(account) = kf_account {
        body["customservice"] = json!({"kf_account": account});
    }
}

fn fill_template_body(
    body: &mut Value,
    template_id: &str,
    link: (&str, Option<&str>),
    miniprogram: Option<&MiniProgram>,
) {
    body["template_id"] = json!(template_id);
    if let (name, Some(link)) = link {
        body[name] = json!(link);
    }
    if let Some(target) = miniprogram {
        body["miniprogram"] = json!(target);
    }
}

impl Client {
    /// Sends a message once; whether to repeat it is the caller's decision.
    ///
    /// It tries the next API host only if nothing was sent to the previous one. WeChat drops a
    /// template message that repeats the `client_msg_id` of one sent within ten minutes.
    pub fn send(&self, token: &Secret, content: &Content, openid: &str, client_msg_id: Option<&str>) -> SendResponse {
        let body = content.body(openid, client_msg_id);
        let mut trace = CallTrace::default();
        let response = self.post_traced(content.api(), token, body.as_bytes(), &mut trace);
        let result = response.and_then(|response| {
            // A message ID proves that the message was accepted, even if the response has no
            // errcode.
            if response.get("msgid").is_none_or(Value::is_null) {
                self.expect_ok(&response)?;
            }
            // The ID exceeds 2^53 and may exceed 2^64, so its digits are kept as text.
            Ok(response.get("msgid").and_then(|id| match id {
                Value::Number(number) => as_text(&Value::String(number.to_string())).map(str::to_owned),
                other => as_text(other).map(str::to_owned),
            }))
        });
        SendResponse { result, host: trace.host, server_at: trace.server_at }
    }
}

/// The result of sending a message.
#[derive(Debug)]
pub struct SendResponse {
    /// WeChat's ID of the message, if the response has one.
    pub result: Result<Option<String>>,
    /// The API host that was called last.
    pub host: Option<String>,
    /// The `Date` header of WeChat's response.
    pub server_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_has_platform_format_in_raw_utf_8() {
        let content = "备份完成 🎉 <a href=\"https://x\">&</a>".into();
        let text = Content::Text { content, kf_account: None };
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
    fn content_round_trips_through_outbox() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let template = Content::Template {
            template_id: "T".into(),
            url: None,
            miniprogram: None,
            data: object(json!({"z": {"value": "1"}, "a": {"value": "2"}})),
        };
        let file = json!({"file": "a.mp4", "sha256": "00ff"});
        let video = Content::Custom {
            msgtype: MessageType::Video,
            branch: object(json!({"media_id": file, "thumb_media_id": "T-1", "title": "t"})),
            kf_account: Some("a@b".into()),
        };
        let once = Content::OneTimeSubscription {
            template_id: "T".into(),
            scene: "7".into(),
            title: "t".into(),
            content: TemplateField { value: "v".into(), color: None },
            url: None,
            miniprogram: None,
        };
        for content in [template, video, once] {
            let stored = serde_json::to_string(&content).unwrap();
            assert_eq!(serde_json::from_str::<Content>(&stored).unwrap(), content);
        }
        let old = r#"{"type":"text","content":"of an earlier version"}"#;
        let text = Content::Text { content: "of an earlier version".into(), kf_account: None };
        assert_eq!(serde_json::from_str::<Content>(old).unwrap(), text);
    }

    #[test]
    fn file_reference_is_replaced_by_media_id() {
        let branch =
            json!({"media_id": {"file": "a.mp4", "sha256": "00"}, "thumb_media_id": {"file": "a.jpg", "sha256": "01"}});
        let branch = branch.as_object().unwrap().clone();
        let video = Content::Custom { msgtype: MessageType::Video, branch, kf_account: None };
        let files = video.file_refs();
        let references: Vec<_> =
            files.iter().map(|(file, kind)| (file.file.as_str(), file.sha256.as_str(), *kind)).collect();
        assert_eq!(references, [("a.mp4", "00", MediaType::Video), ("a.jpg", "01", MediaType::Thumb)]);
        let named = video.with_media(|file, kind| format!("{}-{}", kind.as_str(), file.sha256));
        assert!(named.file_refs().is_empty());
        assert_eq!(
            named.body("oA", None),
            r#"{"touser":"oA","msgtype":"video","video":{"media_id":"video-00","thumb_media_id":"thumb-01"}}"#
        );
    }
}
