//! Times as text and as days. The platform counts days and months in Beijing time (UTC+8).

use std::time::{Duration, UNIX_EPOCH};

/// The offset of Beijing time from UTC, in milliseconds.
pub(super) const BEIJING_OFFSET_MS: i64 = 8 * 3_600_000;

/// Formats a time (Unix milliseconds) as RFC 3339 in UTC.
pub(super) fn rfc3339(at_ms: i64) -> String {
    let since_epoch = Duration::from_millis(u64::try_from(at_ms).unwrap_or_default());
    // humantime's Display fails beyond the year 9999.
    let year_9999 = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since_epoch.min(year_9999)).to_string()
}

/// Returns the number of the day in Beijing that a time (Unix milliseconds) belongs to. Daily
/// counters restart with it.
pub(super) fn beijing_day(now_ms: i64) -> i64 {
    (now_ms + BEIJING_OFFSET_MS).div_euclid(86_400_000)
}
