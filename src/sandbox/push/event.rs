//! The messages and events that the platform pushes, and their XML.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/Receiving_standard_messages,
//! Receiving_event_pushes; doc/service/guide/h5/authorization_change

use super::xml::XmlWriter;

/// The sender of the events about authorizations: a service of the platform, which is no person.
const PLATFORM_SENDER: &str = "oPlatform_sends_this_event_1";
/// The number of the revoked permission: nickname and avatar.
const REVOKED_PROFILE: &str = "205";

/// The names that a push can have: of the event, or the type of the message.
pub(in crate::sandbox) const PUSH_NAMES: &[&str] = &[
    "text",
    "subscribe",
    "unsubscribe",
    "SCAN",
    "CLICK",
    "TEMPLATESENDJOBFINISH",
    "subscribe_msg_sent_event",
    "user_authorization_revoke",
    "user_authorization_cancellation",
];

/// A message or an event that the platform pushes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum PushEvent {
    /// The person wrote a text, or tapped an entry of a menu message, which has an id then.
    Text { text: String, menu_id: Option<String>, msgid: u64 },
    /// The person followed, by a code or otherwise.
    Followed { code: Option<ScannedCode> },
    /// The person unfollowed.
    Unfollowed,
    /// A follower scanned a code.
    Scanned { code: ScannedCode },
    /// The person tapped an entry of the account's menu.
    Clicked { key: String },
    /// The outcome of a template message.
    TemplateReceipt { msgid: u64, outcome: ReceiptOutcome },
    /// The outcome of a subscription notification.
    NotificationReceipt { template_id: String, msgid: u64, outcome: ReceiptOutcome },
    /// The person no longer lets the account read the profile.
    AuthorizationRevoked,
    /// The person closed the WeChat account.
    AuthorizationCancelled,
}

/// A QR code that a person scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct ScannedCode {
    /// The number or the text of the code.
    pub(in crate::sandbox) scene: String,
    pub(in crate::sandbox) ticket: String,
}

/// The outcome that a receipt reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sandbox) enum ReceiptOutcome {
    #[default]
    Delivered,
    /// The person refuses messages of the account.
    Blocked,
    /// The platform failed.
    SystemFailed,
    /// A status that is written as it is.
    Other(String),
}

/// The account and the person of a push, and its time.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct PushHeader {
    pub(in crate::sandbox) app_id: String,
    /// The account's own id, `gh_…`.
    pub(in crate::sandbox) original_id: String,
    /// The person that the push is about.
    pub(in crate::sandbox) openid: String,
    /// Unix seconds.
    pub(in crate::sandbox) created_s: i64,
}

impl PushEvent {
    /// Returns the name of the event, or the type of the message.
    pub(in crate::sandbox) fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Followed { .. } => "subscribe",
            Self::Unfollowed => "unsubscribe",
            Self::Scanned { .. } => "SCAN",
            Self::Clicked { .. } => "CLICK",
            Self::TemplateReceipt { .. } => "TEMPLATESENDJOBFINISH",
            Self::NotificationReceipt { .. } => "subscribe_msg_sent_event",
            Self::AuthorizationRevoked => "user_authorization_revoke",
            Self::AuthorizationCancelled => "user_authorization_cancellation",
        }
    }

    /// Returns whether the event is the receipt of a message.
    pub(in crate::sandbox) fn is_receipt(&self) -> bool {
        matches!(self, Self::TemplateReceipt { .. } | Self::NotificationReceipt { .. })
    }

    /// Returns the outcome of a receipt.
    pub(in crate::sandbox) fn outcome_mut(&mut self) -> Option<&mut ReceiptOutcome> {
        match self {
            Self::TemplateReceipt { outcome, .. } | Self::NotificationReceipt { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// Returns whether the person waits for a reply, and is notified if none comes.
    pub(in crate::sandbox) fn expects_reply(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Clicked { .. })
    }

    /// Returns the openid in `FromUserName`.
    pub(in crate::sandbox) fn sender<'a>(&self, header: &'a PushHeader) -> &'a str {
        match self {
            Self::AuthorizationRevoked | Self::AuthorizationCancelled => PLATFORM_SENDER,
            _ => &header.openid,
        }
    }

    /// Returns the elements of the message below its root.
    pub(in crate::sandbox) fn to_xml(&self, header: &PushHeader) -> String {
        let mut xml = XmlWriter::default();
        xml.text("ToUserName", &header.original_id).text("FromUserName", self.sender(header));
        xml.number("CreateTime", header.created_s);
        if let Self::Text { text, menu_id, msgid } = self {
            xml.text("MsgType", "text").text("Content", text).number("MsgId", *msgid);
            if let Some(id) = menu_id {
                xml.text("bizmsgmenuid", id);
            }
            return xml.elements();
        }
        xml.text("MsgType", "event").text("Event", self.name());
        match self {
            Self::Text { .. } => {}
            Self::Followed { code: Some(ScannedCode { scene, ticket }) } => {
                xml.text("EventKey", &format!("qrscene_{scene}")).text("Ticket", ticket);
            }
            Self::Followed { code: None } | Self::Unfollowed => {
                xml.text("EventKey", "");
            }
            Self::Scanned { code: ScannedCode { scene, ticket } } => {
                xml.text("EventKey", scene).text("Ticket", ticket);
            }
            Self::Clicked { key } => {
                xml.text("EventKey", key);
            }
            Self::TemplateReceipt { msgid, outcome } => {
                xml.number("MsgID", *msgid).text("Status", outcome.template_status());
            }
            Self::NotificationReceipt { template_id, msgid, outcome } => {
                let (code, status) = outcome.notification_status();
                xml.nested("SubscribeMsgSentEvent", |list| {
                    list.nested("List", |item| {
                        item.text("TemplateId", template_id).number("MsgID", *msgid);
                        item.number("ErrorCode", code).text("ErrorStatus", status);
                    });
                });
            }
            Self::AuthorizationRevoked | Self::AuthorizationCancelled => {
                xml.text("OpenID", &header.openid).text("AppID", &header.app_id);
                if *self == Self::AuthorizationRevoked {
                    xml.text("RevokeInfo", REVOKED_PROFILE);
                }
            }
        }
        xml.elements()
    }
}

impl ReceiptOutcome {
    /// Parses the value of a fault.
    pub(in crate::sandbox) fn from_fault(text: &str) -> Self {
        match text {
            "success" => Self::Delivered,
            "user block" => Self::Blocked,
            "system failed" => Self::SystemFailed,
            other => Self::Other(other.to_owned()),
        }
    }

    fn template_status(&self) -> &str {
        match self {
            Self::Delivered => "success",
            Self::Blocked => "failed:user block",
            Self::SystemFailed => "failed: system failed",
            Self::Other(status) => status,
        }
    }

    /// Returns `ErrorCode` and `ErrorStatus`.
    ///
    /// The numbers of failures are not documented: these are the ones of the API.
    fn notification_status(&self) -> (i64, &str) {
        match self {
            Self::Delivered => (0, "success"),
            Self::Blocked => (43101, "user refuse to accept the msg"),
            Self::SystemFailed => (-1, "system failed"),
            Self::Other(status) => (-1, status),
        }
    }
}
