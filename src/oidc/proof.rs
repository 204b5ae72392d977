//! A DPoP proof that was verified (RFC 9449), and that it counts once (11.1).
//!
//! Its `jti` is kept as long as its time could be accepted, at the expense of the client, and only where everything
//! else of the request holds: strangers can name a public client, and would fill its place (docs/threats.md#faults-a7).

use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::digest;
use crate::ephemeral::Kind;
use crate::protocol::error::{ErrorCode, OAuthError};

/// A clock may be so far behind ours, and so far ahead (docs/threats.md#protocol-a25).
pub const BEHIND: Span = Span::seconds(60);
pub const AHEAD: Span = Span::seconds(10);

/// A proof that holds, but for that it may have been used before.
#[derive(Debug)]
pub struct Proof {
    /// Thumbprint of its key.
    pub jkt: String,
    pub jti: String,
}

impl Proof {
    /// Lets it count, once. To be asked last.
    pub async fn spend(&self, app: &App, client_id: &str, now: Timestamp) -> anyhow::Result<Result<(), OAuthError>> {
        let key = digest(&format!("{}/{}", self.jkt, self.jti));
        let until = now.plus(Span(BEHIND.0 + AHEAD.0 + 1_000));
        Ok(match app.ephemeral.claim(client_id, Kind::DpopProof, &key, until, now).await? {
            true => Ok(()),
            false => Err(OAuthError::new(ErrorCode::InvalidDpopProof, "the proof was used before")),
        })
    }
}
