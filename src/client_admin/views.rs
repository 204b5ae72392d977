//! The page of one relying party: its context and samples.

pub mod list;
pub mod request_form;
pub mod review;
pub mod test_sign_in;

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::standing::ServiceStanding;
use crate::administrators::views::ConsoleFrame;
use crate::clients::fapi::FapiRequirement;
use crate::http::pages::Page;

/// The settings of a relying party, in short.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceFacts {
    pub client_uri: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    pub initiate_login_uri: Option<String>,
    pub contacts: Vec<String>,
    pub places: Vec<String>,
    pub schools: Vec<String>,
    pub profiles: Vec<&'static str>,
    pub scopes: Vec<&'static str>,
    /// `pairwise`, `public` or `roster`.
    pub subject: &'static str,
    pub sector: String,
    pub signature: &'static str,
    pub requires_pkce: bool,
    pub is_fapi: bool,
    pub methods: Vec<&'static str>,
    pub asks_consent: bool,
}

impl ServiceFacts {
    fn sample() -> Self {
        let uri = |path: &str| format!("https://cantine.example/{path}");
        ServiceFacts {
            client_uri: Some(uri("")),
            redirect_uris: vec![uri("retour"), uri("retour?\"><script>alert(1)</script>")],
            post_logout_redirect_uris: vec![uri("au-revoir")],
            backchannel_logout_uri: Some(uri("fin-de-session")),
            initiate_login_uri: Some(uri("connexion")),
            contacts: vec!["numerique@herault.example".to_owned()],
            places: vec!["académie de Montpellier".to_owned()],
            schools: vec!["0349999J Clg Théodore Monod".to_owned()],
            profiles: vec!["responsable"],
            scopes: vec!["openid", "profile", "email", "phone", "education", "offline_access"],
            subject: "pairwise",
            sector: "host:cantine.example".to_owned(),
            signature: "RS256",
            requires_pkce: true,
            is_fapi: false,
            methods: vec!["client_secret_basic", "client_secret_post"],
            asks_consent: true,
        }
    }
}

/// A sign-out that was told to a relying party, or not.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryLine {
    pub when: String,
    /// The end of the message's key.
    pub state: &'static str,
    pub attempts: i64,
    /// The status of the last answer that was none.
    pub answered: Option<u16>,
    /// True if there was no answer.
    pub silent: bool,
}

/// A change of a relying party.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeLine {
    pub when: String,
    /// The end of the message's key.
    pub word: &'static str,
    /// The name of the administrator.
    pub who: Option<String>,
    /// `operator`, `client`, `administrator` or `preau`: the end of the message's key where no name is known.
    pub kind: &'static str,
    pub reason: String,
}

/// A secret that is taken.
#[derive(Clone, Debug, Serialize)]
pub struct SecretLine {
    /// False for the former one.
    pub is_current: bool,
    pub drawn: Option<String>,
    pub used: Option<String>,
    /// Until when the former one is taken.
    pub closes: Option<String>,
}

/// A requirement of FAPI 2.0.
#[derive(Clone, Debug, Serialize)]
pub struct FapiLine {
    /// The end of the messages' keys.
    pub name: &'static str,
    pub is_met: bool,
}

/// The word of the list of FAPI 2.0 beside those of the programs.
pub const FAPI_TAB: &str = "fapi2";

/// The fault of a form of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceFormError {
    Reason,
    /// It was changed since the page was shown.
    Changed,
    TwoSecrets,
    NoOverlap,
    NoSecret,
    /// The secret that this form drew was shown.
    SecretShown,
}

/// The acts that the page confirms after they are done.
pub const DONE_WORDS: [&str; 3] = ["suspended", "resumed", "secret_closed"];

/// `/admin/services/…`.
#[derive(Clone, Debug, Serialize)]
pub struct ServicePage {
    pub frame: ConsoleFrame,
    pub client_id: String,
    pub name: String,
    pub standing: &'static str,
    pub from_file: bool,
    pub used: Option<String>,
    /// The day on which it last sent neither PKCE nor `nonce`.
    pub unprotected: Option<String>,
    /// The suspension, with its author and reason.
    pub suspension: Option<ChangeLine>,
    pub facts: ServiceFacts,
    pub deliveries: Vec<DeliveryLine>,
    /// The sign-outs of the last days that ended, and those of them that it took.
    pub ended: i64,
    pub taken: i64,
    pub changes: Vec<ChangeLine>,
    pub may_suspend: bool,
    pub may_resume: bool,
    /// True if suspending it is for somebody above: a part of its perimeter is of others.
    pub act_of_others: bool,
    /// True if it proves itself by a secret.
    pub has_secret: bool,
    pub secrets: Vec<SecretLine>,
    /// A secret that was drawn just now, shown this once.
    pub secret: Option<String>,
    /// The version with which the forms are shown.
    pub version: i64,
    /// For how many days the former secret may be taken beside a new one.
    pub overlaps: Vec<i64>,
    pub may_draw: bool,
    pub may_change: bool,
    /// The end of its trial, and the persons of it.
    pub trial_until: Option<String>,
    pub trial_persons: i64,
    /// The settings of a program, ready to copy, and the programs that have some.
    pub settings: String,
    pub library: &'static str,
    pub libraries: Vec<&'static str>,
    /// The requirements of FAPI 2.0, instead of settings.
    pub fapi: Vec<FapiLine>,
    pub reason: String,
    pub error: Option<ServiceFormError>,
    pub done: Option<&'static str>,
}

/// The kinds of changes, for the samples.
const CHANGE_WORDS: [&str; 19] = [
    "secret_closed",
    "approved",
    "suspended",
    "resumed",
    "secret",
    "token",
    "declared",
    "file",
    "file_gone",
    "replaced",
    "removed",
    "registered",
    "other",
    "requested",
    "asked",
    "refused",
    "part",
    "at_once",
    "withdrawn",
];

impl Page for ServicePage {
    const TEMPLATE: &'static str = "client_admin/service.html";
    fn samples() -> Vec<Self> {
        let change = |(n, word): (usize, &'static str)| ChangeLine {
            when: "aujourd'hui à 14\u{a0}h\u{a0}05".to_owned(),
            word,
            who: (n == 0).then(|| "Nadia Kaci".to_owned()),
            kind: ["administrator", "operator", "client", "preau", "token"].get(n % 5).copied().unwrap_or("preau"),
            reason: if n == 1 { "Domaine vendu".to_owned() } else { String::new() },
        };
        let delivery = |state, answered, silent| DeliveryLine {
            when: "hier à 14\u{a0}h\u{a0}52".to_owned(),
            state,
            attempts: 2,
            answered,
            silent,
        };
        let secret = |is_current: bool| SecretLine {
            is_current,
            drawn: is_current.then(|| "9\u{a0}janvier".to_owned()),
            used: (!is_current).then(|| "aujourd'hui à 14\u{a0}h\u{a0}05".to_owned()),
            closes: (!is_current).then(|| "10\u{a0}décembre".to_owned()),
        };
        let changes: Vec<ChangeLine> = CHANGE_WORDS.into_iter().enumerate().map(change).collect();
        let page = ServicePage {
            frame: ConsoleFrame::sample().in_room("services"),
            client_id: "transport-lio".to_owned(),
            name: "Transport scolaire".to_owned(),
            standing: "in_use",
            from_file: false,
            used: Some("26\u{a0}novembre".to_owned()),
            unprotected: None,
            suspension: None,
            facts: ServiceFacts::sample(),
            deliveries: vec![
                delivery("delivered", None, false),
                delivery("waiting", Some(503), false),
                delivery("refused", Some(400), false),
                delivery("given_up", None, true),
            ],
            ended: 213,
            taken: 212,
            changes: changes.clone(),
            may_suspend: true,
            may_resume: false,
            act_of_others: false,
            has_secret: true,
            secrets: vec![secret(true), secret(false)],
            secret: None,
            version: 7,
            overlaps: vec![14, 30, 1, 0],
            may_draw: true,
            may_change: true,
            trial_until: None,
            trial_persons: 0,
            settings: "client_id = \"cantine\"".to_owned(),
            library: "spring",
            fapi: Vec::new(),
            libraries: crate::clients::snippets::Library::iter().map(crate::clients::snippets::Library::name).collect(),
            reason: String::new(),
            error: None,
            done: None,
        };
        let bare = ServiceFacts {
            client_uri: None,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            initiate_login_uri: None,
            contacts: Vec::new(),
            places: Vec::new(),
            schools: Vec::new(),
            requires_pkce: false,
            is_fapi: true,
            asks_consent: false,
            subject: "public",
            methods: vec!["private_key_jwt", "client_secret_jwt", "none"],
            ..ServiceFacts::sample()
        };
        let suspended = ServicePage {
            standing: "suspended",
            suspension: changes.get(1).cloned(),
            may_suspend: false,
            may_resume: true,
            ..page.clone()
        };
        let standings = ServiceStanding::iter().map(|s| ServicePage { standing: s.name(), ..page.clone() });
        let others = ServicePage {
            from_file: true,
            may_suspend: false,
            act_of_others: true,
            used: None,
            unprotected: Some("26\u{a0}novembre".to_owned()),
            deliveries: Vec::new(),
            ended: 0,
            taken: 0,
            changes: Vec::new(),
            secrets: vec![secret(true)],
            may_draw: false,
            may_change: false,
            facts: bare.clone(),
            ..page.clone()
        };
        let roster = ServiceFacts { subject: "roster", ..bare };
        let wrong = |error| ServicePage { error: Some(error), reason: "x".to_owned(), ..page.clone() };
        let told = |done| ServicePage { done: Some(done), ..page.clone() };
        let mut all: Vec<Self> = standings.collect();
        for error in [
            ServiceFormError::Reason,
            ServiceFormError::Changed,
            ServiceFormError::TwoSecrets,
            ServiceFormError::NoOverlap,
            ServiceFormError::NoSecret,
            ServiceFormError::SecretShown,
        ] {
            all.push(wrong(error));
        }
        all.push(ServicePage { secret: Some("s".repeat(43)), secrets: vec![secret(true)], ..page.clone() });
        all.push(ServicePage { has_secret: false, secrets: Vec::new(), ..page.clone() });
        all.extend(DONE_WORDS.map(told));
        all.push(ServicePage { facts: roster, may_suspend: false, ..others.clone() });
        all.push(ServicePage { error: Some(ServiceFormError::Reason), ..suspended.clone() });
        all.push(ServicePage {
            standing: "trial",
            trial_until: Some("hier à 8\u{a0}h".to_owned()),
            trial_persons: 38,
            ..page
        });
        for is_met in [true, false] {
            let fapi = FapiRequirement::iter().map(|one| FapiLine { name: one.name(), is_met }).collect();
            all.push(ServicePage { library: FAPI_TAB, fapi, ..others.clone() });
        }
        all.extend([others, suspended]);
        all
    }
}
