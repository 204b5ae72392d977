//! One public key of somebody else (RFC 7517, RFC 7518 6, RFC 8037 2), checked before it is used.
//!
//! Kinds taken: RSA of 2048 to 8192 bits, EC on P-256, OKP on Ed25519 (signatures) and X25519 (encryption), with numbers
//! that only their owner can use (`numbers.rs`). A key with a
//! private or symmetric member is refused: whoever published it has lost it. What the owner says of a key binds:
//! `use`, `key_ops` and `alg` (RFC 8725 3.1: a key serves one algorithm).

use josekit::jwe::{ECDH_ES, JweEncrypter, RSA_OAEP_256};
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};

use super::numbers::{self, Why};
use crate::base::secret::{base64url, from_base64url, sha256};
use crate::protocol::algorithms::{Alg, KeyManagement};

/// Members that only the owner may know (RFC 7518 6.2.2, 6.3.2, 6.4.1; RFC 8037 2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether somebody published what only they may know.
pub(super) fn is_private(jwk: &Map<String, Value>) -> bool {
    PRIVATE.into_iter().any(|name| jwk.contains_key(name)) || jwk.get("kty").and_then(Value::as_str) == Some("oct")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    Ed25519,
    X25519,
}

/// Why something is no key for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// Of a kind that is not taken here, or not a key at all.
    Other,
    /// Of a kind that is taken, with numbers that are not.
    Weak(Why),
}

/// A key whose numbers are right.
#[derive(Debug)]
pub(super) struct PublicKey {
    pub kid: Option<String>,
    kind: Kind,
    purpose: Option<String>,
    alg: Option<String>,
    operations: Option<Vec<String>>,
    /// The public numbers and nothing else: what is checked here is not judged again by the library.
    bare: Jwk,
    /// One for each algorithm that the key's kind can do.
    verifiers: Vec<(Alg, Box<dyn JwsVerifier>)>,
}

impl PublicKey {
    pub fn read(jwk: &Map<String, Value>) -> Result<Self, NoKey> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        // A member of another type must not read as one that is absent.
        if ["kid", "use", "alg"].into_iter().any(|name| jwk.get(name).is_some_and(|v| !v.is_string())) {
            return Err(NoKey::Other);
        }
        let operations = match jwk.get("key_ops") {
            None => None,
            Some(Value::Array(all)) => Some(all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()),
            Some(_) => return Err(NoKey::Other),
        };
        let (kind, members): (_, &[&str]) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => (Kind::Rsa, &["n", "e"]),
            (Some("EC"), Some("P-256")) => (Kind::P256, &["x", "y"]),
            (Some("OKP"), Some("Ed25519")) => (Kind::Ed25519, &["x"]),
            (Some("OKP"), Some("X25519")) => (Kind::X25519, &["x"]),
            _ => return Err(NoKey::Other),
        };
        let number = |name: &str| {
            text(name)
                .and_then(from_base64url)
                .ok_or(NoKey::Weak("a key with a number that is missing or no base64url"))
        };
        match kind {
            Kind::Rsa => numbers::rsa(&number("n")?, &number("e")?),
            Kind::P256 => numbers::p256(&number("x")?, &number("y")?),
            Kind::Ed25519 => numbers::ed25519(&number("x")?),
            Kind::X25519 => numbers::x25519(&number("x")?),
        }
        .map_err(NoKey::Weak)?;
        let mut bare = Map::new();
        for name in ["kty", "crv"].iter().chain(members) {
            // An RSA key has no crv; one that stands there says nothing.
            if let Some(value) = jwk.get(*name).filter(|_| kind != Kind::Rsa || *name != "crv") {
                bare.insert((*name).to_owned(), value.clone());
            }
        }
        let bare = Jwk::from_map(bare).map_err(|_| NoKey::Other)?;
        let off_the_curve = NoKey::Weak("a key whose numbers are no point of its curve: publish it anew");
        let verifiers = verifiers(kind, &bare).ok_or(off_the_curve)?;
        let owned = |name: &str| text(name).map(str::to_owned);
        Ok(Self { kid: owned("kid"), kind, purpose: owned("use"), alg: owned("alg"), operations, bare, verifiers })
    }

    /// Whether the owner lets this key verify signatures of `alg`, and its kind can.
    pub fn fits(&self, alg: Alg) -> bool {
        self.verifiers.iter().any(|(can, _)| *can == alg) && self.serves("sig", alg.name(), &["verify"])
    }

    pub fn verifies(&self, alg: Alg, input: &[u8], signature: &[u8]) -> bool {
        let verifier = self.verifiers.iter().find(|(can, _)| *can == alg);
        self.fits(alg) && verifier.is_some_and(|(_, verifier)| verifier.verify(input, signature).is_ok())
    }

    /// What encrypts to this key, if its kind can and its owner lets it.
    pub fn encrypter(&self, alg: KeyManagement) -> Option<Box<dyn JweEncrypter>> {
        let operations: &[&str] = match alg {
            KeyManagement::RsaOaep256 => &["encrypt", "wrapKey"],
            KeyManagement::EcdhEs => &["deriveKey", "deriveBits"],
        };
        if !self.serves("enc", alg.name(), operations) {
            return None;
        }
        match (alg, self.kind) {
            (KeyManagement::RsaOaep256, Kind::Rsa) => Some(Box::new(RSA_OAEP_256.encrypter_from_jwk(&self.bare).ok()?)),
            (KeyManagement::EcdhEs, Kind::P256 | Kind::X25519) => {
                Some(Box::new(ECDH_ES.encrypter_from_jwk(&self.bare).ok()?))
            }
            _ => None,
        }
    }

    /// Whether the owner marked it for encryption; such a key goes before one that says nothing.
    pub fn is_marked_for_encryption(&self) -> bool {
        self.purpose.as_deref() == Some("enc")
    }

    /// RFC 7517 4.2, 4.3, 4.4: what is said binds, what is not said permits.
    fn serves(&self, purpose: &str, alg: &str, operations: &[&str]) -> bool {
        self.purpose.as_deref().is_none_or(|said| said == purpose)
            && self.alg.as_deref().is_none_or(|said| said == alg)
            && self.operations.as_ref().is_none_or(|said| said.iter().any(|o| operations.contains(&o.as_str())))
    }
}

/// None: the numbers are not a key, such as a point that is not on the curve.
fn verifiers(kind: Kind, jwk: &Jwk) -> Option<Vec<(Alg, Box<dyn JwsVerifier>)>> {
    Some(match kind {
        Kind::Rsa => vec![
            (Alg::RS256, Box::new(RS256.verifier_from_jwk(jwk).ok()?) as Box<dyn JwsVerifier>),
            (Alg::PS256, Box::new(PS256.verifier_from_jwk(jwk).ok()?)),
        ],
        Kind::P256 => vec![(Alg::ES256, Box::new(ES256.verifier_from_jwk(jwk).ok()?))],
        Kind::Ed25519 => vec![(Alg::EdDSA, Box::new(EdDSA.verifier_from_jwk(jwk).ok()?))],
        Kind::X25519 => Vec::new(),
    })
}

/// RFC 7638 3: SHA-256 of the required members in lexicographic order without blanks.
pub(super) fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let get = |name: &str| {
        let text = jwk.get(name)?.as_str()?;
        // Nothing that would need escaping: these are base64url and registered names.
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
            PublicKey::read(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}).as_object().unwrap())
        };
        assert!(key(x, y).unwrap().fits(Alg::ES256));
        for (x, y) in [(y, x), (x, format!("{y}AA").as_str()), ("AA", y), (x, "")] {
            assert!(matches!(key(x, y), Err(NoKey::Weak(_))), "{x} {y}");
        }
    }
}
