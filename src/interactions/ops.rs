//! Keeping and finding interactions.

use super::{Interaction, LIFE};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, is_id};
use crate::base::secret::{digest, same};
use crate::ephemeral::Kind;

/// Keeps a request. `None` when it is larger than what is kept.
pub async fn keep(app: &App, interaction: &Interaction) -> anyhow::Result<Option<String>> {
    let id = id128(app.rng.as_ref());
    Ok(restore(app, &id, interaction).await?.then_some(id))
}

/// Puts a request back under its id: an activation ends with it.
pub async fn restore(app: &App, id: &str, interaction: &Interaction) -> anyhow::Result<bool> {
    let text = serde_json::to_string(interaction)?;
    Ok(app.ephemeral.put(Kind::Interaction, id, &text, interaction.created.plus(LIFE)).await.is_ok())
}

/// The interaction of this id, if this browser brought it.
pub async fn find(app: &App, now: Timestamp, id: &str, nav: Option<&str>) -> Option<Interaction> {
    if !is_id(id, 22) {
        return None;
    }
    let text = app.ephemeral.get(Kind::Interaction, id, now).await?;
    let found: Interaction = serde_json::from_str(&text).ok()?;
    nav.is_some_and(|n| same(&digest(n), &found.browser)).then_some(found)
}
