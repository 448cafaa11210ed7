//! What a fault is: which calls it is about, and what happens to them.

mod plan;
mod settings;

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

pub(super) use plan::Plan;
use settings::Settings;
pub(super) use settings::read;

use crate::http::{Manner, Reply};

/// One fault: some calls of the API do not go as they should.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Settings")]
pub struct Fault {
    calls: Calls,
    strikes: Strikes,
    /// How often it strikes at most.
    times: Option<u64>,
    effect: Effect,
}

/// The calls that a fault looks at.
#[derive(Clone, Debug, PartialEq)]
struct Calls {
    /// A path; with `*` at its end the beginning of one.
    api: String,
    /// Only calls about this openid.
    to: Option<String>,
}

/// Which of them it strikes, counted from 1.
#[derive(Clone, Debug, PartialEq)]
enum Strikes {
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
pub(super) enum Effect {
    /// That refusal in place of the call.
    Errcode(i64),
    /// An HTML page with that status, and no JSON.
    Status { status: u16, processed: bool },
    /// The call, and half of its answer.
    Truncated,
    /// A connection that is reset.
    Reset(When),
    /// No answer, ever.
    Hang(When),
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
pub(super) enum When {
    /// It goes wrong before the call takes effect.
    Before,
    /// It goes wrong after the call took effect.
    After,
}

impl Calls {
    /// Whether a call of that path is meant.
    fn has_path(&self, path: &str) -> bool {
        match self.api.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.api,
        }
    }
}

impl Effect {
    /// Whether the call takes effect.
    pub(super) fn processes(&self) -> bool {
        match self {
            Self::Errcode(_) | Self::Reset(When::Before) | Self::Hang(When::Before) => false,
            Self::Status { processed, .. } => *processed,
            Self::Reset(When::After) | Self::Hang(When::After) => true,
            Self::Truncated | Self::Drip(_) | Self::ContentType(_) | Self::Delay(_) => true,
        }
    }

    /// What becomes of the right answer (of an empty one, where the call took no effect).
    pub(super) fn spoil(&self, reply: Reply) -> Reply {
        match self {
            Self::Errcode(_) => reply,
            Self::Status { status, .. } => Reply::html(
                *status,
                format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"),
            ),
            Self::Truncated => reply.in_manner(Manner::Half),
            Self::Reset(_) => reply.in_manner(Manner::Reset),
            Self::Hang(_) => reply.in_manner(Manner::Never),
            Self::Drip(pause) => reply.in_manner(Manner::Drip(*pause)),
            Self::ContentType(kind) => reply.header("Content-Type", kind),
            Self::Delay(by) => {
                let before = reply.delay();
                reply.delayed(before + *by)
            }
        }
    }
}

impl fmt::Display for When {
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
        write!(f, "{}: {}", self.calls.api, self.effect)?;
        match &self.strikes {
            Strikes::All => {}
            Strikes::Nth(numbers) => {
                let numbers = numbers.iter().map(u64::to_string).collect::<Vec<_>>();
                write!(f, ", nth {}", numbers.join(" "))?;
            }
            Strikes::Every(every) => write!(f, ", every {every}")?,
            Strikes::Chance { probability, seed } => write!(f, ", probability {probability} (seed {seed})")?,
        }
        if let Some(times) = self.times {
            write!(f, ", times {times}")?;
        }
        if let Some(to) = &self.calls.to {
            write!(f, ", to {to}")?;
        }
        Ok(())
    }
}
