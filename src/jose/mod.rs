//! JOSE: signing and verifying compact tokens with the keys of the ring. The only user of josekit.
//!
//! The algorithm is decided by the key, never by a token's header; `jwk`, `jku`, `x5u` and `crit` are not
//! honoured; `kid` is looked up among our own keys (RFC 8725; ABUSE J1, J2, J9, J11, J12).

mod foreign;
mod ring;
pub use foreign::*;

pub use ring::{KeyError, KeyRing, KeyState, RingKey, generate};

use serde_json::{Map, Value, json};

use crate::base::secret::{base64url, from_base64url};
pub use crate::protocol::algorithms::Alg;
use crate::protocol::json::object;

/// The longest compact token that is looked at.
const LONGEST: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum JoseError {
    #[error("no active key for {0}")]
    NoKey(&'static str),
    #[error("signing: {0}")]
    Sign(String),
}

/// Why a token is not one of ours. Never shown; for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error("not three parts of strict base64url")]
    Form,
    #[error("header or claims are not one JSON object")]
    Json,
    #[error("typ is another")]
    Typ,
    #[error("no key of that kid")]
    Kid,
    #[error("alg is not the key's")]
    Alg,
    #[error("a header that changes the meaning")]
    Header,
    #[error("the signature does not verify")]
    Signature,
}

/// The claims of a verified token. Times and audience are the caller's to check.
pub type Claims = Map<String, Value>;

/// Signs claims as a compact JWS with the active key of `alg`.
pub fn sign(ring: &KeyRing, alg: Alg, typ: &str, claims: &Value) -> Result<String, JoseError> {
    let key = ring.active(alg).ok_or(JoseError::NoKey(alg.name()))?;
    let header = json!({ "alg": alg.name(), "kid": key.kid(), "typ": typ });
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(input.as_bytes()).map_err(JoseError::Sign)?;
    Ok(format!("{input}.{}", base64url(&signature)))
}

/// Verifies that one of our keys signed `token` for this `typ`. Retired keys count too: a sign-out may come
/// with an old ID token (RPIL 2); whoever wants fresh tokens checks `exp`.
pub fn verify(ring: &KeyRing, typ: &str, token: &str) -> Result<Claims, NotOurs> {
    if token.len() > LONGEST {
        return Err(NotOurs::Form);
    }
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(sig), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(NotOurs::Form);
    };
    let header = object(&from_base64url(head).ok_or(NotOurs::Form)?).ok_or(NotOurs::Json)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if header.contains_key("crit") || header.contains_key("zip") || header.get("b64").is_some() {
        return Err(NotOurs::Header);
    }
    if !text("typ").is_some_and(|t| t.eq_ignore_ascii_case(typ)) {
        return Err(NotOurs::Typ);
    }
    let key = text("kid").and_then(|kid| ring.by_kid(kid)).ok_or(NotOurs::Kid)?;
    if text("alg") != Some(key.alg().name()) {
        return Err(NotOurs::Alg);
    }
    let signature = from_base64url(sig).ok_or(NotOurs::Form)?;
    if !key.verify(format!("{head}.{body}").as_bytes(), &signature) {
        return Err(NotOurs::Signature);
    }
    object(&from_base64url(body).ok_or(NotOurs::Form)?).ok_or(NotOurs::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let (jwk, kid) = generate(Alg::ES256).unwrap();
        KeyRing::new(vec![RingKey::from_jwk(&kid, Alg::ES256, KeyState::Active, &jwk).unwrap()])
    }

    #[test]
    fn what_we_sign_verifies_and_one_changed_letter_does_not() {
        let ring = ring();
        let token = sign(&ring, Alg::ES256, "at+jwt", &json!({"sub": "x"})).unwrap();
        assert_eq!(verify(&ring, "at+jwt", &token).unwrap().get("sub"), Some(&json!("x")));
        for (at, c) in token.char_indices() {
            let other = if c == 'A' { 'B' } else { 'A' };
            let mut bent = token.clone();
            bent.replace_range(at..at + 1, &other.to_string());
            assert!(verify(&ring, "at+jwt", &bent).is_err(), "letter {at} changed");
        }
        for cut in 0..token.len() {
            assert!(verify(&ring, "at+jwt", &token[..cut]).is_err());
        }
    }

    #[test]
    fn j1_the_header_does_not_choose_the_algorithm() {
        let ring = ring();
        let token = sign(&ring, Alg::ES256, "JWT", &json!({"sub": "x"})).unwrap();
        let kid = ring.active(Alg::ES256).unwrap().kid().to_owned();
        let body = token.split('.').nth(1).unwrap();
        for alg in ["none", "None", "HS256", "RS256"] {
            let head = base64url(json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string().as_bytes());
            assert_eq!(verify(&ring, "JWT", &format!("{head}.{body}.")), Err(NotOurs::Alg));
        }
    }

    #[test]
    fn j2_keys_in_the_header_are_not_looked_at() {
        let ring = ring();
        let (jwk, _) = generate(Alg::ES256).unwrap();
        let stranger = RingKey::from_jwk("evil", Alg::ES256, KeyState::Active, &jwk).unwrap();
        let public: Value = stranger.public_jwk().clone();
        let kid = ring.active(Alg::ES256).unwrap().kid();
        let head = json!({"alg": "ES256", "kid": kid, "typ": "JWT", "jwk": public, "jku": "https://evil.example/jwks"});
        let input = format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(b"{\"sub\":\"x\"}"));
        let signature = base64url(&stranger.sign(input.as_bytes()).unwrap());
        assert_eq!(verify(&ring, "JWT", &format!("{input}.{signature}")), Err(NotOurs::Signature));
    }

    #[test]
    fn j11_padding_blanks_and_trailing_parts_are_refused() {
        let ring = ring();
        let token = sign(&ring, Alg::ES256, "JWT", &json!({"sub": "x"})).unwrap();
        for bent in [
            format!("{token}="),
            format!("{token} "),
            format!(" {token}"),
            format!("{token}."),
            format!("{token}.x"),
            token.replace('.', ".."),
        ] {
            assert_eq!(verify(&ring, "JWT", &bent), Err(NotOurs::Form), "{bent}");
        }
    }

    #[test]
    fn j12_a_token_of_another_kind_is_refused() {
        let ring = ring();
        let token = sign(&ring, Alg::ES256, "JWT", &json!({"sub": "x"})).unwrap();
        assert_eq!(verify(&ring, "at+jwt", &token), Err(NotOurs::Typ));
    }
}
