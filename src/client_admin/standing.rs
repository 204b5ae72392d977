//! Where a relying party stands, in one word.

use crate::clients::ClientState;
use crate::clients::store::registered::ClientRecord;

/// The standing of a relying party, as its pill says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ServiceStanding {
    /// Waits for an approval.
    Requested,
    InUse,
    /// In use, and it does not take sign-outs.
    ToRepair,
    Suspended,
    /// Its file is gone, or its registration was given up.
    Gone,
}

impl ServiceStanding {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the standing of a relying party; `undelivered` counts the sign-outs that it did not take.
    pub fn of(record: &ClientRecord, undelivered: i64) -> Self {
        match record.client.state {
            ClientState::Pending => ServiceStanding::Requested,
            ClientState::Active if undelivered > 0 => ServiceStanding::ToRepair,
            ClientState::Active => ServiceStanding::InUse,
            ClientState::Suspended => ServiceStanding::Suspended,
            ClientState::Gone => ServiceStanding::Gone,
        }
    }
}
