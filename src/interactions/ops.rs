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
pub async fn find(app: &App, now: Timestamp, id: &str, nav: Option<&str>) -> anyhow::Result<Option<Interaction>> {
    let found = read(app, now, id).await?;
    Ok(found.filter(|found| nav.is_some_and(|n| same(&digest(n), &found.browser))))
}

/// The interaction of this id that no browser has yet; from now on it is this one's. Who is led to it by another
/// is where any link to `/oauth2/authorize` could lead: the relying party's `state` tells.
pub async fn claim(app: &App, now: Timestamp, id: &str, nav: &str) -> anyhow::Result<Option<Interaction>> {
    let found = read(app, now, id).await?.filter(|found| found.browser.is_empty());
    let Some(mut found) = found else { return Ok(None) };
    found.browser = digest(nav);
    restore(app, id, &found).await?;
    Ok(Some(found))
}

async fn read(app: &App, now: Timestamp, id: &str) -> anyhow::Result<Option<Interaction>> {
    if !is_id(id, 22) {
        return Ok(None);
    }
    let text = app.ephemeral.get(Kind::Interaction, id, now).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
