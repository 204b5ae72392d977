//! JOSE: tokens of ours signed and verified with the keys of the ring, tokens of others verified by theirs, answers
//! encrypted to theirs. The only user of josekit.
//!
//! The algorithm is decided by the key, never by a token's header; `jku`, `x5u` and `crit` are not honoured, a header's
//! `jwk` only where possession of it is what is proved; `kid` is looked up in the set at hand (RFC 8725;
//! docs/threats.md#attack-j1, #attack-j2, #attack-j9, #attack-j11, #attack-j12). HS256 never goes through josekit,
//! whose comparison takes a time that depends on the tag.

mod compact;
mod encrypt;
mod import;
mod key_set;
mod numbers;
mod possession;
mod public_key;
mod ring;
#[cfg(test)]
mod tests;

pub use compact::{Claims, Header, Typ, Unverified};
pub use encrypt::{EncryptError, encrypt};
pub use import::read_private;
pub use key_set::{KeySet, KeySetError};
pub use possession::{Proof, verify_by_own_key, verify_hs256};
pub use ring::{KeyError, KeyRing, KeyState, RingKey, generate};

use compact::Compact;
use serde_json::{Value, json};

use crate::base::secret::base64url;
pub use crate::protocol::algorithms::Alg;

#[derive(Debug, thiserror::Error)]
pub enum JoseError {
    #[error("no active key for {0}")]
    NoKey(&'static str),
    #[error("signing: {0}")]
    Sign(String),
}

/// Signs claims as a compact JWS with the active key of `alg`.
pub fn sign(ring: &KeyRing, alg: Alg, typ: &str, claims: &Value) -> Result<String, JoseError> {
    let key = ring.active(alg).ok_or(JoseError::NoKey(alg.name()))?;
    let header = json!({ "alg": alg.name(), "kid": key.kid(), "typ": typ });
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(input.as_bytes()).map_err(JoseError::Sign)?;
    Ok(format!("{input}.{}", base64url(&signature)))
}

/// Verifies that one of our published keys signed `token` for this `typ`. Whoever wants fresh tokens checks `exp`.
pub fn verify(ring: &KeyRing, typ: &str, token: &str) -> Result<Claims, Unverified> {
    verified(typ, token, |kid| ring.by_kid(kid).filter(|key| key.state().is_published()))
}

/// As [`verify`], where retired keys count too: a sign-out may come with an old ID token (RPIL 2).
pub fn verify_hint(ring: &KeyRing, typ: &str, token: &str) -> Result<Claims, Unverified> {
    verified(typ, token, |kid| ring.by_kid(kid))
}

fn verified<'a>(typ: &str, token: &str, key: impl Fn(&str) -> Option<&'a RingKey>) -> Result<Claims, Unverified> {
    let token = Compact::read(token, Typ::Is(typ))?;
    let key = token.header.kid().and_then(key).ok_or(Unverified::Kid)?;
    if token.header.alg() != Some(key.alg().name()) {
        return Err(Unverified::Alg);
    }
    token.verified(|input, signature| key.verify(input, signature)).map(|(_, claims)| claims)
}
