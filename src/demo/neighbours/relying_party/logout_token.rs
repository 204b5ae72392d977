//! The checks of a logout token (BCL 2.6), which `openidconnect` does not know.
//!
//! Anybody can post one: nothing of it is believed before its signature, and an unknown key has the provider's keys
//! fetched again only now and then.

use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::RelyingParty;
use super::provider::Metadata;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::from_base64url;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far the provider's clock and ours may differ.
const SKEW: Span = Span::minutes(1);
/// No provider needs longer to tell.
const OLDEST: Span = Span::minutes(5);
const LONGEST: usize = 16 * 1024;

/// Whose session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    pub jti: String,
    pub sub: Option<String>,
    pub sid: Option<String>,
    /// From then on it would be refused anyway.
    pub forgotten: Timestamp,
}

/// Why a token ends nothing. For the log.
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
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: String,
    typ: String,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
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

/// Whom a token says that it is for: to find the registration that checks it, nothing else.
pub fn addressee(token: &str) -> Option<String> {
    let body = token.split('.').nth(1).filter(|_| token.len() <= LONGEST)?;
    match serde_json::from_slice::<Claims>(&from_base64url(body)?).ok()?.aud {
        Audience::One(one) => Some(one),
        Audience::Several(all) => all.into_iter().next(),
    }
}

impl RelyingParty {
    /// Verifies a token that somebody posted.
    ///
    /// # Errors
    /// Each check has its own; after any of them nobody is signed out.
    pub async fn logout_token(&self, token: &str, now: Timestamp) -> Result<LogoutToken, LogoutTokenError> {
        let metadata = self.provider.metadata(now).await?;
        let claims = match opened(token, &metadata) {
            Err(LogoutTokenError::UnknownKey) => opened(token, &*self.provider.renewed_sparingly(now).await?)?,
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
        if issued > now.plus(SKEW) || issued < now.minus(OLDEST) {
            return wrong("iat");
        }
        if now >= expires.plus(SKEW) {
            return wrong("exp");
        }
        if !claims.events.get(EVENT).is_some_and(Value::is_object) {
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
        let forgotten = issued.plus(OLDEST).plus(SKEW);
        Ok(LogoutToken { jti: claims.jti, sub: claims.sub, sid: claims.sid, forgotten })
    }
}

/// The claims, if a key of the provider signed them as a logout token.
fn opened(token: &str, metadata: &Metadata) -> Result<Claims, LogoutTokenError> {
    use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, EdDsa, RsaSsaPkcs1V15Sha256, RsaSsaPssSha256};

    let parts: Vec<&str> = token.split('.').collect();
    let (true, [head, body, signature]) = (token.len() <= LONGEST, parts.as_slice()) else {
        return Err(LogoutTokenError::Form);
    };
    let bytes = |part: &str| from_base64url(part).ok_or(LogoutTokenError::Form);
    let header: Header = serde_json::from_slice(&bytes(head)?).map_err(|_| LogoutTokenError::Form)?;
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
