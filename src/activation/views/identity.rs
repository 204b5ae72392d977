//! Who you are, and the mobile that the school knows.

use serde::Serialize;

/// `/activation`, step 1. Posts `nom`, `prenom`, `telephone` to its own address.
#[derive(Debug, Default, Serialize)]
pub struct IdentityPage {
    /// `?i=…&client_id=…&a=…`, or empty.
    pub query: String,
    pub nom: String,
    pub prenom: String,
    pub telephone: String,
    /// What stands in the way of the whole form.
    pub refusal: Option<IdentityRefusal>,
    pub nom_fault: Option<NameFault>,
    pub prenom_fault: Option<NameFault>,
    pub telephone_fault: Option<PhoneFault>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IdentityRefusal {
    NoCookies,
    /// Budget of what was typed is used; `hour` as `14 h 30`.
    TooManyToday {
        hour: String,
    },
    /// Too many from this connection: another one helps.
    ManyFromHere {
        hour: String,
    },
    /// Too many from this browser, or from everywhere.
    Many {
        hour: String,
    },
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameFault {
    Empty,
    TooLong,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneFault {
    Empty,
    /// Not a whole number of any country.
    Incomplete,
    Landline,
}
