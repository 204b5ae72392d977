//! The claims of scope `education`, and the verified user.
//!
//! The types follow the provider's contract; a missing list counts as empty, without failing the sign-in.

use openidconnect::AdditionalClaims;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A child of the signed-in user (scope `education`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedChild {
    pub given_name: String,
    pub uai: String,
    pub school: String,
    pub academy: String,
    #[serde(default)]
    pub class: Option<String>,
}

/// A school related to the user (scope `education`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedSchool {
    pub uai: String,
    pub name: String,
    pub academy: String,
}

/// The claims of scope `education`, as returned by userinfo.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EducationClaims {
    /// `responsable` or `eleve`.
    #[serde(default, rename = "education_profile")]
    pub profile: Option<String>,
    #[serde(default)]
    pub children: Vec<ClaimedChild>,
    #[serde(default)]
    pub schools: Vec<ClaimedSchool>,
    /// `profil|nom|prenom|eleveId|UAI`, one an entry: the key by which an ENT finds the person in the ENT's directory.
    #[serde(default, rename = "FrEduVecteur")]
    pub vectors: Vec<String>,
}

impl AdditionalClaims for EducationClaims {}

/// The session id of the provider for this client, matched by a logout token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    #[serde(default)]
    pub sid: Option<String>,
}

impl AdditionalClaims for SessionClaims {}

/// The verified user.
#[derive(Clone, Debug)]
pub struct VerifiedUser {
    pub sub: String,
    pub sid: Option<String>,
    /// The display name, or given name and family name joined.
    pub name: Option<String>,
    pub education: EducationClaims,
    /// Sent as `id_token_hint` at sign-out, so that the provider need not ask for the user.
    pub id_token: SecretString,
}

#[cfg(test)]
impl Default for VerifiedUser {
    fn default() -> Self {
        let (sub, sid, name) = ("sub".to_owned(), None, None);
        Self { sub, sid, name, education: EducationClaims::default(), id_token: SecretString::from("") }
    }
}
