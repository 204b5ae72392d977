//! Tokens that prove a secret or a key which the verifier is given with them: HS256 assertions by the client's secret
//! (OIDCC 9 client_secret_jwt), and DPoP proofs by the public key in their own header (RFC 9449 4.3).

use aws_lc_rs::hmac;
use serde_json::Value;

use super::compact::{Claims, Compact, Header, Typ, Unverified};
use super::public_key::{PublicKey, is_private, thumbprint};
use crate::protocol::algorithms::Alg;

/// RFC 7518 3.2: a key as long as the hash, at least.
const SHORTEST_SECRET: usize = 32;

/// Verifies an HS256 token in constant time, which josekit does not.
pub fn verify_hs256(secret: &[u8], token: &str, typ: Typ<'_>) -> Result<(Header, Claims), Unverified> {
    let token = Compact::read(token, typ)?;
    if token.header.alg() != Some("HS256") {
        return Err(Unverified::Alg);
    }
    if secret.len() < SHORTEST_SECRET {
        return Err(Unverified::Key);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    token.verified(|input, tag| hmac::verify(&key, input, tag).is_ok())
}

/// A token that proves possession of the key in its own header. The key is nobody's yet: its thumbprint is what
/// must be compared with the one that a token or a code is bound to (RFC 9449 4.3 (12), 10).
#[derive(Debug)]
pub struct Proof {
    pub header: Header,
    pub claims: Claims,
    /// RFC 7638, SHA-256, base64url: the `jkt`.
    pub thumbprint: String,
}

/// Verifies a token by the public JWK in its own header (RFC 9449 4.3 (4) to (7)). Never for anything but proofs of
/// possession: any stranger can sign one.
pub fn verify_by_own_key(token: &str, allowed: &[Alg], typ: &str) -> Result<Proof, Unverified> {
    let token = Compact::read(token, Typ::Is(typ))?;
    let alg = token.header.alg().and_then(Alg::from_name).filter(|alg| allowed.contains(alg));
    let alg = alg.ok_or(Unverified::Alg)?;
    let jwk = token.header.get("jwk").and_then(Value::as_object).ok_or(Unverified::Key)?;
    if is_private(jwk) {
        return Err(Unverified::Key);
    }
    let key = PublicKey::read(jwk).map_err(|_| Unverified::Key)?;
    let thumbprint = thumbprint(jwk).ok_or(Unverified::Key)?;
    if !key.fits(alg) {
        return Err(Unverified::Alg);
    }
    let (header, claims) = token.verified(|input, signature| key.verifies(alg, input, signature))?;
    Ok(Proof { header, claims, thumbprint })
}
