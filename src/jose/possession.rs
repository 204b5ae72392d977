//! Tokens proving possession of a secret or key given to the verifier along with the token: HS256 assertions with the
//! client secret (OIDCC 9 client_secret_jwt), and DPoP proofs with the public key in the proof's header (RFC 9449 4.3).

use aws_lc_rs::hmac;
use serde_json::Value;

use super::compact::{Claims, CompactJws, ExpectedTyp, JoseHeader, VerifyError};
use super::public_key::{PublicKey, is_private, thumbprint};
use crate::protocol::algorithms::Alg;

/// The minimum secret length in bytes: RFC 7518 3.2 requires at least the length of the hash.
const MIN_SECRET_BYTES: usize = 32;

/// Verifies an HS256 token in constant time, unlike josekit.
pub fn verify_hs256(secret: &[u8], token: &str, typ: ExpectedTyp<'_>) -> Result<(JoseHeader, Claims), VerifyError> {
    let token = CompactJws::parse(token, typ)?;
    if token.header.alg() != Some("HS256") {
        return Err(VerifyError::Alg);
    }
    if secret.len() < MIN_SECRET_BYTES {
        return Err(VerifyError::Key);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    token.verify_with(|input, tag| hmac::verify(&key, input, tag).is_ok())
}

/// A verified proof of possession of the key in the token's header. The key is not yet tied to any client: the caller
/// must compare the thumbprint with the thumbprint bound to the token or code (RFC 9449 4.3 (12), 10).
#[derive(Debug)]
pub struct PossessionProof {
    pub header: JoseHeader,
    pub claims: Claims,
    /// The JWK thumbprint, the `jkt` (RFC 7638, SHA-256, base64url).
    pub thumbprint: String,
}

/// Verifies a token with the public JWK in its header (RFC 9449 4.3 (4) to (7)). Only for proofs of possession, because
/// anybody can sign such a token.
pub fn verify_by_embedded_jwk(token: &str, allowed: &[Alg], typ: &str) -> Result<PossessionProof, VerifyError> {
    let token = CompactJws::parse(token, ExpectedTyp::Exactly(typ))?;
    let alg = token.header.alg().and_then(|alg| alg.parse().ok()).filter(|alg| allowed.contains(alg));
    let alg = alg.ok_or(VerifyError::Alg)?;
    let jwk = token.header.get("jwk").and_then(Value::as_object).ok_or(VerifyError::Key)?;
    if is_private(jwk) {
        return Err(VerifyError::Key);
    }
    let key = PublicKey::parse(jwk).map_err(|_| VerifyError::Key)?;
    let thumbprint = thumbprint(jwk).ok_or(VerifyError::Key)?;
    if !key.can_verify(alg) {
        return Err(VerifyError::Alg);
    }
    let (header, claims) = token.verify_with(|input, signature| key.verify(alg, input, signature))?;
    Ok(PossessionProof { header, claims, thumbprint })
}
