//! `[protocol]`: choices that OpenID Connect and OAuth leave to the provider.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// Whether every DPoP proof must hold a nonce of ours (RFC 9449 8). Clients that do not know nonces then fail.
    pub dpop_nonce_required: bool,
}
