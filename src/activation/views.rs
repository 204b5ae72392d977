//! The pages of the activation, in their order, and the pages of its outcomes.
//!
//! Contexts of templates only. Until the code is verified no context reveals the existence of a person: the caller
//! fills [`IdentityPage`] and [`CodePage`] from the submitted values. A password is never sent back to a page.

use serde::Serialize;

use super::{ActivationPurpose, ChildStatus};
use crate::accounts::password::PasswordRule;
use crate::announcements::ShownAnnouncement;
use crate::credentials::views::PasswordFieldError;
use crate::http::pages::Page;
use crate::http::pages::date_fields::{DateFieldError, DateFields};
use crate::http::qr::QrCode;
use crate::otp::views::{CodeFieldError, ResendNotice};
use crate::services::ServiceLink;
use crate::tenants::SchoolContact;

mod identity;
mod outcomes;
mod samples;

pub use identity::{IdentityFormError, IdentityPage, NameFieldError, PhoneFieldError, UpstreamNames};
pub use outcomes::{
    AccountSuspended, ActivationExpired, ActivationSuperseded, AllChildrenDenied, AlreadyActive, CampaignClosed,
    CampaignNotOpen, HelpOptions, NoBirthDateRight, NobodyToAttach, UnknownActivation,
};

/// `/activation/code`, step 2. Posts `code` to the URL of the page, or posts to `/activation/code/renvoyer`.
#[derive(Debug, Serialize)]
pub struct CodePage {
    pub query: String,
    /// The last four digits of the typed number, as `56 78`.
    pub ending: String,
    pub support_code: String,
    /// True during an outage of SMS delivery: shown to everybody alike.
    pub delayed: bool,
    /// Set if the typed number is a landline, whoever has it.
    pub call: Option<CallState>,
    /// Set if the landline may not ring now: the day on which it may from eight o'clock on.
    pub next_call: Option<CallDay>,
    pub error: Option<CodeFieldError>,
    pub notice: Option<ResendNotice>,
    pub announcements: Vec<ShownAnnouncement>,
}

/// The state of the call that speaks a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// None was asked for yet.
    Offered,
    Asked,
}

/// The day on which a telephone may ring, where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDay {
    Today,
    Tomorrow,
}

/// `/activation/enfants`, step 3. Posts `representant_legal_N` and `date_naissance_N_jour`, `_mois`, `_annee` to the
/// URL of the page; programs may send the whole date as `date_naissance_N`.
#[derive(Debug, Serialize)]
pub struct ChildrenPage {
    pub query: String,
    pub children: Vec<ChildCard>,
}

/// A child, as shown to the parent before any proof: given name, initial, school.
#[derive(Debug, Serialize)]
pub struct ChildCard {
    /// The suffix of the form fields of this child.
    pub n: usize,
    /// `Anaïs L.`
    pub name: String,
    /// `Anaïs`
    pub given_name: String,
    pub school: String,
    pub answer: Option<ChildAnswer>,
    pub date: DateFields,
    pub error: Option<ChildError>,
    /// Set if no answer is needed any more.
    pub settled: Option<ChildStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildAnswer {
    Oui,
    Non,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChildError {
    Wrong {
        left: i64,
    },
    /// Shown with [`ChildStatus::SetAside`].
    NoMore {
        code: String,
    },
    AnswerMissing,
    Date {
        fault: DateFieldError,
    },
}

/// A notice on the later pages about a child that is not linked to the account.
#[derive(Clone, Debug, Serialize)]
pub struct ChildNotice {
    /// `Élie L.`
    pub name: String,
    /// `Élie`
    pub given_name: String,
    #[serde(flatten)]
    pub reason: ChildNoticeReason,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ChildNoticeReason {
    /// The tries are used up.
    SetAside { code: String },
    /// The parent answered *Non*.
    Contested,
}

/// `/activation/mot-de-passe`, step 4. Posts `mot_de_passe` and `confirmation` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct PasswordPage {
    pub query: String,
    pub identifiant: String,
    /// The label of the upstream that is linked in place of a password: nothing is typed then.
    pub upstream: Option<String>,
    pub fault: Option<PasswordFieldError>,
    /// The rules that the rejected password does not meet; `None` before the first attempt.
    pub lacking: Option<Vec<PasswordRule>>,
    pub notices: Vec<ChildNotice>,
}

/// `/activation/feuille`: to print or copy. Never contains the password.
#[derive(Debug, Serialize)]
pub struct SheetPage {
    pub query: String,
    /// The name of the account holder.
    pub name: String,
    pub identifiant: String,
    /// The sign-in URL: the issuer.
    pub address: String,
    /// The service that requested the sign-in.
    pub service: Option<SheetService>,
    /// The contacts for help: the children's schools.
    pub schools: Vec<SchoolContact>,
}

/// The service on the sheet, as text and as QR code.
#[derive(Debug, Serialize)]
pub struct SheetService {
    pub name: String,
    /// The registered home page of the client.
    pub address: String,
    /// A QR code of the URL, as an SVG path with the side of its square. Absent if the URL is too long.
    pub qr: Option<QrCode>,
}

/// `/activation/terminee`: the completed activation, signed in.
#[derive(Debug, Serialize)]
pub struct DonePage {
    pub query: String,
    pub identifiant: String,
    /// The name of the client behind the button.
    pub service: Option<String>,
    /// `/oauth2/authorize?i=…`, or `/compte`.
    pub continue_href: String,
    /// Links to the other services of the same portal, for children outside of the requesting service.
    pub others: Vec<ServiceLink>,
    pub notices: Vec<ChildNotice>,
    /// The address at which a passkey is added; `None` if none is offered.
    pub passkey_href: Option<String>,
}

impl Page for IdentityPage {
    const TEMPLATE: &'static str = "activation/identity.html";
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
    const TEMPLATE: &'static str = "activation/children.html";
    fn samples() -> Vec<Self> {
        samples::children()
    }
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "activation/password.html";
    fn samples() -> Vec<Self> {
        samples::password()
    }
}

impl Page for SheetPage {
    const TEMPLATE: &'static str = "activation/sheet.html";
    fn samples() -> Vec<Self> {
        vec![samples::sheet(), SheetPage { schools: Vec::new(), service: None, ..samples::sheet() }]
    }
}

impl Page for DonePage {
    const TEMPLATE: &'static str = "activation/done.html";
    fn samples() -> Vec<Self> {
        samples::done()
    }
}
