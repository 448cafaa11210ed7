//! The meaning of a push, read from its fields.
//!
//! Pages: doc/service/guide/product/message/Receiving_event_pushes,
//! doc/service/api/notify/template/template_event (`TEMPLATESENDJOBFINISH`) and
//! doc/service/api/notify/notify/notify_event (subscription notifications).

use serde_json::{Map, Value};

/// The prefix of `EventKey` when a person follows by a parametric code.
const SCENE_PREFIX: &str = "qrscene_";

/// The user refuses messages of the kind, as the status of a notification.
const NOT_ACCEPTED_ERRCODE: &str = "43101";

/// A push of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct PushMessage {
    /// The person who wrote, followed and so on.
    pub openid: String,
    /// `CreateTime`, in seconds since 1970.
    pub created_at: i64,
    /// The message or event.
    pub event: PushEvent,
    /// All fields, as WeChat sent them.
    pub fields: Map<String, Value>,
    /// Whether the push was encrypted; then a reply must be, too.
    pub is_encrypted: bool,
}

/// A message or event, as far as wxbox acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushEvent {
    /// The person follows the account; with the scene of the parametric code that was scanned.
    Followed {
        /// The scene, without WeChat's prefix.
        scene: Option<String>,
    },
    /// A follower scanned a parametric code.
    Scanned {
        /// The scene.
        scene: String,
    },
    /// The person no longer follows the account.
    Unfollowed,
    /// The person wrote, or clicked an item of the menu, after which texts can be sent for 48
    /// hours.
    Wrote,
    /// WeChat sent receipts of messages that it accepted.
    Receipts(Vec<PushReceipt>),
    /// The person withdrew the consent to use the nickname.
    NicknameRevoked,
    /// The person deleted the WeChat account, or all consent.
    AuthorizationCancelled,
    /// Anything else.
    Other,
}

/// The receipt of a message that WeChat accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushReceipt {
    /// WeChat's ID of the message, as decimal digits.
    pub msgid: String,
    /// The outcome of the message.
    pub status: ReceiptStatus,
    /// WeChat's text, unless the message was delivered.
    pub text: Option<String>,
}

/// The outcome of a message, according to its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// It was delivered.
    Delivered,
    /// The person refuses messages of the account.
    Blocked,
    /// Any other failure.
    Failed,
}

impl PushMessage {
    /// Reads the fields of a push. Returns `None` if the person or the time is missing.
    pub(super) fn from_fields(fields: Map<String, Value>, is_encrypted: bool) -> Option<Self> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        // In events about consent, `FromUserName` is a service of WeChat.
        let openid = text("OpenID").or(text("FromUserName"))?.to_owned();
        let created_at = text("CreateTime")?.parse().ok()?;
        Some(Self { openid, created_at, event: event_of(&fields), fields, is_encrypted })
    }

    /// Returns WeChat's name of the event, or the type of a message.
    pub fn name(&self) -> &str {
        let text = |name: &str| self.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("MsgType") == "event" { text("Event") } else { text("MsgType") }
    }

    /// Returns the key by which a repeat of this push is recognized.
    pub fn dedupe_key(&self) -> String {
        let names = ["FromUserName", "CreateTime", "Event", "EventKey", "MsgId", "MsgID", "OpenID"];
        let mut values = names.map(|name| self.fields.get(name).cloned().unwrap_or_default()).to_vec();
        if let PushEvent::Receipts(receipts) = &self.event {
            // The message IDs of notifications are in a list, and one person can get two in a
            // second.
            values.extend(receipts.iter().map(|receipt| Value::from(receipt.msgid.clone())));
        }
        Value::from(values).to_string()
    }
}

fn event_of(fields: &Map<String, Value>) -> PushEvent {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let scene = |prefix| Some(text("EventKey").strip_prefix(prefix)?.to_owned()).filter(|scene| !scene.is_empty());
    if text("MsgType") != "event" {
        return PushEvent::Wrote;
    }
    match text("Event") {
        "subscribe" => PushEvent::Followed { scene: scene(SCENE_PREFIX) },
        "SCAN" => PushEvent::Scanned { scene: text("EventKey").to_owned() },
        "unsubscribe" => PushEvent::Unfollowed,
        "CLICK" => PushEvent::Wrote,
        "TEMPLATESENDJOBFINISH" => PushEvent::Receipts(vec![template_receipt(text("MsgID"), text("Status"))]),
        "subscribe_msg_sent_event" => PushEvent::Receipts(notification_receipts(fields)),
        "user_authorization_revoke" => PushEvent::NicknameRevoked,
        "user_authorization_cancellation" => PushEvent::AuthorizationCancelled,
        _ => PushEvent::Other,
    }
}

fn template_receipt(msgid: &str, status: &str) -> PushReceipt {
    // The status has a space after the colon or not.
    let compact: String = status.chars().filter(|c| !c.is_whitespace()).collect();
    let (msgid, text) = (msgid.to_owned(), Some(status.to_owned()));
    match compact.to_ascii_lowercase().as_str() {
        "success" => PushReceipt { msgid, status: ReceiptStatus::Delivered, text: None },
        "failed:userblock" => PushReceipt { msgid, status: ReceiptStatus::Blocked, text },
        _ => PushReceipt { msgid, status: ReceiptStatus::Failed, text },
    }
}

fn notification_receipts(fields: &Map<String, Value>) -> Vec<PushReceipt> {
    let list = fields.get("SubscribeMsgSentEvent").and_then(|wrapper| wrapper.get("List"));
    let items = match list {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(item) => vec![item],
        None => Vec::new(),
    };
    let receipt = |item: &Value| {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let (code, words) = (text("ErrorCode"), text("ErrorStatus"));
        let status = match code {
            "0" => ReceiptStatus::Delivered,
            NOT_ACCEPTED_ERRCODE => ReceiptStatus::Blocked,
            _ if words.to_ascii_lowercase().contains("refuse") => ReceiptStatus::Blocked,
            _ => ReceiptStatus::Failed,
        };
        let words = if words.is_empty() { code } else { words };
        let text_of_failure = (status != ReceiptStatus::Delivered).then(|| words.to_owned());
        Some(PushReceipt { msgid: text("MsgID").to_owned(), status, text: text_of_failure })
    };
    items.into_iter().filter_map(receipt).filter(|receipt| !receipt.msgid.is_empty()).collect()
}
