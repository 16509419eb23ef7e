//! Numbers that count from a date, as CF conventions write them: `days since 1950-01-01`.

use chrono::{DateTime, TimeDelta, Utc};

use crate::times;

/// The first day that all of the common calendars count alike.
const GREGORIAN: &str = "1582-10-15";

/// From when numbers count, and in what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Since {
    start: DateTime<Utc>,
    /// Seconds of a unit.
    unit: f64,
}

impl Since {
    /// Seconds since 1970.
    pub const UNIX: Self = Self {
        start: DateTime::UNIX_EPOCH,
        unit: 1.0,
    };

    /// Of units, and of a calendar whose days are those of everybody's.
    pub fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        let (unit, start) = units.split_once(" since ")?;
        let unit = match unit.trim().to_ascii_lowercase().as_str() {
            "second" | "seconds" | "sec" | "secs" | "s" => 1.0,
            "minute" | "minutes" | "min" | "mins" => 60.0,
            "hour" | "hours" | "hr" | "hrs" | "h" => 3600.0,
            "day" | "days" | "d" => 86_400.0,
            _ => return None,
        };
        let start = times::parse(&padded(start.trim()))?;
        let is_common = match calendar.unwrap_or("standard") {
            "proleptic_gregorian" => true,
            "standard" | "gregorian" => times::parse(GREGORIAN).is_none_or(|first| start >= first),
            _ => false,
        };
        let start = DateTime::from_timestamp_nanos(start);
        is_common.then_some(Self { start, unit })
    }

    /// The date that a number stands for, as finely as a span of so many units needs.
    pub fn shown(&self, value: f64, span: f64) -> Option<String> {
        const DAY: f64 = 86_400.0;
        let milliseconds = (value * self.unit * 1e3).round();
        let is_near = milliseconds.abs() < 9e15;
        let after = TimeDelta::try_milliseconds(is_near.then_some(milliseconds as i64)?)?;
        let date = self.start.checked_add_signed(after)?;
        let format = match span.abs() * self.unit {
            span if span > 1500.0 * DAY => "%Y-%m",
            span if span > 4.0 * DAY => "%Y-%m-%d",
            span if span > 600.0 => "%m-%d %H:%M",
            _ => "%H:%M:%S",
        };
        Some(date.format(format).to_string())
    }
}

/// A date with all its digits, and without the fraction and zone that some write: `1950-1-1 0:0:0.0`.
fn padded(text: &str) -> String {
    let text = text
        .trim_end_matches("UTC")
        .trim_end_matches('Z')
        .trim_end();
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let digits = |text: &str, sign: char, first: usize| {
        let parts = text.split(sign).enumerate();
        let parts: Vec<String> = parts
            .map(|(i, part)| format!("{part:0>width$}", width = if i == 0 { first } else { 2 }))
            .collect();
        parts.join(&sign.to_string())
    };
    let date = digits(date, '-', 4);
    match time.trim() {
        "" => date,
        time => format!("{date} {}", digits(time, ':', 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_cf_are_read() {
        let shown = |units: &str, value: f64, span: f64| {
            Since::parse(units, None).and_then(|since| since.shown(value, span))
        };
        let date = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown("days since 1950-01-01", 1.0, 30.0),
            date("1950-01-02")
        );
        assert_eq!(
            shown("days since 1950-1-1 00:00:00", 366.0, 9999.0),
            date("1951-01")
        );
        assert_eq!(
            shown("hours since 1900-01-01 0:0:0.0", 25.0, 10.0),
            date("01-02 01:00")
        );
        assert_eq!(
            shown("seconds since 1970-01-01T00:00:00Z", 61.0, 60.0),
            date("00:01:01")
        );
        assert_eq!(
            shown("days since 1970-01-01 00:00:00 UTC", 0.0, 10.0),
            date("1970-01-01")
        );
        for other in [
            "days",
            "months since 1950-01-01",
            "days since yesterday",
            "days since 0000-01-01",
        ] {
            assert_eq!(shown(other, 1.0, 1.0), None, "{other}");
        }
        assert_eq!(Since::parse("days since 2000-01-01", Some("360_day")), None);
        assert!(Since::parse("days since 1700-01-01", Some("proleptic_gregorian")).is_some());
        assert_eq!(Since::UNIX.shown(f64::NAN, 1.0), None);
        assert_eq!(Since::UNIX.shown(1e300, 1.0), None);
    }
}
