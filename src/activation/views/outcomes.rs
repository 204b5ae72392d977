//! Where an activation may end other than well: what happened, what to do next, who can help.
//!
//! Given only after the right code (but the last two, which say nothing of a person).

use serde::Serialize;

use crate::http::pages::Page;
use crate::tenants::Office;

const CODE: &str = "K7P-4MX";
const SCHOOL: &str = "Clg Théodore Monod";

/// How one goes on from a page that ends an activation.
#[derive(Clone, Debug, Serialize)]
pub struct Ways {
    /// `?i=…&client_id=…`: the sign-in page and a new activation keep the service that waits.
    pub service_query: String,
    /// Whom to call.
    pub offices: Vec<Office>,
}

impl Ways {
    fn sample() -> Self {
        let office = |name: &str, telephone: Option<&str>| Office::new(name.to_owned(), telephone.map(str::to_owned));
        Ways {
            service_query: "?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned(),
            offices: vec![office(SCHOOL, Some("04 67 00 00 00")), office("Lycée Jean Moulin", None)],
        }
    }
}

/// No school of the children has opened its campaign.
#[derive(Debug, Serialize)]
pub struct NotOpenYet {
    /// As [`when::day`](crate::http::pages::when::day) says it.
    pub date: String,
    pub school: String,
    pub ways: Ways,
}

/// All campaigns are over; the request to reopen is recorded.
#[derive(Debug, Serialize)]
pub struct Closed {
    /// As [`when::day`](crate::http::pages::when::day) says it; absent where no campaign ever opened.
    pub date: Option<String>,
    pub school: String,
    pub code: String,
    pub ways: Ways,
}

/// The person has an account: sign in, or choose a new password.
#[derive(Debug, Serialize)]
pub struct AlreadyActive {
    /// The sign-in page, with the identifiant filled in.
    pub sign_in_href: String,
    pub identifiant: String,
    /// Where « Choisir un nouveau mot de passe » posts, with its query.
    pub new_password_action: String,
}

/// The account is suspended.
#[derive(Debug, Serialize)]
pub struct SuspendedPage {
    /// Who suspended: the message `suspended-by-school` or `suspended-by-operator`.
    pub by: String,
    pub school: String,
    pub code: String,
    pub ways: Ways,
}

/// The roster knows the person, but as legal representative of no current pupil.
#[derive(Debug, Serialize)]
pub struct NobodyToAttach {
    pub code: String,
    pub ways: Ways,
}

/// No birth date was right.
#[derive(Debug, Serialize)]
pub struct NoneRight {
    pub code: String,
    pub ways: Ways,
}

/// The parent answered *Non* for every child.
#[derive(Debug, Serialize)]
pub struct AllNo {
    /// For the link back to `/activation/enfants`.
    pub query: String,
    pub code: String,
    pub ways: Ways,
}

/// The two hours of the activation are over.
#[derive(Debug, Serialize)]
pub struct ActivationTooOld {
    pub query: String,
}

/// The account's password was chosen in another activation meanwhile.
#[derive(Debug, Serialize)]
pub struct Overtaken {
    pub query: String,
}

/// No such activation in this browser.
#[derive(Debug, Serialize)]
pub struct UnknownActivation {
    pub query: String,
}

impl Page for NotOpenYet {
    const TEMPLATE: &'static str = "activation/pas_ouverte.html";
    fn samples() -> Vec<Self> {
        vec![NotOpenYet { date: "3 octobre".to_owned(), school: SCHOOL.to_owned(), ways: Ways::sample() }]
    }
}

impl Page for Closed {
    const TEMPLATE: &'static str = "activation/close.html";
    fn samples() -> Vec<Self> {
        let page = |date: Option<&str>| Closed {
            date: date.map(str::to_owned),
            school: SCHOOL.to_owned(),
            code: CODE.to_owned(),
            ways: Ways::sample(),
        };
        vec![page(Some("18 octobre")), page(None)]
    }
}

impl Page for AlreadyActive {
    const TEMPLATE: &'static str = "activation/deja_active.html";
    fn samples() -> Vec<Self> {
        vec![AlreadyActive {
            sign_in_href: "/connexion?i=0123456789abcdefghijkl&identifiant=f.leboeuf47".to_owned(),
            identifiant: "f.leboeuf47".to_owned(),
            new_password_action: "/activation/nouveau-mot-de-passe?a=lkjihgfedcba9876543210".to_owned(),
        }]
    }
}

impl Page for SuspendedPage {
    const TEMPLATE: &'static str = "activation/suspendu.html";
    fn samples() -> Vec<Self> {
        vec![SuspendedPage {
            by: "l'établissement".to_owned(),
            school: SCHOOL.to_owned(),
            code: CODE.to_owned(),
            ways: Ways::sample(),
        }]
    }
}

impl Page for NobodyToAttach {
    const TEMPLATE: &'static str = "activation/personne.html";
    fn samples() -> Vec<Self> {
        vec![
            NobodyToAttach { code: CODE.to_owned(), ways: Ways::sample() },
            NobodyToAttach { code: CODE.to_owned(), ways: Ways { offices: Vec::new(), ..Ways::sample() } },
        ]
    }
}

impl Page for NoneRight {
    const TEMPLATE: &'static str = "activation/aucune_date.html";
    fn samples() -> Vec<Self> {
        vec![NoneRight { code: CODE.to_owned(), ways: Ways::sample() }]
    }
}

impl Page for AllNo {
    const TEMPLATE: &'static str = "activation/tous_non.html";
    fn samples() -> Vec<Self> {
        vec![AllNo { query: "?a=lkjihgfedcba9876543210".to_owned(), code: CODE.to_owned(), ways: Ways::sample() }]
    }
}

impl Page for ActivationTooOld {
    const TEMPLATE: &'static str = "activation/trop_tard.html";
    fn samples() -> Vec<Self> {
        vec![ActivationTooOld { query: "?i=0123456789abcdefghijkl".to_owned() }]
    }
}

impl Page for Overtaken {
    const TEMPLATE: &'static str = "activation/depassee.html";
    fn samples() -> Vec<Self> {
        vec![Overtaken { query: "?i=0123456789abcdefghijkl".to_owned() }]
    }
}

impl Page for UnknownActivation {
    const TEMPLATE: &'static str = "activation/inconnue.html";
    fn samples() -> Vec<Self> {
        vec![UnknownActivation { query: String::new() }]
    }
}
