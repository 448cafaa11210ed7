//! A fault: the calls that it applies to, and its effect on them.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::http_server::{HttpResponse, ResponseMode};

/// A fault that makes some calls of the API or some pushes fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) filter: CallFilter,
    pub(super) trigger: Trigger,
    /// The maximum number of times that the fault triggers.
    pub(super) max_triggers: Option<u64>,
    pub(super) effect: Effect,
}

/// The calls or pushes that a fault applies to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CallFilter {
    /// A path; with a trailing `*`, the start of a path.
    pub(super) api: String,
    /// If given, only calls and pushes about this openid match.
    pub(super) openid: Option<String>,
    /// If given, only pushes of this name match.
    pub(super) event: Option<String>,
}

/// The matching calls or pushes that trigger the fault, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trigger {
    /// Every call.
    All,
    /// The calls of these numbers.
    Nth(Vec<u64>),
    /// The calls whose number is a multiple of this.
    Every(u64),
    /// The share `probability` of the calls, chosen by a generator seeded with `seed`.
    Chance { probability: f64, seed: u64 },
}

/// The effect of a fault on a call.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) enum Effect {
    /// Returns that error without executing the call.
    Errcode(i64),
    /// Returns an HTML page with that status instead of JSON.
    Status { status: u16, processed: bool },
    /// Executes the call, and sends half of its response.
    Truncated,
    /// Resets the connection.
    Reset(Timing),
    /// Never responds.
    Hang(Timing),
    /// Executes the call, and sends its response byte by byte with this pause.
    Drip(Duration),
    /// Executes the call, and sends its response with another content type.
    ContentType(String),
    /// Executes the call, and sends its response later.
    Delay(Duration),
    /// The receipt of the message has this status.
    Receipt(String),
    /// The push has this fault.
    Push(PushFault),
}

/// A fault of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum PushFault {
    /// It is sent a second time although it was accepted.
    Twice,
    /// It is sent later, after others.
    Late,
    /// It is not sent.
    Lost,
    /// It is sent before the response of the call that caused it.
    #[serde(rename = "before the answer")]
    BeforeAnswer,
}

/// The order of the execution and the failure of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Timing {
    /// The call fails before it is executed.
    Before,
    /// The call fails after it was executed.
    After,
}

impl CallFilter {
    /// Returns whether the filter matches calls of that path.
    pub(super) fn matches_path(&self, path: &str) -> bool {
        match self.api.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.api,
        }
    }
}

impl Effect {
    /// Returns whether the call is executed.
    pub(in crate::sandbox) fn takes_effect(&self) -> bool {
        match self {
            Self::Errcode(_) | Self::Reset(Timing::Before) | Self::Hang(Timing::Before) => false,
            Self::Status { processed, .. } => *processed,
            Self::Reset(Timing::After) | Self::Hang(Timing::After) => true,
            Self::Truncated | Self::Drip(_) | Self::ContentType(_) | Self::Delay(_) => true,
            Self::Receipt(_) | Self::Push(_) => true,
        }
    }

    /// Returns whether the effect is on a push, and not on a call.
    pub(super) fn concerns_push(&self) -> bool {
        matches!(self, Self::Receipt(_) | Self::Push(_))
    }

    /// Applies the effect to the reply of the call (to an empty reply if the call was not
    /// executed).
    pub(in crate::sandbox) fn apply(&self, reply: HttpResponse) -> HttpResponse {
        match self {
            Self::Errcode(_) | Self::Receipt(_) | Self::Push(_) => reply,
            Self::Status { status, .. } => HttpResponse::html(
                *status,
                format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"),
            ),
            Self::Truncated => reply.with_mode(ResponseMode::Truncated),
            Self::Reset(_) => reply.with_mode(ResponseMode::Reset),
            Self::Hang(_) => reply.with_mode(ResponseMode::NoResponse),
            Self::Drip(pause) => reply.with_mode(ResponseMode::Throttled(*pause)),
            Self::ContentType(content_type) => reply.with_header("Content-Type", content_type),
            Self::Delay(delay) => {
                let before = reply.delay();
                reply.with_delay(before + *delay)
            }
        }
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

impl fmt::Display for PushFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Twice => "twice",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::BeforeAnswer => "before the answer",
        })
    }
}

/// Formats the effect for the request log.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errcode(errcode) => write!(f, "errcode {errcode}"),
            Self::Status { status, processed: false } => write!(f, "status {status}"),
            Self::Status { status, processed: true } => write!(f, "status {status} processed"),
            Self::Truncated => f.write_str("truncated"),
            Self::Reset(when) => write!(f, "reset {when}"),
            Self::Hang(when) => write!(f, "hang {when}"),
            Self::Drip(pause) => write!(f, "drip {}", humantime::format_duration(*pause)),
            Self::ContentType(content_type) => write!(f, "content_type {content_type}"),
            Self::Delay(delay) => write!(f, "delay {}", humantime::format_duration(*delay)),
            Self::Receipt(status) => write!(f, "receipt {status}"),
            Self::Push(fault) => write!(f, "push {fault}"),
        }
    }
}

/// Formats the fault for the sandbox's page.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.filter.api, self.effect)?;
        match &self.trigger {
            Trigger::All => {}
            Trigger::Nth(numbers) => {
                let numbers = numbers.iter().map(u64::to_string).collect::<Vec<_>>();
                write!(f, ", nth {}", numbers.join(" "))?;
            }
            Trigger::Every(every) => write!(f, ", every {every}")?,
            Trigger::Chance { probability, seed } => write!(f, ", probability {probability} (seed {seed})")?,
        }
        if let Some(times) = self.max_triggers {
            write!(f, ", times {times}")?;
        }
        if let Some(to) = &self.filter.openid {
            write!(f, ", to {to}")?;
        }
        if let Some(event) = &self.filter.event {
            write!(f, ", event {event}")?;
        }
        Ok(())
    }
}
