//! The pages of a new password, in their order, and the pages of its outcomes.
//!
//! Contexts of templates only. Until the code is verified no context reveals the existence of an account: the caller
//! fills [`ForgottenPasswordPage`] and [`RecoveryCodePage`] from the typed identifiant, and no page shows the digits of
//! a telephone number, which the visitor did not type.

use serde::Serialize;

use crate::accounts::password::PasswordRule;
use crate::credentials::views::PasswordFieldError;
use crate::guardianship::ChildStatus;
use crate::http::pages::Page;
use crate::http::pages::date_fields::{DateFieldError, DateFields};
use crate::otp::views::{CodeFieldError, ResendNotice};

mod factor;
mod letter;
mod outcomes;
mod samples;

pub use factor::RecoveryFactorPage;
pub use letter::{LetterCodeFieldError, LetterPage, LetterRefusal, OwnBirthError, OwnBirthPage};
pub use outcomes::{NewPasswordDone, OfferStart, RecoveryEnded, RecoveryEndedReason, RecoveryExpired, UnknownRecovery};

/// `/mot-de-passe-oublie`, step 1. Posts `identifiant` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct ForgottenPasswordPage {
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
    pub identifiant: String,
    /// True if mails are sent.
    pub mails: bool,
    /// The age in years until which a parent may get a code for a pupil; 0: never.
    pub parent_until: u32,
    /// The age in years from which a pupil recovers by an own address.
    pub mail_from: u32,
    pub fault: Option<IdentifiantFieldError>,
    /// An error of the whole form.
    pub refusal: Option<ForgottenPasswordError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifiantFieldError {
    Empty,
    /// No identifiant looks like this: nothing is counted.
    Malformed,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ForgottenPasswordError {
    NoCookies,
    /// The codes of the day for this identifiant are used up; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    /// Too many attempts from this connection: another connection helps.
    ManyFromHere {
        hour: String,
    },
    /// Too many attempts from this browser, or from all connections.
    Many {
        hour: String,
    },
}

/// `/mot-de-passe-oublie/code`, step 2. Posts `code` to the URL of the page, or posts to `/mot-de-passe-oublie/renvoyer`.
#[derive(Debug, Serialize)]
pub struct RecoveryCodePage {
    pub query: String,
    /// The identifiant as typed.
    pub identifiant: String,
    pub support_code: String,
    /// True if the code was asked for by mail.
    pub by_mail: bool,
    /// True if mails are sent: the other way is offered, to everybody alike.
    pub mails: bool,
    /// True during an outage of SMS delivery: shown to everybody alike.
    pub delayed: bool,
    pub error: Option<CodeFieldError>,
    pub notice: Option<ResendNotice>,
}

/// `/mot-de-passe-oublie/enfants`, step 3. Posts `date_naissance_N_jour`, `_mois`, `_annee` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct RecoveryChildrenPage {
    pub query: String,
    pub children: Vec<RecoveryChildCard>,
    /// True after a letter's code: three steps in place of four.
    pub by_letter: bool,
}

/// A child of the account: given name, initial, school.
#[derive(Debug, Serialize)]
pub struct RecoveryChildCard {
    /// The suffix of the form fields of this child.
    pub n: usize,
    /// `Anaïs L.`
    pub name: String,
    /// `Anaïs`
    pub given_name: String,
    pub school: String,
    pub date: DateFields,
    pub error: Option<BirthDateError>,
    /// Set if no answer is needed any more.
    pub settled: Option<ChildStatus>,
    /// True if the fields may stay empty.
    pub optional: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BirthDateError {
    Wrong { left: i64 },
    NoMore { code: String },
    Date { fault: DateFieldError },
}

/// `/mot-de-passe-oublie/mot-de-passe`, step 4. Posts `mot_de_passe` and `confirmation` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct NewPasswordPage {
    pub query: String,
    pub identifiant: String,
    pub fault: Option<PasswordFieldError>,
    /// The rules that the rejected password does not meet; empty before the first attempt.
    pub lacking: Vec<PasswordRule>,
    /// True after a letter's code: three steps in place of four.
    pub by_letter: bool,
    /// True if the account has no password yet.
    pub first: bool,
    /// Passwords offered to a pupil; empty for others.
    pub ideas: Vec<String>,
}

impl Page for ForgottenPasswordPage {
    const TEMPLATE: &'static str = "recovery/forgotten_password.html";
    fn samples() -> Vec<Self> {
        samples::forgotten()
    }
}

impl Page for RecoveryCodePage {
    const TEMPLATE: &'static str = "recovery/code.html";
    fn samples() -> Vec<Self> {
        samples::code()
    }
}

impl Page for RecoveryChildrenPage {
    const TEMPLATE: &'static str = "recovery/children.html";
    fn samples() -> Vec<Self> {
        samples::children()
    }
}

impl Page for NewPasswordPage {
    const TEMPLATE: &'static str = "recovery/password.html";
    fn samples() -> Vec<Self> {
        samples::password()
    }
}
