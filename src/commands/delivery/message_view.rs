//! The view of an outbox message, as `send` and `outbox` print it.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::delivery::DeliveryError;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_clauses;
use crate::store::{Message, MessageState, ReceiptStatus};
use crate::t;
use crate::time_zone::format_local;
use crate::wechat::ApiError;
use crate::wechat::errcode::{Action, action};
use crate::wechat::message::api_for_kind;

/// The errcode for a text to a person who does not follow the account, or has not written lately.
const OUTSIDE_CONVERSATION: i64 = 45015;

/// One message.
#[derive(Serialize)]
pub(in crate::commands) struct MessageView {
    pub(in crate::commands) id: i64,
    user: Option<String>,
    pub(in crate::commands) openid: Option<String>,
    #[serde(rename = "type")]
    pub(in crate::commands) kind: String,
    pub(in crate::commands) state: MessageState,
    pub(in crate::commands) attempts: i64,
    pub(in crate::commands) msgid: Option<String>,
    pub(in crate::commands) errcode: Option<i64>,
    errmsg: Option<String>,
    pub(in crate::commands) rid: Option<String>,
    pub(in crate::commands) error: Option<String>,
    pub(in crate::commands) hint: Option<String>,
    /// The hint for this message and others with the same error.
    #[serde(skip)]
    pub(super) group_hint: Option<String>,
    pub(in crate::commands) key: Option<String>,
    pub(in crate::commands) created_at: Timestamp,
    pub(in crate::commands) sent_at: Option<Timestamp>,
    pub(in crate::commands) receipt: Option<ReceiptStatus>,
    pub(in crate::commands) receipt_at: Option<Timestamp>,
    pub(in crate::commands) receipt_text: Option<String>,
    /// The time of the next attempt of a message that waits for the reset of a quota.
    #[serde(skip)]
    deferred_until: Option<Timestamp>,
    /// The outbox held a message with the same key already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::commands) duplicate: bool,
}

/// A message to report, in its state at the end of the run.
pub(in crate::commands) struct MessageReport {
    pub(in crate::commands) message: Result<MessageView, MissingMessage>,
    pub(in crate::commands) correlation_id: Option<u64>,
    /// The run only queued messages (`--no-wait`).
    pub(in crate::commands) only_queued: bool,
    /// The reason why the message is still queued is reported once for the whole run.
    pub(in crate::commands) reason_reported: bool,
    /// No receipt arrived while the command waited for it.
    pub(in crate::commands) receipt_missing: bool,
}

/// The reason why a requested message does not exist.
pub(in crate::commands) enum MissingMessage {
    /// The person was removed while an attempt was in progress.
    DeletedInFlight(i64),
    /// The person was removed before the first attempt.
    DeletedQueued(i64),
    /// An attempt has ended, but its outcome could not be saved.
    ResultNotSaved { id: i64, state: MessageState, cause: String },
    /// The person is no longer bound to the openid of the message.
    NotBound(String),
}

impl MissingMessage {
    /// Returns the error that is printed for the message.
    pub(in crate::commands) fn error(&self) -> CommandError {
        let exit = match self {
            Self::DeletedInFlight(_) => ExitStatus::Undelivered,
            Self::ResultNotSaved { .. } => ExitStatus::Unexpected,
            Self::DeletedQueued(_) | Self::NotBound(_) => ExitStatus::NotFound,
        };
        CommandError { exit, message: self.to_string(), hint: None }
    }

    /// The state that is reported for the message.
    pub(in crate::commands) fn state(&self) -> MessageState {
        match self {
            Self::DeletedInFlight(_) => MessageState::Unknown,
            Self::ResultNotSaved { state, .. } => *state,
            Self::DeletedQueued(_) | Self::NotBound(_) => MessageState::Failed,
        }
    }
}

impl Serialize for MissingMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        match self {
            Self::DeletedInFlight(id) | Self::DeletedQueued(id) | Self::ResultNotSaved { id, .. } => {
                map.serialize_entry("id", id)?
            }
            Self::NotBound(user) => map.serialize_entry("user", user)?,
        }
        map.serialize_entry("state", &self.state())?;
        map.serialize_entry("error", &self.to_string())?;
        map.end()
    }
}

impl fmt::Display for MissingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::DeletedInFlight(id) => t!("send-gone", id = *id),
            Self::DeletedQueued(id) => t!("send-removed", id = *id),
            Self::ResultNotSaved { id, state, cause } => {
                t!("delivery-unrecorded", id = *id, state = state.as_str(), cause = cause)
            }
            Self::NotBound(user) => t!("send-unbound", user = user),
        })
    }
}

impl MessageView {
    /// The name of the recipient, else the openid.
    pub(in crate::commands) fn recipient(&self) -> &str {
        self.user.as_deref().or(self.openid.as_deref()).unwrap_or("-")
    }

    /// Describes what went wrong, with the message and the recipient.
    pub(in crate::commands) fn problem(&self) -> String {
        let error = self.error.as_deref().unwrap_or_default();
        match self.state {
            state if self.duplicate => {
                t!("send-duplicate", id = self.id, to = self.recipient(), state = state.as_str())
            }
            MessageState::Unknown => t!("send-unknown", id = self.id, to = self.recipient(), error = error),
            MessageState::Queued if let Some(at) = self.deferred_until => {
                t!("send-queued-until", id = self.id, to = self.recipient(), time = format_local(at), error = error)
            }
            MessageState::Queued => t!("send-queued", id = self.id, to = self.recipient(), error = error),
            MessageState::Cancelled if error.is_empty() => t!("send-cancelled", id = self.id, to = self.recipient()),
            MessageState::Cancelled => t!("send-cancelled-why", id = self.id, to = self.recipient(), error = error),
            _ => t!("send-failed", id = self.id, to = self.recipient(), error = error),
        }
    }

    /// Describes the receipt of a message that was not delivered, or the lack of a receipt.
    pub(in crate::commands) fn receipt_problem(&self) -> String {
        let text = self.receipt_words().unwrap_or_default();
        match self.receipt {
            Some(ReceiptStatus::Blocked) => t!("send-blocked", id = self.id, to = self.recipient(), text = text),
            Some(_) => t!("send-not-received", id = self.id, to = self.recipient(), text = text),
            None => t!("send-no-receipt", id = self.id, to = self.recipient()),
        }
    }

    /// Returns WeChat's text for a receipt, without the prefix `failed:`, which repeats the
    /// receipt.
    pub(in crate::commands) fn receipt_words(&self) -> Option<&str> {
        self.receipt_text.as_deref().map(|text| text.strip_prefix("failed:").unwrap_or(text).trim_start())
    }

    /// Returns the hint that says where a missing receipt will appear.
    pub(in crate::commands) fn receipt_hint(&self) -> Option<String> {
        self.receipt.is_none().then(|| t!("send-no-receipt-hint", id = self.id))
    }
}

/// The messages that a hint applies to.
#[derive(Clone, Copy)]
enum HintScope {
    /// The message with this ID.
    One(i64),
    /// All messages of the run with the same error.
    Group,
}

/// Returns a hint that says what wxbox will do by itself and which command does more. It never
/// suggests to resend a message that is still queued.
fn hint_for(message: &Message, refusal: Option<&ApiError>, failed: bool, scope: HintScope) -> Option<String> {
    use HintScope::{Group, One};
    // The errcode also means that the person does not follow the account. Then no template message
    // arrives either.
    let is_unfollowed = message.errcode == Some(OUTSIDE_CONVERSATION) && message.follows == Some(false);
    let action = refusal.map(|refusal| action(refusal.errcode));
    let advice = || match is_unfollowed {
        true => Some(t!("send-unfollowed-hint")),
        false => refusal.and_then(ApiError::hint),
    };
    let given_up_hint = || match scope {
        One(id) => t!("send-given-up-hint", id = id),
        Group => t!("send-given-up-hint-many"),
    };
    match message.state {
        MessageState::Sent | MessageState::Cancelled => None,
        MessageState::Unknown => Some(match scope {
            One(id) => t!("send-unknown-hint", id = id),
            Group => t!("send-unknown-hint-many"),
        }),
        MessageState::Expired => Some(match scope {
            One(id) => t!("send-expired-hint", id = id),
            Group => t!("send-expired-hint-many"),
        }),
        MessageState::Queued => queued_hint(message, action, advice, failed, scope),
        MessageState::Failed => match action {
            // WeChat's reason to refuse the recipient may be temporary.
            Some(Action::FailMark) => {
                let retry_hint = match scope {
                    One(id) => t!("send-refused-hint", id = id),
                    Group => t!("send-refused-hint-many"),
                };
                Some(join_clauses(advice().into_iter().chain([retry_hint])))
            }
            Some(Action::StopRun) => Some(join_clauses(advice().into_iter().chain([given_up_hint()]))),
            Some(Action::Backoff | Action::Slow | Action::Duplicate | Action::Refresh | Action::HoldClass) => {
                Some(given_up_hint())
            }
            _ => advice(),
        },
    }
}

/// Returns the hint for a message that is still queued.
fn queued_hint(
    message: &Message,
    action: Option<Action>,
    advice: impl Fn() -> Option<String>,
    failed: bool,
    scope: HintScope,
) -> Option<String> {
    let time = format_local(message.due_at);
    match (message.previous_part_id, action) {
        _ if !failed => None,
        (Some(previous_part_id), _) if message.attempts == 0 => Some(t!("send-part-hint", after = previous_part_id)),
        (_, Some(Action::HoldClass)) => Some(match scope {
            HintScope::One(id) => t!("send-quota-hint", id = id, time = time),
            HintScope::Group => t!("send-quota-hint-many", time = time),
        }),
        (_, action) => {
            let waiting_hint = match scope {
                HintScope::One(id) => t!("send-queued-hint", id = id, time = time),
                HintScope::Group => t!("send-queued-hint-many", time = time),
            };
            let advice = advice().filter(|_| action == Some(Action::StopRun));
            Some(join_clauses(advice.into_iter().chain([waiting_hint])))
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let refusal = message.errcode.map(|errcode| {
            let errmsg = message.errmsg.clone().unwrap_or_default();
            ApiError { api: api_for_kind(&message.kind), errcode, errmsg, rid: None, remedy: None }
        });
        let error = message.error.as_ref().map(|error| DeliveryError::from(error).to_string());
        let is_held = message.state == MessageState::Queued
            && message.due_at > Timestamp::now()
            && refusal.as_ref().is_some_and(|refusal| action(refusal.errcode) == Action::HoldClass);
        let held_until = is_held.then_some(message.due_at);
        let hint = |scope| hint_for(&message, refusal.as_ref(), error.is_some(), scope);
        let (hint, group_hint) = (hint(HintScope::One(message.id)), hint(HintScope::Group));
        Self {
            id: message.id,
            user: message.user,
            openid: message.openid,
            kind: message.kind,
            state: message.state,
            attempts: message.attempts,
            msgid: message.msgid,
            errcode: message.errcode,
            errmsg: message.errmsg,
            rid: message.rid,
            error,
            hint,
            group_hint,
            key: message.key,
            created_at: message.created_at,
            sent_at: message.sent_at,
            receipt: message.receipt.as_ref().map(|receipt| receipt.status),
            receipt_at: message.receipt.as_ref().map(|receipt| receipt.at),
            receipt_text: message.receipt.and_then(|receipt| receipt.text),
            deferred_until: held_until,
            duplicate: false,
        }
    }
}

impl fmt::Display for MessageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, kind, to) = (self.id, self.kind.as_str(), self.recipient());
        f.write_str(&match (self.duplicate, self.state) {
            (true, state) => t!("send-duplicate", id = id, to = to, state = state.as_str()),
            (false, MessageState::Sent) if self.receipt == Some(ReceiptStatus::Delivered) => {
                t!("send-delivered", id = id, kind = kind, to = to)
            }
            (false, MessageState::Queued) => t!("send-only-queued", id = id, kind = kind, to = to),
            (false, _) => t!("send-sent", id = id, kind = kind, to = to),
        })
    }
}
