//! The key ring: the signing keys known to this server, parsed once.

use std::fmt;

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value, json};

use super::public_key::thumbprint;
use crate::protocol::algorithms::Alg;

/// The lifecycle state of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum KeyState {
    /// Published, will sign. Another server may already sign with the key.
    Upcoming,
    /// Signs; exactly one key per algorithm.
    Active,
    /// Published and verifies, no longer signs.
    Retiring,
    /// Removed from the JWKS; verifies only old ID tokens used as hints.
    Retired,
    /// Compromised: verifies nothing.
    Revoked,
}

impl KeyState {
    pub fn name(self) -> &'static str {
        self.into()
    }
    /// True if the key is in the JWKS.
    pub fn is_published(self) -> bool {
        matches!(self, KeyState::Upcoming | KeyState::Active | KeyState::Retiring)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("signing key: {0}")]
pub struct KeyError(pub(super) String);

impl From<josekit::JoseError> for KeyError {
    fn from(e: josekit::JoseError) -> Self {
        KeyError(e.to_string())
    }
}

/// Generates a private key; returns the JWK as text and its `kid`, the RFC 7638 thumbprint.
pub fn generate(alg: Alg) -> Result<(String, String), KeyError> {
    let jwk = match alg {
        Alg::RS256 | Alg::PS256 => Jwk::generate_rsa_key(2048)?,
        Alg::ES256 => Jwk::generate_ec_key(EcCurve::P256)?,
        Alg::EdDSA => Jwk::generate_ed_key(EdCurve::Ed25519)?,
    };
    let kid = thumbprint(jwk.as_ref()).ok_or_else(|| KeyError("no thumbprint".to_owned()))?;
    let text = serde_json::to_string(jwk.as_ref()).map_err(|e| KeyError(e.to_string()))?;
    Ok((text, kid))
}

/// A parsed key, ready to sign and verify.
pub struct SigningKey {
    kid: String,
    alg: Alg,
    state: KeyState,
    /// `None` if only the public part is kept.
    signer: Option<Box<dyn JwsSigner>>,
    verifier: Box<dyn JwsVerifier>,
    public: Value,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {} {:?})", self.alg.name(), self.kid, self.state)
    }
}

impl SigningKey {
    /// Parses a private JWK, or a public JWK if the key is retired.
    pub fn from_jwk(kid: &str, alg: Alg, state: KeyState, jwk: &str) -> Result<Self, KeyError> {
        let jwk = Jwk::from_bytes(jwk.as_bytes())?;
        // josekit's own to_public_key drops kid and alg: a key without them is of no use to a client.
        let mut public = Map::new();
        for name in ["kty", "n", "e", "crv", "x", "y"] {
            if let Some(v) = jwk.as_ref().get(name) {
                public.insert(name.to_owned(), v.clone());
            }
        }
        for (name, value) in [("kid", kid), ("alg", alg.name()), ("use", "sig")] {
            public.insert(name.to_owned(), value.into());
        }
        let public_jwk = Jwk::from_map(public.clone())?;
        let verifier: Box<dyn JwsVerifier> = match alg {
            Alg::RS256 => Box::new(RS256.verifier_from_jwk(&public_jwk)?),
            Alg::PS256 => Box::new(PS256.verifier_from_jwk(&public_jwk)?),
            Alg::ES256 => Box::new(ES256.verifier_from_jwk(&public_jwk)?),
            Alg::EdDSA => Box::new(EdDSA.verifier_from_jwk(&public_jwk)?),
        };
        let signer: Option<Box<dyn JwsSigner>> = match alg {
            _ if jwk.parameter("d").is_none() && state == KeyState::Retired => None,
            Alg::RS256 => Some(Box::new(RS256.signer_from_jwk(&jwk)?)),
            Alg::PS256 => Some(Box::new(PS256.signer_from_jwk(&jwk)?)),
            Alg::ES256 => Some(Box::new(ES256.signer_from_jwk(&jwk)?)),
            Alg::EdDSA => Some(Box::new(EdDSA.signer_from_jwk(&jwk)?)),
        };
        Ok(Self { kid: kid.to_owned(), alg, state, signer, verifier, public: Value::Object(public) })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }
    pub fn alg(&self) -> Alg {
        self.alg
    }
    pub fn state(&self) -> KeyState {
        self.state
    }
    /// Returns the public members only, with `kid`, `alg` and `use`.
    pub fn public_jwk(&self) -> &Value {
        &self.public
    }

    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, String> {
        let signer = self.signer.as_ref().ok_or("the private half is gone")?;
        signer.sign(input).map_err(|e| e.to_string())
    }

    pub(super) fn verify(&self, input: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(input, signature).is_ok()
    }
}

/// The signing keys of the server, of every state except revoked.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
    /// The JWK set as it is published.
    jwks: String,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl KeyRing {
    pub fn new(keys: Vec<SigningKey>) -> Self {
        let jwks = jwks(&keys).to_string();
        Self { keys, jwks }
    }

    pub fn active(&self, alg: Alg) -> Option<&SigningKey> {
        self.keys.iter().find(|k| k.alg == alg && k.state == KeyState::Active)
    }

    /// True if each of these algorithms has an active key.
    pub fn can_sign(&self, algorithms: &[Alg]) -> bool {
        algorithms.iter().all(|alg| self.active(*alg).is_some())
    }

    /// Returns the key with this `kid`, in any state.
    pub fn by_kid(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|k| k.kid == kid)
    }

    pub fn kids(&self) -> Vec<&str> {
        self.keys.iter().map(SigningKey::kid).collect()
    }

    /// Returns the JWK set (RFC 7517 5), active keys first: a relying party choosing the first key of a type gets the
    /// signing key.
    pub fn jwks(&self) -> Value {
        jwks(&self.keys)
    }

    /// Returns the JWK set as JSON, written once.
    pub fn jwks_text(&self) -> &str {
        &self.jwks
    }
}

fn jwks(keys: &[SigningKey]) -> Value {
    let order = [KeyState::Active, KeyState::Upcoming, KeyState::Retiring];
    let keys = order.into_iter().flat_map(|state| keys.iter().filter(move |k| k.state == state));
    json!({ "keys": keys.map(|k| &k.public).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_have_kid_alg_use_and_nothing_private() {
        for alg in Alg::ALL {
            let (jwk, kid) = generate(alg).unwrap();
            let key = SigningKey::from_jwk(&kid, alg, KeyState::Active, &jwk).unwrap();
            let public = key.public_jwk();
            assert_eq!(public["kid"], kid);
            assert_eq!(public["alg"], alg.name());
            assert_eq!(public["use"], "sig");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(public.get(private).is_none(), "{private} is published");
            }
        }
    }
}
