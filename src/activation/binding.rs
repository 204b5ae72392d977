//! What binds an activation to the browser that began it.
//!
//! While the code is asked for, that is the navigation cookie. At each rise of privilege (right code, right dates,
//! password chosen) a new secret takes its place and the old one is worth nothing: whoever copied the browser's cookies
//! before, or uses the browser after, gains nothing by what the person proved (docs/threats.md#attack-s1).
//!
//! The new secret is an HMAC of the old one under our own key. So the same proof sent twice gives the same secret: a
//! double click, whose first answer the browser throws away, locks nobody out.

use super::{Activation, Step};
use crate::base::secret::{digest, same};
use crate::seal::{Blind, Vault};

/// The steps that are left by a proof.
const PROVEN: [Step; 3] = [Step::Code, Step::Children, Step::Password];

/// An activation, and the secret by which this browser holds it.
#[derive(Clone, Debug)]
pub struct Held {
    pub activation: Activation,
    pub secret: String,
}

impl std::ops::Deref for Held {
    type Target = Activation;
    fn deref(&self) -> &Activation {
        &self.activation
    }
}

/// How a browser stands to an activation.
#[derive(Debug)]
pub enum Hold {
    /// It holds the secret of now.
    Now(String),
    /// It holds the secret that was good until the activation left this step by a proof: that proof alone may be sent
    /// again.
    UntilProof(Step, String),
    No,
}

/// The secret that takes the place of `former` once the activation leaves `from` by a proof.
pub fn next(vault: &Vault, id: &str, from: Step, former: &str) -> String {
    vault.blind(Blind::Binding, &format!("{id}/{}/{former}", from.name()))
}

/// How the secrets that a browser sent stand to an activation.
pub fn hold<'a>(vault: &Vault, activation: &Activation, secrets: impl Iterator<Item = &'a str> + Clone) -> Hold {
    if let Some(secret) = secrets.clone().find(|s| same(&digest(s), &activation.browser)) {
        return Hold::Now(secret.to_owned());
    }
    for step in PROVEN.into_iter().filter(|step| *step != activation.step) {
        let leads_here = |s: &&str| same(&digest(&next(vault, &activation.id, step, s)), &activation.browser);
        if let Some(secret) = secrets.clone().find(leads_here) {
            return Hold::UntilProof(step, secret.to_owned());
        }
    }
    Hold::No
}
