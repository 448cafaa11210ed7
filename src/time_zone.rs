//! Formats points in time for people, in a time zone. Programs get RFC 3339 in UTC, see
//! [`crate::clock`].
//!
//! The zone is process-wide, like the language, because the texts of errors cannot get it as an
//! argument. The system's zone is looked up when the first time is formatted, so other commands do
//! not wait for it.

use std::fmt;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::clock::Timestamp;

/// A named time zone. The rules are compiled in, because a small container has no zone files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl FromStr for Zone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        TimeZoneDatabase::bundled().get(name).map(Self).map_err(|_| UnknownTimeZone { nearest: closest_zone(name) })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// The error that no zone has the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTimeZone {
    /// The closest match.
    pub nearest: Option<String>,
}

/// The names that users write for the time zone of China, whose official name is Asia/Shanghai.
const CHINA_ALIASES: [&str; 6] = ["beijing", "peking", "chongqing", "shenzhen", "guangzhou", "+8"];

/// Returns the closest match: by the name of the city or by a similar spelling.
fn closest_zone(name: &str) -> Option<String> {
    let normalized = name.trim().to_lowercase().replace([' ', '-'], "_");
    let china = CHINA_ALIASES.iter().any(|word| normalized.contains(word))
        || ["cst", "+08:00", "utc+08:00"].contains(&&*normalized);
    // A name in another script is most likely Chinese; all zone names are ASCII.
    if china || !normalized.is_ascii() {
        return Some("Asia/Shanghai".to_owned());
    }
    let max_distance = (normalized.chars().count() / 3).clamp(1, 3);
    let database = TimeZoneDatabase::bundled();
    let names = database.available().map(|known| known.as_str().to_owned()).filter(|known| known.contains('/'));
    let with_distance = names.map(|known| {
        let whole = known.to_lowercase();
        let city = whole.rsplit('/').next().unwrap_or_default();
        let distance = strsim::damerau_levenshtein;
        (distance(&whole, &normalized).min(distance(city, &normalized)), known)
    });
    with_distance.filter(|(distance, _)| *distance <= max_distance).min().map(|(_, known)| known)
}

static CURRENT_ZONE: RwLock<Option<Zone>> = RwLock::new(None);

/// Sets the zone of the process; `None` is the system's.
pub fn set_time_zone(zone: Option<Zone>) {
    *CURRENT_ZONE.write().unwrap_or_else(PoisonError::into_inner) = zone;
}

/// Formats a time in the zone of the process: `2026-11-29 13:41:15 +08:00`.
pub fn format_local(at: Timestamp) -> String {
    format_in_zone(at, &Zone::current().0)
}

/// Formats a time in the zone of the process to the minute: `2026-11-29 13:41`.
pub fn format_local_minute(at: Timestamp) -> String {
    Zone::current().local_time(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Formats a time in the zone of the process for a column of a table.
pub fn format_local_briefly(at: Timestamp) -> String {
    Zone::current().format_briefly(at, Timestamp::now())
}

impl Zone {
    /// Returns the zone of the process.
    pub fn current() -> Self {
        let current = CURRENT_ZONE.read().unwrap_or_else(PoisonError::into_inner).clone();
        current.unwrap_or_else(|| Self(TimeZone::system()))
    }

    /// Returns what a clock in this zone shows.
    pub fn local_time(&self, at: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
        self.0.to_datetime(instant)
    }

    /// Returns when a clock in this zone shows `local`. Of a time that it shows twice, the first
    /// one is returned. A time that it skips is moved by as much as the clock.
    pub fn instant(&self, local: DateTime) -> Timestamp {
        let instant = self.0.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX);
        Timestamp(instant.as_millisecond())
    }

    /// Formats a time briefly: the time for today, the date and time for this year, the date for
    /// another year.
    fn format_briefly(&self, at: Timestamp, now: Timestamp) -> String {
        let (local, today) = (self.local_time(at), self.local_time(now));
        let format = match () {
            () if local.date() == today.date() => "%H:%M:%S",
            () if local.year() == today.year() => "%m-%d %H:%M",
            () => "%Y-%m-%d",
        };
        local.strftime(format).to_string()
    }
}

fn format_in_zone(at: Timestamp, zone: &TimeZone) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.0).ok();
    let offset = instant.map_or(0, |at| zone.to_offset(at).seconds());
    let shifted = Timestamp(at.0.saturating_add(i64::from(offset) * 1000)).to_string();
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let clock = shifted.trim_end_matches('Z').replace('T', " ");
    format!("{clock} {sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_795_412_475_999); // 2026-11-23T05:41:15Z

    #[test]
    fn time_is_formatted_in_its_zone() {
        for (zone, shown) in [
            ("Asia/Shanghai", "2026-11-23 13:41:15 +08:00"),
            ("asia/shanghai", "2026-11-23 13:41:15 +08:00"),
            ("America/St_Johns", "2026-11-23 02:11:15 -03:30"),
            ("America/Los_Angeles", "2026-11-22 21:41:15 -08:00"),
            ("UTC", "2026-11-23 05:41:15 +00:00"),
        ] {
            assert_eq!(format_in_zone(AT, &zone.parse::<Zone>().unwrap().0), shown, "{zone}");
        }
        // Half a year earlier, it is summer.
        let summer = Timestamp(AT.0 - 182 * 86_400_000);
        assert_eq!(format_in_zone(summer, &"Europe/Berlin".parse::<Zone>().unwrap().0), "2026-05-25 07:41:15 +02:00");
        let far = format_in_zone(Timestamp(i64::MAX), &"Asia/Shanghai".parse::<Zone>().unwrap().0);
        assert_eq!(far, "9999-12-31 23:59:59 +00:00");
    }

    #[test]
    fn brief_time_has_what_differs_from_now() {
        let zone: Zone = "Asia/Shanghai".parse().unwrap();
        for (earlier, shown) in [
            (0, "13:41:15"),
            (13 * 3600 + 41 * 60 + 15, "00:00:00"),
            (13 * 3600 + 41 * 60 + 16, "11-22 23:59"),
            (-86_400, "11-24 13:41"),
            (326 * 86_400, "01-01 13:41"),
            (327 * 86_400, "2025-12-31"),
        ] {
            assert_eq!(zone.format_briefly(Timestamp(AT.0 - earlier * 1000), AT), shown, "{earlier}");
        }
    }

    #[test]
    fn skipped_and_repeated_times_have_an_instant() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let at = |local: &str| zone.instant(local.parse().unwrap()).to_string();
        assert_eq!(at("2026-03-29T02:30"), "2026-03-29T01:30:00Z");
        assert_eq!(at("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
        assert_eq!(at("2026-11-29T12:00"), "2026-11-29T11:00:00Z");
    }

    #[test]
    fn unknown_zone_error_has_nearest_name() {
        for (name, near) in [
            ("Asia/Shangai", Some("Asia/Shanghai")),
            ("Shanghai", Some("Asia/Shanghai")),
            ("Asia/Beijing", Some("Asia/Shanghai")),
            ("UTC+8", Some("Asia/Shanghai")),
            ("+08:00", Some("Asia/Shanghai")),
            ("北京时间", Some("Asia/Shanghai")),
            ("Europe/Belrin", Some("Europe/Berlin")),
            ("new york", Some("America/New_York")),
            ("hunter2hunter2", None),
            ("", None),
        ] {
            let unknown = name.parse::<Zone>().unwrap_err();
            assert_eq!(unknown.nearest.as_deref(), near, "{name}");
        }
        assert_eq!("Asia/Shanghai".parse::<Zone>().unwrap().to_string(), "Asia/Shanghai");
    }
}
