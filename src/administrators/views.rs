//! The pages of administrators: entry, invitation, proof, one's own page; `team` has the team's.

mod api_tokens;
mod frame;
mod team;

pub use api_tokens::{ApiTokenLine, ApiTokensPage, CarrierChoice, NewApiTokenPage, ScopeOffer};
pub use frame::{ConsoleFrame, RoleLine, RoomLink};
pub use team::{ReviewRolePage, TeamForm, TeamFormError, TeamLine, TeamPage};

use serde::Serialize;

use crate::http::pages::Page;
use crate::http::qr::QrCode;
use crate::passkeys::PasskeyChallenge;

/// The page that loads itself once more, from here.
#[derive(Clone, Debug, Serialize)]
pub struct AdminReloadPage {
    pub href: String,
}

impl Page for AdminReloadPage {
    const TEMPLATE: &'static str = "administrators/reload.html";
    fn samples() -> Vec<Self> {
        vec![AdminReloadPage { href: "/admin/equipe".to_owned() }]
    }
}

/// An administrator whom a demo lets in.
#[derive(Clone, Debug, Serialize)]
pub struct OpenDoor {
    pub id: String,
    pub name: String,
    pub place: String,
}

/// The reason for which nobody was let in.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AdminEntryRefusal {
    Wrong,
    Empty,
    NoRole,
    Waiting { until: String },
    Busy { seconds: i64 },
    NoCookies,
}

/// `/admin/connexion`.
#[derive(Clone, Debug, Serialize)]
pub struct AdminSignInPage {
    pub query: String,
    pub passkey: Option<PasskeyChallenge>,
    /// True if a password with a code serves too.
    pub totp: bool,
    pub doors: Vec<OpenDoor>,
    pub email: String,
    pub refusal: Option<AdminEntryRefusal>,
}

impl Page for AdminSignInPage {
    const TEMPLATE: &'static str = "administrators/sign_in.html";
    fn samples() -> Vec<Self> {
        let page = AdminSignInPage {
            query: String::new(),
            passkey: Some(PasskeyChallenge::sample()),
            totp: false,
            doors: Vec::new(),
            email: String::new(),
            refusal: None,
        };
        let both = AdminSignInPage { totp: true, email: "n.kaci@ac-montpellier.example".to_owned(), ..page.clone() };
        let refused = |refusal| AdminSignInPage { refusal: Some(refusal), ..both.clone() };
        let door =
            OpenDoor {
                id: "0".repeat(32), name: "Nadia Kaci".to_owned(), place: "académie de Montpellier".to_owned()
            };
        vec![
            page.clone(),
            AdminSignInPage { doors: vec![door], ..page.clone() },
            AdminSignInPage { passkey: None, ..page },
            refused(AdminEntryRefusal::Wrong),
            refused(AdminEntryRefusal::Empty),
            refused(AdminEntryRefusal::NoRole),
            refused(AdminEntryRefusal::Waiting { until: "14\u{a0}h\u{a0}32".to_owned() }),
            refused(AdminEntryRefusal::Busy { seconds: 5 }),
            refused(AdminEntryRefusal::NoCookies),
        ]
    }
}

/// An application that is offered on an invitation's page.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationOffer {
    pub secret: String,
    pub qr: Option<QrCode>,
    pub sealed: String,
}

/// The reason for which an invitation was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationError {
    Passkey,
    Password,
    Different,
    Code,
    NoCookies,
}

/// `/admin/invitation/…`.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationPage {
    pub name: String,
    pub email: String,
    pub roles: Vec<RoleLine>,
    pub until: String,
    pub passkey: Option<PasskeyChallenge>,
    /// True if an application may take the passkey's place.
    pub totp: bool,
    pub application: Option<ApplicationOffer>,
    pub error: Option<InvitationError>,
}

impl Page for InvitationPage {
    const TEMPLATE: &'static str = "administrators/invitation.html";
    fn samples() -> Vec<Self> {
        let page = InvitationPage {
            name: "Anne Vidal".to_owned(),
            email: "a.vidal@ac-montpellier.example".to_owned(),
            roles: RoleLine::samples(),
            until: "6\u{a0}décembre".to_owned(),
            passkey: Some(PasskeyChallenge::sample()),
            totp: true,
            application: None,
            error: None,
        };
        let offer = ApplicationOffer {
            secret: "ABCD EFGH".to_owned(),
            qr: QrCode::encode("otpauth://totp/x"),
            sealed: "0a1b2c3d.c2VhbGVk".to_owned(),
        };
        let application = InvitationPage { application: Some(offer), ..page.clone() };
        let wrong = |error| InvitationPage { error: Some(error), ..application.clone() };
        vec![
            page.clone(),
            InvitationPage { totp: false, ..page.clone() },
            InvitationPage { error: Some(InvitationError::Passkey), ..page.clone() },
            InvitationPage { error: Some(InvitationError::NoCookies), ..page },
            wrong(InvitationError::Password),
            wrong(InvitationError::Different),
            wrong(InvitationError::Code),
            application,
        ]
    }
}

/// The page of an invitation that serves no more: used, replaced, too old, or none.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct InvitationEndedPage {}

impl Page for InvitationEndedPage {
    const TEMPLATE: &'static str = "administrators/invitation_ended.html";
    fn samples() -> Vec<Self> {
        vec![InvitationEndedPage {}]
    }
}

/// `/admin/preuve`.
#[derive(Clone, Debug, Serialize)]
pub struct AdminProofPage {
    pub frame: ConsoleFrame,
    /// The page to which one goes on.
    pub onward: String,
    pub passkey: Option<PasskeyChallenge>,
    /// True if a code serves.
    pub code: bool,
    pub refused: bool,
    pub waiting: Option<String>,
}

impl Page for AdminProofPage {
    const TEMPLATE: &'static str = "administrators/proof.html";
    fn samples() -> Vec<Self> {
        let page = AdminProofPage {
            frame: ConsoleFrame::sample(),
            onward: "/admin/equipe".to_owned(),
            passkey: Some(PasskeyChallenge::sample()),
            code: false,
            refused: false,
            waiting: None,
        };
        let code = AdminProofPage { passkey: None, code: true, ..page.clone() };
        vec![
            page.clone(),
            code.clone(),
            AdminProofPage { refused: true, ..page },
            AdminProofPage { refused: true, ..code.clone() },
            AdminProofPage { waiting: Some("14\u{a0}h\u{a0}32".to_owned()), ..code },
        ]
    }
}

/// A passkey of the administrator.
#[derive(Clone, Debug, Serialize)]
pub struct AdminPasskeyLine {
    pub id: String,
    pub label: String,
    pub created: String,
    pub used: Option<String>,
    pub removable: bool,
}

/// `/admin/moi`.
#[derive(Clone, Debug, Serialize)]
pub struct MePage {
    pub frame: ConsoleFrame,
    pub email: String,
    pub roles: Vec<RoleLine>,
    pub passkeys: Vec<AdminPasskeyLine>,
    pub has_totp: bool,
    /// True if a role asks for a second passkey.
    pub needs_second: bool,
    /// True where passkeys may be added.
    pub may_add: bool,
}

impl Page for MePage {
    const TEMPLATE: &'static str = "administrators/me.html";
    fn samples() -> Vec<Self> {
        let line = |id: &str, removable| AdminPasskeyLine {
            id: id.repeat(32),
            label: "Firefox, Linux".to_owned(),
            created: "24\u{a0}novembre".to_owned(),
            used: Some("aujourd'hui à 8\u{a0}h\u{a0}02".to_owned()),
            removable,
        };
        let page = MePage {
            frame: ConsoleFrame::sample(),
            email: "n.kaci@ac-montpellier.example".to_owned(),
            roles: RoleLine::samples(),
            passkeys: vec![line("0", true), line("1", true)],
            has_totp: false,
            needs_second: false,
            may_add: true,
        };
        vec![
            page.clone(),
            MePage { passkeys: vec![line("0", false)], needs_second: true, ..page.clone() },
            MePage { passkeys: Vec::new(), has_totp: true, may_add: false, ..page },
        ]
    }
}

/// `/admin/moi/cle`.
#[derive(Clone, Debug, Serialize)]
pub struct AddAdminPasskeyPage {
    pub frame: ConsoleFrame,
    pub challenge: PasskeyChallenge,
    pub refused: bool,
}

impl Page for AddAdminPasskeyPage {
    const TEMPLATE: &'static str = "administrators/add_passkey.html";
    fn samples() -> Vec<Self> {
        let page = AddAdminPasskeyPage {
            frame: ConsoleFrame::sample(),
            challenge: PasskeyChallenge::sample(),
            refused: false,
        };
        vec![page.clone(), AddAdminPasskeyPage { refused: true, ..page }]
    }
}
