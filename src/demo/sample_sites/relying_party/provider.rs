//! The provider's discovery document and keys, and the HTTP client for its endpoints.
//!
//! Fetched at first use and cached for five minutes, so that both servers may start in any order and a new signing key
//! is noticed. The reqwest adapter is written here because `oauth2` has one for reqwest 0.12 only.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, EndSessionUrl, HttpRequest, HttpResponse, IssuerUrl, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::RelyingPartyError;
use crate::base::clock::{Span, Timestamp};

/// The cache lifetime of the discovery document and the keys.
const METADATA_TTL: Span = Span::minutes(5);

/// The minimum interval between refetches caused by unauthenticated requests.
const MIN_REFRESH_INTERVAL: Span = Span::seconds(10);

/// The timeout of a whole call, as the user is waiting.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum response length in bytes, so that a hostile response cannot fill the memory.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// The metadata missing in `openidconnect` (RP-Initiated Logout 2.1, RFC 9207 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExtraProviderMetadata {
    pub end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for ExtraProviderMetadata {}

pub type DiscoveryMetadata = ProviderMetadata<
    ExtraProviderMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The provider, shared by all clients of this site.
pub struct Provider {
    issuer: IssuerUrl,
    pub http_client: ProviderClient,
    cached_metadata: Mutex<Option<(Timestamp, Arc<DiscoveryMetadata>)>>,
}

impl Provider {
    /// # Errors
    /// The issuer is not a URL, or the additional certificate authority cannot be read.
    pub fn new(issuer: &str, extra_ca: Option<&Path>) -> Result<Self, RelyingPartyError> {
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned())
                .map_err(|why| RelyingPartyError::Configuration(why.to_string()))?,
            http_client: ProviderClient::new(extra_ca)?,
            cached_metadata: Mutex::new(None),
        })
    }

    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Returns the provider's metadata, at most five minutes old; concurrent callers wait for a fetch under way.
    pub async fn metadata(&self, now: Timestamp) -> Result<Arc<DiscoveryMetadata>, RelyingPartyError> {
        let mut known = self.cached_metadata.lock().await;
        if let Some((since, metadata)) = known.as_ref()
            && now < since.plus(METADATA_TTL)
        {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.fetch().await?);
        *known = Some((now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Refetches the metadata, after a token signed by an unknown key.
    pub async fn refresh_metadata(&self, now: Timestamp) -> Result<Arc<DiscoveryMetadata>, RelyingPartyError> {
        *self.cached_metadata.lock().await = None;
        self.metadata(now).await
    }

    /// Refetches the metadata with a rate limit, for unauthenticated requests: an attacker can invent key ids at no
    /// cost.
    pub async fn refresh_metadata_rate_limited(
        &self,
        now: Timestamp,
    ) -> Result<Arc<DiscoveryMetadata>, RelyingPartyError> {
        let fresh = |(since, _): &(Timestamp, Arc<DiscoveryMetadata>)| now < since.plus(MIN_REFRESH_INTERVAL);
        if self.cached_metadata.lock().await.as_ref().is_some_and(fresh) {
            return self.metadata(now).await;
        }
        self.refresh_metadata(now).await
    }

    async fn fetch(&self) -> Result<DiscoveryMetadata, RelyingPartyError> {
        DiscoveryMetadata::discover_async(self.issuer.clone(), &self.http_client)
            .await
            .map_err(|why| RelyingPartyError::Unavailable(super::error_chain(&why)))
    }
}

/// The HTTP client for the provider's endpoints, without redirects and without a proxy.
pub struct ProviderClient(reqwest::Client);

/// The reason for which a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderClientError {
    #[error("no answer: {0}")]
    Call(#[from] reqwest::Error),
    #[error("the answer is longer than {MAX_RESPONSE_BYTES} bytes")]
    TooLong,
    #[error("the answer cannot be put together: {0}")]
    Answer(#[from] openidconnect::http::Error),
}

impl ProviderClient {
    fn new(extra_ca: Option<&Path>) -> Result<Self, RelyingPartyError> {
        let mut builder =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(REQUEST_TIMEOUT).no_proxy();
        if let Some(file) = extra_ca {
            let set = |why: String| RelyingPartyError::Configuration(format!("{}: {why}", file.display()));
            let pem = std::fs::read(file).map_err(|why| set(why.to_string()))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|why| set(why.to_string()))?;
            builder = builder.tls_certs_merge(authorities);
        }
        builder.build().map(Self).map_err(|why| RelyingPartyError::Configuration(super::error_chain(&why)))
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderClient {
    type Error = ProviderClientError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ProviderClientError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await? {
                if body.len() + part.len() > MAX_RESPONSE_BYTES {
                    return Err(ProviderClientError::TooLong);
                }
                body.extend_from_slice(&part);
            }
            let mut response = openidconnect::http::Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                *headers = answer.headers().clone();
            }
            Ok(response.body(body)?)
        })
    }
}
