//! Import of private keys from files.

use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::ed::{EdCurve, EdKeyPair};
use josekit::jwk::alg::rsa::RsaKeyPair;
use serde_json::{Value, json};

use crate::jose::*;

fn signs(alg: Alg, file: &[u8]) -> String {
    let (jwk, kid) = read_private_key(alg, file).unwrap();
    let ring = KeyRing::new(vec![SigningKey::from_jwk(&kid, alg, KeyState::Active, &jwk).unwrap()]);
    let token = sign(&ring, alg, "JWT", &json!({"sub": "x"})).unwrap();
    assert!(verify(&ring, "JWT", &token).is_ok(), "{alg:?}");
    kid
}

#[test]
fn a_private_key_is_read_from_each_form_of_file() {
    let rsa = RsaKeyPair::generate(2048).unwrap();
    let ec = EcKeyPair::generate(EcCurve::P256).unwrap();
    let ed = EdKeyPair::generate(EdCurve::Ed25519).unwrap();
    signs(Alg::RS256, &rsa.to_pem_private_key());
    signs(Alg::PS256, &rsa.to_traditional_pem_private_key());
    signs(Alg::ES256, &ec.to_pem_private_key());
    signs(Alg::ES256, &ec.to_traditional_pem_private_key());
    signs(Alg::EdDSA, &[&ed.to_pem_private_key()[..], b"\n\n"].concat());
    for alg in Alg::ALL {
        let (jwk, kid) = generate(alg).unwrap();
        let mut named: Value = serde_json::from_str(&jwk).unwrap();
        named["kid"] = json!("theirs");
        named["use"] = json!("enc");
        assert_eq!(signs(alg, named.to_string().as_bytes()), kid, "what the file says besides is not taken over");
    }
}

#[test]
fn a_file_that_is_no_key_of_the_kind_is_refused() {
    let ec = EcKeyPair::generate(EcCurve::P256).unwrap();
    let refused = |alg: Alg, file: &[u8]| read_private_key(alg, file).unwrap_err().to_string();
    refused(Alg::RS256, &ec.to_pem_private_key());
    refused(Alg::ES256, &ec.to_pem_public_key());
    refused(Alg::ES256, &EcKeyPair::generate(EcCurve::P384).unwrap().to_pem_private_key());
    refused(Alg::EdDSA, &EdKeyPair::generate(EdCurve::Ed448).unwrap().to_pem_private_key());
    refused(Alg::RS256, &RsaKeyPair::generate(1024).unwrap().to_pem_private_key());
    refused(Alg::ES256, b"");
    refused(Alg::ES256, b"\xff-----BEGIN");
    refused(Alg::ES256, b"{\"kty\":\"oct\",\"d\":\"AA\"}");
    let (ours, _) = generate(Alg::ES256).unwrap();
    let (other, _) = generate(Alg::ES256).unwrap();
    let (mut mixed, other): (Value, Value) =
        (serde_json::from_str(&ours).unwrap(), serde_json::from_str(&other).unwrap());
    mixed["d"] = other["d"].clone();
    refused(Alg::ES256, mixed.to_string().as_bytes());
    mixed.as_object_mut().unwrap().remove("d");
    assert!(refused(Alg::ES256, mixed.to_string().as_bytes()).contains("no private key"));
}

#[test]
fn a_retired_key_verifies_hints_by_its_public_half_and_nothing_else() {
    for alg in Alg::ALL {
        let (jwk, kid) = generate(alg).unwrap();
        let of = |state, jwk: &str| KeyRing::new(vec![SigningKey::from_jwk(&kid, alg, state, jwk).unwrap()]);
        let active = of(KeyState::Active, &jwk);
        let token = sign(&active, alg, "JWT", &json!({"sub": "x"})).unwrap();
        let public = active.by_kid(&kid).unwrap().public_jwk().to_string();
        let retired = of(KeyState::Retired, &public);
        assert_eq!(verify(&retired, "JWT", &token), Err(VerifyError::UnknownKid));
        assert!(verify_hint(&retired, "JWT", &token).is_ok());
        assert_eq!(retired.jwks(), json!({"keys": []}));
        assert!(retired.by_kid(&kid).unwrap().sign(b"x").is_err());
        assert!(SigningKey::from_jwk(&kid, alg, KeyState::Active, &public).is_err(), "an active key must sign");
        let upcoming = of(KeyState::Upcoming, &jwk);
        assert!(verify(&upcoming, "JWT", &token).is_ok(), "another server may sign with it already");
        assert!(sign(&upcoming, alg, "JWT", &json!({})).is_err());
    }
}
