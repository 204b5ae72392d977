//! A public key of a client (RFC 7517, RFC 7518 6, RFC 8037 2), validated before use.
//!
//! Supported types: RSA of 2048 to 8192 bits, EC on P-256, OKP on Ed25519 (signatures) and X25519 (encryption), with
//! numbers usable by the owner only (`numbers.rs`). A key with a private or symmetric member is refused, because
//! publication has compromised the key. The owner's restrictions are binding: `use`, `key_ops` and `alg` (RFC 8725 3.1:
//! a key serves one algorithm).

use josekit::jwe::{ECDH_ES, JweEncrypter, RSA_OAEP_256};
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};

use super::numbers::{self, WeakKeyReason};
use crate::base::secret::{base64url, decode_base64url, sha256};
use crate::protocol::algorithms::{Alg, KeyManagement};

/// JWK members known to the owner only (RFC 7518 6.2.2, 6.3.2, 6.4.1; RFC 8037 2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// True if the JWK contains private or symmetric key material.
pub(super) fn is_private(jwk: &Map<String, Value>) -> bool {
    PRIVATE_MEMBERS.into_iter().any(|name| jwk.contains_key(name))
        || jwk.get("kty").and_then(Value::as_str) == Some("oct")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyType {
    Rsa,
    P256,
    Ed25519,
    X25519,
}

/// The reason for rejecting a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicKeyError {
    /// An unsupported type, or not a key at all.
    Unsupported,
    /// A supported type with invalid or weak numbers.
    Weak(WeakKeyReason),
}

/// A public key with validated numbers.
#[derive(Debug)]
pub(super) struct PublicKey {
    pub kid: Option<String>,
    key_type: KeyType,
    purpose: Option<String>,
    alg: Option<String>,
    operations: Option<Vec<String>>,
    /// The public numbers only: members validated here are not evaluated again by the library.
    public_jwk: Jwk,
    /// A verifier for each signature algorithm of the key type.
    verifiers: Vec<(Alg, Box<dyn JwsVerifier>)>,
}

impl PublicKey {
    pub fn parse(jwk: &Map<String, Value>) -> Result<Self, PublicKeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        // A member of another type must not be treated as absent.
        if ["kid", "use", "alg"].into_iter().any(|name| jwk.get(name).is_some_and(|v| !v.is_string())) {
            return Err(PublicKeyError::Unsupported);
        }
        let operations = match jwk.get("key_ops") {
            None => None,
            Some(Value::Array(all)) => Some(all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()),
            Some(_) => return Err(PublicKeyError::Unsupported),
        };
        let (kind, members): (_, &[&str]) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => (KeyType::Rsa, &["n", "e"]),
            (Some("EC"), Some("P-256")) => (KeyType::P256, &["x", "y"]),
            (Some("OKP"), Some("Ed25519")) => (KeyType::Ed25519, &["x"]),
            (Some("OKP"), Some("X25519")) => (KeyType::X25519, &["x"]),
            _ => return Err(PublicKeyError::Unsupported),
        };
        let number = |name: &str| {
            text(name)
                .and_then(decode_base64url)
                .ok_or(PublicKeyError::Weak("a key with a number that is missing or no base64url"))
        };
        match kind {
            KeyType::Rsa => numbers::check_rsa(&number("n")?, &number("e")?),
            KeyType::P256 => numbers::check_p256(&number("x")?, &number("y")?),
            KeyType::Ed25519 => numbers::check_ed25519(&number("x")?),
            KeyType::X25519 => numbers::check_x25519(&number("x")?),
        }
        .map_err(PublicKeyError::Weak)?;
        let mut bare = Map::new();
        for name in ["kty", "crv"].iter().chain(members) {
            // An RSA key has no `crv`; a present `crv` is ignored.
            if let Some(value) = jwk.get(*name).filter(|_| kind != KeyType::Rsa || *name != "crv") {
                bare.insert((*name).to_owned(), value.clone());
            }
        }
        let bare = Jwk::from_map(bare).map_err(|_| PublicKeyError::Unsupported)?;
        let off_the_curve = PublicKeyError::Weak("a key whose numbers are no point of its curve: publish it anew");
        let verifiers = verifiers(kind, &bare).ok_or(off_the_curve)?;
        let owned = |name: &str| text(name).map(str::to_owned);
        Ok(Self {
            kid: owned("kid"),
            key_type: kind,
            purpose: owned("use"),
            alg: owned("alg"),
            operations,
            public_jwk: bare,
            verifiers,
        })
    }

    /// True if the key type and the owner's restrictions permit verifying signatures of `alg`.
    pub fn can_verify(&self, alg: Alg) -> bool {
        self.verifiers.iter().any(|(can, _)| *can == alg) && self.permits("sig", alg.name(), &["verify"])
    }

    pub fn verify(&self, alg: Alg, input: &[u8], signature: &[u8]) -> bool {
        let verifier = self.verifiers.iter().find(|(can, _)| *can == alg);
        self.can_verify(alg) && verifier.is_some_and(|(_, verifier)| verifier.verify(input, signature).is_ok())
    }

    /// Returns an encrypter for this key, if the key type and the owner's restrictions permit encryption with `alg`.
    pub fn encrypter(&self, alg: KeyManagement) -> Option<Box<dyn JweEncrypter>> {
        let operations: &[&str] = match alg {
            KeyManagement::RsaOaep256 => &["encrypt", "wrapKey"],
            KeyManagement::EcdhEs => &["deriveKey", "deriveBits"],
        };
        if !self.permits("enc", alg.name(), operations) {
            return None;
        }
        match (alg, self.key_type) {
            (KeyManagement::RsaOaep256, KeyType::Rsa) => {
                Some(Box::new(RSA_OAEP_256.encrypter_from_jwk(&self.public_jwk).ok()?))
            }
            (KeyManagement::EcdhEs, KeyType::P256 | KeyType::X25519) => {
                Some(Box::new(ECDH_ES.encrypter_from_jwk(&self.public_jwk).ok()?))
            }
            _ => None,
        }
    }

    /// True if the owner marked the key for encryption; a marked key is preferred to an unmarked key.
    pub fn is_marked_for_encryption(&self) -> bool {
        self.purpose.as_deref() == Some("enc")
    }

    /// True if `use`, `alg` and `key_ops` permit the purpose: a present member restricts, an absent member permits
    /// (RFC 7517 4.2, 4.3, 4.4).
    fn permits(&self, purpose: &str, alg: &str, operations: &[&str]) -> bool {
        self.purpose.as_deref().is_none_or(|said| said == purpose)
            && self.alg.as_deref().is_none_or(|said| said == alg)
            && self.operations.as_ref().is_none_or(|said| said.iter().any(|o| operations.contains(&o.as_str())))
    }
}

/// Returns the verifiers of a key, or `None` if the numbers are not a key, such as a point not on the curve.
fn verifiers(kind: KeyType, jwk: &Jwk) -> Option<Vec<(Alg, Box<dyn JwsVerifier>)>> {
    Some(match kind {
        KeyType::Rsa => vec![
            (Alg::RS256, Box::new(RS256.verifier_from_jwk(jwk).ok()?) as Box<dyn JwsVerifier>),
            (Alg::PS256, Box::new(PS256.verifier_from_jwk(jwk).ok()?)),
        ],
        KeyType::P256 => vec![(Alg::ES256, Box::new(ES256.verifier_from_jwk(jwk).ok()?))],
        KeyType::Ed25519 => vec![(Alg::EdDSA, Box::new(EdDSA.verifier_from_jwk(jwk).ok()?))],
        KeyType::X25519 => Vec::new(),
    })
}

/// Returns the JWK thumbprint (RFC 7638 3): SHA-256 of the required members in lexicographic order without whitespace.
pub(super) fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let get = |name: &str| {
        let text = jwk.get(name)?.as_str()?;
        // No escaping is needed: the values are base64url and registered names.
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_').then_some(text)
    };
    let canonical = match get("kty")? {
        "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, get("e")?, get("n")?),
        "EC" => format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, get("crv")?, get("x")?, get("y")?),
        // RFC 8037 2.
        "OKP" => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, get("crv")?, get("x")?),
        _ => return None,
    };
    Some(base64url(&sha256(canonical.as_bytes())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let jwk = json!({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"});
        assert_eq!(thumbprint(jwk.as_object().unwrap()).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_point_that_is_not_on_the_curve_is_no_key() {
        let (x, y) = ("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");
        let key = |x: &str, y: &str| {
            PublicKey::parse(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}).as_object().unwrap())
        };
        assert!(key(x, y).unwrap().can_verify(Alg::ES256));
        for (x, y) in [(y, x), (x, format!("{y}AA").as_str()), ("AA", y), (x, "")] {
            assert!(matches!(key(x, y), Err(PublicKeyError::Weak(_))), "{x} {y}");
        }
    }
}
