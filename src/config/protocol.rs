//! `[protocol]`: choices that OpenID Connect and OAuth leave to the provider.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// True if every DPoP proof must contain a nonce issued by Préau (RFC 9449 8). Clients without support for nonces
    /// then fail.
    pub dpop_nonce_required: bool,
}
