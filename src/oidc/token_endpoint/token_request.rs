//! The request to the token endpoint, and the outcome of a grant: tokens or a denial.

use serde::Serialize;

use crate::app::Operation;
use crate::clients::Client;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::dpop_proof::DpopProof;
use crate::oidc::tokens::resource_indicators::requested_resources;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;

/// A token request of an authenticated client.
pub struct TokenRequest<'a> {
    /// The operation, with the client as its actor.
    pub op: &'a Operation<'a>,
    pub client: &'a Client,
    pub params: &'a Params,
    /// The thumbprint of the key of a valid DPoP proof.
    pub jkt: Option<String>,
    /// The DPoP proof: the grant consumes the proof after every other check.
    pub proof: Option<DpopProof>,
}

impl TokenRequest<'_> {
    /// Consumes the DPoP proof, if present; to be called before a grant is consumed or a token issued.
    pub async fn consume_proof(&self) -> Result<(), ProtocolError> {
        match &self.proof {
            Some(proof) => proof.consume(self.op, &self.client.id).await,
            None => Ok(()),
        }
    }

    pub fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }

    /// Returns the requested resource servers, which must be among the granted ones; without a request, all granted
    /// ones (RFC 8707 2.2).
    pub fn granted_resources(&self, granted: &[String]) -> Result<Vec<String>, OAuthError> {
        let asked = requested_resources(self.op.app.issuer(), self.client, self.params)?;
        if asked.is_empty() {
            return Ok(granted.to_vec());
        }
        if !granted.is_empty() && !asked.iter().all(|a| granted.contains(a)) {
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource is more than was granted"));
        }
        Ok(asked)
    }
}

/// The token response (RFC 6749 5.1, OIDCC 3.1.3.3).
#[derive(Debug, Serialize)]
pub struct TokenResponse {
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
