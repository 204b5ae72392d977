//! A birth date on a page: its three fields, and what may be wrong with them.

use serde::Serialize;

use crate::base::date::{DateError, TypedDate};

/// Why what was typed is no birth date; no try is spent on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFault {
    Empty,
    Words,
    Incomplete,
    ShortYear,
    NoSuchDay,
    LongAgo,
    ToCome,
}

impl From<DateError> for DateFault {
    fn from(e: DateError) -> Self {
        match e {
            DateError::Empty => DateFault::Empty,
            DateError::NotADate => DateFault::Words,
            DateError::Incomplete => DateFault::Incomplete,
            DateError::ShortYear => DateFault::ShortYear,
            DateError::NoSuchDay => DateFault::NoSuchDay,
            DateError::LongAgo => DateFault::LongAgo,
            DateError::ToCome => DateFault::ToCome,
        }
    }
}

/// A birth date as typed, for the three fields.
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
