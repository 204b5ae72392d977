//! Birth dates as typed into a form and as given by a roster.
//!
//! A birth date has no time and no time zone. Ambiguous input is never guessed: `01/02/13` could be three dates, and a
//! wrong guess would cost a parent one of five tries.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::names::is_invisible;

/// A calendar date from 1900-01-01 on, with the text form `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    year: i32,
    month: u32,
    day: u32,
}

/// The reasons to reject typed text as a birth date; each has its own message on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("no date")]
    Empty,
    #[error("not a date in the form JJ/MM/AAAA")]
    NotADate,
    #[error("day, month or year is missing")]
    Incomplete,
    /// A year of two digits, such as `30/11/09`, which could be three dates.
    #[error("a year of other than four digits")]
    ShortYear,
    /// A date missing from the calendar, such as `31/02` or `14/13`.
    #[error("no such day in the calendar")]
    NoSuchDay,
    /// A year before 1900.
    #[error("a year in which nobody who lives was born")]
    TooLongAgo,
    #[error("still to come")]
    InFuture,
}

impl BirthDate {
    /// Returns the date if valid in the calendar and between 1900 and 9999.
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

    /// Returns the age in whole years on a day.
    pub fn age_at(self, day: BirthDate) -> i32 {
        let before_birthday = (day.month(), day.day()) < (self.month(), self.day());
        day.year() - self.year() - i32::from(before_birthday)
    }

    /// True if the date is later than `today`.
    pub fn is_after(&self, today: BirthDate) -> bool {
        *self > today
    }

    /// Returns the date as `14/02/2013`, the format of pages and rosters.
    pub fn to_french_format(self) -> String {
        format!("{:02}/{:02}/{:04}", self.day, self.month, self.year)
    }
}

impl From<NaiveDate> for BirthDate {
    /// Converts a calendar date; dates before 1900, impossible for a living person, become 1900-01-01.
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
    // A birth date is half of a parent's proof of identity, so `Debug` never prints the date.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl FromStr for BirthDate {
    type Err = DateError;

    /// Parses the stored form, strictly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let mut parts = text.split('-');
        let mut next = |len: usize| parts.next().filter(|part| part.len() == len).and_then(parse_digits);
        let date = (next(4), next(2), next(2));
        let (Some(year), Some(month), Some(day)) = date else { return Err(DateError::NotADate) };
        match parts.next() {
            None => Self::new(i32::try_from(year).unwrap_or(0), month, day).ok_or(DateError::NotADate),
            Some(_) => Err(DateError::NotADate),
        }
    }
}

/// A birth date as typed into the three fields of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedDate {
    pub day: String,
    pub month: String,
    pub year: String,
}

impl TypedDate {
    /// Creates the value from three fields. A whole date pasted into the first field is split.
    pub fn from_fields(day: &str, month: &str, year: &str) -> Self {
        let (day, month, year) = (normalize(day), normalize(month), normalize(year));
        if month.is_empty() && year.is_empty() { Self::from_text(&day) } else { Self { day, month, year } }
    }

    /// Creates the value from one field: JJ/MM/AAAA or J/M/AAAA, also with `-`, `.` or blanks, JJMMAAAA, or AAAA-MM-JJ.
    pub fn from_text(text: &str) -> Self {
        let text = normalize(text);
        let separator = |c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | '\u{2010}'..='\u{2015}');
        let parts: Vec<&str> = text.split(separator).filter(|part| !part.is_empty()).collect();
        let of = |day: &str, month: &str, year: &str| Self {
            day: day.to_owned(),
            month: month.to_owned(),
            year: year.to_owned(),
        };
        match parts.as_slice() {
            [whole] if matches!(whole.len(), 6 | 8) && parse_digits(whole).is_some() => {
                let (day, rest) = whole.split_at_checked(2).unwrap_or((whole, ""));
                let (month, year) = rest.split_at_checked(2).unwrap_or((rest, ""));
                of(day, month, year)
            }
            [year, month, day] if year.len() == 4 => of(day, month, year),
            [day, month, year] => of(day, month, year),
            [day, month] => of(day, month, ""),
            _ => of(&text, "", ""),
        }
    }

    /// Returns the date if the fields are complete and unambiguous.
    pub fn parse(&self) -> Result<BirthDate, DateError> {
        let parts = [&self.day, &self.month, &self.year];
        if parts.iter().all(|part| part.is_empty()) {
            return Err(DateError::Empty);
        }
        if parts.iter().any(|part| !part.is_empty() && parse_digits(part).is_none()) {
            return Err(DateError::NotADate);
        }
        let (Some(day), Some(month), Some(year)) =
            (parse_digits(&self.day), parse_digits(&self.month), parse_digits(&self.year))
        else {
            return Err(DateError::Incomplete);
        };
        if self.day.len() > 2 || self.month.len() > 2 {
            return Err(DateError::NoSuchDay);
        }
        if self.year.len() != 4 {
            return Err(DateError::ShortYear);
        }
        if year < 1900 {
            return Err(DateError::TooLongAgo);
        }
        BirthDate::new(i32::try_from(year).unwrap_or(0), month, day).ok_or(DateError::NoSuchDay)
    }
}

/// Parses a whole date typed into a single field.
pub fn parse_typed(text: &str) -> Result<BirthDate, DateError> {
    TypedDate::from_text(text).parse()
}

fn normalize(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).map(to_ascii_digit).collect();
    text.trim().to_owned()
}

/// Parses ASCII digits only, because `u32::parse` would accept a sign.
fn parse_digits(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Maps full-width, Arabic and Persian digits and the full-width slash to ASCII; returns other characters unchanged.
pub fn to_ascii_digit(c: char) -> char {
    let from = |zero: char| char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c);
    match c {
        '０'..='９' => from('０'),
        '٠'..='٩' => from('٠'),
        '۰'..='۹' => from('۰'),
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
        assert_eq!(parse_typed("29/02/2012").map(BirthDate::to_french_format).unwrap(), "29/02/2012");
    }

    #[test]
    fn no_date_is_guessed_and_each_fault_is_told_apart() {
        use DateError::{Incomplete, NoSuchDay, NotADate, ShortYear, TooLongAgo};
        for (text, fault) in [
            ("31/02/2013", NoSuchDay),
            ("29/02/2013", NoSuchDay),
            ("14/13/2013", NoSuchDay),
            ("00/02/2013", NoSuchDay),
            ("014/02/2013", NoSuchDay),
            ("20130214", TooLongAgo),
            ("14/02/13", ShortYear),
            ("140213", ShortYear),
            ("14/02/20133", ShortYear),
            ("14/02/1850", TooLongAgo),
            ("14/02", Incomplete),
            ("14", Incomplete),
            ("demain", NotADate),
            ("30 novembre 2009", NotADate),
            ("+1/02/2013", NotADate),
            ("14/02/2013/1", NotADate),
            ("é4022013", NotADate),
        ] {
            assert_eq!(parse_typed(text), Err(fault), "{text}");
        }
        assert_eq!(parse_typed(" \u{a0}"), Err(DateError::Empty));
    }

    #[test]
    fn three_fields_or_a_whole_date_in_the_first() {
        let read = |day, month, year| TypedDate::from_fields(day, month, year).parse().map(|d| d.to_string());
        for fields in [("14", "02", "2013"), ("14", "2", " 2013"), ("14/02/2013", "", ""), ("2013-02-14", "", " ")] {
            assert_eq!(read(fields.0, fields.1, fields.2), Ok("2013-02-14".to_owned()), "{fields:?}");
        }
        assert_eq!(read("١٤", "٠٢", "٢٠١٣"), Ok("2013-02-14".to_owned()));
        assert_eq!(read("14", "", "2013"), Err(DateError::Incomplete));
        assert_eq!(read("", "02", "2013"), Err(DateError::Incomplete));
        // Two different dates are given, so the input is ambiguous.
        assert_eq!(read("14/02/2013", "03", "2012"), Err(DateError::NotADate));
        assert_eq!(TypedDate::from_fields("30/11/09", "", "").year, "09");
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
