//! The ceremonies, by `webauthn-rs`: what a browser is asked, and what its answer is worth. No I/O.
//!
//! Relying party and origin are the issuer's, from the configuration. User verification is required, in creation and
//! use; the credential is discoverable, because nobody types an identifiant first. No attestation is asked for: families
//! have the devices that they have.

use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::{CHALLENGE_TTL, CeremonyPurpose, MAX_CEREMONY_BYTES, PasskeyChallenge};
use crate::base::clock::Timestamp;
use crate::base::secret::{base64url, decode_base64url, sha256_base64url};
use crate::crypto::{AssociatedData, MasterKey, SealError};

/// The seal of a ceremony: who may answer it, and since when.
#[derive(Clone, Copy)]
pub struct CeremonySeal<'a> {
    pub master_key: &'a MasterKey,
    pub purpose: CeremonyPurpose,
    /// The secret to which the ceremony is bound: the browser's navigation cookie, or its session.
    pub binding: &'a str,
    pub now: Timestamp,
}

impl CeremonySeal<'_> {
    fn seal(&self, state: &str) -> Result<String, SealError> {
        let binding = sha256_base64url(self.binding);
        let expires = self.now.plus(CHALLENGE_TTL);
        self.master_key.seal(self.place(&binding), &format!("{expires} {state}"))
    }

    /// Returns the state and its expiry; `None` if it was sealed for another purpose or browser, or is too old.
    pub(super) fn open(&self, sealed: &str) -> Option<(String, Timestamp)> {
        if sealed.len() > MAX_CEREMONY_BYTES {
            return None;
        }
        let binding = sha256_base64url(self.binding);
        let text = self.master_key.open(self.place(&binding), sealed).ok()?;
        let (expires, state) = text.split_once(' ')?;
        let expires = Timestamp(expires.parse().ok()?);
        (self.now < expires).then(|| (state.to_owned(), expires))
    }

    fn place<'b>(&self, binding: &'b str) -> AssociatedData<'b> {
        AssociatedData { table: "ceremony", column: self.purpose.name(), row: binding }
    }
}

/// The person for whom a passkey is created, as authenticators show it.
#[derive(Clone, Copy, Debug)]
pub struct CreationSubject<'a> {
    /// The handle of the holder, from [`new_user_handle`].
    pub user_handle: &'a str,
    pub identifiant: &'a str,
    pub name: &'a str,
}

/// A created passkey, as it is stored.
#[derive(Clone, Debug)]
pub struct CreatedPasskey {
    pub user_handle: String,
    pub credential_id: String,
    pub credential: String,
    /// The time of the challenge.
    pub asked_at: Timestamp,
}

/// The worth of an answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssertionVerdict {
    Valid { credential: String },
    CounterWentBack,
    Invalid(&'static str),
}

/// The relying party of WebAuthn.
pub struct PasskeyRelyingParty(Webauthn);

impl PasskeyRelyingParty {
    /// Returns the relying party of an issuer; `None` for one whose host is an address, for which there are no passkeys
    /// (WebAuthn 5.1.2: an RP ID is a domain).
    pub fn new(issuer: &str, name: &str) -> Option<Self> {
        let origin = Url::parse(issuer).ok()?;
        let id = origin.domain()?;
        Some(Self(WebauthnBuilder::new(id, &origin).ok()?.rp_name(name).build().ok()?))
    }

    /// Begins the creation of a passkey. Authenticators that have one of `existing` refuse by themselves.
    pub fn begin_creation(
        &self,
        seal: CeremonySeal<'_>,
        subject: CreationSubject<'_>,
        existing: &[String],
    ) -> anyhow::Result<PasskeyChallenge> {
        let handle = decode_base64url(subject.user_handle).and_then(|bytes| Uuid::from_slice(&bytes).ok());
        let handle = handle.ok_or_else(|| anyhow::anyhow!("the user handle of a passkey is not 16 bytes"))?;
        let existing = existing.iter().filter_map(|id| decode_base64url(id)).map(Into::into).collect();
        let (asked, state) =
            self.0.start_passkey_registration(handle, subject.identifiant, subject.name, Some(existing))?;
        let mut options = serde_json::to_value(&asked)?;
        // Discoverable, so that a sign-in needs no identifiant; the library leaves it to the authenticator.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection").and_then(Value::as_object_mut)
        {
            selection.insert("residentKey".to_owned(), json!("required"));
            selection.insert("requireResidentKey".to_owned(), json!(true));
        }
        let options = options.get("publicKey").map(Value::to_string).unwrap_or_default();
        // The handle comes back with the answer, because it is stored with the passkey only.
        let state = format!("{} {}", subject.user_handle, serde_json::to_string(&state)?);
        Ok(PasskeyChallenge { options, state: seal.seal(&state)? })
    }

    /// Judges a created passkey; the error is a word for the log.
    pub fn finish_creation(&self, state: &str, sent: &str) -> Result<CreatedPasskey, &'static str> {
        let (user_handle, state) = state.split_once(' ').ok_or("state")?;
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(|_| "state")?;
        let sent: RegisterPublicKeyCredential = read(sent).ok_or("malformed")?;
        let passkey = self.0.finish_passkey_registration(&sent, &state).map_err(|e| reason(&e))?;
        let credential_id = base64url(passkey.cred_id().as_slice());
        let credential = serde_json::to_string(&passkey).map_err(|_| "state")?;
        let user_handle = user_handle.to_owned();
        Ok(CreatedPasskey { user_handle, credential_id, credential, asked_at: Timestamp(0) })
    }

    /// Begins a proof by any passkey of anybody: the same for everybody.
    pub fn begin_assertion(&self, seal: CeremonySeal<'_>) -> anyhow::Result<PasskeyChallenge> {
        let (asked, state) = self.0.start_discoverable_authentication()?;
        let mut options = serde_json::to_value(&asked.public_key)?;
        if let Some(options) = options.as_object_mut() {
            options.remove("extensions");
        }
        Ok(PasskeyChallenge { options: options.to_string(), state: seal.seal(&serde_json::to_string(&state)?)? })
    }

    /// Judges the answer by the stored passkey that it names.
    pub fn finish_assertion(&self, state: &str, sent: &SentAssertion, stored: &str) -> AssertionVerdict {
        let Ok(state) = serde_json::from_str::<DiscoverableAuthentication>(state) else {
            return AssertionVerdict::Invalid("state");
        };
        let Ok(mut passkey) = serde_json::from_str::<Passkey>(stored) else {
            return AssertionVerdict::Invalid("stored");
        };
        let result = match self.0.finish_discoverable_authentication(&sent.0, state, &[DiscoverableKey::from(&passkey)])
        {
            Ok(result) => result,
            Err(WebauthnError::CredentialPossibleCompromise) => return AssertionVerdict::CounterWentBack,
            Err(e) => return AssertionVerdict::Invalid(reason(&e)),
        };
        if !result.user_verified() {
            return AssertionVerdict::Invalid("user_not_verified");
        }
        passkey.update_credential(&result);
        match serde_json::to_string(&passkey) {
            Ok(credential) => AssertionVerdict::Valid { credential },
            Err(_) => AssertionVerdict::Invalid("stored"),
        }
    }
}

/// The answer of an authenticator, read but not judged.
pub struct SentAssertion(PublicKeyCredential);

impl SentAssertion {
    /// Reads an answer; `None` for one that no browser sends.
    pub fn parse(sent: &str) -> Option<Self> {
        read(sent).map(Self)
    }

    pub fn credential_id(&self) -> String {
        base64url(self.0.get_credential_id())
    }

    pub fn user_handle(&self) -> Option<String> {
        self.0.get_user_unique_id().map(base64url)
    }
}

/// Draws the handle of a new holder: random, because authenticators keep it and show it to whoever unlocks them.
pub fn new_user_handle(random: [u8; 16]) -> String {
    base64url(&random)
}

fn read<T: serde::de::DeserializeOwned>(sent: &str) -> Option<T> {
    (sent.len() <= MAX_CEREMONY_BYTES).then(|| serde_json::from_str(sent).ok()).flatten()
}

/// Returns a word for the log.
fn reason(error: &WebauthnError) -> &'static str {
    match error {
        WebauthnError::InvalidRPOrigin => "origin",
        WebauthnError::InvalidRPIDHash => "rp_id",
        WebauthnError::MismatchedChallenge => "challenge",
        WebauthnError::UserNotVerified => "user_not_verified",
        WebauthnError::UserNotPresent => "user_not_present",
        WebauthnError::AuthenticationFailure => "signature",
        _ => "invalid",
    }
}
