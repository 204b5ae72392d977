//! Single sign-on sessions, stored in SQL so that a restart signs out nobody.
//!
//! The cookie contains 256 random bits, the row their digest. Every sign-in generates a new cookie
//! (docs/threats.md#attack-s1).

pub mod extract;
pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SessionId};
use crate::protocol::acr::{Acr, Amr};

/// The idle timeout of single sign-on; tokens are not affected.
pub const SESSION_IDLE_TTL: Span = Span::minutes(30);
/// The maximum lifetime of a session.
pub const SESSION_TTL: Span = Span::hours(12);
/// The maximum number of sessions of one account: beyond it, the oldest ends.
pub const MAX_SESSIONS: i64 = 10;
/// The minimum interval between two writes of `seen_at`.
pub const TOUCH_INTERVAL: Span = Span::minutes(1);

/// A proof of a second factor is fresh for this long: long enough for one errand, short enough for a browser left open.
pub const FACTOR_PROOF_TTL: Span = Span::minutes(5);

/// The authentication method of a session (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationMethod {
    Password,
    /// The end of an activation: an SMS code to the roster's mobile number, and the new password.
    Activation,
    /// The password, then a code of the person's application.
    PasswordAndTotp,
    /// The password, then a backup code.
    PasswordAndBackupCode,
    /// The password, then a passkey.
    PasswordAndPasskey,
    /// A passkey whose authenticator verified the person.
    Passkey,
}

impl AuthenticationMethod {
    /// Returns the `amr` values of RFC 8176, as stored in the row.
    pub fn amr(self) -> &'static [Amr] {
        match self {
            AuthenticationMethod::Password => &[Amr::Pwd],
            AuthenticationMethod::Activation => &[Amr::Sms, Amr::Pwd],
            AuthenticationMethod::PasswordAndTotp => &[Amr::Pwd, Amr::Otp, Amr::Mfa],
            AuthenticationMethod::PasswordAndBackupCode => &[Amr::Pwd, Amr::Mfa],
            AuthenticationMethod::PasswordAndPasskey => &[Amr::Pwd, Amr::Pop, Amr::User, Amr::Mfa],
            AuthenticationMethod::Passkey => &[Amr::Pop, Amr::User, Amr::Mfa],
        }
    }

    /// True if a second factor was proven.
    pub fn has_factor(self) -> bool {
        self.amr().contains(&Amr::Mfa)
    }
}

/// The upstream through which the person of a session signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamOrigin {
    /// The id of the upstream.
    pub upstream_id: String,
    /// The `acr` of its answer; `None` of an older release's session too.
    pub acr: Option<String>,
    /// The level that the upstream's file gives to its answer; `None` if it gives none.
    pub level: Option<Acr>,
}

/// A session row.
#[derive(Clone, Debug)]
pub struct Session {
    /// The digest of the cookie.
    pub id: SessionId,
    pub account_id: AccountId,
    pub authenticated_at: Timestamp,
    pub amr: Vec<Amr>,
    /// The last proof of a second factor.
    pub factor_at: Option<Timestamp>,
    pub seen_at: Timestamp,
    pub ended: bool,
    /// The known device of the sign-in; `None` for a session of an older release.
    pub device_id: Option<String>,
    /// Set for a sign-in through an upstream.
    pub upstream: Option<UpstreamOrigin>,
    /// The time at which the answer of an upstream came that was told to ask the person; `None` of another session, of one
    /// that the upstream's own single sign-on began, and of an older release's.
    pub answered_at: Option<Timestamp>,
}

impl Session {
    /// Returns the level that the session may claim; `None` if nothing is known of how its person was authenticated. A
    /// second factor that was proven here counts, whoever proved the first.
    pub fn acr(&self) -> Option<Acr> {
        match &self.upstream {
            None => Some(Acr::from_amr(&self.amr)),
            Some(upstream) => upstream.level.max(self.factor_at.map(|_| Acr::Mfa)),
        }
    }

    /// Returns the time of the last proof of who the person is, for pages that want a fresh one: that of the answer of an
    /// upstream that had been told to ask the person on the way. For services, `authenticated_at` alone counts.
    pub fn proven_at(&self) -> Timestamp {
        self.answered_at.unwrap_or(self.authenticated_at)
    }

    /// True if the person signed in through an upstream.
    pub fn is_federated(&self) -> bool {
        self.upstream.is_some()
    }

    /// True if the session's tokens are valid: not ended and younger than 12 hours.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now.since(self.authenticated_at) < SESSION_TTL
    }

    /// True if the session permits single sign-on without a new authentication.
    pub fn allows_single_sign_on(&self, now: Timestamp) -> bool {
        self.is_alive(now) && now.since(self.seen_at) < SESSION_IDLE_TTL
    }

    /// True for five minutes in the session that began with the choice of this password: an activation.
    pub fn began_with_password_of(&self, password_at: Option<Timestamp>, now: Timestamp) -> bool {
        password_at == Some(self.authenticated_at) && now.since(self.authenticated_at) < FACTOR_PROOF_TTL
    }
}
