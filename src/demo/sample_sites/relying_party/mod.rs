//! A client of the provider: authorization request, response, logout.
//!
//! The only module using `openidconnect`. The crate verifies the ID token; missing checks are added here: the `iss` of
//! the authorization response (RFC 9207), the age of the token, an injected time. Userinfo is accepted only with the
//! `sub` of the verified ID token.

mod claims;
mod id_token;
mod logout_token;
mod provider;

use std::error::Error;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdToken, IdTokenFields, LanguageTag, LocalizedClaim, LoginHint, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};

use super::attempts::AuthorizationAttempt;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use secrecy::{ExposeSecret as _, SecretString};

pub use claims::VerifiedUser;
pub use logout_token::{LogoutToken, LogoutTokenError, unverified_client_id};
pub use provider::Provider;

use claims::{EducationClaims, SessionClaims};
use id_token::{IdTokenError, verify};

/// The requested scopes besides `openid`; no telephone number, as the portal has no use for one.
const SCOPES: [&str; 2] = ["profile", "education"];

/// The reason for a failed sign-in. The texts are for the log, never for a page.
#[derive(Debug, thiserror::Error)]
pub enum RelyingPartyError {
    #[error("badly set: {0}")]
    Configuration(String),
    #[error("the provider cannot be reached or understood: {0}")]
    Unavailable(String),
    #[error("the authorization response comes from another issuer")]
    WrongIssuer,
    #[error("the code was not taken: {0}")]
    Code(String),
    #[error("the ID token is not good: {0}")]
    IdToken(String),
    #[error("userinfo is not good: {0}")]
    UserInfo(String),
}

/// Joins an error and its causes in one line.
fn error_chain(error: &dyn Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        story.push_str(": ");
        story.push_str(&why.to_string());
        cause = why.source();
    }
    story
}

type SiteTokenResponse = StandardTokenResponse<
    IdTokenFields<
        SessionClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type SiteIdToken = IdToken<SessionClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type SiteClient = Client<
    SessionClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    SiteTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The hints of an authorization request.
#[derive(Clone, Copy, Default)]
pub struct RequestHints<'a> {
    pub login: Option<&'a str>,
    /// The identity provider through which the person should sign in.
    pub idp: Option<&'a str>,
}

/// A client of this site registered at the provider.
pub struct RelyingParty {
    provider: Arc<Provider>,
    client_id: ClientId,
    secret: ClientSecret,
    callback: RedirectUrl,
}

impl RelyingParty {
    /// Makes a relying party; `callback` is the registered redirect URI, exactly as registered.
    ///
    /// # Errors
    /// `callback` is not a URL.
    pub fn new(
        provider: Arc<Provider>,
        client_id: &str,
        secret: &SecretString,
        callback: &str,
    ) -> Result<Self, RelyingPartyError> {
        Ok(Self {
            provider,
            client_id: ClientId::new(client_id.to_owned()),
            secret: ClientSecret::new(secret.expose_secret().to_owned()),
            callback: RedirectUrl::new(callback.to_owned())
                .map_err(|why| RelyingPartyError::Configuration(why.to_string()))?,
        })
    }

    fn client(&self, metadata: &provider::DiscoveryMetadata) -> SiteClient {
        Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), Some(self.secret.clone()))
            .set_redirect_uri(self.callback.clone())
    }

    /// Returns the authorization request URL of `attempt`.
    ///
    /// # Errors
    /// [`RelyingPartyError::Unavailable`] if the provider's metadata is unavailable.
    pub async fn authorize_url(
        &self,
        attempt: &AuthorizationAttempt,
        hints: RequestHints<'_>,
        lang: Lang,
        now: Timestamp,
    ) -> Result<String, RelyingPartyError> {
        let metadata = self.provider.metadata(now).await?;
        let client = self.client(&metadata);
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(attempt.verifier.clone()));
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(SCOPES.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .add_ui_locale(LanguageTag::new(lang.tag().to_owned()));
        if let Some(hint) = hints.login {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        if let Some(hint) = hints.idp {
            request = request.add_extra_param("idp_hint", hint.to_owned());
        }
        Ok(request.url().0.into())
    }

    /// Checks that an authorization response, success or error, comes from the expected provider (RFC 9207 2.4): `iss`
    /// is the issuer, and may be absent only if the provider does not announce the parameter.
    ///
    /// # Errors
    /// [`RelyingPartyError::WrongIssuer`] otherwise.
    pub async fn check_issuer(&self, iss: Option<&str>, now: Timestamp) -> Result<(), RelyingPartyError> {
        let good = match iss {
            Some(iss) => iss == self.provider.issuer(),
            None => {
                let metadata = self.provider.metadata(now).await?;
                !metadata.additional_metadata().authorization_response_iss_parameter_supported
            }
        };
        if good { Ok(()) } else { Err(RelyingPartyError::WrongIssuer) }
    }

    /// Exchanges the code of a response to `attempt` and returns the verified user.
    ///
    /// # Errors
    /// Each step has a separate error; after any error nobody is signed in.
    pub async fn exchange_code_for_user(
        &self,
        attempt: &AuthorizationAttempt,
        code: &str,
        now: Timestamp,
    ) -> Result<VerifiedUser, RelyingPartyError> {
        let metadata = self.provider.metadata(now).await?;
        let client = self.client(&metadata);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|why| RelyingPartyError::Unavailable(why.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.provider.http_client)
            .await
            .map_err(|why| RelyingPartyError::Code(error_chain(&why)))?;
        let id_token = tokens.id_token().ok_or_else(|| RelyingPartyError::IdToken("there is none".into()))?;
        // The crate panics on an access token invalid as a header value.
        if !tokens.access_token().secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RelyingPartyError::Code("the access token has letters that it must not have".into()));
        }
        let claims = match verify(&client, id_token, &tokens, &attempt.nonce, now) {
            Err(IdTokenError::UnknownKey) => {
                let renewed = self.client(&*self.provider.refresh_metadata(now).await?);
                verify(&renewed, id_token, &tokens, &attempt.nonce, now)
            }
            answer => answer,
        }
        .map_err(|why| RelyingPartyError::IdToken(why.to_string()))?;
        let info: UserInfoClaims<EducationClaims, CoreGenderClaim> = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|why| RelyingPartyError::Unavailable(why.to_string()))?
            .request_async(&self.provider.http_client)
            .await
            .map_err(|why| RelyingPartyError::UserInfo(error_chain(&why)))?;
        let given = preferred_text(info.given_name()).map(|name| name.as_str());
        let family = preferred_text(info.family_name()).map(|name| name.as_str());
        let parts: Vec<&str> = given.into_iter().chain(family).collect();
        let name = preferred_text(info.name()).map(|name| name.as_str().to_owned());
        Ok(VerifiedUser {
            sub: claims.subject().as_str().to_owned(),
            sid: claims.additional_claims().sid.clone(),
            name: name.or_else(|| (!parts.is_empty()).then(|| parts.join(" "))),
            education: info.additional_claims().clone(),
            id_token: SecretString::from(id_token.to_string()),
        })
    }

    /// Returns the URL that ends the provider's session too (RP-Initiated Logout 2). `back` is a registered
    /// post-logout redirect URI with its `state`; without `back` the provider's page lists the sessions still open.
    ///
    /// # Errors
    /// [`RelyingPartyError::Unavailable`] if the metadata is unavailable or lacks the endpoint.
    pub async fn end_session_url(
        &self,
        id_token: &SecretString,
        back: Option<(&str, &str)>,
        lang: Lang,
        now: Timestamp,
    ) -> Result<String, RelyingPartyError> {
        let metadata = self.provider.metadata(now).await?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        let endpoint =
            endpoint.ok_or_else(|| RelyingPartyError::Unavailable("it has no end_session_endpoint".into()))?;
        let id_token: SiteIdToken = id_token
            .expose_secret()
            .parse()
            .map_err(|_| RelyingPartyError::IdToken("it cannot be read again".into()))?;
        let mut request = LogoutRequest::from(endpoint)
            .set_id_token_hint(&id_token)
            .set_client_id(self.client_id.clone())
            .add_ui_locale(LanguageTag::new(lang.tag().to_owned()));
        if let Some((address, state)) = back {
            let address = PostLogoutRedirectUrl::new(address.to_owned())
                .map_err(|why| RelyingPartyError::Configuration(why.to_string()))?;
            request = request.set_post_logout_redirect_uri(address).set_state(CsrfToken::new(state.to_owned()));
        }
        Ok(request.http_get_url().into())
    }
}

fn preferred_text<T>(claim: Option<&LocalizedClaim<T>>) -> Option<&T> {
    claim.and_then(|claim| claim.get(None).or_else(|| claim.iter().next().map(|(_, text)| text)))
}
