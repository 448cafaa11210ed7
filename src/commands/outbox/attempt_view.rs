//! An attempt, as `outbox show` has it.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::store::{Attempt, AttemptOutcome};
use crate::t;
use crate::ui::format_clock_time;
use crate::wechat::ApiError;
use crate::wechat::message::api_for_kind;

/// An attempt.
#[derive(Serialize)]
pub(super) struct AttemptView {
    pub(super) n: i64,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    openid: Option<String>,
    host: Option<String>,
    outcome: Option<&'static str>,
    errcode: Option<i64>,
    errmsg: Option<String>,
    rid: Option<String>,
    #[serde(skip)]
    api: &'static str,
}

impl AttemptView {
    /// An attempt of a message of that kind.
    pub(super) fn new(kind: &str, it: Attempt) -> Self {
        Self {
            n: it.number,
            started_at: it.started.wall,
            ended_at: it.ended_at,
            openid: it.openid,
            host: it.host,
            outcome: it.outcome.map(AttemptOutcome::as_str),
            errcode: it.errcode,
            errmsg: it.errmsg,
            rid: it.rid,
            api: api_for_kind(kind),
        }
    }
}

impl fmt::Display for AttemptView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_deref().unwrap_or("-");
        let outcome = match (self.outcome, self.errcode) {
            (None, _) => t!("outbox-attempt-open"),
            (_, Some(errcode)) => {
                let errmsg = self.errmsg.clone().unwrap_or_default();
                ApiError { api: self.api, errcode, errmsg, rid: None, remedy: None }.to_string()
            }
            (Some("accepted"), _) => t!("outbox-attempt-accepted"),
            (Some("not_sent"), _) => t!("outbox-attempt-not-sent", host = host),
            (Some(_), _) => t!("outbox-attempt-ambiguous", host = host),
        };
        let openid = self.openid.as_deref().unwrap_or("-");
        f.write_str(&t!(
            "outbox-attempt-line",
            time = format_clock_time(self.started_at, f),
            openid = openid,
            outcome = outcome
        ))
    }
}
