//! The binding of an activation to its browser: the steps that end with a proof.

use super::{Activation, ActivationStep};
use crate::base::typed_ids::ActivationId;
use crate::credentials::browser_binding::{self, BindingState, BoundRow};
use crate::crypto::MasterKey;

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

/// Returns the secret that replaces `former` after the proof of the step `from`.
pub fn next_secret(master_key: &MasterKey, id: &ActivationId, from: ActivationStep, former: &str) -> String {
    browser_binding::next_secret(master_key, id, from.name(), former)
}

/// Compares the secrets of a browser with the activation.
pub fn binding_state<'a>(
    master_key: &MasterKey,
    activation: &Activation,
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> BindingState<ActivationStep> {
    let row = BoundRow { id: &activation.id, step: activation.step.name(), digest: &activation.browser_digest };
    browser_binding::binding_state(master_key, row, &PROOF_STEPS.map(|step| (step, step.name())), secrets)
}
