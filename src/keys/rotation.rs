//! The schedule of key rotation: the next step of each signing key and its time. Pure, so that every moment of a
//! rotation can be tested (RFC 7517 5, OIDCC 10.1.1).
//!
//! upcoming → active → retiring → retired. A token must verify with any JWKS fetched by a relying party up to
//! [`JWKS_MAX_AGE`] earlier from any server. A key is therefore published at least that long before its first
//! signature, and stays published for the same time after the expiry of its last token. Each server may act on keys
//! read up to [`KEY_REFRESH_INTERVAL`] ago.
//!
//! A retired key is in no JWKS. Its private part is destroyed; its public part still verifies an `id_token_hint`,
//! possibly as old as the relying party's own session (RPIL 2), for [`RETIRED_KEY_RETENTION`]: a school year and its
//! holidays. A revoked key (`preau keys retire --now`) verifies nothing at all.

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::KeyId;
use crate::jose::{Alg, KeyState};

/// The time for which a fetched JWKS may be cached.
pub const JWKS_MAX_AGE: Span = Span::minutes(5);
/// The interval at which each server reloads the keys.
pub const KEY_REFRESH_INTERVAL: Span = Span::minutes(1);
/// The tolerance for one failed reload, and for server clocks up to a minute apart.
const CLOCK_SKEW: Span = Span::minutes(2);
/// The maximum lifetime of a token signed by Préau. A test compares the constant with the issued tokens.
pub const MAX_TOKEN_TTL: Span = Span::minutes(10);
/// The time from the publication of a key to its first signature.
pub const PUBLISH_LEAD: Span = Span(JWKS_MAX_AGE.0 + KEY_REFRESH_INTERVAL.0 + CLOCK_SKEW.0);
/// The time from the first signature of the next key, as known to this server, to the removal from the JWKS.
pub const RETIRE_AFTER: Span = Span(KEY_REFRESH_INTERVAL.0 + CLOCK_SKEW.0 + MAX_TOKEN_TTL.0 + JWKS_MAX_AGE.0);
/// The time from the removal from the JWKS to the deletion of the key.
pub const RETIRED_KEY_RETENTION: Span = Span::days(400);

/// The configured rotation policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPolicy<'a> {
    /// The signing algorithms in use.
    pub algorithms: &'a [Alg],
    /// The age of an active key at which its successor is published; `None` disables automatic rotation.
    pub rotate_after: Option<Span>,
}

/// The lifecycle state of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLifecycle {
    pub kid: KeyId,
    pub alg: Alg,
    pub state: KeyState,
    /// The start of the current state.
    pub since: Timestamp,
}

/// A state change, performed once by the first server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RotationStep {
    /// Generate and publish the successor of this active key.
    PublishNext,
    /// Stop signing with this key, because its algorithm is no longer configured. The key still verifies existing
    /// tokens. Done by the next start of a server, or by `preau migrate`.
    StopSigning,
    /// Sign with this upcoming key from now on, and no longer with the active key of its algorithm.
    Activate,
    /// Remove this retiring key from the JWKS.
    Retire,
    /// Delete this retired key.
    Delete,
}

impl RotationStep {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Returns the next step of `key` and its time; `all` holds every existing key. `None` if the key stays as it is or
/// waits for another key.
pub fn next_step(
    key: &KeyLifecycle,
    all: &[KeyLifecycle],
    policy: RotationPolicy<'_>,
) -> Option<(RotationStep, Timestamp)> {
    match key.state {
        KeyState::Upcoming | KeyState::Active if !policy.algorithms.contains(&key.alg) => {
            Some((RotationStep::StopSigning, key.since))
        }
        KeyState::Upcoming => Some((RotationStep::Activate, key.since.plus(PUBLISH_LEAD))),
        KeyState::Active if successor(key, all).is_some() => None,
        KeyState::Active => Some((RotationStep::PublishNext, key.since.plus(policy.rotate_after?))),
        KeyState::Retiring => Some((RotationStep::Retire, key.since.plus(RETIRE_AFTER))),
        KeyState::Retired => Some((RotationStep::Delete, key.since.plus(RETIRED_KEY_RETENTION))),
        KeyState::Revoked => None,
    }
}

/// Returns the upcoming key that follows an active key.
pub fn successor<'a>(key: &KeyLifecycle, all: &'a [KeyLifecycle]) -> Option<&'a KeyLifecycle> {
    all.iter().find(|other| other.state == KeyState::Upcoming && other.alg == key.alg)
}

/// A problem of the signing keys, named by algorithm and `kid`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("{0} has no active key")]
    NoActiveKey(&'static str),
    #[error("{0} still signs, though keys.algorithms has it no more")]
    StillSigns(String),
    #[error("{0} is old and should be followed by another")]
    NotFollowed(String),
    #[error("{0} is upcoming and should sign by now")]
    NotSigning(String),
    #[error("{0} should have left the JWKS")]
    StillPublished(String),
}

/// Returns the steps due now.
pub fn due_steps<'a>(
    all: &'a [KeyLifecycle],
    now: Timestamp,
    policy: RotationPolicy<'_>,
) -> Vec<(RotationStep, &'a KeyLifecycle)> {
    let next = all.iter().filter_map(|key| Some((next_step(key, all, policy)?, key)));
    next.filter(|((_, at), _)| *at <= now).map(|((step, _), key)| (step, key)).collect()
}

/// Returns the problems an operator should look into; none remains once a server was started and has run for two
/// minutes.
pub fn problems(all: &[KeyLifecycle], now: Timestamp, policy: RotationPolicy<'_>) -> Vec<KeyProblem> {
    let missing = policy
        .algorithms
        .iter()
        .filter(|alg| !all.iter().any(|key| key.alg == **alg && key.state == KeyState::Active))
        .map(|alg| KeyProblem::NoActiveKey(alg.name()));
    // A step overdue by several reload intervals is performed by no server.
    let late =
        due_steps(all, now.minus(Span(5 * KEY_REFRESH_INTERVAL.0)), policy).into_iter().filter_map(|(step, key)| {
            let name = format!("{} {}", key.alg.name(), key.kid);
            match step {
                RotationStep::StopSigning => Some(KeyProblem::StillSigns(name)),
                RotationStep::PublishNext => Some(KeyProblem::NotFollowed(name)),
                RotationStep::Activate => Some(KeyProblem::NotSigning(name)),
                RotationStep::Retire => Some(KeyProblem::StillPublished(name)),
                RotationStep::Delete => None,
            }
        });
    missing.chain(late).collect()
}

#[cfg(test)]
mod tests;
