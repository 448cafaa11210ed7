//! How a message of the outbox is shown, by `send` and by `outbox`.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::error::{Exit, Report};
use crate::store::{Message, State};
use crate::t;
use crate::time::Timestamp;
use crate::wechat::Refusal;
use crate::wechat::errcode::{Action, action};
use crate::wechat::message::api_of;
use crate::words::{Lang, clauses};
use crate::zone::local;

/// A message as a result.
#[derive(Serialize)]
pub(super) struct Shown {
    pub(super) id: i64,
    user: Option<String>,
    pub(super) openid: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) state: State,
    pub(super) attempts: i64,
    pub(super) msgid: Option<String>,
    errcode: Option<i64>,
    errmsg: Option<String>,
    pub(super) rid: Option<String>,
    pub(super) error: Option<String>,
    pub(super) hint: Option<String>,
    key: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) sent_at: Option<Timestamp>,
    /// When it is tried again, where that is not before WeChat counts anew.
    #[serde(skip)]
    held_until: Option<Timestamp>,
    /// It was there before, with the same key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) duplicate: bool,
}

/// In place of a message, where there is none.
pub(super) enum Missing {
    /// It was there; its person was removed while it was under way.
    Gone(i64),
    /// The same before it was.
    Removed(i64),
    /// An attempt has ended, and the database would not take its outcome.
    Unrecorded { id: i64, state: State, cause: String },
    /// That person is no longer bound as when the message was written.
    Unbound(String),
}

impl Missing {
    /// As an error of its own.
    pub(super) fn report(&self) -> Report {
        let exit = match self {
            Self::Gone(_) => Exit::Undelivered,
            Self::Unrecorded { .. } => Exit::Unexpected,
            Self::Removed(_) | Self::Unbound(_) => Exit::NoSuch,
        };
        Report { exit, what: self.to_string(), hint: None }
    }

    /// Where the message that was asked for stands.
    pub(super) fn state(&self) -> State {
        match self {
            Self::Gone(_) => State::Unknown,
            Self::Unrecorded { state, .. } => *state,
            Self::Removed(_) | Self::Unbound(_) => State::Failed,
        }
    }
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        match self {
            Self::Gone(id) | Self::Removed(id) | Self::Unrecorded { id, .. } => map.serialize_entry("id", id)?,
            Self::Unbound(user) => map.serialize_entry("user", user)?,
        }
        map.serialize_entry("state", &self.state())?;
        map.serialize_entry("error", &self.to_string())?;
        map.end()
    }
}

/// What is said of it.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Gone(id) => t!("send-gone", id = *id),
            Self::Removed(id) => t!("send-removed", id = *id),
            Self::Unrecorded { id, state, cause } => {
                t!("delivery-unrecorded", id = *id, state = state.as_str(), cause = cause)
            }
            Self::Unbound(user) => t!("send-unbound", user = user),
        })
    }
}

impl Shown {
    /// To whom, as people say it.
    pub(super) fn recipient(&self) -> &str {
        self.user.as_deref().or(self.openid.as_deref()).unwrap_or("-")
    }

    /// What went wrong, with the message and the recipient.
    pub(super) fn trouble(&self) -> String {
        let error = self.error.as_deref().unwrap_or_default();
        match self.state {
            state if self.duplicate => {
                t!("send-duplicate", id = self.id, to = self.recipient(), state = state.as_str())
            }
            State::Unknown => t!("send-unknown", id = self.id, to = self.recipient(), error = error),
            State::Queued if let Some(at) = self.held_until => {
                t!("send-queued-until", id = self.id, to = self.recipient(), time = local(at), error = error)
            }
            State::Queued => t!("send-queued", id = self.id, to = self.recipient(), error = error),
            State::Cancelled if error.is_empty() => t!("send-cancelled", id = self.id, to = self.recipient()),
            State::Cancelled => t!("send-cancelled-why", id = self.id, to = self.recipient(), error = error),
            _ => t!("send-failed", id = self.id, to = self.recipient(), error = error),
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// What wxbox does by itself about a message that was not delivered, and which command does more. Nobody is told to send
/// a message again that is queued still.
fn hint(message: &Message, refusal: Option<&Refusal>, failed: bool) -> Option<String> {
    let action = refusal.map(|it| action(it.errcode));
    let advice = || refusal.and_then(Refusal::hint);
    let id = message.id;
    match message.state {
        State::Sent | State::Cancelled => None,
        State::Unknown => Some(t!("send-unknown-hint", id = id)),
        State::Expired => Some(t!("send-expired-hint", id = id)),
        State::Queued => match (message.after_id, action) {
            _ if !failed => None,
            (Some(after), _) if message.attempts == 0 => Some(t!("send-part-hint", after = after)),
            (_, Some(Action::HoldDay)) => Some(t!("send-quota-hint", id = id, time = local(message.due_at))),
            (_, action) => {
                let waits = t!("send-queued-hint", id = id, time = local(message.due_at));
                let advice = advice().filter(|_| action == Some(Action::StopRun));
                Some(clauses(advice.into_iter().chain([waits])))
            }
        },
        State::Failed => match action {
            // What keeps it from the person can pass.
            Some(Action::FailMark) => Some(clauses(advice().into_iter().chain([t!("send-refused-hint", id = id)]))),
            Some(Action::StopRun) => Some(clauses(advice().into_iter().chain([t!("send-given-up-hint", id = id)]))),
            Some(Action::Backoff | Action::Slow | Action::Duplicate | Action::Refresh | Action::HoldDay) => {
                Some(t!("send-given-up-hint", id = id))
            }
            _ => advice(),
        },
    }
}

impl From<Message> for Shown {
    fn from(message: Message) -> Self {
        let refusal = message.errcode.map(|errcode| {
            let errmsg = message.errmsg.clone().unwrap_or_default();
            Refusal { api: api_of(&message.kind), errcode, errmsg, rid: None, remedy: None }
        });
        // It was written in the language of the run that sent it, which may be cron's.
        let error = message.error.clone().map(|error| match &refusal {
            Some(refusal) => [Lang::En, Lang::Zh]
                .into_iter()
                .fold(error, |error, lang| error.replace(&refusal.said(lang), &refusal.to_string())),
            None => error,
        });
        let is_held = message.state == State::Queued
            && message.due_at > Timestamp::now()
            && refusal.as_ref().is_some_and(|refusal| action(refusal.errcode) == Action::HoldDay);
        let held_until = is_held.then_some(message.due_at);
        let hint = hint(&message, refusal.as_ref(), error.is_some());
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
            key: message.key,
            created_at: message.created_at,
            sent_at: message.sent_at,
            held_until,
            duplicate: false,
        }
    }
}

/// The line of `send`.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, kind, to) = (self.id, self.kind.as_str(), self.recipient());
        f.write_str(&match (self.duplicate, self.state) {
            (true, state) => t!("send-duplicate", id = id, to = to, state = state.as_str()),
            (false, State::Queued) => t!("send-only-queued", id = id, kind = kind, to = to),
            (false, _) => t!("send-sent", id = id, kind = kind, to = to),
        })
    }
}
