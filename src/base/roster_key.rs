//! The keys of rosters that may be a `sub`.

/// The key by which the clients of an academy know people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterKey {
    /// ENTPersonJointure.
    Aaf,
    /// PERSONNE_ID.
    Siecle,
}

impl RosterKey {
    pub const ALL: [RosterKey; 2] = [RosterKey::Aaf, RosterKey::Siecle];
}
