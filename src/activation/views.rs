//! The pages of the activation, in their order, and where it may end.
//!
//! Only words and states. Until the code is right, no context says whether a person exists: the caller
//! fills [`IdentityPage`] and [`CodePage`] from what was typed. A password never comes back to a page.

use serde::{Deserialize, Serialize};

use crate::accounts::password::Rule;
use crate::http::pages::Page;
use crate::http::qr::QrCode;
use crate::services::Door;
use crate::tenants::Office;

mod dates;
mod identity;
mod outcomes;
mod samples;

pub use dates::{DateFault, DateFields};
pub use identity::{IdentityPage, IdentityRefusal, NameFault, PhoneFault};
pub use outcomes::{
    ActivationTooOld, AllNo, AlreadyActive, Closed, NobodyToAttach, NoneRight, NotOpenYet, Overtaken, SuspendedPage,
    UnknownActivation, Ways,
};

/// `/activation/code`, step 2. Posts `code` to its own address, or to `/activation/code/renvoyer`.
#[derive(Debug, Serialize)]
pub struct CodePage {
    pub query: String,
    /// Last four digits of what was typed, as `56 78`.
    pub ending: String,
    pub support_code: String,
    /// Nobody gets a message at the moment: said to everybody alike.
    pub delayed: bool,
    pub error: Option<CodeError>,
    pub notice: Option<CodeNotice>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CodeError {
    Empty,
    /// It cannot be a code: no try is spent on it.
    NotSixDigits,
    Wrong {
        left: i64,
    },
    /// The code's own tries are used: ask for another.
    UsedUp,
    /// The day's tries are used; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    Expired,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CodeNotice {
    ResendTooSoon { seconds: i64 },
    SentAgain,
    ResendLimit,
}

/// Why birth dates and a password are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Activation,
    NewPassword,
}

/// `/activation/enfants`, step 3. Posts `representant_legal_N` and `date_naissance_N_jour`, `_mois`, `_annee` to its
/// own address; programs may send the whole date as `date_naissance_N`.
#[derive(Debug, Serialize)]
pub struct ChildrenPage {
    pub query: String,
    pub purpose: Purpose,
    pub children: Vec<ChildCard>,
}

/// One child, as the parent may see it before proving anything: given name, initial, school.
#[derive(Debug, Serialize)]
pub struct ChildCard {
    /// Suffix of the fields of this child.
    pub n: usize,
    /// `Anaïs L.`
    pub name: String,
    /// `Anaïs`
    pub given_name: String,
    pub school: String,
    pub answer: Option<Answer>,
    pub date: DateFields,
    pub error: Option<ChildError>,
    /// Where nothing is asked any more for this child.
    pub settled: Option<Settled>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Oui,
    Non,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChildError {
    Wrong {
        left: i64,
    },
    /// Goes with [`Settled::SetAside`].
    NoMore {
        code: String,
    },
    AnswerMissing,
    Date {
        fault: DateFault,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    Right,
    SetAside,
    Refused,
}

/// A child that is not attached, said again on the pages after it.
#[derive(Clone, Debug, Serialize)]
pub struct ChildNotice {
    /// `Élie L.`
    pub name: String,
    /// `Élie`
    pub given_name: String,
    #[serde(flatten)]
    pub reason: ChildReason,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ChildReason {
    /// Its tries are used.
    SetAside { code: String },
    /// The parent answered *Non*.
    Contested,
}

/// `/activation/mot-de-passe`, step 4. Posts `mot_de_passe` and `confirmation` to its own address.
#[derive(Debug, Serialize)]
pub struct PasswordPage {
    pub query: String,
    pub purpose: Purpose,
    pub identifiant: String,
    pub fault: Option<PasswordFault>,
    /// Which rules the refused password does not meet; `None` where none was typed yet.
    pub lacking: Option<Vec<Rule>>,
    pub notices: Vec<ChildNotice>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PasswordFault {
    /// Rules of [`PasswordPage::lacking`].
    Missing,
    /// The confirmation is not the same.
    Different,
    Guessable {
        because: Guessable,
    },
    /// More than 128 characters.
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guessable {
    Name,
    Identifiant,
    School,
    Common,
}

/// `/activation/feuille`: to print or copy. It never holds the password.
#[derive(Debug, Serialize)]
pub struct SheetPage {
    pub query: String,
    /// The person's name.
    pub name: String,
    pub identifiant: String,
    /// Where to sign in: the issuer.
    pub address: String,
    /// Where the person goes: the ENT that asked.
    pub service: Option<SheetService>,
    /// Who can help: the children's schools.
    pub schools: Vec<Office>,
}

/// The service of the sheet, for the eye and for a phone's camera.
#[derive(Debug, Serialize)]
pub struct SheetService {
    pub name: String,
    /// Its registered site.
    pub address: String,
    /// A QR code of that address, as the path of a drawing, and the side of its square. Absent where it is too long.
    pub qr: Option<QrCode>,
}

/// `/activation/terminee`: the end of an activation is a sign-in.
#[derive(Debug, Serialize)]
pub struct DonePage {
    pub query: String,
    pub purpose: Purpose,
    pub identifiant: String,
    /// Name of the client that the button goes on to.
    pub service: Option<String>,
    /// `/oauth2/authorize?i=…`, or `/compte`.
    pub continue_href: String,
    /// The same portal's other choices, for children whom that service does not know.
    pub others: Vec<Door>,
    pub notices: Vec<ChildNotice>,
}

impl Page for IdentityPage {
    const TEMPLATE: &'static str = "activation/identite.html";
    fn samples() -> Vec<Self> {
        samples::identity()
    }
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "activation/code.html";
    fn samples() -> Vec<Self> {
        samples::code()
    }
}

impl Page for ChildrenPage {
    const TEMPLATE: &'static str = "activation/enfants.html";
    fn samples() -> Vec<Self> {
        samples::children()
    }
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "activation/mot_de_passe.html";
    fn samples() -> Vec<Self> {
        samples::password()
    }
}

impl Page for SheetPage {
    const TEMPLATE: &'static str = "activation/feuille.html";
    fn samples() -> Vec<Self> {
        vec![samples::sheet(), SheetPage { schools: Vec::new(), service: None, ..samples::sheet() }]
    }
}

impl Page for DonePage {
    const TEMPLATE: &'static str = "activation/terminee.html";
    fn samples() -> Vec<Self> {
        samples::done()
    }
}
