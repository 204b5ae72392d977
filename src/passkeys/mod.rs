//! Passkeys: public keys of authenticators that verify their person (WebAuthn Level 3).
//!
//! A ceremony begins with a challenge for everybody alike: no page asks whose passkey it is, the authenticator answers
//! (docs/threats.md#threat-s05). Its state travels with the page, sealed for one purpose and one browser, for five
//! minutes; that it was used is kept in the store of short-lived records
//! (docs/decisions/0050-passkeys-are-verified-by-webauthn-rs.md).
//!
//! This module must not decide who may add or remove a passkey, nor begin a session.

pub mod ceremony;
pub mod ops;
pub mod store;

use serde::Serialize;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, AdministratorId};
use crate::protocol::params::Params;

/// The maximum number of passkeys of an account.
pub const MAX_PASSKEYS: usize = 10;
/// The lifetime of a challenge.
pub const CHALLENGE_TTL: Span = Span::minutes(5);
/// The maximum length of a label, in characters.
pub const MAX_LABEL_CHARS: usize = 60;
/// The maximum length of the sealed state and of the browser's answer, in bytes each.
pub const MAX_CEREMONY_BYTES: usize = 24 * 1024;

/// The kind of the holder of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum HolderKind {
    Account,
    Administrator,
}

impl HolderKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The holder of a passkey: a passkey of one kind is none of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyHolder<'a> {
    pub kind: HolderKind,
    pub id: &'a str,
}

impl<'a> From<&'a AccountId> for PasskeyHolder<'a> {
    fn from(id: &'a AccountId) -> Self {
        PasskeyHolder { kind: HolderKind::Account, id }
    }
}

impl<'a> From<&'a AdministratorId> for PasskeyHolder<'a> {
    fn from(id: &'a AdministratorId) -> Self {
        PasskeyHolder { kind: HolderKind::Administrator, id }
    }
}

/// The purpose of a ceremony: an answer given for one is refused for every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CeremonyPurpose {
    /// Creates a passkey of the signed-in account.
    Creation,
    /// Signs in, whoever it is.
    SignIn,
    /// Proves again the person of a session.
    FreshProof,
    /// Shows the second factor after a password or a code.
    Factor,
    /// Creates a passkey of an administrator, by an invitation or in the console.
    AdministratorCreation,
    /// Lets an administrator into the console, whoever it is.
    AdministratorSignIn,
    /// Proves again the administrator of a session.
    AdministratorProof,
}

impl CeremonyPurpose {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A stored passkey.
#[derive(Clone, Debug)]
pub struct StoredPasskey {
    pub id: String,
    pub holder_id: String,
    pub user_handle: String,
    /// The public key, its counter and other properties, as JSON.
    pub credential: String,
    pub label: String,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// A challenge for a page: what the browser is asked, and the sealed state that comes back with its answer.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyChallenge {
    /// The argument of `navigator.credentials`, as JSON.
    pub options: String,
    pub state: String,
}

impl PasskeyChallenge {
    /// An example, for the samples of pages.
    pub fn sample() -> Self {
        let options = r#"{"challenge":"YQ","rpId":"localhost","allowCredentials":[],"userVerification":"required"}"#;
        PasskeyChallenge { options: options.to_owned(), state: "0a1b2c3d.c2VhbGVk".to_owned() }
    }
}

/// The answer of a browser: the sealed state of the page, and the credential as JSON.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyAnswer<'a> {
    pub state: &'a str,
    pub credential: &'a str,
}

impl<'a> PasskeyAnswer<'a> {
    /// Reads the fields of a form; `None` if it was sent without a passkey.
    pub fn in_form(form: &'a Params) -> Option<Self> {
        let credential = form.get("reponse").filter(|sent| !sent.is_empty())?;
        Some(PasskeyAnswer { state: form.form_value("etat"), credential })
    }
}

/// A passkey that was proven, and what is written of its use.
#[derive(Clone, Debug)]
pub struct ProvenPasskey {
    pub id: String,
    pub holder_id: String,
    pub created_at: Timestamp,
    /// The credential before this use, and after it: its counter rose.
    former: String,
    credential: String,
}

impl ProvenPasskey {
    /// Returns the account whose passkey it is, of a ceremony for accounts.
    pub fn account_id(&self) -> AccountId {
        AccountId::new(&self.holder_id)
    }
}

/// The outcome of an answer to a challenge.
#[derive(Clone, Debug)]
pub enum PasskeyVerification {
    Proven(ProvenPasskey),
    /// The signature is right and the counter went back: there may be a copy of the authenticator.
    Copied,
    /// Wrong, expired, used before, or of nobody: not distinguished on pages.
    Refused(&'static str),
}

/// Returns a typed label without control characters and outer spaces; `None` if it is empty or too long.
pub fn parse_label(typed: &str) -> Option<String> {
    let label: String = typed.trim().chars().filter(|c| !c.is_control()).collect();
    (!label.is_empty() && label.chars().count() <= MAX_LABEL_CHARS).then_some(label)
}
