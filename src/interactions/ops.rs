//! Saves and loads interactions.

use super::{INTERACTION_TTL, Interaction, UNBOUND_INTERACTION_TTL};
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::ephemeral::{CarriedState, EphemeralError, Namespace};

/// Returns the `i` that carries an interaction through the pages. `None` if the request is too large. `owner`: the
/// network charged if the interaction is too long for a URL and has to be stored.
pub async fn save(op: &Operation<'_>, owner: &str, interaction: &Interaction) -> anyhow::Result<Option<String>> {
    let Operation { app, now, .. } = *op;
    let text = serde_json::to_string(interaction)?;
    match app
        .ephemeral
        .carry_state(&app.master_key, app.rng.as_ref(), now, &to_carried_state(interaction, owner, &text))
        .await
    {
        Ok(i) => Ok(Some(i)),
        Err(EphemeralError::TooLarge(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn to_carried_state<'a>(interaction: &'a Interaction, owner: &'a str, text: &'a str) -> CarriedState<'a> {
    let life = if interaction.browser.is_empty() { UNBOUND_INTERACTION_TTL } else { INTERACTION_TTL };
    let expires = interaction.created.plus(life);
    CarriedState { namespace: Namespace::Interaction, browser: &interaction.browser, owner, text, expires }
}

/// Stores an interaction again at the end of an activation, which has a copy, because the store may have lost a stored
/// interaction meanwhile. Returns false if the request is too large.
pub async fn restore(op: &Operation<'_>, i: &str, interaction: &Interaction) -> anyhow::Result<bool> {
    let text = serde_json::to_string(interaction)?;
    match op.app.ephemeral.restore_state(i, op.now, &to_carried_state(interaction, "", &text)).await {
        Ok(()) => Ok(true),
        Err(EphemeralError::TooLarge(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Returns the interaction of `i`, if bound to this browser.
pub async fn find(op: &Operation<'_>, i: &str, nav: Option<&str>) -> Result<Option<Interaction>, EphemeralError> {
    match nav {
        Some(nav) => load(op, i, &sha256_base64url(nav)).await,
        None => Ok(None),
    }
}

/// Returns the interaction like [`find`], for a page that only shows the client's name and uses the request's language.
/// An unavailable store must not make the page fail: the page is shown without the interaction, and the dispatcher
/// loads the interaction again at the end.
pub async fn find_for_display(op: &Operation<'_>, i: Option<&str>, nav: Option<&str>) -> Option<Interaction> {
    find(op, i?, nav).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a page is shown without the request that waits");
        None
    })
}

/// Binds an unbound interaction to this browser, and returns the interaction with its new `i`. A victim led to another
/// person's interaction is in the same position as with any link to `/oauth2/authorize`: the relying party detects this
/// by `state`.
pub async fn bind_to_browser(
    op: &Operation<'_>,
    owner: &str,
    i: &str,
    nav: &str,
) -> anyhow::Result<Option<(String, Interaction)>> {
    let Some(mut found) = load(op, i, "").await? else { return Ok(None) };
    found.browser = sha256_base64url(nav);
    let Some(own) = save(op, owner, &found).await? else { return Ok(None) };
    op.app.ephemeral.discard_state(Namespace::Interaction, "", i).await?;
    Ok(Some((own, found)))
}

async fn load(op: &Operation<'_>, i: &str, browser: &str) -> Result<Option<Interaction>, EphemeralError> {
    let text = op.app.ephemeral.load_state(&op.app.master_key, Namespace::Interaction, browser, i, op.now).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
