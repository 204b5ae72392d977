//! The sign-in page and the two pages for what was forgotten.
//!
//! Only words and states: whether a person may sign in is decided elsewhere. What depends on whether an
//! account exists is said the same to everybody, except [`LoginRefusal::Suspended`], which the caller
//! gives only after the right password.

use serde::Serialize;

use crate::clients::shown::Shown;
use crate::http::pages::Page;
use crate::tenants::Office;

/// `/connexion`. The form posts `identifiant` and `mot_de_passe` to its own address.
#[derive(Debug, Serialize)]
pub struct LoginPage {
    /// `?i=…&client_id=…`, or empty: kept by every link of the page.
    pub query: String,
    /// Name of the client that asked, for « pour continuer vers … ».
    pub service: Option<String>,
    /// What that client shows of itself.
    pub shown: Shown,
    /// As typed, shown again after a refusal.
    pub identifiant: String,
    pub refusal: Option<LoginRefusal>,
}

/// Why the form is shown again.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LoginRefusal {
    /// Unknown identifiant or wrong password: never told apart.
    Wrong,
    /// The password before this one, on a device that knew the account; `date` as
    /// [`when::day`](crate::http::pages::when::day) says it.
    Replaced { date: String },
    /// A field was left empty; true where it was.
    Empty { identifiant: bool, mot_de_passe: bool },
    /// Too many tries; `until` as [`when::hour`](crate::http::pages::when::hour) says it.
    Waiting { until: String },
    /// Too many wrong ones from this connection (then another one helps: `elsewhere`), or from everywhere.
    Limited { until: String, elsewhere: bool },
    /// The password was right, the account is suspended. `by` is the message `suspended-by-school` or
    /// `suspended-by-operator` ([`Pages::text`](crate::http::pages::Pages::text)).
    Suspended { by: String, school: String, code: String, offices: Vec<Office> },
    /// The form came without the cookie that its page had set.
    NoCookies,
    /// No place to check a password now (503, Retry-After).
    Busy { seconds: i64 },
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login/connexion.html";

    fn samples() -> Vec<Self> {
        let refusals = [
            LoginRefusal::Wrong,
            LoginRefusal::Replaced { date: "3 octobre".to_owned() },
            LoginRefusal::Empty { identifiant: true, mot_de_passe: true },
            LoginRefusal::Empty { identifiant: false, mot_de_passe: true },
            LoginRefusal::Waiting { until: "14 h 30".to_owned() },
            LoginRefusal::Suspended {
                by: "l'établissement".to_owned(),
                school: "Clg Théodore Monod".to_owned(),
                code: "K7P-4MX".to_owned(),
                offices: vec![Office::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned()))],
            },
            LoginRefusal::NoCookies,
            LoginRefusal::Busy { seconds: 5 },
            LoginRefusal::Limited { until: "14 h 30".to_owned(), elsewhere: true },
            LoginRefusal::Limited { until: "14 h 30".to_owned(), elsewhere: false },
        ];
        let first = LoginPage {
            query: String::new(),
            service: None,
            shown: Shown::default(),
            identifiant: String::new(),
            refusal: None,
        };
        let shown = Shown {
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
        };
        let mut all = vec![first, LoginPage { identifiant: String::new(), ..asked(None) }];
        all.extend(refusals.into_iter().map(|refusal| asked(Some(refusal))));
        all
    }
}

/// `/identifiant-oublie`: the activation gives the identifiant again.
#[derive(Debug, Serialize)]
pub struct IdentifiantOubliePage {
    pub query: String,
}

impl Page for IdentifiantOubliePage {
    const TEMPLATE: &'static str = "login/identifiant_oublie.html";

    fn samples() -> Vec<Self> {
        vec![IdentifiantOubliePage { query: "?i=0123456789abcdefghijkl".to_owned() }]
    }
}

/// `/mot-de-passe-oublie`: the activation lets choose a new one.
#[derive(Debug, Serialize)]
pub struct MotDePasseOubliePage {
    pub query: String,
}

impl Page for MotDePasseOubliePage {
    const TEMPLATE: &'static str = "login/mot_de_passe_oublie.html";

    fn samples() -> Vec<Self> {
        vec![MotDePasseOubliePage { query: String::new() }]
    }
}
