//! Telling relying parties that a session ended, and keeping account of who was told (BCL, FCL).
//!
//! The intent is written in the transaction that ends the session, a job a client; the token is made anew at each
//! attempt by `oidc/backchannel.rs`, which alone knows how a person is called there. Nothing here sends.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::clients::Metadata;

/// How long it is remembered who was told.
pub const KEPT: Span = Span::days(30);
/// So many may wait for one client. Beyond it the newest is given up at once: it is away, and the queue is bounded.
pub const MOST_WAITING: i64 = 5_000;
/// No job lives as long; what waits longer was lost, with the server that was down.
pub const LOST: Span = Span::minutes(90);

/// A client of a session, with what it is called there.
#[derive(Clone, Debug)]
pub struct Party {
    pub client_id: String,
    pub sid: String,
    /// Not suspended, not gone: others are called by nobody.
    pub usable: bool,
    pub meta: Metadata,
}

impl Party {
    pub fn backchannel_uri(&self) -> Option<&str> {
        self.meta.backchannel_logout_uri.as_deref().filter(|_| self.usable)
    }

    pub fn frontchannel_uri(&self) -> Option<&str> {
        self.meta.frontchannel_logout_uri.as_deref().filter(|_| self.usable)
    }
}

/// What a job says: ids only, never a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub client_id: String,
    pub sid: String,
    pub account_id: String,
}

/// How far the telling came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    Delivered,
    /// The client answered that it will not (BCL 2.8).
    Refused,
    /// No good answer came within the hour.
    GivenUp,
}

impl State {
    pub const ALL: [State; 4] = [State::Waiting, State::Delivered, State::Refused, State::GivenUp];

    pub fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Delivered => "delivered",
            State::Refused => "refused",
            State::GivenUp => "given_up",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        State::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// One telling, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub client_id: String,
    pub sid: String,
    pub state: State,
    pub attempts: i64,
    /// The last one.
    pub problem: Option<String>,
    pub created_at: Timestamp,
    pub tried_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}
