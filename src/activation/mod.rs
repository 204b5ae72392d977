//! Activation: creates an account from the mobile number that the school has registered.
//!
//! An activation is a database row, valid for two hours and bound to one browser (`browser_binding.rs`). Until the SMS
//! code is verified, every response is the same for known and unknown persons: only the worker queries the roster.

pub mod browser_binding;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::accounts::SuspendedBy;
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::names::canonical_key;
use crate::base::typed_ids::{AccountId, ActivationId, ChallengeId, PersonId};
use crate::federation::PendingLink;
use crate::guardianship::ProofContext;
pub use crate::guardianship::{ChildQuestion, ChildStatus, ChildrenOutcome, children_outcome};
use crate::http::paths;

/// The TTL of an activation.
pub const ACTIVATION_TTL: Span = Span::hours(2);
/// The maximum length of a name, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The step of an activation. Each step is left once, by compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ActivationStep {
    /// Waiting for the SMS code.
    Code,
    /// The code was correct and the person has an account: the choice is a sign-in or a new password.
    #[strum(serialize = "known")]
    ExistingAccount,
    /// Waiting for the birth dates of the children.
    Children,
    /// The identifiant is shown, and a password is to be chosen.
    Password,
    /// Completed with a sign-in.
    Done,
    /// Ended without a sign-in; the outcome column has the reason.
    Ended,
}

impl ActivationStep {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the path of the page of this step.
    pub fn path(self) -> &'static str {
        match self {
            ActivationStep::Code => paths::ACTIVATION_CODE,
            ActivationStep::ExistingAccount | ActivationStep::Ended => paths::ACTIVATION_OUTCOME,
            ActivationStep::Children => paths::ACTIVATION_CHILDREN,
            ActivationStep::Password => paths::ACTIVATION_PASSWORD,
            ActivationStep::Done => paths::ACTIVATION_DONE,
        }
    }
}

/// The submitted identity. Stored encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedIdentity {
    pub nom: String,
    pub prenom: String,
    /// The mobile number, in E.164 format.
    pub phone: String,
    /// The telephone as typed, for the form.
    pub telephone: String,
}

impl SubmittedIdentity {
    /// Returns the key of the rate limit budgets, with normalised names: equivalent spellings share one budget, known
    /// to the roster or not.
    pub fn budget_key(&self) -> String {
        format!("identity/{}/{}/{}", canonical_key(&self.nom), canonical_key(&self.prenom), self.phone)
    }

    /// Returns the last four digits of the number, as `56 78`.
    pub fn phone_ending(&self) -> String {
        crate::base::phone::E164::from_stored(&self.phone).map(|n| n.last_four_spaced()).unwrap_or_default()
    }
}

/// The purpose of an activation: the reason for asking for birth dates and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ActivationPurpose {
    Activation,
    /// The person forgot the identifiant; whoever has no account yet goes on with the activation.
    Identifiant,
}

impl ActivationPurpose {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The outcome of an activation that ends without a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActivationOutcome {
    #[strum(serialize = "not open yet")]
    NotOpenYet { school: String, opens: Timestamp },
    #[strum(serialize = "closed")]
    Closed { school: String, since: Option<Timestamp> },
    #[strum(serialize = "suspended")]
    Suspended { by: SuspendedBy, school: Option<String> },
    #[strum(serialize = "nobody to attach")]
    NobodyToAttach,
    #[strum(serialize = "no birth date right")]
    NoneRight,
    /// The person has an account, and the school wrote the number too lately to tell (`RecoveryOutcome::YoungPhone`).
    #[strum(serialize = "new telephone number")]
    YoungPhone { since: Timestamp, from: Timestamp },
    /// The person has an account, and the number proves nothing any more (`RecoveryOutcome::LetterNeeded`).
    #[strum(serialize = "letter needed")]
    LetterNeeded,
    /// Another activation of the same account completed first.
    #[strum(serialize = "overtaken by another activation")]
    Overtaken,
}

impl ActivationOutcome {
    /// Returns the label for the operator.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// A decrypted row of the table `activation`.
#[derive(Clone, Debug)]
pub struct Activation {
    pub id: ActivationId,
    pub step: ActivationStep,
    /// The digest of the secret that binds the activation to its browser.
    pub browser_digest: String,
    pub identity: SubmittedIdentity,
    pub identity_budget: String,
    pub challenge_id: ChallengeId,
    pub support_code: String,
    pub lang: Lang,
    pub interaction_id: Option<String>,
    /// The pending authorization request as JSON, restored at the end.
    pub pending_request: Option<String>,
    pub person_ids: Vec<PersonId>,
    pub children: Vec<ChildQuestion>,
    pub account_id: Option<AccountId>,
    pub outcome: Option<ActivationOutcome>,
    pub purpose: ActivationPurpose,
    /// The names of the source's rate limit counters that include this activation, until the code is verified.
    pub source_counters: Option<String>,
    /// The device on which the same identity verified a code before.
    pub device_id: Option<String>,
    /// The upstream's person who is linked at the end, in place of a password.
    pub upstream: Option<PendingLink>,
    pub expires_at: Timestamp,
}

impl Activation {
    pub fn proof(&self) -> ProofContext<'_> {
        ProofContext { account: self.account_id.as_ref(), support_code: &self.support_code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_budget_for_all_spellings_of_a_name() {
        let typed = |nom: &str| SubmittedIdentity {
            nom: nom.into(),
            prenom: "Fatou".into(),
            phone: "+33612345678".into(),
            telephone: "06".into(),
        };
        assert_eq!(typed("LE BŒUF").budget_key(), typed("leboeuf").budget_key());
        assert_ne!(typed("Lebeuf").budget_key(), typed("leboeuf").budget_key());
    }
}
