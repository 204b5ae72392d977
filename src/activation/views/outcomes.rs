//! The pages of an activation without a sign-in: the reason, the next step, the contacts for help.
//!
//! Shown only after a correct code, except the last two, which reveal nothing about a person.

use serde::Serialize;

use crate::activation::ActivationPurpose;

use crate::http::pages::Page;
use crate::tenants::SchoolContact;

const SAMPLE_CODE: &str = "K7P-4MX";
const SAMPLE_SCHOOL: &str = "Clg Théodore Monod";

/// The links and contacts on a page that ends an activation.
#[derive(Clone, Debug, Serialize)]
pub struct HelpOptions {
    /// `?i=…&client_id=…`, for links to the sign-in and to a new activation that keep the pending request.
    pub service_query: String,
    /// The schools to contact.
    pub offices: Vec<SchoolContact>,
}

impl HelpOptions {
    fn sample() -> Self {
        let office =
            |name: &str, telephone: Option<&str>| SchoolContact::new(name.to_owned(), telephone.map(str::to_owned));
        HelpOptions {
            service_query: "?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned(),
            offices: vec![office(SAMPLE_SCHOOL, Some("04 67 00 00 00")), office("Lycée Jean Moulin", None)],
        }
    }
}

/// The campaigns of the children's schools have not started.
#[derive(Debug, Serialize)]
pub struct CampaignNotOpen {
    /// In the format of [`dates::day`](crate::http::pages::dates::day).
    pub date: String,
    pub school: String,
    pub ways: HelpOptions,
}

/// All campaigns are over; a request to reopen is recorded.
#[derive(Debug, Serialize)]
pub struct CampaignClosed {
    /// In the format of [`dates::day`](crate::http::pages::dates::day); absent if no campaign ever started.
    pub date: Option<String>,
    pub school: String,
    pub code: String,
    pub ways: HelpOptions,
}

/// The person has an account: the choice is a sign-in or a new password.
#[derive(Debug, Serialize)]
pub struct AlreadyActive {
    /// Somebody who forgot the identifiant came for this page; somebody who activates is surprised by it.
    pub purpose: ActivationPurpose,
    /// The URL of the sign-in page, with the identifiant filled in.
    pub sign_in_href: String,
    pub identifiant: String,
    /// The identifiants of the person's other accounts, which can be joined after the sign-in.
    pub other_identifiants: Vec<String>,
    /// The target of the form « Choisir un nouveau mot de passe », with its query.
    pub new_password_action: String,
    /// The label of the upstream that the person came from, which the account can be linked to after the sign-in.
    pub upstream: Option<String>,
}

/// The account is suspended.
#[derive(Debug, Serialize)]
pub struct AccountSuspended {
    /// The message `suspended-by-school` or `suspended-by-operator`.
    pub by: String,
    pub school: String,
    pub code: String,
    pub ways: HelpOptions,
}

/// The roster knows the person, but as legal representative of no current pupil.
#[derive(Debug, Serialize)]
pub struct NobodyToAttach {
    pub code: String,
    pub ways: HelpOptions,
}

/// No birth date was correct.
#[derive(Debug, Serialize)]
pub struct NoBirthDateRight {
    pub code: String,
    pub ways: HelpOptions,
}

/// The parent answered *Non* for every child.
#[derive(Debug, Serialize)]
pub struct AllChildrenDenied {
    /// For the link back to `/activation/enfants`.
    pub query: String,
    pub code: String,
    pub ways: HelpOptions,
}

/// The two hours of the activation are over.
#[derive(Debug, Serialize)]
pub struct ActivationExpired {
    pub query: String,
}

/// Another activation of the account completed first.
#[derive(Debug, Serialize)]
pub struct ActivationSuperseded {
    pub query: String,
}

/// The activation is unknown in this browser.
#[derive(Debug, Serialize)]
pub struct UnknownActivation {
    pub query: String,
}

impl Page for CampaignNotOpen {
    const TEMPLATE: &'static str = "activation/campaign_not_open.html";
    fn samples() -> Vec<Self> {
        vec![CampaignNotOpen {
            date: "3 octobre".to_owned(),
            school: SAMPLE_SCHOOL.to_owned(),
            ways: HelpOptions::sample(),
        }]
    }
}

impl Page for CampaignClosed {
    const TEMPLATE: &'static str = "activation/campaign_closed.html";
    fn samples() -> Vec<Self> {
        let page = |date: Option<&str>| CampaignClosed {
            date: date.map(str::to_owned),
            school: SAMPLE_SCHOOL.to_owned(),
            code: SAMPLE_CODE.to_owned(),
            ways: HelpOptions::sample(),
        };
        vec![page(Some("18 octobre")), page(None)]
    }
}

impl Page for AlreadyActive {
    const TEMPLATE: &'static str = "activation/already_active.html";
    fn samples() -> Vec<Self> {
        [ActivationPurpose::Activation, ActivationPurpose::Identifiant]
            .map(|purpose| AlreadyActive {
                purpose,
                sign_in_href: "/connexion?i=0123456789abcdefghijkl&identifiant=f.leboeuf47".to_owned(),
                identifiant: "f.leboeuf47".to_owned(),
                other_identifiants: match purpose {
                    ActivationPurpose::Activation => Vec::new(),
                    ActivationPurpose::Identifiant => vec!["f.ndiaye12".to_owned()],
                },
                new_password_action: "/activation/nouveau-mot-de-passe?a=lkjihgfedcba9876543210".to_owned(),
                upstream: (purpose == ActivationPurpose::Activation).then(|| "FranceConnect".to_owned()),
            })
            .into()
    }
}

impl Page for AccountSuspended {
    const TEMPLATE: &'static str = "activation/account_suspended.html";
    fn samples() -> Vec<Self> {
        vec![AccountSuspended {
            by: "l'établissement".to_owned(),
            school: SAMPLE_SCHOOL.to_owned(),
            code: SAMPLE_CODE.to_owned(),
            ways: HelpOptions::sample(),
        }]
    }
}

impl Page for NobodyToAttach {
    const TEMPLATE: &'static str = "activation/nobody_to_attach.html";
    fn samples() -> Vec<Self> {
        vec![
            NobodyToAttach { code: SAMPLE_CODE.to_owned(), ways: HelpOptions::sample() },
            NobodyToAttach {
                code: SAMPLE_CODE.to_owned(),
                ways: HelpOptions { offices: Vec::new(), ..HelpOptions::sample() },
            },
        ]
    }
}

impl Page for NoBirthDateRight {
    const TEMPLATE: &'static str = "activation/no_birth_date_right.html";
    fn samples() -> Vec<Self> {
        vec![NoBirthDateRight { code: SAMPLE_CODE.to_owned(), ways: HelpOptions::sample() }]
    }
}

impl Page for AllChildrenDenied {
    const TEMPLATE: &'static str = "activation/all_children_denied.html";
    fn samples() -> Vec<Self> {
        vec![AllChildrenDenied {
            query: "?a=lkjihgfedcba9876543210".to_owned(),
            code: SAMPLE_CODE.to_owned(),
            ways: HelpOptions::sample(),
        }]
    }
}

impl Page for ActivationExpired {
    const TEMPLATE: &'static str = "activation/activation_expired.html";
    fn samples() -> Vec<Self> {
        vec![ActivationExpired { query: "?i=0123456789abcdefghijkl".to_owned() }]
    }
}

impl Page for ActivationSuperseded {
    const TEMPLATE: &'static str = "activation/activation_superseded.html";
    fn samples() -> Vec<Self> {
        vec![ActivationSuperseded { query: "?i=0123456789abcdefghijkl".to_owned() }]
    }
}

impl Page for UnknownActivation {
    const TEMPLATE: &'static str = "activation/unknown_activation.html";
    fn samples() -> Vec<Self> {
        vec![UnknownActivation { query: String::new() }]
    }
}
