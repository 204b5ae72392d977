//! Single sign-on sessions, stored in SQL so that a restart signs out nobody.
//!
//! The cookie contains 256 random bits, the row their digest. Every sign-in generates a new cookie
//! (docs/threats.md#attack-s1).

pub mod extract;
pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SessionId};

/// The idle timeout of single sign-on; tokens are not affected.
pub const SESSION_IDLE_TTL: Span = Span::minutes(30);
/// The maximum lifetime of a session.
pub const SESSION_TTL: Span = Span::hours(12);
/// The minimum interval between two writes of `seen_at`.
pub const TOUCH_INTERVAL: Span = Span::minutes(1);

/// The authentication method of a session (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationMethod {
    Password,
    /// The end of an activation: an SMS code to the roster's mobile number, and the new password.
    Activation,
}

impl AuthenticationMethod {
    /// Returns the `amr` values of RFC 8176, as stored in the row.
    pub fn amr(self) -> &'static str {
        match self {
            AuthenticationMethod::Password => "pwd",
            AuthenticationMethod::Activation => "sms pwd",
        }
    }
}

/// A session row.
#[derive(Clone, Debug)]
pub struct Session {
    /// The digest of the cookie.
    pub id: SessionId,
    pub account_id: AccountId,
    pub authenticated_at: Timestamp,
    pub amr: Vec<String>,
    pub seen_at: Timestamp,
    pub ended: bool,
    /// The known device of the sign-in; `None` for a session of an older release.
    pub device_id: Option<String>,
}

impl Session {
    /// True if the session's tokens are valid: not ended and younger than 12 hours.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now.since(self.authenticated_at) < SESSION_TTL
    }

    /// True if the session permits single sign-on without a new authentication.
    pub fn allows_single_sign_on(&self, now: Timestamp) -> bool {
        self.is_alive(now) && now.since(self.seen_at) < SESSION_IDLE_TTL
    }
}
