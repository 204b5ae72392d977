//! What a grant gives: tokens, or a denial.

use serde::Serialize;

use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::Client;
use crate::oidc::proof::Proof;
use crate::oidc::resources::resources;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;

/// A request at the token endpoint whose client has proven who it is.
pub struct Asking<'a> {
    pub app: &'a AppState,
    pub now: Timestamp,
    pub client: &'a Client,
    pub params: &'a Params,
    /// Thumbprint of the key of a DPoP proof that came along and holds.
    pub jkt: Option<String>,
    /// That proof: a grant lets it count where everything else holds.
    pub proof: Option<Proof>,
}

impl Asking<'_> {
    /// Lets the proof that came along count, once; before anything is spent or given.
    pub async fn spend_proof(&self) -> anyhow::Result<Result<(), OAuthError>> {
        match &self.proof {
            Some(proof) => proof.spend(self.app, &self.client.id, self.now).await,
            None => Ok(Ok(())),
        }
    }

    pub fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }

    /// RFC 8707 2.2: the resource servers that are asked for, of those granted; none asked for: all that were granted.
    pub fn resource(&self, granted: &[String]) -> Result<Vec<String>, OAuthError> {
        let asked = resources(self.app.issuer(), self.client, self.params)?;
        if asked.is_empty() {
            return Ok(granted.to_vec());
        }
        if !granted.is_empty() && !asked.iter().all(|a| granted.contains(a)) {
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is more than was granted"));
        }
        Ok(asked)
    }
}

/// RFC 6749 5.1, OIDCC 3.1.3.3.
#[derive(Debug, Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// What a grant gives. A denial is kept (counted, revoked) and told; an `Err` beside it is our fault.
pub enum Exchanged {
    Tokens(Box<Tokens>),
    Denied(OAuthError),
}
