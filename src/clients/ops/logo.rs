//! The logo of a client: fetched when a page first shows it, once, and kept.
//!
//! Whoever asks first fetches; others meanwhile see none, so that nobody makes this server call an address twice. What
//! could not be had is tried again after an hour, not before. A client that may not be used has none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::clients::logo::{ACCEPT, LARGEST, redraw};
use crate::clients::{Client, store};
use crate::db::Durability;
use crate::http::outgoing::Purpose;

/// After an attempt in vain.
const AGAIN: Span = Span::hours(1);

/// The PNG that is shown for a client, if it has one.
pub async fn logo(app: &App, now: Timestamp, client_id: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let mut tx = app.db.read().await?;
    let client = store::find(&mut tx, client_id).await?.filter(Client::is_usable);
    let Some(uri) = client.and_then(|client| client.meta.logo_uri) else { return Ok(None) };
    let since = Timestamp(now.0.saturating_sub(AGAIN.0));
    match store::logo::find(&mut tx, client_id, &uri).await? {
        Some(kept) if kept.png.is_some() => return Ok(kept.png.and_then(|png| STANDARD.decode(png).ok())),
        Some(kept) if kept.tried_at >= since => return Ok(None),
        _ => {}
    }
    drop(tx);
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let ours = store::logo::claim(&mut tx, now, client_id, &uri, since).await?;
    tx.commit().await?;
    if !ours {
        return Ok(None);
    }
    let png = match fetched(app, &uri).await {
        Ok(png) => png,
        Err(why) => {
            tracing::warn!(client = client_id, why = format!("{why:#}"), "no logo");
            return Ok(None);
        }
    };
    let mut tx = app.db.write(Durability::Relaxed).await?;
    store::logo::keep(&mut tx, client_id, &uri, &STANDARD.encode(&png)).await?;
    tx.commit().await?;
    Ok(Some(png))
}

async fn fetched(app: &App, uri: &str) -> anyhow::Result<Vec<u8>> {
    let body = app.outgoing.get(Purpose::Registration, uri, ACCEPT, LARGEST).await?.body;
    // Decoders are the code most often broken by a file: a panic of theirs ends here as an error
    // (docs/threats.md#attack-d9).
    Ok(tokio::task::spawn_blocking(move || redraw(&body)).await??)
}
