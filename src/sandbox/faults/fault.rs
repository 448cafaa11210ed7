//! What a fault is: which calls it is about, and what happens to them.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::http_server::{HttpResponse, ResponseMode};

/// One fault: some calls of the API do not go as they should.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) filter: CallFilter,
    pub(super) trigger: Trigger,
    /// How often it strikes at most.
    pub(super) max_triggers: Option<u64>,
    pub(super) effect: Effect,
}

/// The calls that a fault looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CallFilter {
    /// A path; with `*` at its end the beginning of one.
    pub(super) api: String,
    /// Only calls about this openid.
    pub(super) openid: Option<String>,
}

/// Which of them it strikes, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trigger {
    /// Each.
    All,
    /// Those of these numbers.
    Nth(Vec<u64>),
    /// Those whose number this divides.
    Every(u64),
    /// So many of a hundred, by a generator with this seed.
    Chance { probability: f64, seed: u64 },
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) enum Effect {
    /// That refusal in place of the call.
    Errcode(i64),
    /// An HTML page with that status, and no JSON.
    Status { status: u16, processed: bool },
    /// The call, and half of its answer.
    Truncated,
    /// A connection that is reset.
    Reset(Timing),
    /// No answer, ever.
    Hang(Timing),
    /// The call, and its answer a byte at a time.
    Drip(Duration),
    /// The call, and its answer under another content type.
    ContentType(String),
    /// The call, and its answer later.
    Delay(Duration),
}

/// Whether a call takes effect before it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Timing {
    /// It goes wrong before the call takes effect.
    Before,
    /// It goes wrong after the call took effect.
    After,
}

impl CallFilter {
    /// Whether a call of that path is meant.
    pub(super) fn matches_path(&self, path: &str) -> bool {
        match self.api.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.api,
        }
    }
}

impl Effect {
    /// Whether the call takes effect.
    pub(in crate::sandbox) fn takes_effect(&self) -> bool {
        match self {
            Self::Errcode(_) | Self::Reset(Timing::Before) | Self::Hang(Timing::Before) => false,
            Self::Status { processed, .. } => *processed,
            Self::Reset(Timing::After) | Self::Hang(Timing::After) => true,
            Self::Truncated | Self::Drip(_) | Self::ContentType(_) | Self::Delay(_) => true,
        }
    }

    /// What becomes of the right answer (of an empty one, where the call took no effect).
    pub(in crate::sandbox) fn apply(&self, reply: HttpResponse) -> HttpResponse {
        match self {
            Self::Errcode(_) => reply,
            Self::Status { status, .. } => HttpResponse::html(
                *status,
                format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"),
            ),
            Self::Truncated => reply.with_mode(ResponseMode::Truncated),
            Self::Reset(_) => reply.with_mode(ResponseMode::Reset),
            Self::Hang(_) => reply.with_mode(ResponseMode::NoResponse),
            Self::Drip(pause) => reply.with_mode(ResponseMode::Throttled(*pause)),
            Self::ContentType(kind) => reply.with_header("Content-Type", kind),
            Self::Delay(by) => {
                let before = reply.delay();
                reply.with_delay(before + *by)
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

/// The words of a request's line.
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
            Self::ContentType(kind) => write!(f, "content_type {kind}"),
            Self::Delay(by) => write!(f, "delay {}", humantime::format_duration(*by)),
        }
    }
}

/// The line of the sandbox's page.
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
        Ok(())
    }
}
