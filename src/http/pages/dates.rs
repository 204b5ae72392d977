//! Dates and times in the format of pages: « 3 octobre », « 14 h 30 ».
//!
//! All times are in the time zone of metropolitan France, common to all supported académies.

use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike};
use chrono_tz::Europe::Paris;

use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
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

/// Formats a past time beside the present: `aujourd'hui à 8 h 02`, `hier à 21 h 14`, `le 4 octobre à 19 h 40`.
pub fn moment(lang: Lang, at: Timestamp, now: Timestamp) -> String {
    let (Some(then), Some(today)) = (in_paris(at), in_paris(now)) else { return String::new() };
    let days = (today.date_naive() - then.date_naive()).num_days();
    let day = match (lang, days) {
        (Lang::Fr, 0) => "aujourd'hui".to_owned(),
        (Lang::Fr, 1) => "hier".to_owned(),
        (Lang::Fr, _) => format!("le {}", format_day(lang, then.date_naive())),
        (Lang::En, 0) => "today".to_owned(),
        (Lang::En, 1) => "yesterday".to_owned(),
        (Lang::En, _) => format!("on {}", format_day(lang, then.date_naive())),
    };
    match lang {
        Lang::Fr => format!("{day} à {}", hour(lang, at)),
        Lang::En => format!("{day} at {}", hour(lang, at)),
    }
}

/// Returns the same time by day, and the next nine o'clock from 21 h to 8 h: nobody is woken by what can wait.
pub fn waking_hour(at: Timestamp) -> Timestamp {
    let Some(here) = in_paris(at) else { return at };
    match here.hour() {
        8..=20 => at,
        21.. => next_morning(at),
        _ => {
            let nine = here.date_naive().and_hms_opt(9, 0, 0).and_then(|t| t.and_local_timezone(Paris).earliest());
            nine.map_or(at, |time| Timestamp(time.timestamp_millis()))
        }
    }
}

/// Returns nine o'clock of the next day.
pub fn next_morning(at: Timestamp) -> Timestamp {
    let nine = in_paris(at)
        .and_then(|at| at.date_naive().succ_opt())
        .and_then(|day| day.and_hms_opt(9, 0, 0))
        .and_then(|time| time.and_local_timezone(Paris).earliest());
    nine.map_or(at, |time| Timestamp(time.timestamp_millis()))
}

/// Formats a time for operators: `2026-11-24 14:30`.
pub fn paris_time(at: Timestamp) -> String {
    in_paris(at).map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// Returns a time as a field of a form has it: `2026-11-24T14:30`.
pub fn field_value(at: Timestamp) -> String {
    in_paris(at).map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

/// Reads a time that was chosen in a field, `2026-11-24T14:30`, or typed where a browser has no such field:
/// `24/11/2026 14:30`, `24/11/2026 à 14 h 30`. `None` for what is no time, or is left out when clocks go forward.
pub fn parse_field(typed: &str) -> Option<Timestamp> {
    let digits: String = typed.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
    let numbers: Vec<&str> = digits.split_whitespace().collect();
    let (a, month, c, hour, minute) = match numbers.as_slice() {
        [a, month, c, hour, minute] | [a, month, c, hour, minute, _] => (a, month, c, hour, *minute),
        [a, month, c, hour] => (a, month, c, hour, "0"),
        _ => return None,
    };
    let (year, day) = if a.len() == 4 { (a, c) } else { (c, a) };
    if year.len() != 4 || [day, month, hour, &minute].iter().any(|part| part.len() > 2) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    let time = date.and_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)?;
    Some(Timestamp(time.and_local_timezone(Paris).earliest()?.timestamp_millis()))
}

/// Returns the date of today, beside which a typed birth date is judged; `None` beyond what a calendar has.
pub fn today(now: Timestamp) -> Option<BirthDate> {
    date_key(now).parse().ok()
}

/// Returns the date as `2026-11-24`, the key of daily counters.
pub fn date_key(at: Timestamp) -> String {
    in_paris(at).map(|at| at.date_naive().to_string()).unwrap_or_default()
}

/// Returns the beginning of a day so many days later; `None` beyond what a calendar has.
pub fn beginning_of_day(date: BirthDate, days_later: u64) -> Option<Timestamp> {
    let date = NaiveDate::from_ymd_opt(date.year(), date.month(), date.day())?;
    let begin = date.checked_add_days(Days::new(days_later))?.and_hms_opt(0, 0, 0)?.and_local_timezone(Paris);
    Some(Timestamp(begin.earliest()?.timestamp_millis()))
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

    #[test]
    fn a_time_of_a_field_is_read_as_it_is_written_and_no_other_is_guessed() {
        let at = parse_field("2026-11-24T14:30").unwrap();
        assert_eq!((field_value(at).as_str(), hour(Lang::Fr, at).as_str()), ("2026-11-24T14:30", "14\u{a0}h\u{a0}30"));
        for same in ["24/11/2026 14:30", "24/11/2026 à 14 h 30", " 2026-11-24 14:30:00 "] {
            assert_eq!(parse_field(same), Some(at), "{same}");
        }
        assert_eq!(parse_field("24/11/2026 14 h"), parse_field("2026-11-24T14:00"));
        for other in [
            "",
            "demain",
            "24/11/2026",
            "24/11/26 14:30",
            "2026-02-30T10:00",
            "2026-11-24T24:00",
            "2026-11-24T14:60",
            // Clocks go from 2 h to 3 h.
            "2026-03-29T02:30",
            "99999-11-24T14:30",
            "2026-11-24T14:30:00:00",
            "\u{661}/11/2026 10:00",
        ] {
            assert_eq!(parse_field(other), None, "{other}");
        }
    }

    fn at(rfc3339: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(rfc3339).unwrap().timestamp_millis())
    }

    #[test]
    fn a_day_begins_at_midnight_of_paris() {
        let date = |text: &str| text.parse::<BirthDate>().unwrap();
        assert_eq!(beginning_of_day(date("2026-11-26"), 0), Some(at("2026-11-25T23:00:00Z")));
        assert_eq!(beginning_of_day(date("2026-10-25"), 1), Some(at("2026-10-25T23:00:00Z")));
        assert!(beginning_of_day(date("9999-12-31"), 1).is_some());
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
        let now = at("2026-12-31T23:30:00Z");
        assert_eq!(moment(Lang::Fr, at("2026-12-31T23:02:00Z"), now), "aujourd'hui à 0\u{a0}h\u{a0}02");
        assert_eq!(moment(Lang::Fr, at("2026-12-31T20:14:00Z"), now), "hier à 21\u{a0}h\u{a0}14");
        assert_eq!(moment(Lang::Fr, at("2026-08-01T17:00:00Z"), now), "le 1er\u{a0}août à 19\u{a0}h");
        assert_eq!(moment(Lang::En, at("2026-10-04T17:40:00Z"), now), "on 4\u{a0}October at 19:40");
        assert_eq!(next_morning(now), at("2027-01-02T08:00:00Z"));
        assert_eq!(next_morning(at("2026-03-28T12:00:00Z")), at("2026-03-29T07:00:00Z"), "the night of summer time");
        assert_eq!(weekday_and_day(Lang::Fr, at("2026-12-15T23:30:00Z")), "mercredi 16\u{a0}décembre");
        assert_eq!(weekday_and_day(Lang::En, at("2026-11-01T12:00:00Z")), "Sunday 1\u{a0}November");
        assert_eq!(day_and_year(Lang::Fr, at("2026-12-31T23:30:00Z")), "1er\u{a0}janvier 2027");
        assert_eq!(weekday_and_day(Lang::Fr, Timestamp(i64::MAX)) + &day_and_year(Lang::En, Timestamp(i64::MIN)), "");
    }
}
