//! The key ring: the signing keys that this server knows, parsed once.

use std::fmt;

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::{ES256, EdDSA, JwsSigner, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value, json};

use super::public_key::thumbprint;
use crate::protocol::algorithms::Alg;

/// What a key is used for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, will sign. Another server may sign with it already.
    Upcoming,
    /// Signs; one an algorithm.
    Active,
    /// Published and verifies, no longer signs.
    Retiring,
    /// Out of the JWKS; only old ID tokens given as hints still verify by it.
    Retired,
    /// Lost to somebody else: counts for nothing.
    Revoked,
}

impl KeyState {
    const ALL: [KeyState; 5] =
        [KeyState::Upcoming, KeyState::Active, KeyState::Retiring, KeyState::Retired, KeyState::Revoked];

    pub fn name(self) -> &'static str {
        match self {
            KeyState::Upcoming => "upcoming",
            KeyState::Active => "active",
            KeyState::Retiring => "retiring",
            KeyState::Retired => "retired",
            KeyState::Revoked => "revoked",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        KeyState::ALL.into_iter().find(|s| s.name() == name)
    }
    /// Whether relying parties are told of it.
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

/// A private key as JWK text, and its `kid`: the RFC 7638 thumbprint.
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

/// One key, ready to sign and verify.
pub struct RingKey {
    kid: String,
    alg: Alg,
    state: KeyState,
    /// None: only the public half is kept.
    signer: Option<Box<dyn JwsSigner>>,
    verifier: Box<dyn JwsVerifier>,
    public: Value,
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RingKey({} {} {:?})", self.alg.name(), self.kid, self.state)
    }
}

impl RingKey {
    /// From a private JWK; or from a public one, if the key no longer signs.
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
    /// Public members only, with `kid`, `alg` and `use`.
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

/// All keys that count.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Vec<RingKey>,
}

impl KeyRing {
    pub fn new(keys: Vec<RingKey>) -> Self {
        Self { keys }
    }

    pub fn active(&self, alg: Alg) -> Option<&RingKey> {
        self.keys.iter().find(|k| k.alg == alg && k.state == KeyState::Active)
    }

    /// Whether there is an active key of each algorithm that is signed with.
    pub fn can_sign(&self, algorithms: &[Alg]) -> bool {
        algorithms.iter().all(|alg| self.active(*alg).is_some())
    }

    /// A key of any age.
    pub fn by_kid(&self, kid: &str) -> Option<&RingKey> {
        self.keys.iter().find(|k| k.kid == kid)
    }

    pub fn kids(&self) -> Vec<&str> {
        self.keys.iter().map(RingKey::kid).collect()
    }

    /// RFC 7517 5. The active keys first: a reader that takes the first of a kind takes the one that signs.
    pub fn jwks(&self) -> Value {
        let order = [KeyState::Active, KeyState::Upcoming, KeyState::Retiring];
        let keys = order.into_iter().flat_map(|state| self.keys.iter().filter(move |k| k.state == state));
        json!({ "keys": keys.map(|k| &k.public).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_have_kid_alg_use_and_nothing_private() {
        for alg in Alg::ALL {
            let (jwk, kid) = generate(alg).unwrap();
            let key = RingKey::from_jwk(&kid, alg, KeyState::Active, &jwk).unwrap();
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
