//! A verified DPoP proof (RFC 9449) and its replay detection (RFC 9449 11.1).
//!
//! The `jti` is stored as long as the proof's `iat` remains acceptable, at the expense of the client's quota, and only
//! after every other check of the request: anybody can name a public client, and could fill its quota
//! (docs/threats.md#faults-a7).

use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::secret::sha256_base64url;
use crate::ephemeral::Namespace;
use crate::oidc::error::ProtocolError;
use crate::protocol::error::{ErrorCode, OAuthError};

/// The accepted age and clock leeway of the `iat` of a proof (docs/threats.md#protocol-a25).
pub const MAX_PROOF_AGE: Span = Span::seconds(60);
pub const CLOCK_LEEWAY: Span = Span::seconds(10);

/// A valid proof, not yet checked for replay.
#[derive(Debug)]
pub struct DpopProof {
    /// The RFC 7638 thumbprint of the proof's key.
    pub jkt: String,
    pub jti: String,
}

impl DpopProof {
    /// Records the `jti`; returns `invalid_dpop_proof` for a replayed proof. To be called after every other check.
    pub async fn consume(&self, op: &Operation<'_>, client_id: &str) -> Result<(), ProtocolError> {
        let key = sha256_base64url(&format!("{}/{}", self.jkt, self.jti));
        let until = op.now.plus(Span(MAX_PROOF_AGE.0 + CLOCK_LEEWAY.0 + 1_000));
        match op.app.ephemeral.claim_once(client_id, Namespace::DpopProof, &key, until, op.now).await? {
            true => Ok(()),
            false => Err(OAuthError::new(ErrorCode::InvalidDpopProof, "the proof was used before").into()),
        }
    }
}
