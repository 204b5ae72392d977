//! Tokens signed by clients: verification by key set, DPoP proofs, HS256 assertions.

use std::slice;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{compact, private_key, public_of};
use crate::base::secret::base64url;
use crate::jose::*;
use crate::protocol::algorithms::{ContentEncryption, Encryption, KeyManagement};

const ANY: ExpectedTyp<'static> = ExpectedTyp::AbsentOr(&["JWT"]);

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(&json!({ "keys": keys })).unwrap()
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk.as_object_mut().unwrap().insert(name.to_owned(), value);
    jwk
}

/// Returns a client's key, its public JWK and a token signed with the key.
fn client(alg: Alg, kid: &str) -> (SigningKey, Value, String) {
    let key = private_key(kid, alg);
    let token = compact(&key, json!({"alg": alg.name(), "kid": kid}), &json!({"iss": "client"}));
    let public = public_of(&key);
    (key, public, token)
}

#[test]
fn every_algorithm_verifies_and_one_changed_letter_does_not() {
    for alg in Alg::ALL {
        let (_, public, token) = client(alg, "k1");
        let keys = set(&[public]);
        assert!(keys.can_verify(alg));
        let (header, claims) = keys.verify(&token, &[alg], ANY).unwrap();
        assert_eq!((header.kid(), claims.get("iss")), (Some("k1"), Some(&json!("client"))));
        for (at, c) in token.char_indices() {
            let mut bent = token.clone();
            bent.replace_range(at..=at, if c == 'A' { "B" } else { "A" });
            assert!(keys.verify(&bent, &[alg], ANY).is_err(), "{alg:?}: letter {at} changed");
        }
    }
}

#[test]
fn attack_j1_only_an_allowed_algorithm_that_the_key_is_for_counts() {
    let (key, public, token) = client(Alg::RS256, "k1");
    assert_eq!(set(slice::from_ref(&public)).verify(&token, &[Alg::PS256], ANY), Err(VerifyError::Alg));
    assert_eq!(set(slice::from_ref(&public)).verify(&token, &[], ANY), Err(VerifyError::Alg));
    // The `alg` of the key is binding: the same numbers, declared for the other padding.
    let other = with(public, "alg", json!("PS256"));
    assert_eq!(set(&[other]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::Alg));
    for alg in ["none", "HS256", "RS384"] {
        let token = compact(&key, json!({"alg": alg, "kid": "k1"}), &json!({}));
        assert_eq!(set(&[public_of(&key)]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::Alg));
    }
}

#[test]
fn rfc_7517_4_2_keys_for_encryption_do_not_verify() {
    let (_, public, token) = client(Alg::ES256, "k1");
    for (name, value) in [("use", json!("enc")), ("key_ops", json!(["deriveKey"])), ("alg", json!("ECDH-ES"))] {
        assert_eq!(set(&[with(public.clone(), name, value)]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::Alg));
    }
    let verify = with(public, "key_ops", json!(["verify"]));
    assert!(set(&[verify]).verify(&token, &Alg::ALL, ANY).is_ok());
}

#[test]
fn protocol_a18_an_unknown_kid_is_told_from_a_wrong_signature() {
    let (_, known, _) = client(Alg::ES256, "old");
    let (_, _, newer) = client(Alg::ES256, "new");
    assert_eq!(set(slice::from_ref(&known)).verify(&newer, &Alg::ALL, ANY), Err(VerifyError::UnknownKid));
    let (_, _, forged) = client(Alg::ES256, "old");
    assert_eq!(set(&[known]).verify(&forged, &Alg::ALL, ANY), Err(VerifyError::Signature));
}

#[test]
fn oidcc_10_1_without_kid_exactly_one_key_must_fit() {
    let (key, public, _) = client(Alg::ES256, "k1");
    let (_, second, _) = client(Alg::ES256, "k2");
    let (_, other, _) = client(Alg::EdDSA, "k3");
    let token = compact(&key, json!({"alg": "ES256"}), &json!({}));
    assert!(set(&[public.clone(), other.clone()]).verify(&token, &Alg::ALL, ANY).is_ok());
    assert_eq!(set(&[public.clone(), second.clone()]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::AmbiguousKey));
    assert_eq!(set(&[other]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::UnknownKid));
    let enc = with(second, "use", json!("enc"));
    assert!(set(&[public, enc]).verify(&token, &Alg::ALL, ANY).is_ok(), "the second is not for signatures");
}

#[test]
fn private_and_symmetric_members_are_refused() {
    let (_, public, _) = client(Alg::ES256, "k1");
    for bad in [
        with(public.clone(), "d", json!("AA")),
        with(public.clone(), "k", json!("AA")),
        json!({"kty": "oct", "kid": "s"}),
        with(json!({"kty": "unknown"}), "p", json!("AA")),
    ] {
        let read = KeySet::parse(&json!({"keys": [public.clone(), bad]}));
        assert_eq!(read.map(|_| ()), Err(KeySetError::Private));
    }
}

#[test]
fn rfc_7517_5_unknown_kinds_are_passed_over_and_a_set_is_bounded() {
    let (_, public, token) = client(Alg::ES256, "k1");
    let strange = [
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "n": base64url(&[0xff; 128]), "e": "AQAB"}),
        json!({}),
        with(public.clone(), "kid", json!(7)),
    ];
    let keys = set(&[&strange[..], slice::from_ref(&public)].concat());
    assert!(keys.verify(&token, &Alg::ALL, ANY).is_ok());
    assert!(set(&strange).is_empty());
    let many: Vec<Value> = (0..20).map(|n| with(public.clone(), "kid", json!(n.to_string()))).collect();
    assert_eq!(set(&[&many[..], &[public]].concat()).verify(&token, &Alg::ALL, ANY), Err(VerifyError::UnknownKid));
    for no_set in [json!([]), json!({}), json!({"keys": {}}), json!({"keys": ["x"]}), json!(null)] {
        assert_eq!(KeySet::parse(&no_set).map(|_| ()), Err(KeySetError::Malformed), "{no_set}");
    }
}

#[test]
fn attack_j2_keys_in_the_header_do_not_verify_a_clients_token() {
    let (_, public, _) = client(Alg::ES256, "k1");
    let (stranger, own, _) = client(Alg::ES256, "k1");
    let head = json!({"alg": "ES256", "kid": "k1", "jwk": own, "jku": "https://evil.example/jwks"});
    let token = compact(&stranger, head, &json!({}));
    assert_eq!(set(&[public]).verify(&token, &Alg::ALL, ANY), Err(VerifyError::Signature));
}

#[test]
fn attack_j12_a_request_object_is_no_assertion() {
    let (key, public, _) = client(Alg::ES256, "k1");
    let token = compact(&key, json!({"alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt"}), &json!({}));
    let keys = set(&[public]);
    assert_eq!(keys.verify(&token, &Alg::ALL, ANY), Err(VerifyError::Typ));
    assert!(keys.verify(&token, &Alg::ALL, ExpectedTyp::AbsentOr(&["JWT", "oauth-authz-req+jwt"])).is_ok());
}

#[test]
fn hs256_verifies_by_the_secret_only() {
    let secret = b"a secret of thirty-two bytes or more";
    let sign = |secret: &[u8], head: Value| {
        let input = format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(br#"{"iss":"client"}"#));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        format!("{input}.{}", base64url(aws_lc_rs::hmac::sign(&key, input.as_bytes()).as_ref()))
    };
    let token = sign(secret, json!({"alg": "HS256"}));
    let (_, claims) = verify_hs256(secret, &token, ANY).unwrap();
    assert_eq!(claims.get("iss"), Some(&json!("client")));
    for (at, c) in token.char_indices() {
        let mut bent = token.clone();
        bent.replace_range(at..=at, if c == 'A' { "B" } else { "A" });
        assert!(verify_hs256(secret, &bent, ANY).is_err(), "letter {at} changed");
    }
    assert_eq!(verify_hs256(b"another secret of thirty-two bytes", &token, ANY), Err(VerifyError::Signature));
    assert_eq!(verify_hs256(b"short", &sign(b"short", json!({"alg": "HS256"})), ANY), Err(VerifyError::Key));
    for alg in ["none", "HS384", "RS256"] {
        assert_eq!(verify_hs256(secret, &sign(secret, json!({"alg": alg})), ANY), Err(VerifyError::Alg));
    }
    // A truncated tag is not accepted as a shorter tag.
    assert_eq!(verify_hs256(secret, &token[..token.len() - 3], ANY), Err(VerifyError::Signature));
}

#[test]
fn rfc_9449_4_3_a_proof_verifies_by_the_key_that_it_carries() {
    for alg in Alg::ALL {
        let (key, public, _) = client(alg, "any");
        let head = |jwk: Value| json!({"typ": "dpop+jwt", "alg": alg.name(), "jwk": jwk});
        let claims = json!({"jti": "x", "htm": "POST"});
        let token = compact(&key, head(public.clone()), &claims);
        let proof = verify_by_embedded_jwk(&token, &Alg::ALL, "dpop+jwt").unwrap();
        assert_eq!(proof.claims.get("htm"), Some(&json!("POST")));
        let expected = generate_thumbprint(&public);
        assert_eq!(proof.thumbprint, expected);
        let refused =
            |head: Value| verify_by_embedded_jwk(&compact(&key, head, &claims), &Alg::ALL, "dpop+jwt").unwrap_err();
        assert_eq!(refused(head(with(public.clone(), "d", json!("AA")))), VerifyError::Key);
        assert_eq!(refused(head(json!({"kty": "oct", "k": "AA"}))), VerifyError::Key);
        assert_eq!(refused(json!({"typ": "dpop+jwt", "alg": alg.name()})), VerifyError::Key);
        assert_eq!(refused(json!({"typ": "JWT", "alg": alg.name(), "jwk": public})), VerifyError::Typ);
        let (_, stranger, _) = client(alg, "any");
        assert_eq!(refused(head(stranger)), VerifyError::Signature);
        assert_eq!(verify_by_embedded_jwk(&token, &[], "dpop+jwt").unwrap_err(), VerifyError::Alg);
    }
}

fn generate_thumbprint(public: &Value) -> String {
    crate::jose::public_key::thumbprint(public.as_object().unwrap()).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["RSA", "EC", "OKP", "P-256", "Ed25519", "X25519", "AQAB", "sig", "enc", "", "é"])
            .prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| base64url(&bytes).into()),
        prop::collection::vec(any::<u8>(), 32).prop_map(|bytes| base64url(&bytes).into()),
    ];
    let name = prop::sample::select(vec!["kty", "crv", "n", "e", "x", "y", "kid", "use", "alg", "key_ops", "jwk"]);
    leaf.prop_recursive(3, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_and_never_a_panic(token in "[ -~]{0,200}", parts in prop::collection::vec(any_json(), 3)) {
        let keys = set(&[]);
        prop_assert!(keys.verify(&token, &Alg::ALL, ANY).is_err());
        prop_assert!(verify_hs256(&[7; 32], &token, ANY).is_err());
        prop_assert!(verify_by_embedded_jwk(&token, &Alg::ALL, "dpop+jwt").is_err());
        let parts: Vec<String> = parts.iter().map(|v| base64url(v.to_string().as_bytes())).collect();
        prop_assert!(verify_hs256(&[7; 32], &parts.join("."), ANY).is_err());
    }

    #[test]
    fn any_key_set_is_an_answer_and_never_a_panic(
        keys in prop::collection::vec(any_json(), 0..4),
        kty in prop::sample::select(vec![("RSA", ""), ("EC", "P-256"), ("OKP", "Ed25519"), ("OKP", "X25519")]),
        numbers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..260), 3),
        wide in prop::collection::vec(any::<u8>(), 32),
    ) {
        drop(KeySet::parse(&json!({ "keys": keys })));
        let [n, e, y] = &numbers[..] else { unreachable!() };
        let mut key = json!({"kty": kty.0, "crv": kty.1, "n": base64url(n), "e": base64url(e), "x": base64url(&wide)});
        key["y"] = base64url(if y.len() % 2 == 0 { &wide } else { y }).into();
        let keys = set(&[key.clone()]);
        for alg in KeyManagement::ALL {
            let how = Encryption { alg, enc: ContentEncryption::A256Gcm };
            drop(encrypt(&keys, how, None, b"x"));
        }
        let head = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key}).to_string();
        let token = format!("{}.e30.{}", base64url(head.as_bytes()), base64url(&[1; 64]));
        prop_assert!(verify_by_embedded_jwk(&token, &Alg::ALL, "dpop+jwt").is_err());
    }
}
