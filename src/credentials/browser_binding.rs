//! The binding of a flow (an activation, a recovery) to the browser that started it.
//!
//! At first the binding secret is the navigation cookie. Each proof (correct code, correct dates, chosen password) is a
//! rise of privilege and replaces the secret, so that the previous one is invalid: anybody who copied the browser's
//! cookies earlier, or uses the browser later, gains no access (docs/threats.md#attack-s1).
//!
//! The new secret is an HMAC of the previous one under the server's key, so the same proof sent twice gives the same
//! secret: a double click, with the first response discarded by the browser, does not lock the parent out.

use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::crypto::{HmacPurpose, MasterKey};

/// A flow's row, as far as the binding is concerned.
#[derive(Clone, Copy, Debug)]
pub struct BoundRow<'a> {
    pub id: &'a str,
    /// The stored name of the step.
    pub step: &'a str,
    /// The digest of the binding secret.
    pub digest: &'a str,
}

/// The state of the binding between a browser and a flow; `S` names a step.
#[derive(Debug)]
pub enum BindingState<S> {
    /// The browser has the current secret.
    Bound(String),
    /// The browser has the previous secret, valid until the flow left the step by a proof: only the same proof may be
    /// sent again.
    BoundUntilProof(S, String),
    NotBound,
}

/// Returns the secret that replaces `former` after the proof of the step `from`.
pub fn next_secret(master_key: &MasterKey, id: &str, from: &str, former: &str) -> String {
    master_key.hmac(HmacPurpose::ActivationBinding, &format!("{id}/{from}/{former}"))
}

/// Compares the secrets of a browser with a row. `proof_steps` are the steps that end with a proof, with their names.
pub fn binding_state<'a, S: Copy>(
    master_key: &MasterKey,
    row: BoundRow<'_>,
    proof_steps: &[(S, &str)],
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> BindingState<S> {
    if let Some(secret) = secrets.clone().find(|s| constant_time_eq(&sha256_base64url(s), row.digest)) {
        return BindingState::Bound(secret.to_owned());
    }
    for (step, name) in proof_steps.iter().filter(|(_, name)| *name != row.step) {
        let leads_here =
            |s: &&str| constant_time_eq(&sha256_base64url(&next_secret(master_key, row.id, name, s)), row.digest);
        if let Some(secret) = secrets.clone().find(leads_here) {
            return BindingState::BoundUntilProof(*step, secret.to_owned());
        }
    }
    BindingState::NotBound
}
