//! Single sign-on sessions: rows in SQL from the first day, so that a restart signs nobody out.
//!
//! The cookie holds 256 random bits, the row their digest. A new one is drawn at each sign-in
//! (docs/threats.md#attack-s1).

pub mod extract;
pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};

/// Idle so long, single sign-on ends (not the tokens).
pub const IDLE: Span = Span::minutes(30);
/// A session's life at most.
pub const LIFE: Span = Span::hours(12);
/// `seen_at` is written at most so often.
pub const TOUCH: Span = Span::minutes(1);

/// How somebody proved who they are (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
    /// The end of an activation: the roster's mobile, and the password just chosen.
    Activation,
}

impl Method {
    /// RFC 8176 values, as the row keeps them.
    pub fn amr(self) -> &'static str {
        match self {
            Method::Password => "pwd",
            Method::Activation => "sms pwd",
        }
    }
}

/// A row.
#[derive(Clone, Debug)]
pub struct Session {
    /// Digest of the cookie.
    pub id: String,
    pub account_id: String,
    pub authenticated_at: Timestamp,
    pub amr: Vec<String>,
    pub seen_at: Timestamp,
    pub ended: bool,
}

impl Session {
    /// Whether tokens of it are alive: not ended, not 12 h old.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now.since(self.authenticated_at) < LIFE
    }

    /// Whether it still signs its person in without asking.
    pub fn signs_on(&self, now: Timestamp) -> bool {
        self.is_alive(now) && now.since(self.seen_at) < IDLE
    }
}
