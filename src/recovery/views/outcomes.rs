//! The end of a recovery: a page for each outcome, with the next step.

use serde::Serialize;

use crate::http::pages::Page;
use crate::tenants::SchoolContact;

/// A recovery without a sign-in: the reason, and the way that remains. Shown only after a right code, except
/// [`RecoveryEndedReason::Overtaken`], which says nothing about a person.
#[derive(Debug, Serialize)]
pub struct RecoveryEnded {
    /// `?i=…&client_id=…`, for the link to the sign-in.
    pub query: String,
    #[serde(flatten)]
    pub reason: RecoveryEndedReason,
    pub code: String,
    /// The schools to contact.
    pub offices: Vec<SchoolContact>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum RecoveryEndedReason {
    /// The number is new; days and hours in words.
    YoungPhone {
        since: String,
        day: String,
        hour: String,
    },
    /// The number has not been proven for long, or was given up.
    LetterNeeded,
    /// The address serves no more, or not yet.
    UntrustedEmail,
    Suspended {
        /// The message `suspended-by-school` or `suspended-by-operator`.
        by: String,
        school: String,
    },
    NothingToAsk,
    NoneRight,
    Overtaken,
    LetterWithdrawn,
}

/// `/mot-de-passe-oublie/termine`: the new password serves, and the browser is signed in.
#[derive(Debug, Serialize)]
pub struct NewPasswordDone {
    /// The name of the client behind the button.
    pub service: Option<String>,
    /// `/oauth2/authorize?i=…`, or `/compte`.
    pub continue_href: String,
    /// The identifiant to keep, if it is the first password of the account.
    pub identifiant: Option<String>,
    /// The address at which a passkey is added; `None` if none is offered.
    pub passkey_href: Option<String>,
    /// The time from which a passkey may be added, while it may not.
    pub passkey_from: Option<OfferStart>,
}

/// The two hours are over.
#[derive(Debug, Serialize)]
pub struct RecoveryExpired {
    pub query: String,
}

/// An unknown recovery, or one of another browser.
#[derive(Debug, Serialize)]
pub struct UnknownRecovery {
    pub query: String,
}

const QUERY: &str = "?i=0123456789abcdefghijkl&client_id=mon-ent";

impl Page for RecoveryEnded {
    const TEMPLATE: &'static str = "recovery/ended.html";
    fn samples() -> Vec<Self> {
        let school = "Clg Théodore Monod".to_owned();
        let office = SchoolContact::new(school.clone(), Some("04 67 00 00 00".to_owned()));
        [
            RecoveryEndedReason::YoungPhone {
                since: "28 novembre".to_owned(),
                day: "1er décembre".to_owned(),
                hour: "9\u{a0}h".to_owned(),
            },
            RecoveryEndedReason::LetterNeeded,
            RecoveryEndedReason::UntrustedEmail,
            RecoveryEndedReason::Suspended { by: "l'établissement".to_owned(), school },
            RecoveryEndedReason::NothingToAsk,
            RecoveryEndedReason::NoneRight,
            RecoveryEndedReason::Overtaken,
            RecoveryEndedReason::LetterWithdrawn,
        ]
        .into_iter()
        .map(|reason| RecoveryEnded {
            query: QUERY.to_owned(),
            reason,
            code: "K7P-4MX".to_owned(),
            offices: vec![office.clone()],
        })
        .collect()
    }
}

/// The time from which something serves, in words: a passkey may be added, a letter stands for a factor.
#[derive(Clone, Debug, Serialize)]
pub struct OfferStart {
    pub day: String,
    pub hour: String,
}

impl Page for NewPasswordDone {
    const TEMPLATE: &'static str = "recovery/done.html";
    fn samples() -> Vec<Self> {
        vec![
            NewPasswordDone {
                service: Some("mon ENT Occitanie".to_owned()),
                continue_href: format!("/oauth2/authorize{QUERY}"),
                identifiant: None,
                passkey_href: None,
                passkey_from: Some(OfferStart {
                    day: "mardi 1er\u{a0}décembre".to_owned(),
                    hour: "9\u{a0}h".to_owned(),
                }),
            },
            NewPasswordDone {
                service: None,
                continue_href: "/compte".to_owned(),
                identifiant: Some("a.leboeuf12".to_owned()),
                passkey_from: None,
                passkey_href: Some("/compte/cle".to_owned()),
            },
        ]
    }
}

impl Page for RecoveryExpired {
    const TEMPLATE: &'static str = "recovery/expired.html";
    fn samples() -> Vec<Self> {
        vec![RecoveryExpired { query: QUERY.to_owned() }]
    }
}

impl Page for UnknownRecovery {
    const TEMPLATE: &'static str = "recovery/unknown.html";
    fn samples() -> Vec<Self> {
        vec![UnknownRecovery { query: QUERY.to_owned() }]
    }
}
