//! What the provider says about a person: the claims of scope `education`, and who signed in.
//!
//! The shapes are the provider's contract; a list that is missing is empty, not a failed sign-in.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};

use crate::base::secret::Secret;

/// A child of the person who signed in (scope `education`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    pub given_name: String,
    pub uai: String,
    pub school: String,
    pub academy: String,
    #[serde(default)]
    pub class: Option<String>,
}

/// A school that the person has to do with (scope `education`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    pub uai: String,
    pub name: String,
    pub academy: String,
}

/// The claims of scope `education`, as userinfo gives them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Education {
    /// `responsable` or `eleve`.
    #[serde(default, rename = "education_profile")]
    pub profile: Option<String>,
    #[serde(default)]
    pub children: Vec<Child>,
    #[serde(default)]
    pub schools: Vec<School>,
    /// `profil|nom|prenom|eleveId|UAI`, one an entry: how an ENT finds the person in its own directory.
    #[serde(default, rename = "FrEduVecteur")]
    pub vectors: Vec<String>,
}

impl AdditionalClaims for Education {}

/// The provider's session of this client, to be found again by a logout token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    #[serde(default)]
    pub sid: Option<String>,
}

impl AdditionalClaims for SessionClaims {}

/// Who signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub sub: String,
    pub sid: Option<String>,
    /// The display name, or what given name and family name make.
    pub name: Option<String>,
    pub education: Education,
    /// Sent back to the provider at sign-out, which then need not ask who it is.
    pub id_token: Secret,
}

#[cfg(test)]
impl Default for SignedIn {
    fn default() -> Self {
        let (sub, sid, name) = ("sub".to_owned(), None, None);
        Self { sub, sid, name, education: Education::default(), id_token: Secret::new("") }
    }
}
