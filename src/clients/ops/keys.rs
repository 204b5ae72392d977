//! The public keys of a client: by value, or downloaded from the client's `jwks_uri` and cached (OIDCC 10.1.1).

use std::sync::Arc;

use crate::app::{App, Operation};
use crate::clients::Client;
use crate::http::outgoing::CallPurpose;
use crate::jose::KeySet;

const MAX_JWKS_BYTES: usize = 64 * 1024;
const JWKS_ACCEPT: &str = "application/jwk-set+json, application/json";

/// Returns the current keys of a client. `unknown_kid`: the cached set has no such key, so the client may have
/// published a new one. Returns `None` for a client without keys and for keys that cannot be downloaded; the log has
/// the reason.
pub async fn load_keys(
    op: &Operation<'_>,
    client: &Client,
    unknown_kid: Option<&str>,
) -> anyhow::Result<Option<Arc<KeySet>>> {
    let Operation { app, now, .. } = *op;
    if let Some(set) = &client.meta.jwks {
        return Ok(Some(Arc::new(KeySet::parse(set)?)));
    }
    let Some(uri) = &client.meta.jwks_uri else { return Ok(None) };
    // The cache key contains the client: another client with the same `jwks_uri` has its own entry and back-off.
    let place = format!("{} {uri}", client.id);
    let fetch = async || {
        let set = fetch(app, uri).await?;
        if let Some(why) = set.weak_key_reason() {
            tracing::warn!(client = client.id.as_str(), why, "a key of its jwks_uri is passed over");
        }
        Ok::<_, anyhow::Error>(set)
    };
    let log = |error| tracing::warn!(client = client.id.as_str(), %error, "its jwks_uri gives no keys");
    Ok(app.client_keys.get_or_fetch(&place, now, unknown_kid.is_some(), fetch, log).await)
}

async fn fetch(app: &App, uri: &str) -> anyhow::Result<KeySet> {
    let fetched = app.outgoing.get(CallPurpose::Keys, uri, JWKS_ACCEPT, MAX_JWKS_BYTES).await?;
    Ok(KeySet::parse(&serde_json::from_slice(&fetched.body)?)?)
}
