//! Tokens signed by Préau, tokens signed by clients, and manipulations of both.

mod encryption;
mod import;
mod others;

use super::*;

/// Generates a new key; RSA key generation is slow, so a test should use few keys.
fn private_key(kid: &str, alg: Alg) -> SigningKey {
    let (jwk, _) = generate(alg).unwrap();
    SigningKey::from_jwk(kid, alg, KeyState::Active, &jwk).unwrap()
}

/// Returns the public key as published by some clients, without `alg` and `use`.
fn public_of(key: &SigningKey) -> Value {
    let mut jwk = key.public_jwk().clone();
    for said in ["alg", "use"] {
        jwk.as_object_mut().unwrap().remove(said);
    }
    jwk
}

/// Returns a compact token with this header, signed by the key regardless of the header.
fn compact(key: &SigningKey, header: Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(&signature))
}

fn ring() -> KeyRing {
    let (jwk, kid) = generate(Alg::ES256).unwrap();
    KeyRing::new(vec![SigningKey::from_jwk(&kid, Alg::ES256, KeyState::Active, &jwk).unwrap()])
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
fn attack_j1_the_header_does_not_choose_the_algorithm() {
    let ring = ring();
    let token = sign(&ring, Alg::ES256, "JWT", &json!({"sub": "x"})).unwrap();
    let kid = ring.active(Alg::ES256).unwrap().kid().to_owned();
    let body = token.split('.').nth(1).unwrap();
    for alg in ["none", "None", "HS256", "RS256"] {
        let head = base64url(json!({"alg": alg, "kid": kid, "typ": "JWT"}).to_string().as_bytes());
        assert_eq!(verify(&ring, "JWT", &format!("{head}.{body}.")), Err(VerifyError::Alg));
    }
}

#[test]
fn attack_j2_keys_in_the_header_are_not_looked_at() {
    let ring = ring();
    let (jwk, _) = generate(Alg::ES256).unwrap();
    let stranger = SigningKey::from_jwk("evil", Alg::ES256, KeyState::Active, &jwk).unwrap();
    let public: Value = stranger.public_jwk().clone();
    let kid = ring.active(Alg::ES256).unwrap().kid();
    let head = json!({"alg": "ES256", "kid": kid, "typ": "JWT", "jwk": public, "jku": "https://evil.example/jwks"});
    let input = format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(b"{\"sub\":\"x\"}"));
    let signature = base64url(&stranger.sign(input.as_bytes()).unwrap());
    assert_eq!(verify(&ring, "JWT", &format!("{input}.{signature}")), Err(VerifyError::Signature));
}

#[test]
fn attack_j11_padding_blanks_and_trailing_parts_are_refused() {
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
        assert_eq!(verify(&ring, "JWT", &bent), Err(VerifyError::Malformed), "{bent}");
    }
}

#[test]
fn attack_j12_a_token_of_another_kind_is_refused() {
    let ring = ring();
    let token = sign(&ring, Alg::ES256, "JWT", &json!({"sub": "x"})).unwrap();
    assert_eq!(verify(&ring, "at+jwt", &token), Err(VerifyError::Typ));
}
