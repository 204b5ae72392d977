//! What the neighbours know of the provider: its discovery document and keys, and the way to call it.
//!
//! Fetched at first use and kept for five minutes, so that both servers may start in any order and a new
//! signing key is seen. The adapter over reqwest is ours because `oauth2` has one for reqwest 0.12 only.

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

/// How long the discovery document and the keys are believed.
const METADATA_LIVES: Span = Span::minutes(5);

/// Strangers have them fetched again at most so often.
const RENEWED_APART: Span = Span::seconds(10);

/// The person waits for the whole of it.
const TIME_OUT: Duration = Duration::from_secs(10);

/// No answer of a provider is longer, in bytes: a hostile one must not fill our memory.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The metadata that `openidconnect` does not know (RP-Initiated Logout 2.1, RFC 9207 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BeyondCore {
    pub end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for BeyondCore {}

pub type Metadata = ProviderMetadata<
    BeyondCore,
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

/// The provider, shared by all clients of ours.
pub struct Provider {
    issuer: IssuerUrl,
    pub back_channel: BackChannel,
    known: Mutex<Option<(Timestamp, Arc<Metadata>)>>,
}

impl Provider {
    /// # Errors
    /// If the issuer is not a URL, or the additional authority cannot be read.
    pub fn new(issuer: &str, extra_ca: Option<&Path>) -> Result<Self, RelyingPartyError> {
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(|why| RelyingPartyError::Set(why.to_string()))?,
            back_channel: BackChannel::new(extra_ca)?,
            known: Mutex::new(None),
        })
    }

    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The provider's metadata, not older than five minutes; whoever comes while it is fetched waits for it.
    pub async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, RelyingPartyError> {
        let mut known = self.known.lock().await;
        if let Some((since, metadata)) = known.as_ref()
            && now < since.plus(METADATA_LIVES)
        {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.fetch().await?);
        *known = Some((now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// The metadata fetched anew: a token was signed by a key that we had not seen.
    pub async fn renewed_metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, RelyingPartyError> {
        *self.known.lock().await = None;
        self.metadata(now).await
    }

    /// As [`Provider::renewed_metadata`], for strangers: they invent key ids at no cost.
    pub async fn renewed_sparingly(&self, now: Timestamp) -> Result<Arc<Metadata>, RelyingPartyError> {
        let fresh = |(since, _): &(Timestamp, Arc<Metadata>)| now < since.plus(RENEWED_APART);
        if self.known.lock().await.as_ref().is_some_and(fresh) {
            return self.metadata(now).await;
        }
        self.renewed_metadata(now).await
    }

    async fn fetch(&self) -> Result<Metadata, RelyingPartyError> {
        Metadata::discover_async(self.issuer.clone(), &self.back_channel)
            .await
            .map_err(|why| RelyingPartyError::Unavailable(super::whole_story(&why)))
    }
}

/// Calls to the provider's own endpoints: no redirect is followed, no proxy asked.
pub struct BackChannel(reqwest::Client);

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum BackChannelError {
    #[error("no answer: {0}")]
    Call(#[from] reqwest::Error),
    #[error("the answer is longer than {ANSWER_LIMIT} bytes")]
    TooLong,
    #[error("the answer cannot be put together: {0}")]
    Answer(#[from] openidconnect::http::Error),
}

impl BackChannel {
    fn new(extra_ca: Option<&Path>) -> Result<Self, RelyingPartyError> {
        let mut builder =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIME_OUT).no_proxy();
        if let Some(file) = extra_ca {
            let set = |why: String| RelyingPartyError::Set(format!("{}: {why}", file.display()));
            let pem = std::fs::read(file).map_err(|why| set(why.to_string()))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|why| set(why.to_string()))?;
            builder = builder.tls_certs_merge(authorities);
        }
        builder.build().map(Self).map_err(|why| RelyingPartyError::Set(super::whole_story(&why)))
    }
}

impl<'c> AsyncHttpClient<'c> for BackChannel {
    type Error = BackChannelError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BackChannelError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await? {
                if body.len() + part.len() > ANSWER_LIMIT {
                    return Err(BackChannelError::TooLong);
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
