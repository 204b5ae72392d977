//! The claims about an end user that a client may receive (OIDCC 5.1, and those of scope `education`).
//!
//! One list: scopes, requests, userinfo and the pages that tell people what a service receives all name their claims by
//! it, so that a new claim does not compile until each of them says what it does with it.

use serde::{Deserialize, Serialize};

/// A claim, by the spelling of the specification or of the French ENT. Stored in consents and refresh token families:
/// a name stays readable for ever.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Claim {
    Sub,
    Name,
    GivenName,
    FamilyName,
    UpdatedAt,
    Email,
    EmailVerified,
    PhoneNumber,
    PhoneNumberVerified,
    /// The kind of end user: a responsable or a pupil.
    EducationProfile,
    Children,
    Schools,
    /// The class of a pupil.
    Class,
    /// The vectors of the French ENT, with the numbers of pupils in their schools.
    #[serde(rename = "FrEduVecteur")]
    #[strum(serialize = "FrEduVecteur")]
    FrEduVecteur,
    /// The person's or pupil's key in the academy's export for ENT.
    #[serde(rename = "FrEduCtRefId")]
    #[strum(serialize = "FrEduCtRefId")]
    FrEduCtRefId,
}

impl Claim {
    pub fn name(self) -> &'static str {
        self.into()
    }
}
