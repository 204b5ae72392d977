//! Times as people say them: dates in words, hours as 14 h 30, in Paris.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Europe::Paris;
use chrono_tz::Tz;

use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

const MOIS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn paris(at: Timestamp) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&Paris)
}

/// « 14 h 30 », "14:30". Rounded up to the minute: nobody comes back too early.
pub fn hour(at: Timestamp, lang: Lang) -> String {
    let t = paris(Timestamp(at.0.saturating_add(59_999)));
    match lang {
        Lang::Fr => format!("{}\u{a0}h\u{a0}{:02}", t.hour(), t.minute()),
        Lang::En => format!("{}:{:02}", t.hour(), t.minute()),
    }
}

/// « 3 octobre », "3 October".
pub fn day(at: Timestamp, lang: Lang) -> String {
    let t = paris(at);
    let names = match lang {
        Lang::Fr => &MOIS,
        Lang::En => &MONTHS,
    };
    let month = names.get(t.month0() as usize).copied().unwrap_or_default();
    let first = if t.day() == 1 && lang == Lang::Fr { "er" } else { "" };
    format!("{}{first}\u{a0}{month}", t.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_in_words_and_hours_as_the_french_write_them() {
        // 2026-10-03T12:29:30Z, summer time in Paris.
        let at = Timestamp(1_791_030_570_000);
        assert_eq!(day(at, Lang::Fr), "3\u{a0}octobre");
        assert_eq!(day(at, Lang::En), "3\u{a0}October");
        assert_eq!(hour(at, Lang::Fr), "14\u{a0}h\u{a0}30");
        assert_eq!(hour(at, Lang::En), "14:30");
        assert_eq!(day(Timestamp(1_790_812_800_000), Lang::Fr), "1er\u{a0}octobre");
    }
}
