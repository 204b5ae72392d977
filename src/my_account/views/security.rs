//! The pages of devices and of what happened.

use serde::Serialize;

use super::PasskeyLine;
use crate::http::pages::Page;

/// `/compte/securite`. Posts `oublier` to the URL of the page: a device, or `autres`.
#[derive(Debug, Serialize)]
pub struct SecurityPage {
    /// The day of the last change of the password, as `3 octobre`; empty if there is none.
    pub password_since: String,
    /// Set for an account that an upstream made, which has no password and no factor here.
    pub federated: Option<FederatedLine>,
    /// The upstream of parents; `None` where there is none to have.
    pub upstream: Option<UpstreamCard>,
    /// The end of a change of factors.
    pub told: Option<FactorChangeTold>,
    /// The applications that give codes.
    pub applications: Vec<ApplicationLine>,
    pub may_add_application: bool,
    /// The passkeys; `None` where there are none to have.
    pub passkeys: Option<Vec<PasskeyLine>>,
    /// The number of backup codes left.
    pub backup_codes: i64,
    pub devices: Vec<DeviceLine>,
    /// The latest events.
    pub events: Vec<EventLine>,
}

/// The upstream through which the person signs in.
#[derive(Clone, Debug, Serialize)]
pub struct FederatedLine {
    pub label: String,
    /// The day of the first sign-in.
    pub since: String,
    /// The last sign-in.
    pub used: String,
}

/// The upstream of parents, which may open the account.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamCard {
    pub label: String,
    pub linked: Option<FederatedLine>,
}

/// The end of a change of factors, told once on this page after a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorChangeTold {
    Added,
    Removed,
    /// The secret waited too long for its first code.
    TooLate,
    /// The application or the codes that were meant are no longer there.
    Nothing,
}

/// An application of codes.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationLine {
    pub id: String,
    /// The day on which it was added.
    pub since: String,
    /// The last use.
    pub used: Option<String>,
}

/// A known device of the account.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceLine {
    pub id: String,
    /// The browser and its system, as `Firefox sur Windows`; empty if unknown.
    pub label: String,
    /// True for the browser that shows the page.
    pub this: bool,
    /// The begin of its session, if it is signed in.
    pub signed_in: Option<String>,
    /// The last use.
    pub seen: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct EventLine {
    pub text: String,
    pub at: String,
}

/// `/compte/evenements`: everything that happened in thirteen months, by pages.
#[derive(Debug, Serialize)]
pub struct EventsPage {
    pub events: Vec<EventLine>,
    /// The id before which older events stand, if there are any.
    pub before: Option<String>,
    /// True for a page of older events.
    pub older: bool,
}

fn events() -> Vec<EventLine> {
    let event = |text: &str, at: &str| EventLine { text: text.to_owned(), at: at.to_owned() };
    vec![
        event("Connexion", "aujourd'hui à 8\u{a0}h\u{a0}02"),
        event("Mot de passe changé", "le 4\u{a0}octobre à 19\u{a0}h\u{a0}40"),
    ]
}

fn line() -> FederatedLine {
    FederatedLine {
        label: "Académie de Montpellier".to_owned(),
        since: "3\u{a0}octobre".to_owned(),
        used: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
    }
}

impl Page for SecurityPage {
    const TEMPLATE: &'static str = "my_account/security.html";

    fn samples() -> Vec<Self> {
        let device = |label: &str, this, signed_in: Option<&str>| DeviceLine {
            id: "a".repeat(43),
            label: label.to_owned(),
            this,
            signed_in: signed_in.map(str::to_owned),
            seen: "le 12\u{a0}octobre à 9\u{a0}h".to_owned(),
        };
        let here = device("Chrome sur Android", true, Some("aujourd'hui à 8\u{a0}h\u{a0}02"));
        let mut all = vec![SecurityPage {
            told: Some(FactorChangeTold::Added),
            password_since: "3\u{a0}octobre".to_owned(),
            federated: None,
            upstream: Some(UpstreamCard { label: "FranceConnect".to_owned(), linked: Some(line()) }),
            applications: vec![ApplicationLine {
                id: "0".repeat(32),
                since: "4\u{a0}octobre".to_owned(),
                used: Some("hier à 21\u{a0}h\u{a0}14".to_owned()),
            }],
            may_add_application: true,
            passkeys: Some(PasskeyLine::samples()),
            backup_codes: 8,
            devices: vec![
                here.clone(),
                device("Firefox sur Windows", false, Some("hier à 21\u{a0}h\u{a0}14")),
                device("", false, None),
            ],
            events: events(),
        }];
        for told in
            [None, Some(FactorChangeTold::Removed), Some(FactorChangeTold::TooLate), Some(FactorChangeTold::Nothing)]
        {
            all.push(SecurityPage {
                told,
                password_since: "3\u{a0}octobre".to_owned(),
                federated: None,
                upstream: Some(UpstreamCard { label: "FranceConnect".to_owned(), linked: None }),
                applications: Vec::new(),
                may_add_application: true,
                passkeys: Some(Vec::new()),
                backup_codes: 0,
                devices: vec![here.clone()],
                events: events(),
            });
        }
        all.push(SecurityPage {
            told: None,
            password_since: "3\u{a0}octobre".to_owned(),
            federated: None,
            upstream: None,
            applications: vec![ApplicationLine { id: "0".repeat(32), since: "4\u{a0}octobre".to_owned(), used: None }],
            may_add_application: false,
            passkeys: None,
            backup_codes: 0,
            devices: vec![here.clone()],
            events: events(),
        });
        all.push(SecurityPage {
            told: None,
            password_since: String::new(),
            federated: Some(line()),
            upstream: None,
            applications: Vec::new(),
            may_add_application: false,
            passkeys: None,
            backup_codes: 0,
            devices: vec![here],
            events: events(),
        });
        all
    }
}

impl Page for EventsPage {
    const TEMPLATE: &'static str = "my_account/events.html";

    fn samples() -> Vec<Self> {
        vec![
            EventsPage { events: events(), before: Some("0".repeat(32)), older: false },
            EventsPage { events: events(), before: None, older: true },
            EventsPage { events: Vec::new(), before: None, older: true },
        ]
    }
}
