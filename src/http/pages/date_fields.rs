//! A birth date on a page: its three fields, their error, and reading them from a form.

use serde::Serialize;

use crate::base::date::{BirthDate, DateError, TypedDate};
use crate::protocol::params::Params;

/// The error of an invalid birth date; no try is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFieldError {
    Empty,
    Words,
    Incomplete,
    ShortYear,
    NoSuchDay,
    LongAgo,
    ToCome,
}

impl From<DateError> for DateFieldError {
    fn from(e: DateError) -> Self {
        match e {
            DateError::Empty => DateFieldError::Empty,
            DateError::NotADate => DateFieldError::Words,
            DateError::Incomplete => DateFieldError::Incomplete,
            DateError::ShortYear => DateFieldError::ShortYear,
            DateError::NoSuchDay => DateFieldError::NoSuchDay,
            DateError::TooLongAgo => DateFieldError::LongAgo,
            DateError::InFuture => DateFieldError::ToCome,
        }
    }
}

/// The birth date as typed, in three fields.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DateFields {
    pub jour: String,
    pub mois: String,
    pub annee: String,
}

impl From<TypedDate> for DateFields {
    fn from(typed: TypedDate) -> Self {
        Self { jour: typed.day, mois: typed.month, annee: typed.year }
    }
}

/// Reads the three fields of the page, or the whole date that programs send in one field.
pub fn read_date(form: &Params, name: &str) -> TypedDate {
    let short = |name: &str| form.form_value(name).chars().take(40).collect::<String>();
    let part = |part: &str| short(&format!("{name}_{part}"));
    let whole = short(name);
    if whole.trim().is_empty() {
        TypedDate::from_fields(&part("jour"), &part("mois"), &part("annee"))
    } else {
        TypedDate::from_text(&whole)
    }
}

/// Parses a birth date; a date after `today` is a typing error.
pub fn parse_birth_date(typed: &TypedDate, today: Option<BirthDate>) -> Result<BirthDate, DateError> {
    let born = typed.parse()?;
    if today.is_some_and(|today| born.is_after(today)) { Err(DateError::InFuture) } else { Ok(born) }
}
