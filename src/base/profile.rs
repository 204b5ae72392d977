//! The profiles of end users.

/// The profile of an account, and of the end users in the perimeter of a relying party.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Profile {
    /// A legal representative.
    Responsable,
    /// A pupil.
    Eleve,
}

impl Profile {
    pub fn name(self) -> &'static str {
        self.into()
    }
}
