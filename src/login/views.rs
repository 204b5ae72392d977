//! The sign-in page.
//!
//! Contexts of templates only: the decision to sign in is made elsewhere. No page reveals the existence of an account,
//! except [`LoginFormError::Suspended`], which the caller uses only after the correct password.

mod factor;

pub use factor::{FactorExpiredPage, FactorMissingPage, FactorPage, LostFactorsPage};

use serde::Serialize;

use crate::announcements::ShownAnnouncement;
use crate::clients::branding::ClientBranding;
use crate::federation::views::UpstreamDoor;
use crate::http::pages::Page;
use crate::passkeys::PasskeyChallenge;
use crate::tenants::SchoolContact;

/// `/connexion`. The form posts `identifiant` and `mot_de_passe` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct LoginPage {
    /// `?i=…&client_id=…`, or empty: appended to every link of the page.
    pub query: String,
    /// The name of the requesting client, for « pour continuer vers … ».
    pub service: Option<String>,
    /// The branding of the requesting client.
    pub shown: ClientBranding,
    /// The typed identifiant, shown again after an error.
    pub identifiant: String,
    pub refusal: Option<LoginFormError>,
    /// The challenge for a passkey; `None` where there are no passkeys.
    pub passkey: Option<PasskeyChallenge>,
    /// The academies, for somebody who works at a school.
    pub doors: Vec<UpstreamDoor>,
    /// The upstream of parents.
    pub franceconnect: Option<UpstreamDoor>,
    /// True if the client hinted at an identity provider that is not offered.
    pub hint_refused: bool,
    pub announcements: Vec<ShownAnnouncement>,
}

/// The error above the form.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LoginFormError {
    /// Unknown identifiant or wrong password, deliberately not distinguished.
    Wrong,
    /// The previous password, on a device that knew the account; `date` in the format of
    /// [`dates::day`](crate::http::pages::dates::day).
    Replaced { date: String },
    /// Empty fields; true for each empty one.
    Empty { identifiant: bool, mot_de_passe: bool },
    /// Too many attempts; `until` in the format of [`dates::hour`](crate::http::pages::dates::hour).
    Waiting { until: String },
    /// Rate limited: this connection (`elsewhere`: another connection helps), or all connections.
    Limited { until: String, elsewhere: bool },
    /// The password was correct, but the account is suspended. `by` is the message `suspended-by-school` or
    /// `suspended-by-operator` ([`PageRenderer::message`](crate::http::pages::PageRenderer::message)).
    Suspended { by: String, school: String, code: String, offices: Vec<SchoolContact> },
    /// A passkey was not accepted, deliberately not said why.
    Passkey,
    /// The form was posted without the cookie set by its page.
    NoCookies,
    /// The password hashing queue is full (503, Retry-After).
    Busy { seconds: i64 },
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login/login.html";

    fn samples() -> Vec<Self> {
        let refusals = [
            LoginFormError::Wrong,
            LoginFormError::Replaced { date: "3 octobre".to_owned() },
            LoginFormError::Empty { identifiant: true, mot_de_passe: true },
            LoginFormError::Empty { identifiant: false, mot_de_passe: true },
            LoginFormError::Waiting { until: "14 h 30".to_owned() },
            LoginFormError::Suspended {
                by: "l'établissement".to_owned(),
                school: "Clg Théodore Monod".to_owned(),
                code: "K7P-4MX".to_owned(),
                offices: vec![SchoolContact::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned()))],
            },
            LoginFormError::Passkey,
            LoginFormError::NoCookies,
            LoginFormError::Busy { seconds: 5 },
            LoginFormError::Limited { until: "14 h 30".to_owned(), elsewhere: true },
            LoginFormError::Limited { until: "14 h 30".to_owned(), elsewhere: false },
        ];
        let first = LoginPage {
            query: String::new(),
            service: None,
            shown: ClientBranding::default(),
            identifiant: String::new(),
            refusal: None,
            passkey: None,
            doors: Vec::new(),
            franceconnect: None,
            hint_refused: false,
            announcements: Vec::new(),
        };
        let shown = ClientBranding {
            logo: Some("/clients/mon-ent/logo?v=0123abcd".to_owned()),
            policy_uri: Some("https://ent.example/donnees".to_owned()),
            tos_uri: Some("https://ent.example/conditions".to_owned()),
        };
        let asked = |refusal| LoginPage {
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-montpellier".to_owned(),
            service: Some("mon ENT Occitanie".to_owned()),
            shown: shown.clone(),
            identifiant: "m.payet41".to_owned(),
            refusal,
            passkey: Some(PasskeyChallenge::sample()),
            doors: UpstreamDoor::samples("?i=0123456789abcdefghijkl&client_id=mon-ent-montpellier"),
            franceconnect: Some(UpstreamDoor::sample_of_parents()),
            hint_refused: false,
            announcements: ShownAnnouncement::samples(),
        };
        let mut all = vec![first, LoginPage { identifiant: String::new(), hint_refused: true, ..asked(None) }];
        all.extend(refusals.into_iter().map(|refusal| asked(Some(refusal))));
        all
    }
}

/// The page after the right password of an account whose password must change. The form posts `identifiant` to
/// `/mot-de-passe-oublie`.
#[derive(Debug, Serialize)]
pub struct MustChangePasswordPage {
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
    pub identifiant: String,
    /// True if a code can be sent; else a letter of the school is the way.
    pub has_mobile: bool,
    /// The support code.
    pub code: String,
    pub offices: Vec<SchoolContact>,
}

impl Page for MustChangePasswordPage {
    const TEMPLATE: &'static str = "login/must_change_password.html";

    fn samples() -> Vec<Self> {
        let page = |query: &str, has_mobile| MustChangePasswordPage {
            query: query.to_owned(),
            identifiant: "m.payet41".to_owned(),
            has_mobile,
            code: "K7P-4MX".to_owned(),
            offices: vec![SchoolContact::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned()))],
        };
        let query = "?i=0123456789abcdefghijkl&client_id=mon-ent-montpellier";
        vec![page("", true), page(query, true), page(query, false)]
    }
}
