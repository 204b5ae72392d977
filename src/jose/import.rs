//! Import of a private signing key from a file: PEM (PKCS #8, or the older formats of RSA and EC) or JWK (RFC 7517,
//! RFC 7468).

use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::ed::EdKeyPair;
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair as _};
use serde_json::{Map, Value};

use super::public_key::{PublicKey, thumbprint};
use super::ring::{KeyError, KeyState, SigningKey};
use crate::protocol::algorithms::Alg;
use crate::protocol::json::object;

/// The members of a private JWK to keep; `kid`, `use`, `alg` and certificates are set by Préau.
const STORED_JWK_MEMBERS: [&str; 12] = ["kty", "crv", "n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi"];

/// Returns the private JWK and its `kid` (RFC 7638), in the format of [`super::generate`].
///
/// # Errors
/// Not a private key, not a key for `alg`, weaker than 2048 bits, or the public part does not match the private part.
pub fn read_private_key(alg: Alg, file: &[u8]) -> Result<(String, String), KeyError> {
    let jwk = match object(file) {
        Some(jwk) => jwk,
        None => jwk_from_pem(alg, file.trim_ascii())?,
    };
    let jwk: Map<String, Value> =
        jwk.into_iter().filter(|(name, _)| STORED_JWK_MEMBERS.contains(&name.as_str())).collect();
    let refuse = |why: &str| KeyError(why.to_owned());
    if !jwk.contains_key("d") {
        return Err(refuse("the file has no private key"));
    }
    if !PublicKey::parse(&jwk).is_ok_and(|key| key.can_verify(alg)) {
        return Err(KeyError(format!("the key is not one for {} (RSA of 2048 bits, P-256, Ed25519)", alg.name())));
    }
    let kid = thumbprint(&jwk).ok_or_else(|| refuse("no thumbprint"))?;
    let text = Value::Object(jwk).to_string();
    let key = SigningKey::from_jwk(&kid, alg, KeyState::Upcoming, &text)?;
    // A mismatched pair would sign tokens that nobody can verify.
    let signature = key.sign(kid.as_bytes()).map_err(KeyError)?;
    if !key.verify(kid.as_bytes(), &signature) {
        return Err(refuse("the private and the public half do not belong together"));
    }
    Ok((text, kid))
}

fn jwk_from_pem(alg: Alg, pem: &[u8]) -> Result<Map<String, Value>, KeyError> {
    let jwk: Jwk = match alg {
        Alg::RS256 | Alg::PS256 => RsaKeyPair::from_pem(pem)?.to_jwk_key_pair(),
        Alg::ES256 => EcKeyPair::from_pem(pem, Some(EcCurve::P256))?.to_jwk_key_pair(),
        Alg::EdDSA => EdKeyPair::from_pem(pem)?.to_jwk_key_pair(),
    };
    Ok(jwk.as_ref().clone())
}
