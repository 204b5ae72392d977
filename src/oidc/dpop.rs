//! DPoP (RFC 9449): a bound token is accepted only with a proof, signed for the current request by the key that the
//! token is bound to.
//!
//! A proof is accepted once (`tokens/dpop_proof.rs`). A nonce is offered with every response to a request with a proof; the
//! nonce is derived from the time and needs no storage. A proof with a nonce needs a current one; a proof without is
//! accepted by its `iat`, unless the configuration requires nonces.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde_json::Value;

use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::clients::Client;
use crate::crypto::HmacPurpose;
use crate::jose;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::dpop_proof::{CLOCK_LEEWAY, DpopProof, MAX_PROOF_AGE};
use crate::protocol::error::{ErrorCode, OAuthError};

const DPOP_HEADER: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");
const PROOF_TYP: &str = "dpop+jwt";
/// The period of a nonce. A nonce is accepted during its own period and the next.
const NONCE_PERIOD: Span = Span::seconds(150);

/// The request that a proof is signed for: its method, and its path at this server.
#[derive(Clone, Copy, Debug)]
pub struct DpopTarget<'a> {
    pub method: &'a Method,
    pub path: &'a str,
}

/// An access token, and the thumbprint of the key that the token is bound to.
#[derive(Clone, Copy)]
pub struct BoundToken<'a> {
    pub token: &'a str,
    pub jkt: &'a str,
}

fn invalid_proof(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, words)
}

/// Returns the verified proof of the request, or `None` without a `DPoP` header.
pub fn extract_proof(
    op: &Operation<'_>,
    headers: &HeaderMap,
    target: DpopTarget<'_>,
    client: &Client,
) -> Result<Option<DpopProof>, OAuthError> {
    let mut all = headers.get_all(&DPOP_HEADER).iter();
    let (first, second) = (all.next(), all.next());
    let Some(proof) = first else { return Ok(None) };
    if second.is_some() {
        return Err(invalid_proof("two DPoP headers"));
    }
    let Ok(proof) = proof.to_str() else { return Err(invalid_proof("the proof is not ASCII")) };
    verify_proof(op, proof, target, None, client).map(Some)
}

/// Verifies the proof at an endpoint that issues tokens, like [`extract_proof`]; clients registered for bound tokens
/// must send one.
pub fn extract_required_proof(
    op: &Operation<'_>,
    headers: &HeaderMap,
    target: DpopTarget<'_>,
    client: &Client,
) -> Result<Option<DpopProof>, OAuthError> {
    match extract_proof(op, headers, target, client)? {
        None if client.requirements().dpop => {
            Err(invalid_proof("this client's tokens are bound to a key: a proof is missing"))
        }
        found => Ok(found),
    }
}

/// Verifies and consumes the proof at a resource: signed for this access token, by the key that the token is bound to
/// (RFC 9449 7).
pub async fn verify_for_token(
    op: &Operation<'_>,
    headers: &HeaderMap,
    target: DpopTarget<'_>,
    bound: BoundToken<'_>,
    client: &Client,
) -> Result<(), ProtocolError> {
    let mut all = headers.get_all(&DPOP_HEADER).iter();
    let proof = match (all.next(), all.next()) {
        (Some(proof), None) => proof.to_str().unwrap_or_default(),
        _ => return Err(invalid_proof("one proof is needed").into()),
    };
    let found = verify_proof(op, proof, target, Some(bound.token), client)?;
    if !constant_time_eq(&found.jkt, bound.jkt) {
        return Err(invalid_proof("the proof is another key's").into());
    }
    found.consume(op, &client.id).await
}

/// Verifies a proof, in the order of RFC 9449 4.3.
fn verify_proof(
    op: &Operation<'_>,
    proof: &str,
    target: DpopTarget<'_>,
    token: Option<&str>,
    client: &Client,
) -> Result<DpopProof, OAuthError> {
    let (claims, thumbprint) =
        match jose::verify_by_embedded_jwk(proof, client.requirements().allowed_algorithms, PROOF_TYP) {
            Ok(proof) => (proof.claims, proof.thumbprint),
            Err(why) => return Err(invalid_proof("the proof does not hold").detail(why.to_string())),
        };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let Some(jti) = text("jti").filter(|jti| (1..=256).contains(&jti.len())) else {
        return Err(invalid_proof("jti is missing"));
    };
    if text("htm") != Some(target.method.as_str()) {
        return Err(invalid_proof("htm is not this method"));
    }
    if !text("htu").is_some_and(|htu| htu_matches(op.app.issuer(), target.path, htu)) {
        return Err(invalid_proof("htu is not this address"));
    }
    let Some(iat) = claims.get("iat").and_then(Value::as_i64) else { return Err(invalid_proof("iat is missing")) };
    let age = op.now.since(Timestamp::from_seconds(iat));
    match claims.get("nonce").map(Value::as_str) {
        Some(Some(nonce)) if is_current_nonce(op, nonce) => {}
        Some(_) => return Err(use_nonce()),
        None if op.app.config.protocol.dpop_nonce_required => return Err(use_nonce()),
        None => {}
    }
    if age > MAX_PROOF_AGE || age < Span(-CLOCK_LEEWAY.0) {
        return Err(invalid_proof("iat is too far from our time"));
    }
    if let Some(token) = token
        && !text("ath").is_some_and(|ath| constant_time_eq(ath, &sha256_base64url(token)))
    {
        return Err(invalid_proof("ath is not of this token"));
    }
    Ok(DpopProof { jkt: thumbprint, jti: jti.to_owned() })
}

fn use_nonce() -> OAuthError {
    OAuthError::new(ErrorCode::UseDpopNonce, "use the nonce that comes with this answer")
}

/// Compares `htu` with the endpoint's URI after normalisation, without query and fragment (RFC 9449 4.3 (9)).
fn htu_matches(issuer: &str, path: &str, htu: &str) -> bool {
    let parsed = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    parsed(htu).is_some() && parsed(htu) == parsed(&format!("{issuer}{path}"))
}

fn nonce_for_period(app: &App, period: i64) -> String {
    app.master_key.hmac(HmacPurpose::DpopNonce, &period.to_string())
}

fn is_current_nonce(op: &Operation<'_>, presented: &str) -> bool {
    let period = op.now.0.div_euclid(NONCE_PERIOD.0);
    [period, period - 1].into_iter().any(|p| constant_time_eq(presented, &nonce_for_period(op.app, p)))
}

/// Adds the nonce for the next proof to the response, if the request has a proof (RFC 9449 8.2).
pub fn offer_nonce(op: &Operation<'_>, headers: &HeaderMap, response: &mut Response) {
    if !headers.contains_key(&DPOP_HEADER) {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&nonce_for_period(op.app, op.now.0.div_euclid(NONCE_PERIOD.0))) {
        response.headers_mut().insert(DPOP_NONCE_HEADER, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9449_4_3_htu_is_compared_as_a_uri_without_query() {
        let here = |htu: &str| htu_matches("https://id.example.fr", "/oauth2/token", htu);
        for good in [
            "https://id.example.fr/oauth2/token",
            "https://ID.example.fr:443/oauth2/token",
            "https://id.example.fr/oauth2/token?x=1#y",
        ] {
            assert!(here(good), "{good}");
        }
        for bad in [
            "",
            "https://id.example.fr/oauth2/userinfo",
            "http://id.example.fr/oauth2/token",
            "https://id.example.fr.evil.example/oauth2/token",
            "/oauth2/token",
            "https://id.example.fr/oauth2/token/",
        ] {
            assert!(!here(bad), "{bad}");
        }
    }
}
