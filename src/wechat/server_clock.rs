//! WeChat's clock, derived from the `Date` of its responses: a second source beside this machine's
//! clock, which may be wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap};

use crate::clock::Timestamp;

/// The time of WeChat's last response; clones share it.
#[derive(Clone, Debug, Default)]
pub struct ServerClock(Arc<Mutex<Option<(Timestamp, Instant)>>>);

impl ServerClock {
    /// Returns the time by WeChat's clock, accurate to the second of the last response; `None`
    /// before the first one.
    pub fn now(&self, now: Instant) -> Option<Timestamp> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|(at, since)| at.plus(now.saturating_duration_since(since)))
    }

    pub(super) fn set(&self, at: Timestamp, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, now));
    }
}

/// Parses the `Date` header.
pub(super) fn parse_date_header(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Returns the `Date` header as a [`Timestamp`], if it is in its range.
pub(super) fn date_header_timestamp(headers: &HeaderMap) -> Option<Timestamp> {
    let since = parse_date_header(headers)?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}
