//! Content encrypted to a client's key can be decrypted with the client's private key only.

use josekit::jwe::{self, ECDH_ES, RSA_OAEP_256};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ecx::EcxCurve;
use serde_json::{Value, json};

use crate::base::secret::decode_base64url;
use crate::jose::*;
use crate::protocol::algorithms::{ContentEncryption, Encryption, KeyManagement};

fn public(private: &Jwk, extra: Value) -> Value {
    let mut map = private.to_public_key().unwrap().as_ref().clone();
    map.extend(extra.as_object().unwrap().clone());
    Value::Object(map)
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&decode_base64url(token.split('.').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn oidcc_10_2_each_pair_of_algorithms_opens_again() {
    let kinds = [
        (KeyManagement::RsaOaep256, Jwk::generate_rsa_key(2048).unwrap()),
        (KeyManagement::EcdhEs, Jwk::generate_ec_key(EcCurve::P256).unwrap()),
        (KeyManagement::EcdhEs, Jwk::generate_ecx_key(EcxCurve::X25519).unwrap()),
    ];
    for (alg, private) in kinds {
        let keys = json!({"keys": [public(&private, json!({"kid": "e1", "use": "enc", "alg": alg.name()}))]});
        let keys = KeySet::parse(&keys).unwrap();
        assert!(keys.can_encrypt(alg));
        for enc in ContentEncryption::ALL {
            let token = encrypt(&keys, Encryption { alg, enc }, Some("JWT"), b"a signed token").unwrap();
            let head = header(&token);
            assert_eq!(head["alg"], alg.name());
            assert_eq!(head["enc"], enc.name());
            assert_eq!((&head["kid"], &head["cty"], head.get("zip")), (&json!("e1"), &json!("JWT"), None));
            let (plain, _) = match alg {
                KeyManagement::RsaOaep256 => {
                    jwe::deserialize_compact(&token, &RSA_OAEP_256.decrypter_from_jwk(&private).unwrap()).unwrap()
                }
                KeyManagement::EcdhEs => {
                    jwe::deserialize_compact(&token, &ECDH_ES.decrypter_from_jwk(&private).unwrap()).unwrap()
                }
            };
            assert_eq!(plain, b"a signed token");
            assert_ne!(token, encrypt(&keys, Encryption { alg, enc }, Some("JWT"), b"a signed token").unwrap());
        }
    }
}

#[test]
fn the_key_is_chosen_by_what_its_owner_says_of_it() {
    let rsa = Jwk::generate_rsa_key(2048).unwrap();
    let how = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::default() };
    let of = |keys: Vec<Value>| encrypt(&KeySet::parse(&json!({ "keys": keys })).unwrap(), how, None, b"x");
    for not_for_it in
        [json!({"use": "sig"}), json!({"alg": "RS256"}), json!({"alg": "RSA1_5"}), json!({"key_ops": ["verify"]})]
    {
        let refused = of(vec![public(&rsa, not_for_it.clone())]);
        assert!(matches!(refused, Err(EncryptError::NoKey("RSA-OAEP-256"))), "{not_for_it}");
    }
    let chosen = of(vec![
        public(&rsa, json!({"kid": "signs", "use": "sig"})),
        public(&rsa, json!({"kid": "unmarked"})),
        public(&rsa, json!({"kid": "marked", "use": "enc"})),
    ]);
    assert_eq!(header(&chosen.unwrap())["kid"], "marked");
    let unmarked = of(vec![public(&rsa, json!({}))]).unwrap();
    assert_eq!(header(&unmarked).get("kid"), None);
    let ec = Jwk::generate_ec_key(EcCurve::P256).unwrap();
    assert!(of(vec![public(&ec, json!({"use": "enc"}))]).is_err(), "another kind of key");
}
