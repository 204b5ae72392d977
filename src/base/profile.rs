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
    /// A teacher.
    Enseignant,
    /// Staff other than teachers.
    Personnel,
    /// Somebody else whom an academy lets in.
    Invite,
}

impl Profile {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True for a parent or a pupil, whom a school's roster knows.
    pub fn is_family(self) -> bool {
        matches!(self, Profile::Responsable | Profile::Eleve)
    }
}
