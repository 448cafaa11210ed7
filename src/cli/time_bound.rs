//! Points in time as users write them for `--since` and `--until`.
//!
//! `jiff` parses dates and times and knows the time zones. Crates for dates in words (`interim`,
//! `chrono-english`, `parse_datetime`) interpret `22:00` as a time of today, which is in the future
//! before ten in the evening, and `yesterday` as 24 hours ago.

use std::time::Duration;

use jiff::Span;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;

use super::values::parse_duration;
use crate::clock::Timestamp;
use crate::t;
use crate::time_zone::Zone;

/// The formats of a date with its year.
const DATE_FORMATS: [&str; 2] = ["%Y-%m-%d", "%Y/%m/%d"];

/// The formats of a date without its year, as tables print it.
const MONTH_DAY_FORMATS: [&str; 2] = ["%m-%d", "%m/%d"];

/// The formats of a time of the day.
const TIME_FORMATS: [&str; 2] = ["%H:%M", "%H:%M:%S"];

/// The number of years to look back for a date without a year: 29 February can be eight years ago.
const MAX_YEARS_BACK: i16 = 8;

/// A point in time or a day, as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeBound(Expression);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    /// This long before now.
    Age(Duration),
    /// A time with its offset from UTC.
    Instant(Timestamp),
    /// A day, or a time of it, in the time zone of the process.
    Day(Day, Option<Time>),
    /// The last time when a clock showed this.
    Time(Time),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Today,
    Yesterday,
    Date(Date),
    /// The last such day.
    WithoutYear {
        month: i8,
        day: i8,
    },
}

impl TimeBound {
    /// Parses the value of an option.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        parse_expression(text).map(Self).ok_or_else(|| match parse_duration(text) {
            // The age is zero or too long.
            Err(message) if humantime::parse_duration(text).is_ok() => message,
            _ => t!("cli-expected-time"),
        })
    }

    /// Returns the first moment that it includes, for `--since`.
    pub fn first_moment(&self, now: Timestamp, zone: &Zone) -> Timestamp {
        self.moment(now, zone, false)
    }

    /// Returns the last moment that it includes, for `--until`: a day is included to its end, and a
    /// time with seconds to the end of its second.
    pub fn last_moment(&self, now: Timestamp, zone: &Zone) -> Timestamp {
        self.moment(now, zone, true)
    }

    fn moment(&self, now: Timestamp, zone: &Zone, is_end: bool) -> Timestamp {
        let local_now = zone.local_time(now);
        let local = match &self.0 {
            Expression::Age(age) => return now.minus(*age),
            Expression::Instant(at) => return if is_end { end_of_second(*at) } else { *at },
            Expression::Day(day, Some(time)) => day.date(local_now).to_datetime(*time),
            Expression::Day(day, None) if is_end => day.date(local_now).to_datetime(Time::MAX),
            Expression::Day(day, None) => day.date(local_now).to_datetime(Time::MIN),
            Expression::Time(time) => last_such_time(*time, local_now),
        };
        let at = zone.instant(local);
        if is_end && local.second() != 0 { end_of_second(at) } else { at }
    }
}

impl Day {
    fn date(self, now: DateTime) -> Date {
        match self {
            Self::Today => now.date(),
            Self::Yesterday => days_before(now.date(), 1),
            Self::Date(date) => date,
            Self::WithoutYear { month, day } => {
                let years = (0..=MAX_YEARS_BACK).map(|years| now.year() - years);
                let mut dates = years.filter_map(|year| Date::new(year, month, day).ok());
                dates.find(|date| *date <= now.date()).unwrap_or_else(|| now.date())
            }
        }
    }
}

fn days_before(date: Date, days: i64) -> Date {
    date.checked_sub(Span::new().days(days)).unwrap_or(date)
}

fn last_such_time(time: Time, now: DateTime) -> DateTime {
    let today = now.date().to_datetime(time);
    if today <= now { today } else { days_before(now.date(), 1).to_datetime(time) }
}

fn end_of_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1000) + 999)
}

fn parse_expression(text: &str) -> Option<Expression> {
    let age = text.strip_suffix(" ago").unwrap_or(text);
    if let Ok(age) = parse_duration(age) {
        return Some(Expression::Age(age));
    }
    // wxbox prints a space before the offset.
    if let Ok(at) = text.replace(" +", "+").replace(" -", "-").parse::<jiff::Timestamp>() {
        return Some(Expression::Instant(Timestamp(at.as_millisecond())));
    }
    match text.split_once([' ', 'T']) {
        Some((day, time)) => Some(Expression::Day(parse_day(day)?, Some(parse_time(time.trim())?))),
        None => match parse_time(text) {
            Some(time) => Some(Expression::Time(time)),
            None => Some(Expression::Day(parse_day(text)?, None)),
        },
    }
}

fn parse_day(text: &str) -> Option<Day> {
    match text.to_ascii_lowercase().as_str() {
        "today" => return Some(Day::Today),
        "yesterday" => return Some(Day::Yesterday),
        _ => {}
    }
    let date = |format| strtime::parse(format, text).and_then(|parts| parts.to_date()).ok();
    if let Some(date) = DATE_FORMATS.into_iter().find_map(date) {
        return Some(Day::Date(date));
    }
    let parts = MONTH_DAY_FORMATS.into_iter().find_map(|format| strtime::parse(format, text).ok())?;
    let (month, day) = (parts.month()?, parts.day()?);
    // A leap year has every date.
    Date::new(2024, month, day).is_ok().then_some(Day::WithoutYear { month, day })
}

fn parse_time(text: &str) -> Option<Time> {
    TIME_FORMATS.into_iter().find_map(|format| strtime::parse(format, text).and_then(|parts| parts.to_time()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29 13:41:15.5 in Shanghai.
    const NOW: Timestamp = Timestamp(1_795_930_875_500);

    fn moments(text: &str) -> (String, String) {
        let zone: Zone = "Asia/Shanghai".parse().unwrap();
        let bound = TimeBound::parse(text).unwrap();
        let local = |at: Timestamp| zone.local_time(at).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        (local(bound.first_moment(NOW, &zone)), local(bound.last_moment(NOW, &zone)))
    }

    #[test]
    fn bounds_are_read_as_people_write_them() {
        let cases = [
            ("1d", "2026-11-28 13:41:15.500", "2026-11-28 13:41:15.500"),
            ("2h 30m", "2026-11-29 11:11:15.500", "2026-11-29 11:11:15.500"),
            ("2 hours ago", "2026-11-29 11:41:15.500", "2026-11-29 11:41:15.500"),
            // The last time that a clock showed it.
            ("13:41", "2026-11-29 13:41:00.000", "2026-11-29 13:41:00.000"),
            ("13:42", "2026-11-28 13:42:00.000", "2026-11-28 13:42:00.000"),
            ("9:30", "2026-11-29 09:30:00.000", "2026-11-29 09:30:00.000"),
            ("22:00:05", "2026-11-28 22:00:05.000", "2026-11-28 22:00:05.999"),
            ("2026-11-28", "2026-11-28 00:00:00.000", "2026-11-28 23:59:59.999"),
            ("2026/11/28", "2026-11-28 00:00:00.000", "2026-11-28 23:59:59.999"),
            (" today ", "2026-11-29 00:00:00.000", "2026-11-29 23:59:59.999"),
            ("Yesterday", "2026-11-28 00:00:00.000", "2026-11-28 23:59:59.999"),
            ("yesterday 22:00", "2026-11-28 22:00:00.000", "2026-11-28 22:00:00.000"),
            ("2026-11-28 22:00", "2026-11-28 22:00:00.000", "2026-11-28 22:00:00.000"),
            ("2026-11-28T22:00:01", "2026-11-28 22:00:01.000", "2026-11-28 22:00:01.999"),
            // The last such day.
            ("11-28 22:00", "2026-11-28 22:00:00.000", "2026-11-28 22:00:00.000"),
            ("12-31", "2025-12-31 00:00:00.000", "2025-12-31 23:59:59.999"),
            ("02-29", "2024-02-29 00:00:00.000", "2024-02-29 23:59:59.999"),
            // With an offset, as RFC 3339 and as wxbox prints it.
            ("2026-11-28T22:00:00Z", "2026-11-29 06:00:00.000", "2026-11-29 06:00:00.999"),
            ("2026-11-28 22:00:00 -03:30", "2026-11-29 09:30:00.000", "2026-11-29 09:30:00.999"),
            ("2026-11-28 22:00:00 +08:00", "2026-11-28 22:00:00.000", "2026-11-28 22:00:00.999"),
        ];
        for (text, first, last) in cases {
            assert_eq!(moments(text), (first.to_owned(), last.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in ["", "5", "20", "2026", "24:01", "11-31", "2026-02-29", "tomorrow", "yesterday 25:00", "22:00 x"] {
            assert_eq!(TimeBound::parse(text), Err(t!("cli-expected-time")), "{text}");
        }
        assert_eq!(TimeBound::parse("0s"), Err(t!("cli-expected-positive")));
        assert_eq!(TimeBound::parse("200y"), Err(t!("cli-expected-shorter")));
    }
}
