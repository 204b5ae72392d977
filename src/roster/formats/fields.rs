//! The forms of single fields that formats share: ids, names, dates, classes.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Europe::Paris;
use url::Host;

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

/// The maximum characters of a label of a domain (RFC 1035 2.3.4), and of an address (RFC 5321 4.5.3.1.3).
const MAX_LABEL_CHARS: usize = 63;
const MAX_MAIL_CHARS: usize = 254;

/// Parses a mail address, with its domain in ASCII (RFC 5891): any server takes what is left. A text that is none, or
/// that is in another script before the `@`, or names a machine by its number, counts as absent: nobody is refused for
/// it.
pub fn parse_mail(value: Option<&str>) -> Option<String> {
    let address = parse_address(value?)?;
    let (local, domain) = address.rsplit_once('@')?;
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return None };
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=MAX_LABEL_CHARS).contains(&label.len()) && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_right = local.is_ascii() && domain.contains('.') && domain.split('.').all(is_label);
    Some(format!("{local}@{domain}")).filter(|address| is_right && address.len() <= MAX_MAIL_CHARS)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_to_which_any_server_delivers() {
        for (given, kept) in [
            (" Anne.Durand+ecole@EXEMPLE.invalid ", Some("Anne.Durand+ecole@exemple.invalid")),
            ("anne@école.exemple.fr", Some("anne@xn--cole-9oa.exemple.fr")),
            ("anne@bücher.invalid", Some("anne@xn--bcher-kva.invalid")),
            ("hélène@exemple.invalid", None),
            ("anne@127.0.0.1", None),
            ("anne@[127.0.0.1]", None),
            ("anne@[IPv6:::1]", None),
            ("anne@localhost", None),
            ("anne@-exemple.invalid", None),
            ("anne@exemple..invalid", None),
            ("anne@ex_emple.invalid", None),
            ("anne@exemple.invalid, paul@exemple.invalid", None),
            ("anne@exemple.invalid;paul@exemple.invalid", None),
            ("pas d'adresse", None),
            ("", None),
        ] {
            assert_eq!(parse_mail(Some(given)).as_deref(), kept, "{given:?}");
        }
        assert_eq!(parse_mail(Some(&format!("anne@{}.invalid", "é".repeat(60)))), None);
        assert_eq!(parse_mail(None), None);
    }
}
