//! Letters: a single-use code on paper, for a person who has no account or no mobile to prove.
//!
//! [`code`] is the form of a code: how it is drawn, printed and read again. [`pdf`] draws the pages that are printed.
//! Neither knows an account, a database or a clock. [`ops`] issues codes and checks typed ones.
//! A code alone opens nothing: a birth date is asked after it.

pub mod code;
pub mod ops;
pub mod pdf;
pub mod store;

use strum::{EnumString, IntoStaticStr};

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, LetterId};
use crate::http::pages::dates;

/// The time for which a first letter serves at least: the school hands it out within days.
pub const FIRST_LETTER_TTL: Span = Span::days(15);
/// The time for which a letter serves that replaces a password.
pub const RESET_LETTER_TTL: Span = Span::days(7);
/// The time for which a code serves that a parent hands over.
pub const PARENT_CODE_TTL: Span = Span::hours(24);
/// The time that a browser has after the code, the same as a recovery's.
pub const LETTER_TAKEN_TTL: Span = Span::hours(2);

/// The use of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LetterKind {
    /// The first password of an account.
    First,
    /// A new password for an account that has one.
    Reset,
    /// A new password for an account whose second factors are lost: the school has checked who asks. They go with it.
    Factor,
    /// One more child for the account that is signed in.
    Child,
    /// A code that a parent hands over to a pupil.
    ParentForPupil,
}

impl LetterKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if the code leads to a password.
    pub fn sets_password(self) -> bool {
        self != LetterKind::Child
    }
}

/// The state of a letter. Time alone ends a letter without a change of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LetterState {
    Issued,
    /// A browser typed the code and has two hours; the code takes the letter again.
    Taken,
    /// The password was chosen.
    Used,
    /// A newer letter of this account and kind was printed.
    Replaced,
    /// Another way to a password, or the school, ended it.
    Withdrawn,
}

impl LetterState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A row of the table `letter`.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: LetterId,
    pub account_id: AccountId,
    pub kind: LetterKind,
    /// An HMAC.
    pub code: String,
    pub state: LetterState,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Letter {
    /// Returns the time from which the letter stands for a second factor, if it does: the morning after it was told, so
    /// that whoever it concerns may say no first.
    pub fn proves_factor_from(&self) -> Option<Timestamp> {
        (self.kind == LetterKind::Factor).then(|| dates::next_morning(self.issued_at))
    }
}
