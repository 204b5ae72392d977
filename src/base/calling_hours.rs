//! The hours in which a telephone at home may ring: from 8 h to 21 h where it stands. A call at night wakes a family, and
//! whoever knows a name and a number could have it wake them.

use chrono::{DateTime, Timelike as _};
use chrono_tz::{America, Europe, Indian, Pacific, Tz};

use super::clock::Timestamp;

const OPENS: u32 = 8;
const CLOSES: u32 = 21;

/// The time zones of the overseas numbers, by their prefix, the longer ones first; every other number is of metropolitan
/// France. La Réunion and Mayotte share a prefix and differ by an hour.
const ZONES: [(&str, Tz); 9] = [
    ("+262269", Indian::Mayotte),
    ("+262", Indian::Reunion),
    ("+508", America::Miquelon),
    ("+590", America::Guadeloupe),
    ("+594", America::Cayenne),
    ("+596", America::Martinique),
    ("+681", Pacific::Wallis),
    ("+687", Pacific::Noumea),
    ("+689", Pacific::Tahiti),
];

/// The next hour at which a telephone may ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextCall {
    pub at: Timestamp,
    /// True if that is the next day where the telephone stands.
    pub is_tomorrow: bool,
}

/// Returns when a telephone may ring that may not ring now; `None` if it may ring now.
pub fn next_call(number: &str, now: Timestamp) -> Option<NextCall> {
    let zone = ZONES.iter().find(|(prefix, _)| number.starts_with(prefix)).map_or(Europe::Paris, |(_, zone)| *zone);
    let here = DateTime::from_timestamp_millis(now.0)?.with_timezone(&zone);
    if (OPENS..CLOSES).contains(&here.hour()) {
        return None;
    }
    let is_tomorrow = here.hour() >= CLOSES;
    let day = if is_tomorrow { here.date_naive().succ_opt()? } else { here.date_naive() };
    let at = day.and_hms_opt(OPENS, 0, 0)?.and_local_timezone(zone).earliest()?;
    Some(NextCall { at: Timestamp(at.timestamp_millis()), is_tomorrow })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rfc3339: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(rfc3339).unwrap().timestamp_millis())
    }

    #[test]
    fn a_telephone_rings_from_eight_to_twenty_one_where_it_stands() {
        let metropolitan = "+33467123456";
        for (number, now, opens) in [
            (metropolitan, "2026-11-24T07:59:59+01:00", Some(("2026-11-24T08:00:00+01:00", false))),
            (metropolitan, "2026-11-24T08:00:00+01:00", None),
            (metropolitan, "2026-11-24T20:59:59+01:00", None),
            (metropolitan, "2026-11-24T21:00:00+01:00", Some(("2026-11-25T08:00:00+01:00", true))),
            (metropolitan, "2026-11-25T00:30:00+01:00", Some(("2026-11-25T08:00:00+01:00", false))),
            ("+33972123456", "2026-11-24T21:00:00+01:00", Some(("2026-11-25T08:00:00+01:00", true))),
            // The night in which summer begins.
            (metropolitan, "2026-03-28T22:00:00+01:00", Some(("2026-03-29T08:00:00+02:00", true))),
            // The same moment elsewhere: 18 h in Paris.
            ("+262262123456", "2026-11-24T18:00:00+01:00", Some(("2026-11-25T08:00:00+04:00", true))),
            ("+262269123456", "2026-11-24T18:30:00+01:00", None),
            ("+590590123456", "2026-11-24T18:00:00+01:00", None),
            ("+590590123456", "2026-11-24T12:30:00+01:00", Some(("2026-11-24T08:00:00-04:00", false))),
            ("+596596123456", "2026-11-24T12:30:00+01:00", Some(("2026-11-24T08:00:00-04:00", false))),
            ("+594594123456", "2026-11-24T12:30:00+01:00", None),
            ("+508411234", "2026-11-24T11:30:00+01:00", Some(("2026-11-24T08:00:00-03:00", false))),
            ("+687271234", "2026-11-24T10:30:00+01:00", None),
            ("+687271234", "2026-11-24T12:00:00+01:00", Some(("2026-11-25T08:00:00+11:00", true))),
            ("+68940412345", "2026-11-24T18:30:00+01:00", Some(("2026-11-24T08:00:00-10:00", false))),
            ("+681721234", "2026-11-24T11:30:00+01:00", Some(("2026-11-25T08:00:00+12:00", true))),
        ] {
            let wanted = opens.map(|(opens, is_tomorrow)| NextCall { at: at(opens), is_tomorrow });
            assert_eq!(next_call(number, at(now)), wanted, "{number} {now}");
        }
    }
}
