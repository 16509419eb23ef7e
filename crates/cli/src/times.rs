//! Points in time, as people write them.

use array_format::{At, TimestampNs};
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};

/// Nanoseconds since 1970 as RFC 3339 text.
pub fn text(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The same to the second, for tables.
pub fn short(time: i64) -> String {
    DateTime::from_timestamp_nanos(time)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// A time or a date, in UTC where it does not say.
pub fn parse(text: &str) -> Option<i64> {
    let with_zone = || {
        DateTime::parse_from_rfc3339(text)
            .ok()?
            .timestamp_nanos_opt()
    };
    let without = || {
        let text = text.strip_suffix('Z').unwrap_or(text);
        [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
        ]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?
        .and_utc()
        .timestamp_nanos_opt()
    };
    let date = || {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_nanos_opt()
    };
    with_zone().or_else(without).or_else(date)
}

/// A commit's number, a time, or else a tag.
pub fn parse_at(text: &str) -> Result<At, String> {
    if text.is_empty() {
        return Err("give a commit number, a time, or a tag".to_owned());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(At::Commit(number));
    }
    Ok(match parse(text) {
        Some(time) => At::Time(TimestampNs(time)),
        None => At::Tag(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let noon = 1_767_614_400_000_000_000;
        for same in [
            "2026-01-05T12:00:00Z",
            "2026-01-05T13:00:00+01:00",
            "2026-01-05 12:00:00",
            "2026-01-05T12:00",
            "2026-01-05T12:00Z",
        ] {
            assert_eq!(parse(same), Some(noon), "{same}");
        }
        assert_eq!(parse("2026-01-05"), Some(noon - 12 * 3_600_000_000_000));
        assert_eq!(text(noon), "2026-01-05T12:00:00Z");
        assert_eq!(parse("v1"), None);
    }

    #[test]
    fn states_are_numbers_times_or_tags() {
        assert_eq!(parse_at("12"), Ok(At::Commit(12)));
        assert_eq!(parse_at("2026"), Ok(At::Commit(2026)));
        assert_eq!(parse_at("v1"), Ok(At::Tag("v1".to_owned())));
        assert!(matches!(parse_at("2026-01-05"), Ok(At::Time(_))));
        assert!(parse_at("").is_err());
    }
}
