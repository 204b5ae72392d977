//! Accounts that come from elsewhere: an academy moves in, and no family does anything.
//!
//! A table says of each person of the roster by which identifiant, password and `sub` another program knows them. What is
//! free and in order is kept; every other row has a line (docs/decisions/0054-accounts-from-elsewhere.md).

pub mod ops;
mod rows;
pub mod store;

use std::fmt;

pub use rows::{ArrivalRow, ReadRow, TableError, read_rows};

use crate::base::typed_ids::{PersonId, PupilId};
use crate::crypto::LegacyHashError;

/// The record of the roster to whom a row belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArrivingPerson {
    Parent(PersonId),
    Pupil(PupilId),
}

/// The fate of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivalOutcome {
    /// True if the row gave somebody an account.
    pub is_new: bool,
    pub remarks: Vec<ArrivalRemark>,
}

impl ArrivalOutcome {
    /// Returns the fate of a row of which nothing is taken.
    pub fn refused(why: ArrivalRemark) -> Self {
        Self { is_new: false, remarks: vec![why] }
    }
}

/// A remark about a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalRemark {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} has an unknown value")]
    UnknownValue(&'static str),
    #[error("is of the academy {0}")]
    OtherAcademy(String),
    #[error("no roster of the academy has this key")]
    UnknownPerson,
    #[error("could be several people of the roster")]
    SeveralPersons,
    #[error("the roster has another name under this key")]
    OtherName,
    #[error("is an institution, which has no account")]
    Institution,
    #[error("every number of the name is used")]
    NoNumberLeft,
    #[error("{0}; the account waits for a code by SMS or a letter")]
    Hash(#[from] LegacyHashError),
    #[error("the identifiant {given} is {why}: {drawn} was drawn")]
    DrawnIdentifiant { given: String, why: &'static str, drawn: String },
    #[error("has the account {0} already, which keeps its identifiant and its password")]
    HasAccount(String),
    #[error("no client {0} is known: its file is published by a server that starts")]
    UnknownClient(String),
    #[error("the sub for {0} has characters that none has, or more than 255")]
    InvalidSub(String),
    #[error("the client {0} knows another account by this sub")]
    SubTaken(String),
    #[error("the client {0} knows this account by another sub already")]
    SubDiffers(String),
}

impl ArrivalRemark {
    /// True if something of the row was not taken.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, ArrivalRemark::DrawnIdentifiant { .. } | ArrivalRemark::HasAccount(_))
    }
}

/// The sum of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrivalSummary {
    pub rows: usize,
    pub new_accounts: usize,
    /// Rows of which something was not taken.
    pub refused: usize,
}

impl fmt::Display for ArrivalSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, new_accounts, refused } = self;
        write!(f, "{rows} rows, {new_accounts} new accounts, {refused} not taken in all")
    }
}
