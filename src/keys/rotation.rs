//! What happens next to a signing key, and when: pure, so that every moment of a rotation can be tried (RFC 7517 5,
//! OIDCC 10.1.1).
//!
//! upcoming → active → retiring → retired. A token must verify by any JWKS that a relying party fetched up to
//! [`JWKS_MAX_AGE`] before, from any server; so a key is published that long before it signs, and stays that long
//! after the last token of it has ended. Each server may act on what it read [`REREAD`] ago.
//!
//! A retired key is in no JWKS. Its private half is destroyed; its public half still verifies `id_token_hint`, which
//! may be as old as the relying party's own session (RPIL 2), for [`REMEMBERED`]: a school year and its holidays.
//! A revoked key (`preau keys retire --now`) verifies nothing at all any more.

use crate::base::clock::{Span, Timestamp};
use crate::jose::{Alg, KeyState};

/// How long anybody may go on using a JWKS that they fetched.
pub const JWKS_MAX_AGE: Span = Span::minutes(5);
/// How often each server reads the keys again.
pub const REREAD: Span = Span::minutes(1);
/// One reading that failed, and clocks of servers that differ by a minute.
const LATE: Span = Span::minutes(2);
/// No token that we sign lives longer. A test compares it with what is signed.
pub const LONGEST_TOKEN: Span = Span::minutes(10);
/// From published to signing.
pub const LEAD: Span = Span(JWKS_MAX_AGE.0 + REREAD.0 + LATE.0);
/// From the next key's first signature, as far as this server knows, to leaving the JWKS.
pub const TRAIL: Span = Span(REREAD.0 + LATE.0 + LONGEST_TOKEN.0 + JWKS_MAX_AGE.0);
/// From leaving the JWKS to being forgotten.
pub const REMEMBERED: Span = Span::days(400);

/// What the configuration wants of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy<'a> {
    /// What is signed with.
    pub algorithms: &'a [Alg],
    /// None: never by itself.
    pub rotate_after: Option<Span>,
}

/// A key as far as its life goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub kid: String,
    pub alg: Alg,
    pub state: KeyState,
    /// When this state began.
    pub since: Timestamp,
}

/// One change, to be done once by whichever server is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Draw and publish the key that will follow this active one.
    Prepare,
    /// Nothing is signed with this key's algorithm any more: it goes on verifying what was.
    Withdraw,
    /// This upcoming key signs from now on, the active one of its algorithm no longer.
    Activate,
    /// This retiring key leaves the JWKS.
    Retire,
    /// This retired key is deleted.
    Forget,
}

/// What happens next to `key` and when, `all` being the keys there are. None: it stays, or waits for another.
pub fn next(key: &Life, all: &[Life], policy: Policy<'_>) -> Option<(Step, Timestamp)> {
    match key.state {
        KeyState::Upcoming | KeyState::Active if !policy.algorithms.contains(&key.alg) => {
            Some((Step::Withdraw, key.since))
        }
        KeyState::Upcoming => Some((Step::Activate, key.since.plus(LEAD))),
        KeyState::Active if successor(key, all).is_some() => None,
        KeyState::Active => Some((Step::Prepare, key.since.plus(policy.rotate_after?))),
        KeyState::Retiring => Some((Step::Retire, key.since.plus(TRAIL))),
        KeyState::Retired => Some((Step::Forget, key.since.plus(REMEMBERED))),
        KeyState::Revoked => None,
    }
}

/// The upcoming key that will follow an active one.
pub fn successor<'a>(key: &Life, all: &'a [Life]) -> Option<&'a Life> {
    all.iter().find(|other| other.state == KeyState::Upcoming && other.alg == key.alg)
}

/// What is due now.
pub fn due<'a>(all: &'a [Life], now: Timestamp, policy: Policy<'_>) -> Vec<(Step, &'a Life)> {
    let next = all.iter().filter_map(|key| Some((next(key, all, policy)?, key)));
    next.filter(|((_, at), _)| *at <= now).map(|((step, _), key)| (step, key)).collect()
}

/// What an operator should look at: nothing of this is left after a server has run for two minutes.
pub fn ailments(all: &[Life], now: Timestamp, policy: Policy<'_>) -> Vec<String> {
    let missing = policy
        .algorithms
        .iter()
        .filter(|alg| !all.iter().any(|key| key.alg == **alg && key.state == KeyState::Active))
        .map(|alg| format!("{} has no active key: run `preau migrate`", alg.name()));
    // A step that is late by several readings is one that nobody does.
    let late = due(all, now.minus(Span(5 * REREAD.0)), policy).into_iter().filter_map(|(step, key)| {
        let name = format!("{} {}", key.alg.name(), key.kid);
        match step {
            Step::Withdraw => Some(format!("{name} still signs, though keys.algorithms has it no more")),
            Step::Prepare => Some(format!("{name} is old and should be followed by another")),
            Step::Activate => Some(format!("{name} is upcoming and should sign by now")),
            Step::Retire => Some(format!("{name} should have left the JWKS")),
            Step::Forget => None,
        }
    });
    let late = late.map(|what| format!("{what}: does `preau serve` run?"));
    missing.chain(late).collect()
}

#[cfg(test)]
mod tests;
