//! Credentials: a new password, second factors, and the session that begins with a proof of the person.
//!
//! Every flow that ends with a new password (activation, recovery, a letter, the account page) does it here, so that
//! the policy and the consequences are the same: sessions, refresh tokens and known devices of the former password end.
//! Whatever asks whether an account has a second factor, compares one, adds or removes one, does it here too.

pub mod backup_codes;
pub mod browser_binding;
pub mod factors;
pub mod ideas;
pub mod ops;
pub mod pages;
pub mod store;
pub mod totp;
pub mod views;

use crate::accounts::password::PasswordPolicyError;
use crate::base::clock::Timestamp;
use crate::base::source::SourceAddress;

/// A new password and its confirmation, as typed.
#[derive(Clone, Copy)]
pub struct TypedPassword<'a> {
    pub password: &'a str,
    pub confirmation: &'a str,
}

/// The reason for rejecting a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPasswordError {
    /// The confirmation differs.
    Mismatch,
    /// It is the account's password already.
    Unchanged,
    Rejected(PasswordPolicyError),
}

/// The reason why the current password did not prove the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofRefusal {
    /// Nothing was typed.
    Empty,
    Wrong,
    /// The attempts are used up until this time: nothing was compared.
    Limited {
        until: Timestamp,
    },
    /// The account has a second factor, and none was shown in this browser lately: nothing was compared.
    FactorNeeded,
    /// The account has no password, and its person did not come back from the upstream lately.
    UpstreamNeeded,
    /// Too many hashes are queued: nothing was compared.
    Busy {
        seconds: u32,
    },
}

/// The reason why a proven person may not change the account after all, judged again once its row was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerRefusal {
    /// The session ended, or the account was suspended or got another password, since the proof.
    NotProven(ProofRefusal),
    /// The password was replaced lately, or the person said that something was not theirs.
    Caution { until: Timestamp },
}

/// The effect of a new password on its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// The first password of the account: it becomes active.
    First,
    /// The password replaces another one.
    Replaced,
}

/// The cookies of a new session.
#[derive(Debug)]
pub struct SignInCookies {
    /// The cookie of the new session.
    pub session_cookie: String,
    /// The secret of the device, a known one from now on.
    pub device_secret: String,
}

/// The context of the sign-in, from the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInContext<'a> {
    /// The cookie of the current session, which ends with the sign-in.
    pub session_cookie: Option<&'a str>,
    pub source: SourceAddress,
    /// The `User-Agent` header.
    pub user_agent: &'a str,
}
