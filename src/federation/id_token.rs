//! The claims of an upstream's ID token, after its signature (OIDCC 3.1.3.7, docs/threats.md#attack-c9, #attack-j3).
//!
//! Times are judged by Préau's own clock, and every claim that is checked must be there.

use serde_json::{Map, Value};

use super::UpstreamAttempt;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::constant_time_eq;
use crate::jose::left_half_hash;
use crate::protocol::algorithms::Alg;

/// The accepted difference between the upstream's clock and ours.
const CLOCK_LEEWAY: Span = Span::minutes(1);
/// The time by which an answer may seem older than its question: whole seconds, and a clock that is late.
const ROUNDING: Span = Span::seconds(5);
/// The maximum age of an ID token: it comes straight from the token endpoint.
const MAX_ID_TOKEN_AGE: Span = Span::minutes(10);
/// The maximum length of `sub`, in bytes (OIDCC 2).
const MAX_SUB_BYTES: usize = 255;

/// The values that an ID token must have.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedIdToken<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub attempt: &'a UpstreamAttempt,
    pub access_token: &'a str,
    /// The algorithm of the token's own signature.
    pub alg: Alg,
    pub now: Timestamp,
}

/// The reason for which an ID token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    #[error("iss is another")]
    Issuer,
    #[error("aud is not this client")]
    Audience,
    #[error("azp is not this client")]
    AuthorizedParty,
    #[error("exp is past, or missing")]
    Expired,
    #[error("iat is too long ago, in the future, or missing")]
    IssuedAt,
    #[error("nbf is in the future")]
    NotBefore,
    #[error("nonce is another")]
    Nonce,
    #[error("sub is missing, or none that can be")]
    Subject,
    #[error("at_hash is of another access token")]
    AccessTokenHash,
    #[error("auth_time is in the future")]
    AuthTime,
    #[error("the person was not asked again")]
    NotFresh,
}

/// The result of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedIdToken {
    pub sub: String,
    /// `auth_time`; of an upstream that asks at each sign-in and does not say when, the beginning of the attempt.
    pub authenticated_at: Timestamp,
}

/// Checks the claims of a token whose signature was verified.
pub fn check(claims: &Map<String, Value>, expected: ExpectedIdToken<'_>) -> Result<CheckedIdToken, IdTokenFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let now = expected.now;
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenFault::Issuer);
    }
    check_audience(claims, expected.client_id)?;
    let expires = time(claims, "exp").ok_or(IdTokenFault::Expired)?;
    if now >= expires.plus(CLOCK_LEEWAY) {
        return Err(IdTokenFault::Expired);
    }
    let issued = time(claims, "iat").ok_or(IdTokenFault::IssuedAt)?;
    if issued > now.plus(CLOCK_LEEWAY) || now.since(issued) > MAX_ID_TOKEN_AGE {
        return Err(IdTokenFault::IssuedAt);
    }
    if time(claims, "nbf").is_some_and(|from| from > now.plus(CLOCK_LEEWAY)) {
        return Err(IdTokenFault::NotBefore);
    }
    if !text("nonce").is_some_and(|nonce| constant_time_eq(nonce, &expected.attempt.nonce())) {
        return Err(IdTokenFault::Nonce);
    }
    let sub = text("sub").filter(|sub| is_sub(sub)).ok_or(IdTokenFault::Subject)?;
    if claims.get("at_hash").is_some() && text("at_hash") != Some(&*left_half_hash(expected.alg, expected.access_token))
    {
        return Err(IdTokenFault::AccessTokenHash);
    }
    Ok(CheckedIdToken { sub: sub.to_owned(), authenticated_at: check_auth_time(claims, expected.attempt, now)? })
}

/// True for a `sub` that can be: printable, and not endless.
pub fn is_sub(sub: &str) -> bool {
    (1..=MAX_SUB_BYTES).contains(&sub.len()) && !sub.chars().any(char::is_control)
}

/// Checks that the token is for this client alone (OIDCC 3.1.3.7 (3) to (5)): who else it is for could replay it.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), IdTokenFault> {
    let alone = match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one.as_str() == Some(client_id)),
        _ => false,
    };
    if !alone {
        return Err(IdTokenFault::Audience);
    }
    match claims.get("azp") {
        Some(azp) if azp.as_str() != Some(client_id) => Err(IdTokenFault::AuthorizedParty),
        _ => Ok(()),
    }
}

/// Returns when the person was authenticated, if as lately as the attempt asked (OIDCC 3.1.3.7 (13)).
fn check_auth_time(
    claims: &Map<String, Value>,
    attempt: &UpstreamAttempt,
    now: Timestamp,
) -> Result<Timestamp, IdTokenFault> {
    let told = time(claims, "auth_time");
    if told.is_some_and(|at| at > now.plus(CLOCK_LEEWAY)) {
        return Err(IdTokenFault::AuthTime);
    }
    let too_old = |at: Timestamp| {
        let forced = attempt.fresh && at.plus(CLOCK_LEEWAY) < attempt.started;
        forced || now.minus(CLOCK_LEEWAY).since(at) > Span::seconds(attempt.max_age)
    };
    match told {
        Some(at) if too_old(at) => Err(IdTokenFault::NotFresh),
        // Whole seconds, and a clock a little late, must not have the service ask for ever.
        Some(at) if attempt.fresh && at.plus(ROUNDING) >= attempt.started => Ok(at.max(attempt.started).min(now)),
        Some(at) => Ok(at.min(now)),
        None if attempt.asks_always => Ok(attempt.started),
        // It was told a max_age and must say when (OIDCC 2): without that, no demand of a service can be held.
        None => Err(IdTokenFault::NotFresh),
    }
}

/// Returns a claim in seconds as a time; `None` for another type, and for a number that no clock shows.
fn time(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let value = claims.get(name)?;
    let seconds = value.as_i64().or_else(|| value.as_f64().filter(|n| n.is_finite()).map(|n| n as i64))?;
    (0..=10_000_000_000).contains(&seconds).then(|| Timestamp(seconds.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::federation::UPSTREAM_MAX_AGE;

    const NOW: Timestamp = Timestamp(1_795_510_800_000);

    fn attempt() -> UpstreamAttempt {
        UpstreamAttempt {
            upstream_id: "academie".to_owned(),
            issuer: "https://op.example".to_owned(),
            secret: "n".repeat(43),
            started: NOW.minus(Span::minutes(2)),
            interaction: None,
            interaction_digest: None,
            client_id: None,
            fresh: false,
            asks_always: false,
            max_age: UPSTREAM_MAX_AGE.as_seconds_ceil(),
            link_session: None,
            errand: None,
            errand_account: None,
        }
    }

    fn claims(changes: Value) -> Map<String, Value> {
        let now = NOW.as_seconds();
        let mut all = json!({
            "iss": "https://op.example", "aud": "preau", "sub": "248289", "exp": now + 60, "iat": now,
            "nonce": attempt().nonce(), "auth_time": now - 30, "at_hash": left_half_hash(Alg::RS256, "token"),
        });
        let map = all.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                map.remove(name);
            } else {
                map.insert(name.clone(), value.clone());
            }
        }
        map.clone()
    }

    fn checked(changes: Value, attempt: &UpstreamAttempt) -> Result<CheckedIdToken, IdTokenFault> {
        let (issuer, client_id) = ("https://op.example", "preau");
        let expected = ExpectedIdToken { issuer, client_id, attempt, access_token: "token", alg: Alg::RS256, now: NOW };
        check(&claims(changes), expected)
    }

    #[test]
    fn attack_c9_attack_j3_each_claim_is_needed_and_must_be_right() {
        let day = 86_400;
        let now = NOW.as_seconds();
        assert_eq!(checked(json!({}), &attempt()).unwrap().sub, "248289");
        for (changes, fault) in [
            (json!({"iss": "https://op.example/"}), IdTokenFault::Issuer),
            (json!({"iss": null}), IdTokenFault::Issuer),
            (json!({"aud": "other"}), IdTokenFault::Audience),
            (json!({"aud": null}), IdTokenFault::Audience),
            (json!({"aud": []}), IdTokenFault::Audience),
            (json!({"aud": ["preau", "other"]}), IdTokenFault::Audience),
            (json!({"aud": ["preau", "other"], "azp": "preau"}), IdTokenFault::Audience),
            (json!({"aud": ["preau"], "azp": "other"}), IdTokenFault::AuthorizedParty),
            (json!({"azp": 7}), IdTokenFault::AuthorizedParty),
            (json!({"exp": null}), IdTokenFault::Expired),
            (json!({"exp": now - 61}), IdTokenFault::Expired),
            (json!({"exp": "9999999999"}), IdTokenFault::Expired),
            (json!({"exp": 1e300}), IdTokenFault::Expired),
            (json!({"iat": null}), IdTokenFault::IssuedAt),
            (json!({"iat": now + day, "exp": now + day + 60}), IdTokenFault::IssuedAt),
            (json!({"iat": now - day, "exp": now + day}), IdTokenFault::IssuedAt),
            (json!({"nbf": now + day}), IdTokenFault::NotBefore),
            (json!({"nonce": null}), IdTokenFault::Nonce),
            (json!({"nonce": "m".repeat(43)}), IdTokenFault::Nonce),
            (json!({"sub": null}), IdTokenFault::Subject),
            (json!({"sub": ""}), IdTokenFault::Subject),
            (json!({"sub": 7}), IdTokenFault::Subject),
            (json!({"sub": "a\u{0}b"}), IdTokenFault::Subject),
            (json!({"sub": "a".repeat(256)}), IdTokenFault::Subject),
            (json!({"at_hash": "AAAA"}), IdTokenFault::AccessTokenHash),
            (json!({"at_hash": 7}), IdTokenFault::AccessTokenHash),
            (json!({"auth_time": now + day}), IdTokenFault::AuthTime),
        ] {
            assert_eq!(checked(changes.clone(), &attempt()).err(), Some(fault), "{changes}");
        }
        for fine in [
            json!({"aud": ["preau"], "azp": "preau"}),
            json!({"at_hash": null}),
            json!({"exp": now - 59, "iat": now - 119}),
            json!({"iat": now + 59}),
            json!({"exp": now as f64 + 60.5}),
        ] {
            assert!(checked(fine.clone(), &attempt()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn oidcc_3_1_2_1_a_person_who_must_be_asked_again_was_asked_again() {
        let now = NOW.as_seconds();
        let at = |told: Value, attempt: &UpstreamAttempt| {
            checked(json!({"auth_time": told}), attempt).map(|ok| ok.authenticated_at)
        };
        assert_eq!(at(json!(now - 3_600), &attempt()), Ok(NOW.minus(Span::hours(1))));
        assert_eq!(at(json!(now + 30), &attempt()), Ok(NOW), "never after now");
        assert_eq!(at(json!(now - 9 * 3_600), &attempt()), Err(IdTokenFault::NotFresh));
        assert_eq!(at(Value::Null, &attempt()), Err(IdTokenFault::NotFresh));
        let asking = UpstreamAttempt { fresh: true, asks_always: true, ..attempt() };
        assert_eq!(at(Value::Null, &asking), Ok(attempt().started));
        let fresh = UpstreamAttempt { fresh: true, ..attempt() };
        assert_eq!(at(json!(now - 60), &fresh), Ok(NOW.minus(Span::minutes(1))));
        assert_eq!(at(json!(now - 124), &fresh), Ok(attempt().started), "not before it was asked");
        assert_eq!(at(json!(now - 150), &fresh), Ok(NOW.minus(Span::seconds(150))), "what was before is told so");
        assert_eq!(at(json!(now - 150), &attempt()), Ok(NOW.minus(Span::seconds(150))));
        assert_eq!(at(json!(now - 300), &fresh), Err(IdTokenFault::NotFresh));
        assert_eq!(at(Value::Null, &fresh), Err(IdTokenFault::NotFresh));
        let recent = UpstreamAttempt { max_age: 600, ..attempt() };
        assert!(at(json!(now - 600), &recent).is_ok());
        assert_eq!(at(json!(now - 700), &recent), Err(IdTokenFault::NotFresh));
    }
}
