//! Times as text and as days. The platform counts days and months in Beijing time (UTC+8).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// Converts a time in RFC 3339 from UTC to Beijing time, which WeChat and the sandbox's pages use.
pub(super) fn to_beijing_time(utc: &str) -> String {
    let Ok(time) = humantime::parse_rfc3339(utc) else { return utc.to_owned() };
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    rfc3339(at_ms.saturating_add(BEIJING_OFFSET_MS)).replace('Z', "+08:00")
}

/// Returns the time of the machine, in Unix milliseconds.
pub(super) fn machine_now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
