//! The sign-in: one form for parents and pupils, and the page of the second factor.
//!
//! An account with a second factor gets no session for the right password alone: the attempt is a row, bound to the
//! browser by a secret of its own, until the factor ends it with a session
//! (docs/decisions/0049-a-factor-before-any-session.md).

pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SignInAttemptId};

/// The time between the right password and the factor.
pub const SIGN_IN_ATTEMPT_TTL: Span = Span::minutes(10);

/// A sign-in between the password and the second factor.
#[derive(Clone, Debug)]
pub struct SignInAttempt {
    pub id: SignInAttemptId,
    /// The digest of the secret that binds the attempt to its browser.
    pub browser_digest: String,
    pub account_id: AccountId,
    pub support_code: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended: bool,
}
