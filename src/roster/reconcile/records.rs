//! The data that a record of an export stands for.

use super::super::formats::{PersonRecord, PupilRecord};
use super::super::{PersonData, Phone, PupilData, UnusablePhone, UnusableReason};
use crate::base::phone::{PhoneError, PhoneParser};

/// Returns the data of a person's record. What the record says nothing of stays as in `old`.
pub fn person_data(person: &PersonRecord, numbering: &PhoneParser, old: Option<&PersonData>) -> PersonData {
    let (family, usage, given) = (person.family.clone(), person.usage.clone(), person.given.clone());
    let mail = match old {
        Some(old) if person.keeps_mail => old.mail.clone(),
        _ => person.mail.clone(),
    };
    if let Some(old) = old.filter(|_| person.keeps_phone) {
        return PersonData { family, usage, given, phone: old.phone.clone(), mobile_column: old.mobile_column, mail };
    }
    let text = person.mobile.as_deref().unwrap_or_default();
    // Nearly every number is the one of yesterday: to look it up in the numbering plan again costs more than to compare.
    let known = old.and_then(|old| old.phone.mobile()).filter(|number| number.is_written_as(text));
    let phone = known.map_or_else(|| parse_phone(text, numbering), |number| Phone::Mobile(number.clone()));
    let mut others = person.other_numbers.iter().filter(|_| phone.mobile().is_none());
    let mobile_column = others.find(|(_, text)| numbering.parse_mobile(text).is_ok()).map(|(column, _)| *column);
    PersonData { family, usage, given, phone, mobile_column, mail }
}

/// Returns the data of a pupil's record. An export without the INE says nothing against the one that another export
/// gave.
pub fn pupil_data(pupil: &PupilRecord, old: Option<&PupilData>) -> PupilData {
    let mut data = pupil.data.clone();
    data.ine_blind = data.ine_blind.or_else(|| old.and_then(|old| old.ine_blind.clone()));
    data
}

/// Parses TEL_PORTABLE.
fn parse_phone(text: &str, numbering: &PhoneParser) -> Phone {
    let why = match numbering.parse_mobile(text) {
        Ok(number) => return Phone::Mobile(number),
        Err(PhoneError::Empty) => return Phone::Absent,
        Err(PhoneError::Landline) => UnusableReason::Landline,
        Err(PhoneError::Incomplete) => UnusableReason::Incomplete,
    };
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let end = digits.iter().skip(digits.len().saturating_sub(2)).collect();
    let landline = numbering.parse_landline(text).filter(|_| why == UnusableReason::Landline);
    Phone::Unusable(UnusablePhone { reason: Some(why), last_digits: end, landline })
}
