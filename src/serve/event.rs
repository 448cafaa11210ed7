//! The events of the account as `serve` prints them, and the translation of WeChat's pushes for the
//! database.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::store::{EventEffect, EventResult, NewEvent, NewReceipt, Receipt, ReceiptStatus};
use crate::t;
use crate::wechat::push;
use crate::wechat::push::{PushEvent, PushMessage, PushReceipt};

/// An event of the account, a line of `serve --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServeEvent {
    /// The kind of the event, with its data.
    #[serde(flatten)]
    pub kind: ServeEventKind,
    /// When it happened, by WeChat's clock.
    pub at: Timestamp,
}

/// The kind of an event, with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum ServeEventKind {
    /// A person follows the account.
    Followed {
        /// The person.
        openid: String,
        /// The user who is bound to the openid.
        user: Option<String>,
    },
    /// A person no longer follows the account.
    Unfollowed {
        /// The person.
        openid: String,
        /// The user who is bound to the openid.
        user: Option<String>,
    },
    /// A person wrote to the account.
    Wrote {
        /// The person.
        openid: String,
        /// The user who is bound to the openid.
        user: Option<String>,
    },
    /// A user was bound by a scan.
    Bound {
        /// The user.
        user: String,
        /// The person.
        openid: String,
    },
    /// WeChat sent a receipt of a message.
    Receipt {
        /// The message's ID.
        id: i64,
        /// The person.
        openid: String,
        /// The receipt that the message has now.
        receipt: ReceiptStatus,
    },
    /// Any other event.
    Other {
        /// WeChat's name of the event.
        name: String,
        /// The person.
        openid: String,
        /// The user who is bound to the openid.
        user: Option<String>,
    },
}

impl fmt::Display for ServeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let person = |openid: &str, user: &Option<String>| user.clone().unwrap_or_else(|| openid.to_owned());
        f.write_str(&match &self.kind {
            ServeEventKind::Followed { openid, user } => t!("serve-followed", person = person(openid, user)),
            ServeEventKind::Unfollowed { openid, user } => t!("serve-unfollowed", person = person(openid, user)),
            ServeEventKind::Wrote { openid, user } => t!("serve-wrote", person = person(openid, user)),
            ServeEventKind::Bound { user, openid } => t!("bind-bound", user = user, openid = openid),
            ServeEventKind::Receipt { id, receipt, .. } => {
                t!("serve-receipt", id = *id, receipt = receipt.as_str())
            }
            ServeEventKind::Other { name, openid, user } => {
                t!("serve-other", name = name, person = person(openid, user))
            }
        })
    }
}

impl ServeEventKind {
    /// Returns the name of the kind in JSON and in the metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Followed { .. } => "followed",
            Self::Unfollowed { .. } => "unfollowed",
            Self::Wrote { .. } => "wrote",
            Self::Bound { .. } => "bound",
            Self::Receipt { .. } => "receipt",
            Self::Other { .. } => "other",
        }
    }
}

/// Returns the event that the database records for a push.
pub fn to_new_event(message: &PushMessage) -> NewEvent {
    let created_at = Timestamp(message.created_at.saturating_mul(1000));
    let effect = match &message.event {
        PushEvent::Followed { scene } => EventEffect::Followed(scene.clone()),
        PushEvent::Scanned { scene } => EventEffect::Scanned(scene.clone()),
        PushEvent::Unfollowed => EventEffect::Unfollowed,
        PushEvent::Wrote => EventEffect::Wrote,
        PushEvent::Receipts(receipts) => {
            EventEffect::Receipts(receipts.iter().map(|receipt| to_new_receipt(receipt, created_at)).collect())
        }
        PushEvent::NicknameRevoked => EventEffect::NicknameRevoked,
        PushEvent::AuthorizationCancelled => EventEffect::AuthorizationCancelled,
        PushEvent::Other => EventEffect::None,
    };
    NewEvent {
        dedupe_key: message.dedupe_key(),
        name: message.name().to_owned(),
        openid: message.openid.clone(),
        created_at,
        effect,
        is_from_command: false,
    }
}

fn to_new_receipt(PushReceipt { msgid, status, text }: &PushReceipt, at: Timestamp) -> NewReceipt {
    let status = match status {
        push::ReceiptStatus::Delivered => ReceiptStatus::Delivered,
        push::ReceiptStatus::Blocked => ReceiptStatus::Blocked,
        push::ReceiptStatus::Failed => ReceiptStatus::Failed,
    };
    NewReceipt { msgid: msgid.clone(), receipt: Receipt { status, at, text: text.clone() } }
}

/// Returns the events to print for a push that was recorded; none for a repeat.
pub fn to_serve_events(message: &PushMessage, result: &EventResult) -> Vec<ServeEvent> {
    if result.is_repeat {
        return Vec::new();
    }
    let (openid, user) = (message.openid.clone(), result.users.first().cloned());
    let bound = result.bound_user.clone().map(|user| ServeEventKind::Bound { user, openid: openid.clone() });
    let kinds: Vec<ServeEventKind> = match &message.event {
        PushEvent::Followed { .. } => [ServeEventKind::Followed { openid, user }].into_iter().chain(bound).collect(),
        PushEvent::Scanned { .. } if bound.is_some() => bound.into_iter().collect(),
        PushEvent::Unfollowed => vec![ServeEventKind::Unfollowed { openid, user }],
        PushEvent::Wrote => vec![ServeEventKind::Wrote { openid, user }],
        PushEvent::Receipts(_) => result
            .receipts
            .iter()
            .map(|(id, receipt)| ServeEventKind::Receipt { id: *id, openid: openid.clone(), receipt: *receipt })
            .collect(),
        PushEvent::Scanned { .. }
        | PushEvent::NicknameRevoked
        | PushEvent::AuthorizationCancelled
        | PushEvent::Other => vec![ServeEventKind::Other { name: message.name().to_owned(), openid, user }],
    };
    let at = Timestamp(message.created_at.saturating_mul(1000));
    kinds.into_iter().map(|kind| ServeEvent { kind, at }).collect()
}
