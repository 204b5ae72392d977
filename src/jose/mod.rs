//! JOSE: signing and verification of Préau's tokens with the key ring, verification of tokens from clients with the
//! clients' keys, encryption of responses to the clients' keys. The only user of josekit.
//!
//! The algorithm is determined by the key, never by a token's header. `jku`, `x5u` and `crit` are not honoured, and a
//! header's `jwk` only to prove possession of the key; `kid` is looked up in the key set at hand (RFC 8725;
//! docs/threats.md#attack-j1, #attack-j2, #attack-j9, #attack-j11, #attack-j12). HS256 never uses josekit, because its
//! comparison is not constant-time.

mod compact;
mod encrypt;
mod half_hash;
mod import;
mod key_set;
mod numbers;
mod possession;
mod public_key;
mod ring;
#[cfg(test)]
mod tests;

pub use compact::{Claims, ExpectedTyp, JoseHeader, VerifyError};
pub use encrypt::{EncryptError, encrypt};
pub use half_hash::left_half_hash;
pub use import::read_private_key;
pub use key_set::{KeySet, KeySetError};
pub use possession::{PossessionProof, verify_by_embedded_jwk, verify_hs256};
pub use ring::{KeyError, KeyRing, KeyState, SigningKey, generate};

use compact::CompactJws;
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

/// Verifies that one of Préau's published keys signed `token` for this `typ`. The caller checks `exp` where needed.
pub fn verify(ring: &KeyRing, typ: &str, token: &str) -> Result<Claims, VerifyError> {
    verify_with_key(typ, token, |kid| ring.by_kid(kid).filter(|key| key.state().is_published()))
}

/// Verifies a token like [`verify`], but accepts retired keys too: a logout request may contain an old ID token
/// (RPIL 2).
pub fn verify_hint(ring: &KeyRing, typ: &str, token: &str) -> Result<Claims, VerifyError> {
    verify_with_key(typ, token, |kid| ring.by_kid(kid))
}

fn verify_with_key<'a>(
    typ: &str,
    token: &str,
    key: impl Fn(&str) -> Option<&'a SigningKey>,
) -> Result<Claims, VerifyError> {
    let token = CompactJws::parse(token, ExpectedTyp::Exactly(typ))?;
    let key = token.header.kid().and_then(key).ok_or(VerifyError::UnknownKid)?;
    if token.header.alg() != Some(key.alg().name()) {
        return Err(VerifyError::Alg);
    }
    token.verify_with(|input, signature| key.verify(input, signature)).map(|(_, claims)| claims)
}
