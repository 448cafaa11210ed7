//! The log entry of an attempt to push.

use std::fmt;

use serde::Serialize;

use super::problem::PushProblem;
use crate::i18n::current_language;
use crate::sandbox::time::to_beijing_time;
use crate::t;

/// The log entry of an attempt to push, or of the check of a URL.
///
/// It contains no URL, no token and no key.
#[derive(Clone, Debug, Serialize)]
pub struct PushLine {
    /// Always `push`.
    pub event: &'static str,
    /// RFC 3339, UTC, by the clock of the machine.
    pub time: String,
    /// The name of the event, the type of the message, or `echostr` for the check of a URL.
    pub push: &'static str,
    /// The openid of the person that the push is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The number of the attempt, from 1; 0 if the push is lost.
    pub attempt: u8,
    /// The HTTP status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The reason why the response was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<PushProblem>,
    /// The faults that the fault plan applied, such as `push twice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The time until the response, in milliseconds.
    pub ms: u64,
}

impl fmt::Display for PushLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} PUSH {}", to_beijing_time(&self.time), self.push)?;
        if let Some(status) = self.status {
            write!(f, "  {status}")?;
        }
        if let Some(openid) = &self.openid {
            write!(f, "  {openid}")?;
        }
        if self.attempt > 1 {
            write!(f, "  {}", t!("sandbox-line-attempt", count = self.attempt))?;
        }
        if let Some(problem) = self.problem {
            write!(f, "  {}", problem.describe(current_language()))?;
        }
        if let Some(fault) = &self.fault {
            write!(f, "  {}", t!("sandbox-line-fault", fault = fault))?;
        }
        write!(f, "  {} ms", self.ms)
    }
}
