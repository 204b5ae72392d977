//! The public keys of a client: by value, or read from its `jwks_uri` and remembered for a while (OIDCC 10.1.1).

use std::sync::Arc;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::clients::Client;
use crate::http::outgoing::{Purpose, Remembered};
use crate::jose::KeySet;

const MOST_BYTES: usize = 64 * 1024;
const ACCEPT: &str = "application/jwk-set+json, application/json";

/// The keys now. `unknown_kid`: the set at hand lacks this one, so the client may have newer keys. None where it has
/// none, or where they cannot be read: the log says why.
pub async fn keys(
    app: &App,
    now: Timestamp,
    client: &Client,
    unknown_kid: Option<&str>,
) -> anyhow::Result<Option<Arc<KeySet>>> {
    if let Some(set) = &client.meta.jwks {
        return Ok(Some(Arc::new(KeySet::parse(set)?)));
    }
    let Some(uri) = &client.meta.jwks_uri else { return Ok(None) };
    // Of this client alone: another that names the same address has its own time to ask.
    let place = format!("{} {uri}", client.id);
    let look = || app.client_keys.look(&place, now, unknown_kid.is_some());
    let (kept, _turn) = match look() {
        Remembered::Known(set) => return Ok(set),
        Remembered::Ask(Some(kept)) => (Some(kept), None),
        Remembered::Ask(None) => {
            let turn = app.client_keys.turn(&place).await;
            match look() {
                Remembered::Known(set) => return Ok(set),
                Remembered::Ask(kept) => (kept, Some(turn)),
            }
        }
    };
    match fetch(app, uri).await {
        Ok(set) => {
            if let Some(why) = set.weak() {
                tracing::warn!(client = client.id, why, "a key of its jwks_uri is passed over");
            }
            let set = Arc::new(set);
            app.client_keys.put(&place, now, Arc::clone(&set));
            Ok(Some(set))
        }
        Err(error) => {
            tracing::warn!(client = client.id, %error, "its jwks_uri gives no keys");
            app.client_keys.failed(&place, now);
            Ok(kept)
        }
    }
}

async fn fetch(app: &App, uri: &str) -> anyhow::Result<KeySet> {
    let fetched = app.outgoing.get(Purpose::Keys, uri, ACCEPT, MOST_BYTES).await?;
    Ok(KeySet::parse(&serde_json::from_slice(&fetched.body)?)?)
}
