//! The forms of single fields that formats share: ids, names, dates, classes.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Europe::Paris;

use super::RecordErrorKind;
use crate::base::clock::Timestamp;
use crate::base::names::normalize_name;
use crate::mail::parse_address;

/// The maximum characters of a name.
const MAX_NAME_CHARS: usize = 100;
const MAX_ID_BYTES: usize = 20;
/// The maximum characters of a class code; the formats say 8, older codes were longer.
const MAX_CLASS_CHARS: usize = 20;

/// Parses an id usable as a key: letters and digits only.
pub fn parse_id(field: &'static str, value: Option<&str>) -> Result<String, RecordErrorKind> {
    let value = value.ok_or(RecordErrorKind::Missing(field))?;
    let right = value.len() <= MAX_ID_BYTES && value.bytes().all(|b| b.is_ascii_alphanumeric());
    if right && !value.is_empty() { Ok(value.to_owned()) } else { Err(RecordErrorKind::InvalidId(field)) }
}

/// Parses a name; an empty one counts as absent.
pub fn parse_name(field: &'static str, value: Option<&str>) -> Result<Option<String>, RecordErrorKind> {
    let Some(value) = value else { return Ok(None) };
    // `|` and `$` separate the fields of FrEduVecteur and of AAF: a name with one would become two fields.
    // U+FFFD and the upper control characters are the traces of an œ read in a wrong encoding.
    let wrong = |c: char| matches!(c, '|' | '$' | '\u{fffd}') || (c.is_control() && !c.is_whitespace());
    if value.chars().any(|c| wrong(c) || c == '\u{85}') {
        return Err(RecordErrorKind::InvalidCharacters(field));
    }
    let name = normalize_name(value);
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(RecordErrorKind::TooLong(field));
    }
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// Parses a mail address. A text that is none counts as absent: nobody is refused for it.
pub fn parse_mail(value: Option<&str>) -> Option<String> {
    value.and_then(parse_address)
}

/// Parses a date, strictly JJ/MM/AAAA.
pub fn parse_date(field: &'static str, value: Option<&str>) -> Result<Option<NaiveDate>, RecordErrorKind> {
    value.map(|value| parse_french_date(value).ok_or(RecordErrorKind::InvalidDate(field))).transpose()
}

/// Parses `14/02/2013` and no other form.
pub fn parse_french_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            2 | 5 => byte == b'/',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| NaiveDate::parse_from_str(text, "%d/%m/%Y").ok()).flatten()
}

/// Parses the time of an export, Paris time: `08/09/2025 18:42` or `2025-09-08T18:42`; a date without time is its
/// midnight.
pub fn parse_export_time(text: &str) -> Option<Timestamp> {
    let forms = ["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let moment = forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let date = || parse_french_date(text).or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    paris_to_timestamp(moment.or_else(|| date()?.and_hms_opt(0, 0, 0))?)
}

/// Returns the calendar year of the rentrée of a day: the bases turn to the new year in August.
pub fn school_year_of(day: NaiveDate) -> u16 {
    let year = if day.month() >= 8 { day.year() } else { day.year() - 1 };
    u16::try_from(year).unwrap_or_default()
}

/// Returns the class of a pupil, if the code is valid.
pub fn parse_class(code: &str) -> Option<String> {
    let code = normalize_name(&code.replace(['|', '$', '\u{fffd}'], " "));
    (!code.is_empty() && code.chars().count() <= MAX_CLASS_CHARS).then_some(code)
}

/// Converts a Paris local time to a timestamp: the first of two moments in the repeated hour of autumn, an hour later
/// in the skipped hour of spring.
pub fn paris_to_timestamp(moment: NaiveDateTime) -> Option<Timestamp> {
    let later = || moment.checked_add_signed(TimeDelta::hours(1)).and_then(earliest);
    earliest(moment).or_else(later).map(|moment| Timestamp(moment.timestamp_millis()))
}

fn earliest(moment: NaiveDateTime) -> Option<DateTime<chrono_tz::Tz>> {
    Paris.from_local_datetime(&moment).earliest()
}
