//! The checks of an ID token, with the time that it is told.
//!
//! `openidconnect` reads the system's clock unless told otherwise and takes a token of any age.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AccessTokenHash, IdTokenClaims, Nonce, OAuth2TokenResponse as _, SignatureVerificationError};

use super::claims::SessionClaims;
use super::{OurClient, OurIdToken, Tokens, whole_story};
use crate::base::clock::{Span, Timestamp};

/// How far the provider's clock and ours may differ.
const SKEW: Span = Span::minutes(1);

/// An ID token comes straight from the token endpoint: an older one was kept by somebody.
const ID_TOKEN_AGE: Span = Span::minutes(10);

/// What can be wrong with an ID token; an unknown key may only be a new one.
#[derive(Debug, thiserror::Error)]
pub enum IdTokenError {
    #[error("its key is not known")]
    UnknownKey,
    #[error("{0}")]
    Claims(Cow<'static, str>),
}

/// OIDCC 3.1.3.7 and 3.1.3.8: signature, issuer, audience, time, nonce, and the hash of the access token.
pub fn verify<'t>(
    client: &OurClient,
    id_token: &'t OurIdToken,
    tokens: &Tokens,
    nonce: &str,
    now: Timestamp,
) -> Result<&'t IdTokenClaims<SessionClaims, CoreGenderClaim>, IdTokenError> {
    use openidconnect::ClaimsVerificationError::SignatureVerification;

    let moment = instant(now);
    let (oldest, latest) = (instant(now.minus(ID_TOKEN_AGE)), instant(now.plus(SKEW)));
    let verifier = client.id_token_verifier().set_time_fn(move || moment).set_issue_time_verifier_fn(move |issued| {
        if issued < oldest || issued > latest { Err("issued too long ago or ahead".to_owned()) } else { Ok(()) }
    });
    let claims = id_token.claims(&verifier, &Nonce::new(nonce.to_owned())).map_err(|why| match why {
        SignatureVerification(SignatureVerificationError::NoMatchingKey) => IdTokenError::UnknownKey,
        why => IdTokenError::Claims(whole_story(&why).into()),
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

fn instant(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.0).unwrap_or_default()
}
