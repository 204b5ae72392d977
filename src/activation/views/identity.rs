//! The context of the identity page: name, and the mobile number that the school has registered.

use serde::Serialize;

use crate::activation::ActivationPurpose;
use crate::announcements::ShownAnnouncement;

/// `/activation` or `/identifiant-oublie`, step 1. Posts `nom`, `prenom`, `telephone` to the URL of the page.
#[derive(Debug, Serialize)]
pub struct IdentityPage {
    pub purpose: ActivationPurpose,
    /// `?i=…&client_id=…&a=…`, or empty.
    pub query: String,
    pub nom: String,
    pub prenom: String,
    pub telephone: String,
    /// The upstream that told the names, which are not typed then, and the name that it told.
    pub upstream: Option<UpstreamNames>,
    /// True if a landline may be typed, because a call speaks the code.
    pub calls: bool,
    /// An error of the whole form.
    pub refusal: Option<IdentityFormError>,
    pub nom_fault: Option<NameFieldError>,
    pub prenom_fault: Option<NameFieldError>,
    pub telephone_fault: Option<PhoneFieldError>,
    pub announcements: Vec<ShownAnnouncement>,
}

impl IdentityPage {
    /// Returns the empty form.
    pub fn new(purpose: ActivationPurpose, query: String) -> Self {
        let empty = String::new;
        Self {
            purpose,
            query,
            nom: empty(),
            prenom: empty(),
            telephone: empty(),
            upstream: None,
            calls: false,
            refusal: None,
            nom_fault: None,
            prenom_fault: None,
            telephone_fault: None,
            announcements: Vec::new(),
        }
    }
}

/// The names that an upstream told.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamNames {
    pub label: String,
    pub name: String,
    /// `?i=…&client_id=…`, or empty: of an activation without the upstream.
    pub service_query: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IdentityFormError {
    NoCookies,
    /// The budget of the submitted identity is used up; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    /// Too many activations from this connection: another connection helps.
    ManyFromHere {
        hour: String,
    },
    /// Too many activations from this browser, or from all connections.
    Many {
        hour: String,
    },
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameFieldError {
    Empty,
    TooLong,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneFieldError {
    Empty,
    /// Incomplete or invalid in every country.
    Incomplete,
    Landline,
}
