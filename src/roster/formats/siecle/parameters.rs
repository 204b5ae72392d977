//! PARAMETRES: the school, the school year and the time of an export.
//!
//! The time decides the order of two exports, so the Paris local time is converted to a timestamp.

use chrono::{NaiveDateTime, NaiveTime};

use super::ExportHeader;
use super::record::RecordFields;
use crate::roster::formats::FileErrorKind;
use crate::roster::formats::fields::{paris_to_timestamp, parse_french_date};
use crate::roster::uai::Uai;

/// The element of the header.
const HEADER: &str = "PARAMETRES";

/// The fields read from PARAMETRES.
pub const HEADER_FIELDS: [&str; 4] = ["UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT", "HORODATAGE"];

/// Parses the header. HORODATAGE is preferred to DATE_EXPORT, a date without a time.
pub fn parse_header(parameters: &RecordFields) -> Result<ExportHeader, FileErrorKind> {
    let unreadable = |field, value: &str| FileErrorKind::InvalidHeader {
        header: HEADER,
        field,
        value: value.chars().take(40).collect(),
    };
    let missing = |field| FileErrorKind::MissingHeader { header: HEADER, field };
    let uai = Uai::parse(parameters.get("UAJ").ok_or(missing("UAJ"))?)?;
    let year = parameters.get("ANNEE_SCOLAIRE").ok_or(missing("ANNEE_SCOLAIRE"))?;
    let year = Some(year)
        .filter(|text| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable("ANNEE_SCOLAIRE", year))?;
    let (field, text) = ["HORODATAGE", "DATE_EXPORT"]
        .into_iter()
        .find_map(|field| parameters.get(field).map(|text| (field, text)))
        .ok_or(missing("DATE_EXPORT"))?;
    let moment = match field {
        "HORODATAGE" => NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M:%S").ok(),
        _ => parse_french_date(text).map(|date| date.and_time(NaiveTime::MIN)),
    };
    let moment = moment.ok_or_else(|| unreadable(field, text))?;
    let exported_at = paris_to_timestamp(moment).ok_or_else(|| unreadable(field, text))?;
    Ok(ExportHeader { uai, year, exported_at, exported_on: moment.date() })
}
