//! The public keys of a client: by value, or downloaded from the client's `jwks_uri` and cached (OIDCC 10.1.1).

use std::sync::Arc;

use crate::app::{App, Operation};
use crate::clients::Client;
use crate::http::outgoing::{CacheLookup, CallPurpose};
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
    let look = || app.client_keys.lookup(&place, now, unknown_kid.is_some());
    let (kept, _turn) = match look() {
        CacheLookup::Cached(set) => return Ok(set),
        CacheLookup::Fetch(Some(kept)) => (Some(kept), None),
        CacheLookup::Fetch(None) => {
            let turn = app.client_keys.fetch_lock(&place).await;
            match look() {
                CacheLookup::Cached(set) => return Ok(set),
                CacheLookup::Fetch(kept) => (kept, Some(turn)),
            }
        }
    };
    match fetch(app, uri).await {
        Ok(set) => {
            if let Some(why) = set.weak_key_reason() {
                tracing::warn!(client = client.id.as_str(), why, "a key of its jwks_uri is passed over");
            }
            let set = Arc::new(set);
            app.client_keys.insert(&place, now, Arc::clone(&set));
            Ok(Some(set))
        }
        Err(error) => {
            tracing::warn!(client = client.id.as_str(), %error, "its jwks_uri gives no keys");
            app.client_keys.record_failure(&place, now);
            Ok(kept)
        }
    }
}

async fn fetch(app: &App, uri: &str) -> anyhow::Result<KeySet> {
    let fetched = app.outgoing.get(CallPurpose::Keys, uri, JWKS_ACCEPT, MAX_JWKS_BYTES).await?;
    Ok(KeySet::parse(&serde_json::from_slice(&fetched.body)?)?)
}
