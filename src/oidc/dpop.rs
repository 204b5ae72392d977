//! DPoP (RFC 9449): a token is worth something only with a proof, signed for this very call by the key that it is
//! bound to.
//!
//! A proof counts once (`proof.rs`). A nonce of ours is offered with every answer; it names a moment and needs no store.
//! A proof with a nonce must have a current one; one without is accepted by its `iat` unless the configuration demands
//! nonces.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde_json::Value;

use super::proof::{AHEAD, BEHIND, Proof};
use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{digest, same};
use crate::clients::Client;
use crate::jose;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::seal::Blind;

const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const TYP: &str = "dpop+jwt";
/// A nonce changes so often, and counts for its period and the next.
const NONCE_PERIOD: Span = Span::seconds(150);

fn bad(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, words)
}

/// The proof that came along, if one did.
pub fn proven(
    app: &App,
    now: Timestamp,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    client: &Client,
) -> Result<Option<Proof>, OAuthError> {
    let mut all = headers.get_all(&PROOF).iter();
    let (first, second) = (all.next(), all.next());
    let Some(proof) = first else { return Ok(None) };
    if second.is_some() {
        return Err(bad("two DPoP headers"));
    }
    let Ok(proof) = proof.to_str() else { return Err(bad("the proof is not ASCII")) };
    checked(app, now, proof, method, path, None, client).map(Some)
}

/// At an endpoint that gives tokens: as [`proven`], and there must be one where the client is registered so.
pub fn at_endpoint(
    app: &App,
    now: Timestamp,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    client: &Client,
) -> Result<Option<Proof>, OAuthError> {
    match proven(app, now, headers, method, path, client)? {
        None if client.demands().dpop => Err(bad("this client's tokens are bound to a key: a proof is missing")),
        found => Ok(found),
    }
}

/// At a resource: the proof must be for this token, by the key that it is bound to (RFC 9449 7). It counts once.
pub async fn with_token(
    app: &App,
    now: Timestamp,
    headers: &HeaderMap,
    (method, path): (&Method, &str),
    (token, jkt): (&str, &str),
    client: &Client,
) -> anyhow::Result<Result<(), OAuthError>> {
    let mut all = headers.get_all(&PROOF).iter();
    let proof = match (all.next(), all.next()) {
        (Some(proof), None) => proof.to_str().unwrap_or_default(),
        _ => return Ok(Err(bad("one proof is needed"))),
    };
    match checked(app, now, proof, method, path, Some(token), client) {
        Ok(found) if same(&found.jkt, jkt) => found.spend(app, &client.id, now).await,
        Ok(_) => Ok(Err(bad("the proof is another key's"))),
        Err(error) => Ok(Err(error)),
    }
}

/// RFC 9449 4.3, in its order.
fn checked(
    app: &App,
    now: Timestamp,
    proof: &str,
    method: &Method,
    path: &str,
    token: Option<&str>,
    client: &Client,
) -> Result<Proof, OAuthError> {
    let (claims, thumbprint) = match jose::verify_by_own_key(proof, client.demands().signs_with, TYP) {
        Ok(proof) => (proof.claims, proof.thumbprint),
        Err(why) => return Err(bad("the proof does not hold").detail(why.to_string())),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let Some(jti) = text("jti").filter(|jti| (1..=256).contains(&jti.len())) else {
        return Err(bad("jti is missing"));
    };
    if text("htm") != Some(method.as_str()) {
        return Err(bad("htm is not this method"));
    }
    if !text("htu").is_some_and(|htu| is_here(app.issuer(), path, htu)) {
        return Err(bad("htu is not this address"));
    }
    let Some(iat) = claims.get("iat").and_then(Value::as_i64) else { return Err(bad("iat is missing")) };
    let age = now.since(Timestamp::from_seconds(iat));
    match claims.get("nonce").map(Value::as_str) {
        Some(Some(nonce)) if is_current(app, now, nonce) => {}
        Some(_) => return Err(use_nonce()),
        None if app.config.protocol.dpop_nonce_required => return Err(use_nonce()),
        None => {}
    }
    if age > BEHIND || age < Span(-AHEAD.0) {
        return Err(bad("iat is too far from our time"));
    }
    if let Some(token) = token
        && !text("ath").is_some_and(|ath| same(ath, &digest(token)))
    {
        return Err(bad("ath is not of this token"));
    }
    Ok(Proof { jkt: thumbprint, jti: jti.to_owned() })
}

fn use_nonce() -> OAuthError {
    OAuthError::new(ErrorCode::UseDpopNonce, "use the nonce that comes with this answer")
}

/// RFC 9449 4.3 (9): without query and fragment, normalised as URIs are.
fn is_here(issuer: &str, path: &str, htu: &str) -> bool {
    let parsed = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    parsed(htu).is_some() && parsed(htu) == parsed(&format!("{issuer}{path}"))
}

fn nonce(app: &App, period: i64) -> String {
    app.vault.blind(Blind::DpopNonce, &period.to_string())
}

fn is_current(app: &App, now: Timestamp, presented: &str) -> bool {
    let period = now.0.div_euclid(NONCE_PERIOD.0);
    [period, period - 1].into_iter().any(|p| same(presented, &nonce(app, p)))
}

/// The nonce for the next proof, to whoever sends proofs (RFC 9449 8.2).
pub fn offer_nonce(app: &App, now: Timestamp, headers: &HeaderMap, response: &mut Response) {
    if !headers.contains_key(&PROOF) {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&nonce(app, now.0.div_euclid(NONCE_PERIOD.0))) {
        response.headers_mut().insert(NONCE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9449_4_3_htu_is_compared_as_a_uri_without_query() {
        let here = |htu: &str| is_here("https://id.example.fr", "/oauth2/token", htu);
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
