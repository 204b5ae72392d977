//! PARAMETRES: of which school, of which year and of when an export is.
//!
//! The time decides whether an export is older than another, so it is a moment, not a text of the clock in Paris.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Europe::Paris;

use super::record::{Fields, french_date};
use super::{Fault, Header};
use crate::base::clock::Timestamp;
use crate::roster::uai::Uai;

/// The fields that are read.
pub const PARAMETRES: [&str; 4] = ["UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT", "HORODATAGE"];

/// HORODATAGE before DATE_EXPORT, which has no time.
pub fn header(parameters: &Fields) -> Result<Header, Fault> {
    let unreadable = |field, value: &str| Fault::HeaderValue { field, value: value.chars().take(40).collect() };
    let uai = Uai::parse(parameters.get("UAJ").ok_or(Fault::Header("UAJ"))?)?;
    let year = parameters.get("ANNEE_SCOLAIRE").ok_or(Fault::Header("ANNEE_SCOLAIRE"))?;
    let year = Some(year)
        .filter(|text| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable("ANNEE_SCOLAIRE", year))?;
    let (field, text) = ["HORODATAGE", "DATE_EXPORT"]
        .into_iter()
        .find_map(|field| parameters.get(field).map(|text| (field, text)))
        .ok_or(Fault::Header("DATE_EXPORT"))?;
    let moment = match field {
        "HORODATAGE" => NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M:%S").ok(),
        _ => french_date(text).map(|date| date.and_time(NaiveTime::MIN)),
    };
    let moment = moment.ok_or_else(|| unreadable(field, text))?;
    let exported_at = in_paris(moment).ok_or_else(|| unreadable(field, text))?;
    Ok(Header { uai, year, exported_at, exported_on: moment.date() })
}

/// A moment of the clock in Paris. Of the hour that is there twice the first; of the one that is not, an hour on.
fn in_paris(moment: NaiveDateTime) -> Option<Timestamp> {
    let later = || moment.checked_add_signed(TimeDelta::hours(1)).and_then(earliest);
    earliest(moment).or_else(later).map(|moment| Timestamp(moment.timestamp_millis()))
}

fn earliest(moment: NaiveDateTime) -> Option<DateTime<chrono_tz::Tz>> {
    Paris.from_local_datetime(&moment).earliest()
}
