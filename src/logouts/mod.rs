//! Logout notifications to relying parties, and the record of their delivery (BCL, FCL).
//!
//! The intent is written in the transaction that ends the session, one job per client. Each attempt signs a new logout
//! token in `oidc/logout/backchannel.rs`, the module with access to the client's `sub` for the end user. Nothing here sends
//! requests.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, ClientId, ClientSessionId};
use crate::clients::ClientMetadata;

/// The retention of a delivery record.
pub const DELIVERY_RETENTION: Span = Span::days(30);
/// The maximum number of waiting notifications per client. Beyond this number the newest is given up at once: the
/// client is unreachable, and the queue is bounded.
pub const MAX_WAITING_PER_CLIENT: i64 = 5_000;
/// A notification waiting longer than this is lost, because no job lives this long: the server was down.
pub const DELIVERY_LOST_AFTER: Span = Span::minutes(90);

/// A client of a session, with its `sid` and metadata.
#[derive(Clone, Debug)]
pub struct LogoutRecipient {
    pub client_id: ClientId,
    pub sid: ClientSessionId,
    /// True if the client is active. Clients in any other state are not notified.
    pub is_usable: bool,
    pub meta: ClientMetadata,
}

impl LogoutRecipient {
    pub fn backchannel_uri(&self) -> Option<&str> {
        self.meta.backchannel_logout_uri.as_deref().filter(|_| self.is_usable)
    }

    pub fn frontchannel_uri(&self) -> Option<&str> {
        self.meta.frontchannel_logout_uri.as_deref().filter(|_| self.is_usable)
    }
}

/// The body of a job: ids only, never a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutIntent {
    pub client_id: ClientId,
    pub sid: ClientSessionId,
    pub account_id: AccountId,
    /// The `sub` when the session ended: a regroupement may give the account another one before the delivery. Absent in
    /// jobs of an older release.
    #[serde(default)]
    pub sub: Option<String>,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryState {
    Waiting,
    Delivered,
    /// The client rejected the logout token (BCL 2.8), or is no longer active or no longer has a logout URI.
    Refused,
    /// The client gave no successful response within an hour.
    GivenUp,
}

impl DeliveryState {
    pub const ALL: [DeliveryState; 4] =
        [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::Refused, DeliveryState::GivenUp];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A delivery record, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutDelivery {
    pub client_id: ClientId,
    pub sid: ClientSessionId,
    pub state: DeliveryState,
    pub attempts: i64,
    /// The last problem.
    pub problem: Option<String>,
    pub created_at: Timestamp,
    pub tried_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}
