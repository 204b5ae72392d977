//! Dates and times in the format of pages: « 3 octobre », « 14 h 30 ».
//!
//! All times are in the time zone of metropolitan France, common to all supported académies.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use chrono_tz::Europe::Paris;

use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

/// The days of a week, from Monday on.
const WEEKDAYS: [(&str, &str); 7] = [
    ("lundi", "Monday"),
    ("mardi", "Tuesday"),
    ("mercredi", "Wednesday"),
    ("jeudi", "Thursday"),
    ("vendredi", "Friday"),
    ("samedi", "Saturday"),
    ("dimanche", "Sunday"),
];

/// Formats a date within a year, without the year: `1er octobre`, `3 October`.
pub fn day(lang: Lang, at: Timestamp) -> String {
    in_paris(at).map(|at| format_day(lang, at.date_naive())).unwrap_or_default()
}

/// Formats a date to come with its day of the week, for paper that is read some days later: `mercredi 16 décembre`.
pub fn weekday_and_day(lang: Lang, at: Timestamp) -> String {
    let Some(at) = in_paris(at) else { return String::new() };
    let number = at.weekday().num_days_from_monday() as usize;
    let (fr, en) = WEEKDAYS.get(number).copied().unwrap_or_default();
    let weekday = match lang {
        Lang::Fr => fr,
        Lang::En => en,
    };
    format!("{weekday} {}", format_day(lang, at.date_naive()))
}

/// Formats a date with its year, for paper that is kept: `28 novembre 2026`.
pub fn day_and_year(lang: Lang, at: Timestamp) -> String {
    in_paris(at).map(|at| format!("{} {}", format_day(lang, at.date_naive()), at.year())).unwrap_or_default()
}

/// Formats a time of day: `14 h 30`, `14 h`, `14:30`.
pub fn hour(lang: Lang, at: Timestamp) -> String {
    let Some(at) = in_paris(at) else { return String::new() };
    match (lang, at.hour(), at.minute()) {
        (Lang::Fr, hour, 0) => format!("{hour}\u{a0}h"),
        (Lang::Fr, hour, minute) => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        (Lang::En, hour, minute) => format!("{hour}:{minute:02}"),
    }
}

/// Formats the time rounded up to the next minute, so that a user does not come back too early.
pub fn hour_rounded_up(lang: Lang, at: Timestamp) -> String {
    hour(lang, Timestamp(at.0.saturating_add(59_999)))
}

/// Returns the date as `2026-11-24`, the key of daily counters.
pub fn date_key(at: Timestamp) -> String {
    in_paris(at).map(|at| at.date_naive().to_string()).unwrap_or_default()
}

fn in_paris(at: Timestamp) -> Option<DateTime<chrono_tz::Tz>> {
    DateTime::from_timestamp_millis(at.0).map(|at| at.with_timezone(&Paris))
}

fn format_day(lang: Lang, date: NaiveDate) -> String {
    let (fr, en) = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    match (lang, date.day()) {
        (Lang::Fr, 1) => format!("1er\u{a0}{fr}"),
        (Lang::Fr, day) => format!("{day}\u{a0}{fr}"),
        (Lang::En, day) => format!("{day}\u{a0}{en}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rfc3339: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(rfc3339).unwrap().timestamp_millis())
    }

    #[test]
    fn days_and_hours_are_those_of_paris_in_summer_and_winter() {
        assert_eq!(day(Lang::Fr, at("2026-10-02T22:30:00Z")), "3\u{a0}octobre");
        assert_eq!(hour(Lang::Fr, at("2026-10-02T22:30:00Z")), "0\u{a0}h\u{a0}30");
        assert_eq!(day(Lang::Fr, at("2026-02-01T12:00:00Z")), "1er\u{a0}février");
        assert_eq!(hour(Lang::Fr, at("2026-02-01T12:00:59Z")), "13\u{a0}h");
        assert_eq!(day(Lang::En, at("2026-12-31T23:30:00Z")), "1\u{a0}January");
        assert_eq!(hour(Lang::En, at("2026-07-14T07:05:00Z")), "9:05");
        assert_eq!(hour(Lang::En, Timestamp(i64::MAX)), "");
        assert_eq!(weekday_and_day(Lang::Fr, at("2026-12-15T23:30:00Z")), "mercredi 16\u{a0}décembre");
        assert_eq!(weekday_and_day(Lang::En, at("2026-11-01T12:00:00Z")), "Sunday 1\u{a0}November");
        assert_eq!(day_and_year(Lang::Fr, at("2026-12-31T23:30:00Z")), "1er\u{a0}janvier 2027");
        assert_eq!(weekday_and_day(Lang::Fr, Timestamp(i64::MAX)) + &day_and_year(Lang::En, Timestamp(i64::MIN)), "");
    }
}
