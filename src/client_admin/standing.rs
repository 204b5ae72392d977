//! Where a relying party stands, in one word.

use crate::base::clock::Timestamp;
use crate::clients::{Client, ClientState};

/// The standing of a relying party, as its pill says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ServiceStanding {
    /// Waits for an approval.
    Requested,
    /// In use by a few, for its first days.
    Trial,
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
    pub fn of(client: &Client, undelivered: i64, now: Timestamp) -> Self {
        match client.state {
            ClientState::Pending => ServiceStanding::Requested,
            ClientState::Active if client.is_on_trial(now) => ServiceStanding::Trial,
            ClientState::Active if undelivered > 0 => ServiceStanding::ToRepair,
            ClientState::Active => ServiceStanding::InUse,
            ClientState::Suspended => ServiceStanding::Suspended,
            ClientState::Gone => ServiceStanding::Gone,
        }
    }
}
