//! The logo of a client: downloaded once, at the first display on a page, and stored.
//!
//! The first request downloads the logo; concurrent requests get none, so that no address is called twice at once. A
//! failed download is retried after an hour at the earliest. An unusable client has no logo.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::clients::logo::{LOGO_ACCEPT, MAX_FILE_BYTES, reencode};
use crate::clients::{Client, store};
use crate::db::Durability;
use crate::http::outgoing::CallPurpose;

/// The interval between two attempts after a failure.
const RETRY_INTERVAL: Span = Span::hours(1);

/// Returns the PNG of a client's logo, downloading the logo if necessary; `None` without a logo.
pub async fn find_or_fetch(op: &Operation<'_>, client_id: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let Operation { app, now, .. } = *op;
    let mut tx = app.db.read().await?;
    let client = store::find(&mut tx, client_id).await?.filter(Client::is_usable);
    let Some(uri) = client.and_then(|client| client.meta.logo_uri) else { return Ok(None) };
    let since = Timestamp(now.0.saturating_sub(RETRY_INTERVAL.0));
    match store::logo::find(&mut tx, client_id, &uri).await? {
        Some(kept) if kept.png.is_some() => return Ok(kept.png.and_then(|png| STANDARD.decode(png).ok())),
        Some(kept) if kept.tried_at >= since => return Ok(None),
        _ => {}
    }
    drop(tx);
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let ours = store::logo::claim_fetch(&mut tx, now, client_id, &uri, since).await?;
    tx.commit().await?;
    if !ours {
        return Ok(None);
    }
    let png = match fetch(app, &uri).await {
        Ok(png) => png,
        Err(why) => {
            tracing::warn!(client = client_id, why = format!("{why:#}"), "no logo");
            return Ok(None);
        }
    };
    let mut tx = app.db.write(Durability::Relaxed).await?;
    store::logo::save(&mut tx, client_id, &uri, &STANDARD.encode(&png)).await?;
    tx.commit().await?;
    Ok(Some(png))
}

async fn fetch(app: &App, uri: &str) -> anyhow::Result<Vec<u8>> {
    let body = app.outgoing.get(CallPurpose::Registration, uri, LOGO_ACCEPT, MAX_FILE_BYTES).await?.body;
    // Image decoders are the code most likely to panic on a malformed file: on a blocking thread, a panic becomes an
    // error (docs/threats.md#attack-d9).
    Ok(tokio::task::spawn_blocking(move || reencode(&body)).await??)
}
