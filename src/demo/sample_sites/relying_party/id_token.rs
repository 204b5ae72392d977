//! The checks of an ID token at a given time.
//!
//! By default `openidconnect` reads the system clock and accepts a token of any age.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AccessTokenHash, IdTokenClaims, Nonce, OAuth2TokenResponse as _, SignatureVerificationError};

use super::claims::SessionClaims;
use super::{SiteClient, SiteIdToken, SiteTokenResponse, error_chain};
use crate::base::clock::{Span, Timestamp};

/// The maximum clock difference between the provider and this site.
const CLOCK_LEEWAY: Span = Span::minutes(1);

/// The maximum age of an ID token: fresh from the token endpoint, an older token was stored by an attacker.
const MAX_ID_TOKEN_AGE: Span = Span::minutes(10);

/// The error of an ID token check; an unknown key may simply be new.
#[derive(Debug, thiserror::Error)]
pub enum IdTokenError {
    #[error("its key is not known")]
    UnknownKey,
    #[error("{0}")]
    Claims(Cow<'static, str>),
}

/// Verifies signature, issuer, audience, time, nonce and access token hash (OIDCC 3.1.3.7 and 3.1.3.8).
pub fn verify<'t>(
    client: &SiteClient,
    id_token: &'t SiteIdToken,
    tokens: &SiteTokenResponse,
    nonce: &str,
    now: Timestamp,
) -> Result<&'t IdTokenClaims<SessionClaims, CoreGenderClaim>, IdTokenError> {
    use openidconnect::ClaimsVerificationError::SignatureVerification;

    let moment = to_chrono(now);
    let (oldest, latest) = (to_chrono(now.minus(MAX_ID_TOKEN_AGE)), to_chrono(now.plus(CLOCK_LEEWAY)));
    let verifier = client.id_token_verifier().set_time_fn(move || moment).set_issue_time_verifier_fn(move |issued| {
        if issued < oldest || issued > latest { Err("issued too long ago or ahead".to_owned()) } else { Ok(()) }
    });
    let claims = id_token.claims(&verifier, &Nonce::new(nonce.to_owned())).map_err(|why| match why {
        SignatureVerification(SignatureVerificationError::NoMatchingKey) => IdTokenError::UnknownKey,
        why => IdTokenError::Claims(error_chain(&why).into()),
    })?;
    if let Some(expected) = claims.access_token_hash() {
        let hash = id_token
            .signing_key(&verifier)
            .map_err(|why| why.to_string())
            .and_then(|key| Ok((key, id_token.signing_alg().map_err(|why| why.to_string())?)))
            .and_then(|(key, alg)| {
                AccessTokenHash::from_token(tokens.access_token(), alg, key).map_err(|why| why.to_string())
            })
            .map_err(|why| IdTokenError::Claims(why.into()))?;
        if hash != *expected {
            return Err(IdTokenError::Claims("at_hash is of another access token".into()));
        }
    }
    Ok(claims)
}

fn to_chrono(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.0).unwrap_or_default()
}
