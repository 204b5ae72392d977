//! The binding of an activation to the browser that started it.
//!
//! During the code step the binding secret is the navigation cookie. Each proof (correct code, correct dates, chosen
//! password) is a rise of privilege and replaces the secret, so that the previous one is invalid: anybody who copied
//! the browser's cookies earlier, or uses the browser later, gains no access (docs/threats.md#attack-s1).
//!
//! The new secret is an HMAC of the previous one under the server's key, so the same proof sent twice gives the same
//! secret: a double click, with the first response discarded by the browser, does not lock the parent out.

use super::{Activation, ActivationStep};
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::base::typed_ids::ActivationId;
use crate::crypto::{HmacPurpose, MasterKey};

/// The steps that end with a proof.
const PROOF_STEPS: [ActivationStep; 3] = [ActivationStep::Code, ActivationStep::Children, ActivationStep::Password];

/// An activation, with the binding secret of this browser.
#[derive(Clone, Debug)]
pub struct BoundActivation {
    pub activation: Activation,
    pub secret: String,
}

impl std::ops::Deref for BoundActivation {
    type Target = Activation;
    fn deref(&self) -> &Activation {
        &self.activation
    }
}

/// The state of the binding between a browser and an activation.
#[derive(Debug)]
pub enum BindingState {
    /// The browser has the current secret.
    Bound(String),
    /// The browser has the previous secret, valid until the activation left the step by a proof: only the same proof
    /// may be sent again.
    BoundUntilProof(ActivationStep, String),
    NotBound,
}

/// Returns the secret that replaces `former` after the proof of the step `from`.
pub fn next_secret(master_key: &MasterKey, id: &ActivationId, from: ActivationStep, former: &str) -> String {
    master_key.hmac(HmacPurpose::ActivationBinding, &format!("{id}/{}/{former}", from.name()))
}

/// Compares the secrets of a browser with the activation.
pub fn binding_state<'a>(
    master_key: &MasterKey,
    activation: &Activation,
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> BindingState {
    if let Some(secret) = secrets.clone().find(|s| constant_time_eq(&sha256_base64url(s), &activation.browser_digest)) {
        return BindingState::Bound(secret.to_owned());
    }
    for step in PROOF_STEPS.into_iter().filter(|step| *step != activation.step) {
        let leads_here = |s: &&str| {
            constant_time_eq(
                &sha256_base64url(&next_secret(master_key, &activation.id, step, s)),
                &activation.browser_digest,
            )
        };
        if let Some(secret) = secrets.clone().find(leads_here) {
            return BindingState::BoundUntilProof(step, secret.to_owned());
        }
    }
    BindingState::NotBound
}
