//! A birth date on a page: the three fields and their error.

use serde::Serialize;

use crate::base::date::{DateError, TypedDate};

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
