//! WeChat's clock, as the `Date` of its answers tells it: a second witness beside this machine's own, which may be wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap};

use crate::clock::Timestamp;

/// The time by the last answer of WeChat. Clones know the same.
#[derive(Clone, Debug, Default)]
pub struct ServerClock(Arc<Mutex<Option<(Timestamp, Instant)>>>);

impl ServerClock {
    /// The time by WeChat's clock, in whole seconds at the answer; `None` before the first answer.
    pub fn now(&self) -> Option<Timestamp> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|(at, since)| at.plus(since.elapsed()))
    }

    pub(super) fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Instant::now()));
    }
}

/// The time that an answer tells.
pub(super) fn parse_date_header(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// The same, where it is one of these times.
pub(super) fn date_header_timestamp(headers: &HeaderMap) -> Option<Timestamp> {
    let since = parse_date_header(headers)?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}
