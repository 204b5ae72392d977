//! The forms of single cells: dates as spreadsheets write them, ids, levels, the names of columns.

use chrono::NaiveDate;

use super::LevelWords;
use crate::base::names::{canonical_key, normalize_name};
use crate::roster::Level;
use crate::roster::formats::RecordErrorKind;
use crate::roster::formats::fields::{parse_french_date, parse_id};
use crate::roster::ine::Ine;
use crate::roster::uai::Uai;

/// The numbers by which spreadsheets keep the days of a century.
const SERIAL_DAYS: std::ops::RangeInclusive<u32> = 1_000..=99_999;

/// Reduces the name of a column to what must agree: letters and digits, without accents and case.
pub fn fold_header(name: &str) -> String {
    let mut folded = String::new();
    for part in normalize_name(name).split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        for (place, piece) in part.split_inclusive(|c: char| c.is_ascii_digit()).enumerate() {
            let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
            let letters: String = piece.chars().filter(|c| !c.is_ascii_digit()).collect();
            if !folded.is_empty() && place == 0 {
                folded.push(' ');
            }
            if !letters.is_empty() {
                folded.push_str(&canonical_key(&letters));
            }
            folded.push_str(&digits);
        }
    }
    folded
}

/// Parses `14/02/2013` or `2013-02-14`, with a time of midnight or none. The number of a spreadsheet is refused: two
/// systems of numbers are in use, four years apart, and none is said.
pub fn parse_table_date(field: &'static str, text: &str) -> Result<NaiveDate, RecordErrorKind> {
    let text = text.trim_start_matches('\'');
    let day = match text.split_once([' ', 'T']) {
        Some((day, time)) if time.chars().all(|c| matches!(c, '0' | ':' | '.' | 'Z')) => day,
        _ => text,
    };
    let iso = || {
        let shape = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        shape.then(|| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()).flatten()
    };
    if let Some(date) = parse_french_date(day).or_else(iso) {
        return Ok(date);
    }
    let number = day.split_once([',', '.']).map_or(day, |(whole, _)| whole);
    match number.parse() {
        Ok(days) if SERIAL_DAYS.contains(&days) => Err(RecordErrorKind::SerialDate(field)),
        _ => Err(RecordErrorKind::InvalidTableDate(field)),
    }
}

/// Parses the id of a record as the key that it has in its school: two schools may give one number twice.
pub fn parse_school_id(uai: &Uai, field: &'static str, text: Option<&str>) -> Result<String, RecordErrorKind> {
    let id = parse_id(field, text)?;
    if Ine::parse(&id).is_some() {
        return Err(RecordErrorKind::IdIsIne(field));
    }
    Ok(format!("{uai}.{id}"))
}

/// Returns the level that a word means.
pub fn parse_level(words: &LevelWords, text: &str) -> Result<Level, RecordErrorKind> {
    let folded = fold_header(text);
    let has = |known: &[String]| known.contains(&folded);
    match () {
        () if has(&words.legal) => Ok(Level::Legal),
        () if has(&words.in_charge) => Ok(Level::InCharge),
        () if has(&words.contact) => Ok(Level::Contact),
        () => Err(RecordErrorKind::UnknownLevel { field: "the level", value: text.chars().take(20).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_agree_whatever_program_wrote_them() {
        for name in ["Prénom élève", " PRENOM ELEVE ", "prénom_élève", "Pre\u{301}nom  e\u{301}le\u{300}ve"] {
            assert_eq!(fold_header(name), "prenom eleve", "{name}");
        }
        assert_eq!(fold_header("Nom d'usage élève"), fold_header("Nom d\u{2019}usage eleve"));
        assert_eq!(fold_header("Cp1"), "cp1");
        assert_ne!(fold_header("Responsable 1"), fold_header("Responsable 2"));
        assert_eq!(fold_header(""), "");
    }

    #[test]
    fn dates_of_schools_are_read_and_none_is_guessed() {
        let read = |text| parse_table_date("birth date", text);
        let right = NaiveDate::from_ymd_opt(2017, 4, 3).unwrap();
        for text in ["03/04/2017", "2017-04-03", "03/04/2017 00:00:00", "2017-04-03T00:00:00", "'03/04/2017"] {
            assert_eq!(read(text), Ok(right), "{text}");
        }
        for text in ["42828", "42828,0", "42828.5", "41366"] {
            assert_eq!(read(text), Err(RecordErrorKind::SerialDate("birth date")), "{text}");
        }
        for text in ["3/4/2017", "03/04/17", "31/02/2017", "2017-13-03", "04-03-2017", "avril", "20170403", "#####"] {
            assert_eq!(read(text), Err(RecordErrorKind::InvalidTableDate("birth date")), "{text}");
        }
    }

    #[test]
    fn an_ine_is_no_key() {
        let uai = Uai::parse("0349999J").unwrap();
        let read = |text| parse_school_id(&uai, "id", Some(text));
        assert_eq!(read("12").unwrap(), "0349999J.12");
        assert_eq!(read("990000001ZA"), Err(RecordErrorKind::IdIsIne("id")));
        assert_eq!(read("1:2"), Err(RecordErrorKind::InvalidId("id")));
    }
}
