//! Points in time: Unix milliseconds in the database, RFC 3339 in UTC in the output.

use std::fmt;
use std::str::FromStr;
#[cfg(target_os = "linux")]
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z. `Display` writes RFC 3339 in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the seconds since `earlier`, negative if that is in the future.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// Returns the whole seconds since `earlier` as an age, which is 0 if the clock was set back.
    pub fn age_since(self, earlier: Self) -> u64 {
        u64::try_from(self.seconds_since(earlier)).unwrap_or(0)
    }

    /// Returns the time of the system clock.
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, as_millis))
    }

    /// Returns the time after `span`.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(as_millis(span)))
    }

    /// Returns the time before `span`.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(as_millis(span)))
    }
}

/// Smaller steps back are corrections of the system clock and are ignored.
const MAX_CLOCK_STEP_BACK: Duration = Duration::from_secs(60);

/// A point in time by two clocks: the system clock, which can be set, and the uptime of the
/// machine, which cannot be set but starts at 0 with each boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The time of the system clock.
    pub wall: Timestamp,
    /// The uptime; `None` if the system does not identify its boots.
    pub uptime: Option<Uptime>,
}

impl ClockReading {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self { wall: Timestamp::now(), uptime: Uptime::now() }
    }

    /// Returns the time since `earlier`, by the clock that shows more: the uptime does not count
    /// while the host pauses a virtual machine, and the system clock may be set back. Returns
    /// `None` if it is unknown: after another boot, because the system clock may have been set
    /// since and many machines boot with a wrong one; or if the system clock was set back by more
    /// than a minute. Without uptime only the system clock counts.
    pub fn elapsed_since(&self, earlier: &Self) -> Option<Duration> {
        if let (Some(now), Some(then)) = (&self.uptime, &earlier.uptime)
            && now.boot_id != then.boot_id
        {
            return None;
        }
        if self.wall < earlier.wall.minus(MAX_CLOCK_STEP_BACK) {
            return None;
        }
        let by_wall_clock = self.wall.0.checked_sub(earlier.wall.0).and_then(|ms| u64::try_from(ms).ok());
        by_wall_clock.map(Duration::from_millis).max(self.uptime_since(earlier))
    }

    /// Returns the time since `earlier` by the uptime, or `None` if it belongs to another boot.
    pub fn uptime_since(&self, earlier: &Self) -> Option<Duration> {
        let (Some(now), Some(then)) = (&self.uptime, &earlier.uptime) else { return None };
        if now.boot_id != then.boot_id {
            return None;
        }
        now.ms.checked_sub(then.ms).and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis)
    }
}

/// The uptime of the machine in one boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uptime {
    boot_id: String,
    ms: i64,
}

impl Uptime {
    /// Reads the uptime. Linux only: no other system has a boot ID that every process can read.
    #[cfg(target_os = "linux")]
    fn now() -> Option<Self> {
        static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
            let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
            Some(id.chars().filter(char::is_ascii_hexdigit).take(12).collect())
        });
        // This clock also counts the time for which the machine is suspended.
        let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Some(Self { boot_id: BOOT.clone()?, ms: up.tv_sec * 1000 + up.tv_nsec / 1_000_000 })
    }

    #[cfg(not(target_os = "linux"))]
    fn now() -> Option<Self> {
        None
    }
}

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.boot_id, self.ms)
    }
}

impl FromStr for Uptime {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (boot, ms) = text.split_once(':').ok_or(())?;
        Ok(Self { boot_id: boot.to_owned(), ms: ms.parse().map_err(|_| ())? })
    }
}

fn as_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = Duration::from_millis(self.0.clamp(0, 253_402_300_799_000).unsigned_abs());
        humantime::format_rfc3339_seconds(UNIX_EPOCH + since).fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_is_larger_of_wall_clock_and_uptime() {
        let moment = |at, up: &str| ClockReading { wall: Timestamp(at), uptime: up.parse().ok() };
        let cases = [
            ("the clock was set back an hour", moment(9_000_000, "a:1000"), moment(5_400_000, "a:61000"), None),
            ("the clock was set back a little", moment(9_000_000, "a:1000"), moment(8_995_000, "a:61000"), Some(60)),
            (
                "the clock was set forward, or the machine paused",
                moment(0, "a:1000"),
                moment(9_000_000, "a:3000"),
                Some(9000),
            ),
            ("another boot", moment(0, "a:1000"), moment(5000, "b:10"), None),
            ("another boot, clock set back", moment(9000, "a:1000"), moment(5000, "b:5000"), None),
            ("no uptime", moment(0, ""), moment(7000, "b:5000"), Some(7)),
            ("uptime that runs back", moment(0, "a:9000"), moment(7000, "a:5000"), Some(7)),
        ];
        for (case, then, now, passed) in cases {
            assert_eq!(now.elapsed_since(&then), passed.map(Duration::from_secs), "{case}");
        }
        let now = ClockReading::now();
        assert_eq!(now.uptime.as_ref().map(|up| up.to_string().parse()), now.uptime.clone().map(Ok));
    }

    #[test]
    fn any_timestamp_formats_as_rfc_3339() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_412_475_999, "2026-11-23T05:41:15Z"),
            (-5, "1970-01-01T00:00:00Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
        ];
        for (ms, shown) in cases {
            assert_eq!(Timestamp(ms).to_string(), shown);
        }
    }
}
