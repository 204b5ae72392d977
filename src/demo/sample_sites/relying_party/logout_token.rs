//! The checks of a logout token (BCL 2.6), unsupported by `openidconnect`.
//!
//! Anybody can post a logout token: nothing is believed before the signature is verified, and the refetch of the
//! provider's keys for an unknown key is rate-limited.

use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::RelyingParty;
use super::provider::DiscoveryMetadata;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::decode_base64url;

const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The maximum clock difference between the provider and this site.
const CLOCK_LEEWAY: Span = Span::minutes(1);
/// The maximum age of a token: no provider takes longer to deliver a logout token.
const MAX_TOKEN_AGE: Span = Span::minutes(5);
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A verified logout token: the session or the user to sign out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    pub jti: String,
    pub sub: Option<String>,
    pub sid: Option<String>,
    /// The time from which the token is rejected as expired anyway.
    pub remember_until: Timestamp,
}

/// The reason for rejecting a token, for the log.
#[derive(Debug, thiserror::Error)]
pub enum LogoutTokenError {
    #[error("it cannot be read")]
    Form,
    #[error("its {0} is not what it must be")]
    Claim(&'static str),
    #[error("its key is not known")]
    UnknownKey,
    #[error("its signature does not verify")]
    Signature,
    #[error("{0}")]
    Provider(#[from] super::RelyingPartyError),
}

#[derive(Deserialize)]
struct LogoutTokenHeader {
    alg: CoreJwsSigningAlgorithm,
    kid: String,
    typ: String,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct LogoutTokenClaims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Several(all) => all.iter().any(|one| one == client),
        }
    }
}

/// Returns the client id claimed in the token, unverified: only for finding the relying party to verify the token.
pub fn unverified_client_id(token: &str) -> Option<String> {
    let body = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN_BYTES)?;
    match serde_json::from_slice::<LogoutTokenClaims>(&decode_base64url(body)?).ok()?.aud {
        Audience::One(one) => Some(one),
        Audience::Several(all) => all.into_iter().next(),
    }
}

impl RelyingParty {
    /// Verifies a posted token.
    ///
    /// # Errors
    /// Each check has a separate error; after any error nobody is signed out.
    pub async fn verify_logout_token(&self, token: &str, now: Timestamp) -> Result<LogoutToken, LogoutTokenError> {
        let metadata = self.provider.metadata(now).await?;
        let claims = match verify_signature(token, &metadata) {
            Err(LogoutTokenError::UnknownKey) => {
                verify_signature(token, &*self.provider.refresh_metadata_rate_limited(now).await?)?
            }
            answer => answer?,
        };
        let wrong = |what| Err(LogoutTokenError::Claim(what));
        if claims.iss != self.provider.issuer() {
            return wrong("iss");
        }
        if !claims.aud.names(&self.client_id) {
            return wrong("aud");
        }
        let (issued, expires) = (Timestamp::from_seconds(claims.iat), Timestamp::from_seconds(claims.exp));
        if issued > now.plus(CLOCK_LEEWAY) || issued < now.minus(MAX_TOKEN_AGE) {
            return wrong("iat");
        }
        if now >= expires.plus(CLOCK_LEEWAY) {
            return wrong("exp");
        }
        if !claims.events.get(LOGOUT_EVENT).is_some_and(Value::is_object) {
            return wrong("events");
        }
        if claims.nonce.is_some() {
            return wrong("nonce");
        }
        if claims.jti.is_empty() || claims.jti.len() > 200 {
            return wrong("jti");
        }
        if claims.sub.is_none() && claims.sid.is_none() {
            return wrong("sub");
        }
        let forgotten = issued.plus(MAX_TOKEN_AGE).plus(CLOCK_LEEWAY);
        Ok(LogoutToken { jti: claims.jti, sub: claims.sub, sid: claims.sid, remember_until: forgotten })
    }
}

/// Returns the claims, if signed by a key of the provider as a logout token.
fn verify_signature(token: &str, metadata: &DiscoveryMetadata) -> Result<LogoutTokenClaims, LogoutTokenError> {
    use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256, RsaSsaPssSha256};

    let parts: Vec<&str> = token.split('.').collect();
    let (true, [head, body, signature]) = (token.len() <= MAX_TOKEN_BYTES, parts.as_slice()) else {
        return Err(LogoutTokenError::Form);
    };
    let bytes = |part: &str| decode_base64url(part).ok_or(LogoutTokenError::Form);
    let header: LogoutTokenHeader = serde_json::from_slice(&bytes(head)?).map_err(|_| LogoutTokenError::Form)?;
    if !header.typ.eq_ignore_ascii_case("logout+jwt") {
        return Err(LogoutTokenError::Claim("typ"));
    }
    if header.crit.is_some() || !matches!(header.alg, RsaSsaPkcs1V15Sha256 | RsaSsaPssSha256 | EcdsaP256Sha256 | EdDsa)
    {
        return Err(LogoutTokenError::Claim("alg"));
    }
    let is_it = |key: &&CoreJsonWebKey| key.key_id().is_some_and(|id| **id == header.kid);
    let key = metadata.jwks().keys().iter().find(is_it).ok_or(LogoutTokenError::UnknownKey)?;
    key.verify_signature(&header.alg, format!("{head}.{body}").as_bytes(), &bytes(signature)?)
        .map_err(|_| LogoutTokenError::Signature)?;
    serde_json::from_slice(&bytes(body)?).map_err(|_| LogoutTokenError::Form)
}
