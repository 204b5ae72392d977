//! Birth dates: what a page's field holds, and what a roster says.
//!
//! A date without time or zone. It must not be guessed: `01/02/13` could be three dates, and a wrong guess would
//! cost a parent one of five tries.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::names::is_invisible;

/// A calendar date that exists, 1900-01-01 or later. Text form `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    year: i32,
    month: u32,
    day: u32,
}

/// Why a text is no birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("no date")]
    Empty,
    #[error("not a date in the form JJ/MM/AAAA")]
    NotADate,
}

impl BirthDate {
    /// A date of the calendar from 1900 to 9999.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let exists = (1900..=9999).contains(&year) && NaiveDate::from_ymd_opt(year, month, day).is_some();
        exists.then_some(Self { year, month, day })
    }

    pub fn year(self) -> i32 {
        self.year
    }

    pub fn month(self) -> u32 {
        self.month
    }

    pub fn day(self) -> u32 {
        self.day
    }

    /// Whether it lies in the future of `today`.
    pub fn is_after(&self, today: BirthDate) -> bool {
        *self > today
    }

    /// `14/02/2013`, as pages and rosters write it.
    pub fn french(self) -> String {
        format!("{:02}/{:02}/{:04}", self.day, self.month, self.year)
    }
}

impl From<NaiveDate> for BirthDate {
    /// Dates before 1900, which no living person has, become 1900-01-01.
    fn from(date: NaiveDate) -> Self {
        Self::new(date.year(), date.month(), date.day()).unwrap_or(Self { year: 1900, month: 1, day: 1 })
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for BirthDate {
    // A birth date is half of what proves a parent: it is not printed by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl FromStr for BirthDate {
    type Err = DateError;

    /// Strictly `YYYY-MM-DD`, the form that is stored.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let mut parts = text.split('-');
        let mut next = |len: usize| parts.next().filter(|part| part.len() == len).and_then(number);
        let date = (next(4), next(2), next(2));
        let (Some(year), Some(month), Some(day)) = date else { return Err(DateError::NotADate) };
        match parts.next() {
            None => Self::new(i32::try_from(year).unwrap_or(0), month, day).ok_or(DateError::NotADate),
            Some(_) => Err(DateError::NotADate),
        }
    }
}

/// Reads what a person types: JJ/MM/AAAA, J/M/AAAA, also with `-`, `.` or blanks, JJMMAAAA, and AAAA-MM-JJ.
pub fn parse_typed(text: &str) -> Result<BirthDate, DateError> {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).map(plain_digit).collect();
    let separator = |c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | '\u{2010}'..='\u{2015}');
    let text = text.trim();
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    let parts: Vec<&str> = text.split(separator).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match parts.as_slice() {
        [whole] if whole.len() == 8 && whole.is_ascii() => {
            let (day, rest) = whole.split_at_checked(2).ok_or(DateError::NotADate)?;
            let (month, year) = rest.split_at_checked(2).ok_or(DateError::NotADate)?;
            (year, month, day)
        }
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        [day, month, year] if year.len() == 4 => (*year, *month, *day),
        _ => return Err(DateError::NotADate),
    };
    if month.len() > 2 || day.len() > 2 {
        return Err(DateError::NotADate);
    }
    let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
        return Err(DateError::NotADate);
    };
    BirthDate::new(i32::try_from(year).unwrap_or(0), month, day).ok_or(DateError::NotADate)
}

/// Digits only: `u32::parse` would take a sign.
fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn plain_digit(c: char) -> char {
    match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        '／' => '/',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_type_a_date() {
        for text in [
            "14/02/2013",
            "14/2/2013",
            "14-02-2013",
            "14.02.2013",
            "14 02 2013",
            " 14 / 02 / 2013 ",
            "14022013",
            "2013-02-14",
            "２０１３-02-14",
            "\u{200e}14/02/2013",
        ] {
            assert_eq!(parse_typed(text).map(|d| d.to_string()).unwrap_or_default(), "2013-02-14", "{text}");
        }
        assert_eq!(parse_typed("29/02/2012").map(BirthDate::french).unwrap(), "29/02/2012");
    }

    #[test]
    fn no_date_is_guessed() {
        for text in [
            "31/02/2013",
            "29/02/2013",
            "14/02/13",
            "14/13/2013",
            "00/02/2013",
            "14/02/1850",
            "14/02",
            "140213",
            "demain",
            "+1/02/2013",
            "14/02/2013/1",
            "014/02/2013",
            "20130214",
            "14/02/20133",
            "é4022013",
        ] {
            assert_eq!(parse_typed(text), Err(DateError::NotADate), "{text}");
        }
        assert_eq!(parse_typed(" \u{a0}"), Err(DateError::Empty));
    }

    #[test]
    fn stored_dates_are_strict_and_ordered() {
        let date: BirthDate = "2013-02-14".parse().unwrap();
        assert_eq!(date.to_string().parse::<BirthDate>(), Ok(date));
        for text in ["2013-2-14", "14/02/2013", "2013-02-14 ", "2013-02-30"] {
            assert!(text.parse::<BirthDate>().is_err(), "{text}");
        }
        assert!(date.is_after("2013-02-13".parse().unwrap()));
        assert!(!date.is_after(date));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = (parse_typed(&text), text.parse::<BirthDate>());
        }
    }
}
