//! A key of a relying party, for client assertions, request objects and DPoP proofs.

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, JwsHeader, serialize_compact};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub struct ClientKey {
    jwk: Jwk,
    pub kid: String,
}

impl ClientKey {
    pub fn new(kid: &str) -> Self {
        Self { jwk: Jwk::generate_ec_key(EcCurve::P256).unwrap(), kid: kid.to_owned() }
    }

    pub fn public_jwk(&self) -> Value {
        let get = |name: &str| self.jwk.parameter(name).unwrap().clone();
        json!({ "kty": "EC", "crv": "P-256", "x": get("x"), "y": get("y"), "kid": self.kid, "alg": "ES256", "use": "sig" })
    }

    pub fn public_jwks(&self) -> Value {
        json!({ "keys": [self.public_jwk()] })
    }

    fn signed(&self, header: &JwsHeader, claims: &Value) -> String {
        let signer = ES256.signer_from_jwk(&self.jwk).unwrap();
        serialize_compact(claims.to_string().as_bytes(), header, &signer).unwrap()
    }

    pub fn sign(&self, claims: &Value) -> String {
        let mut header = JwsHeader::new();
        header.set_key_id(&self.kid);
        self.signed(&header, claims)
    }

    /// Returns the JWK thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> String {
        let public = self.public_jwk();
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, public["x"], public["y"]);
        digest(&text)
    }

    /// Makes a DPoP proof (RFC 9449 4.2); `more` replaces a claim, or removes a claim by null.
    pub fn dpop_proof(&self, method: &str, url: &str, iat: i64, jti: &str, more: &Value) -> String {
        let mut header = JwsHeader::new();
        header.set_token_type("dpop+jwt");
        let mut public = self.public_jwk();
        for name in ["kid", "alg", "use"] {
            public.as_object_mut().unwrap().remove(name);
        }
        header.set_claim("jwk", Some(public)).unwrap();
        let mut claims = json!({ "htm": method, "htu": url, "iat": iat, "jti": jti });
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        self.signed(&header, &claims)
    }
}

/// Returns the base64url of the SHA-256 digest.
pub fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
